"""What the gallery of study templates tells of each: its page in parts, and its size in numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt

from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.library import Template, criteria_of, template, template_codes

_PART = re.compile(r"^\*\*([^*]+)\.\*\*\s+", flags=re.M)
_PAGES = MarkdownIt("commonmark", {"html": False})
LAYOUTS: Mapping[str, Any] = {
    "single": gettext_lazy("one output"),
    "side_by_side": gettext_lazy("two outputs side by side"),
    "image_pair": gettext_lazy("a pair of images"),
    "against_reference": gettext_lazy("the output against the reference"),
    "transcript": gettext_lazy("a conversation"),
    "steps": gettext_lazy("numbered steps"),
    "overlays": gettext_lazy("the output over the image"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a template's page: its heading, its text as plain words, and the same as HTML."""

    title: str
    text: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Card:
    """A template as the gallery lists it."""

    code: str
    title: str
    purpose: str
    facts: str
    source: str


def cards() -> list[Card]:
    """All templates, T01 first."""
    return [card_of(_read(code)) for code in template_codes()]


_read = cache(template)  # the files belong to the product, so each is read once, when it is first asked for


def card_of(found: Template) -> Card:
    data, parts = found.study.data, {part.title: part.text for part in parts_of(found)}
    return Card(
        code=found.code,
        title=data["study"]["title"],
        purpose=parts["What it is for"],
        facts=facts_of(found.study),
        source=data["study"]["source"],
    )


def facts_of(document: Document) -> str:
    """How large a study is, in one line."""
    data = document.data
    named = data["criteria"]
    questions = len(named) if isinstance(named, list) else len(criteria_of(document))
    told = [
        str(LAYOUTS[data.get("display", {}).get("layout", "single")]),
        _("arms: %(n)d") % {"n": len(data["arms"])},
        _("questions: %(n)d") % {"n": questions},
    ]
    sizes = {"cases": data.get("cases", {}).get("count"), "readers": data.get("readers", {}).get("count")}
    told += [_("cases: %(n)d") % {"n": sizes["cases"]}] if sizes["cases"] else []
    told += [_("readers: %(n)d") % {"n": sizes["readers"]}] if sizes["readers"] else []
    return " · ".join(told)


def parts_of(found: Template) -> list[Part]:
    """The page of a template in its parts, in order."""
    pieces = _PART.split(found.page)[1:]
    return [
        Part(title, text.strip(), mark_safe(_PAGES.render(text)))  # noqa: S308  a file of ours, with HTML switched off
        for title, text in zip(pieces[::2], pieces[1::2], strict=True)
    ]


def found_template(code: str) -> Template | None:
    """The template of a code; None where there is none."""
    return _read(code) if code in template_codes() else None
