"""Model text as HTML: the only way it comes onto a page. Never a link, an image, a formula or a tag of its own.

Markdown is read with HTML, links, images, references and entities off, so what looks like them stays text; the result
then passes an allow-list of tags without attributes. A mark that would change what a report says is no mark: numbers at
the beginning of a line stay the numbers they are, 3*4 stays a product, and "+ effusion" keeps its sign.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

import nh3
from markdown_it import MarkdownIt

LONGEST_SHOWN = 100_000
DEEPEST = 12
MOST_MARKS_ON_A_LETTER = 4
_TAGS = {
    "p",
    "br",
    "ul",
    "li",
    "strong",
    "em",
    "code",
    "pre",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
_BLOCKS = ("p", "li", "td", "th", "blockquote", "pre")
_GUARD, _STAR = (
    "\ue000",
    "\ue001",
)  # beside a sign that is no markup, and for a star; a text's own are shown by number

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
    "|(?<![\u0600-\u06ff\u0900-\u0dff\U0001f000-\U0001faff\ufe0f])[\u200c\u200d]"
)
_PILED = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}")
_BETWEEN_WORDS = re.compile(r"(?<=\w)\*+(?=\w)")
_LINE_START = re.compile(r"^([ \t]*)(?=\+[ \t])", re.MULTILINE)
_NUMBERED = re.compile(r"^([ \t]*\d{1,9})(?=[.)](?:[ \t]|$))", re.MULTILINE)
_FRACTURE = re.compile(r"^([ \t]*)(?=#[ \t])", re.MULTILINE)
_HEADING = re.compile(r"<(/?)h[1-6]>")


def _reader() -> MarkdownIt:
    reader = MarkdownIt(
        "zero", {"html": False, "linkify": False, "typographer": False, "breaks": True, "maxNesting": DEEPEST}
    )
    return reader.enable(
        ["heading", "list", "emphasis", "newline", "fence", "blockquote", "table", "backticks"]
    )


_READER = _reader()


def show(text: str) -> str:
    """The text as sanitised HTML blocks, safe to put on a page as they are; empty where there is nothing to show.

    Characters nobody sees and those that turn the writing direction are shown by their numbers. Every block finds its
    own direction. Beyond `LONGEST_SHOWN` characters it says how many are left out.
    """
    shown, left_out = _bounded(visible(text))
    if not shown.strip():
        return ""
    made = _HEADING.sub(
        lambda match: "</strong></p>" if match[1] else "<p><strong>", _READER.render(_guarded(shown))
    )
    clean = _sanitised(made.replace(_GUARD, "").replace(_STAR, "*"))
    return f"{clean}<p>{left_out}</p>" if left_out else clean


def show_plain(text: str, marked: Iterable[tuple[int, int]] = ()) -> str:
    """The text exactly as it came, as HTML for an element that keeps white space; `marked` spans stand in <mark>.

    Beyond `LONGEST_SHOWN` characters it says how many are left out.
    """
    text, left_out = _bounded(text)
    pieces, at = [], 0
    for start, end in sorted(marked):
        if at <= start < end <= len(text):
            pieces += [_plain(text[at:start]), "<mark>", _plain(text[start:end]), "</mark>"]
            at = end
    return "".join([*pieces, _plain(text[at:]), left_out])


def visible(text: str) -> str:
    """The text with one kind of line end, and every control, invisible or direction character as its number ⟨U+202E⟩.

    Joiners stay within Arabic, Indic and emoji words; more than four marks piled on one letter are cut to four.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _HIDDEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", unicodedata.normalize("NFC", text))
    return _PILED.sub(
        lambda match: match.group()[:MOST_MARKS_ON_A_LETTER] + f"⟨+{len(match.group()) - 4}⟩", text
    )


def _guarded(text: str) -> str:
    """The text with every sign hidden from the reader of Markdown that is no mark in a report."""
    text = _BETWEEN_WORDS.sub(lambda match: _STAR * len(match.group()), text)
    for pattern in (_LINE_START, _NUMBERED, _FRACTURE):
        text = pattern.sub(lambda match: f"{match.group()}{_GUARD}", text)
    return text


def _plain(text: str) -> str:
    return html.escape(visible(text))


def _bounded(text: str) -> tuple[str, str]:
    left_out = len(text) - LONGEST_SHOWN
    return text[:LONGEST_SHOWN], f"[… +{left_out}]" if left_out > 0 else ""


def _sanitised(made: str) -> str:
    return nh3.clean(
        made,
        tags=_TAGS,
        attributes={},
        set_tag_attribute_values={tag: {"dir": "auto"} for tag in _BLOCKS},
        link_rel=None,
        strip_comments=True,
    )
