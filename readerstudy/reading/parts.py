"""The pieces of a text that questions are asked about: sentences, findings, steps. Pure.

Pieces are found in the text as its reader sees it: the words of the sanitised HTML without its tags, which is what a
browser calls textContent. Places count characters (code points) of that text, so that a passage marked in the browser
and one computed here are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

SENTENCE, FINDING, STEP = "sentence", "finding", "step"
PREFIX = {SENTENCE: "s", FINDING: "f", STEP: "t"}
MOST_PARTS = 200
_BLOCKS = frozenset({"p", "li", "td", "th", "pre", "blockquote", "ul", "table", "tr", "section", "h3"})
_ABBREVIATIONS = (
    "abb abs approx art bds beidseits bzw ca cf d.h dr e.g eg evtl fig ggf gez hr i.e ie inf incl inkl lat li med mind "
    "nr o.ä p.a pat pos prof rd resp s.o s.u sog std sup tab tgl u.a u.u v.a vgl vs z.b z.n z.t zb zn zw max min st"
)
_SHORT = frozenset(_ABBREVIATIONS.split())
_NOUNS_AFTER_A_NUMBER = (
    r"Rippe|Interkostalraum|ICR|BWK|LWK|HWK|Segment|Tag|Woche|Monat|Lebens|Finger|Zehe|Strahl|Januar|Februar|März|April"
    r"|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
)
_END = re.compile(r"[.!?…。！？؟]+[”“\"'’»)\]]*(?=\s+\S|$)|[。！？]")
_GOES_ON = re.compile(r"\s+[a-zà-öø-ÿ]")
_ORDINAL = re.compile(rf"\s+(?:{_NOUNS_AFTER_A_NUMBER})")
_NUMBERED = re.compile(r"^\s*(?:step|schritt|paso|étape|passo)?\s*\(?(\d{1,2})\s*[.):]\s+\S", re.IGNORECASE)
_SIGN = re.compile(r"^\s*(?:[-–—•*+]|\(?\d{1,2}[.)])\s+")
_MOST_HEADING_WORDS = 6


@dataclass(frozen=True)
class Part:
    """A piece of a text: `key` is "s3" for the third sentence; `start` and `end` are None where it has no place.

    `of_reference` says that the text is the reference standard and not an output.
    """

    key: str
    text: str
    start: int | None = None
    end: int | None = None
    of_reference: bool = False


@dataclass(frozen=True)
class Laid:
    """A text without its tags, and the places where a line or a block of it begins and ends."""

    text: str
    lines: tuple[tuple[int, int], ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.length = 0
        self.breaks = [0]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "br" or tag in _BLOCKS:
            self.breaks.append(self.length)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.breaks.append(self.length)

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        self.length += len(data)


def lay_out(html: str) -> Laid:
    """The words of sanitised HTML, as a browser's textContent has them, and its lines."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "".join(reader.words)
    ends = [*reader.breaks[1:], len(text)]
    found = (_trimmed(text, start, end) for start, end in zip(reader.breaks, ends, strict=True))
    return Laid(text, tuple((start, end) for start, end in found if start < end))


def parts_of(kind: str, html: str, findings: Sequence[str] = ()) -> tuple[Part, ...]:
    """The pieces of one kind ("sentence", "finding" or "step"); `findings` are those that a structured reply lists."""
    laid = lay_out(html)
    if kind == FINDING and findings:
        return _given(laid, findings)
    found = {SENTENCE: _sentences, FINDING: _findings, STEP: _steps}[kind](laid)
    return tuple(
        Part(f"{PREFIX[kind]}{number}", laid.text[start:end], start, end)
        for number, (start, end) in enumerate(list(found)[:MOST_PARTS], start=1)
    )


def sentences_in(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of one line of text begin and end."""
    begin = 0
    for match in _END.finditer(text):
        if match.end() < len(text) and _is_within(text, begin, match):
            continue
        yield _trimmed(text, begin, match.end())
        begin = match.end()
    if text[begin:].strip():
        yield _trimmed(text, begin, len(text))


def _is_within(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether a full stop ends an abbreviation, an initial or a number and not the sentence."""
    rest = text[match.end() :]
    if _GOES_ON.match(rest):
        return True
    if match.group() != ".":
        return False
    word = re.search(r"(\S+)$", text[begin : match.start()])
    last = word[1].lstrip("(„“\"'") if word else ""
    if re.fullmatch(r"\d{1,2}", last):
        return not text[begin : match.start() - len(last)].strip() or bool(_ORDINAL.match(rest))
    return last.lower() in _SHORT or bool(re.fullmatch(r"[A-ZÄÖÜ]|(\w\.)+\w", last))


def _sentences(laid: Laid) -> Iterator[tuple[int, int]]:
    for start, end in _joined(laid):
        if _is_heading(laid.text[start:end]):
            continue
        for first, last in sentences_in(laid.text[start:end]):
            if re.search(r"\w", laid.text[start + first : start + last]):
                yield start + first, start + last


def _findings(laid: Laid) -> Iterable[tuple[int, int]]:
    """Lines; in a text that is one running paragraph, sentences."""
    lines = [place for place in _joined(laid) if not _is_heading(laid.text[slice(*place)])]
    return [_unsigned(laid.text, *place) for place in lines] if len(lines) > 1 else _sentences(laid)


def _steps(laid: Laid) -> Iterable[tuple[int, int]]:
    """Numbered lines with what follows each; a text without numbers falls into its lines or sentences."""
    starts = [at for at, place in enumerate(laid.lines) if _NUMBERED.match(laid.text[slice(*place)])]
    if len(starts) < 2:
        return _findings(laid)
    ends = [*starts[1:], len(laid.lines)]
    return [(laid.lines[at][0], laid.lines[end - 1][1]) for at, end in zip(starts, ends, strict=True)]


def _joined(laid: Laid) -> list[tuple[int, int]]:
    """Lines, where those that were merely wrapped belong together: the next one goes on with a small letter."""
    joined: list[tuple[int, int]] = []
    for start, end in laid.lines:
        if joined and re.match(r"[a-zà-öø-ÿ]", laid.text[start:end]) and laid.text[start - 1 : start] == "\n":
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_heading(line: str) -> bool:
    words = line.split()
    return len(words) <= _MOST_HEADING_WORDS and line.rstrip("* ").endswith(":")


def _unsigned(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the dash, dot or number that begins a line of a list."""
    sign = _SIGN.match(text[start:end])
    return (start + sign.end(), end) if sign and sign.end() < end - start else (start, end)


def _given(laid: Laid, findings: Sequence[str]) -> tuple[Part, ...]:
    parts, begin = [], 0
    for number, words in enumerate(findings[:MOST_PARTS], start=1):
        start = laid.text.find(words, begin)
        place = (start, start + len(words)) if start >= 0 and words else (None, None)
        begin = place[1] or begin
        parts.append(Part(f"{PREFIX[FINDING]}{number}", words, *place))
    return tuple(parts)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
