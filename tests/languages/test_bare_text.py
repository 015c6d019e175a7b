"""No template says anything by itself: every sentence passes gettext."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import DebugLexer, TokenType

from tests.languages.extraction import ROOT

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt"))
SPOKEN = ("alt", "title", "aria-label", "placeholder", "aria-description", "aria-valuetext", "label")
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {"readerstudy", "UTC", "HTTP", "SHA"}
WITHIN_A_TAG = {"role", "mode", "required", "scale", "bodyclass"}
"""Blocks of a template that stand within a tag or choose a template: what they hold is never shown."""
SILENT = ("script", "style", "code", "pre", "kbd")


class Said(HTMLParser):
    """Collects what a template shows or says aloud, as far as it is written in the template itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.found += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def bare(source: str) -> list[str]:
    """Words of a template that no gettext has seen."""
    kept, within = [], ""
    for token in DebugLexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            within = _within(within, token.split_contents())
        elif token.token_type == TokenType.TEXT and not within:
            kept.append(token.contents)
    said = Said()
    said.feed("".join(kept))
    return [text.strip() for text in said.found if set(WORD.findall(text)) - NAMES]


def _within(before: str, words: list[str]) -> str:
    """The name of the tag that ends what is not looked at, empty outside."""
    if before:
        return "" if words[0] == before else before
    if words[0] in ("blocktranslate", "blocktrans", "comment"):
        return f"end{words[0]}"
    return "endblock" if words[0] == "block" and words[1] in WITHIN_A_TAG else ""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_says_nothing_past_gettext(path: Path) -> None:
    assert bare(path.read_text()) == []


def test_bare_words_are_found() -> None:
    assert bare("<p>Hello there {{ name }}</p>") == ["Hello there"]
    assert bare('<img alt="A picture">') == ["A picture"]
    assert bare('<button title="{% if x %}Go{% endif %}">{% translate "Go" %}</button>') == ["Go"]
    assert bare("<p>{% blocktranslate %}All is {{ well }}{% endblocktranslate %} · {{ n }}</p>") == []
