"""What in a text says who wrote it: names, self-descriptions, and the habits of form that differ between models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from readerstudy.providers.texts import marks
from readerstudy.providers.texts.names import names_pattern
from readerstudy.providers.texts.phrases import OPENING, SELF, find_closing

MOST_FINDINGS = 2000
LONGEST_SCANNED = 200_000


class Kind(StrEnum):
    """What was found."""

    NAME = "name"
    SELF = "self"
    REASONING = "reasoning"
    OPENING = "opening"
    CLOSING = "closing"
    HEADING = "heading"
    EMPHASIS = "emphasis"
    BULLET = "bullet"
    TABLE = "table"
    FENCE = "fence"
    LATEX = "latex"
    EMOJI = "emoji"
    INVISIBLE = "invisible"


TELLING = frozenset({Kind.NAME, Kind.SELF, Kind.REASONING})
"""These say who wrote a text, or that a machine did; the others only look like somebody's habit."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """The characters from `start` to `end` of the text, and what they are."""

    start: int
    end: int
    kind: Kind
    words: str

    @property
    def is_telling(self) -> bool:
        return self.kind in TELLING


_HABITS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.SELF, SELF),
    (Kind.REASONING, marks.REASONING_TAG),
    (Kind.HEADING, marks.HEADING),
    (Kind.EMPHASIS, marks.STRONG),
    (Kind.EMPHASIS, marks.STRONG_LOW),
    (Kind.BULLET, marks.BULLET),
    (Kind.TABLE, marks.TABLE_LINE),
    (Kind.FENCE, marks.FENCE),
    (Kind.LATEX, marks.LATEX),
    (Kind.EMOJI, marks.EMOJI),
    (Kind.INVISIBLE, marks.INVISIBLE),
    (Kind.OPENING, OPENING),
)


def scan(text: str, extra: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything found, in the order of the text; `extra` are model identifiers to look for besides the known ones.

    Reads the first `LONGEST_SCANNED` characters and gives at most `MOST_FINDINGS`.
    """
    text = text[:LONGEST_SCANNED]
    found = sorted(_found(text, tuple(extra)))
    return tuple(found[:MOST_FINDINGS])


def _found(text: str, extra: tuple[str, ...]) -> Iterator[Finding]:
    for kind, pattern in ((Kind.NAME, names_pattern(extra)), *_HABITS):
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield _finding(kind, match)
    if closing := find_closing(text):
        yield _finding(Kind.CLOSING, closing)


def _finding(kind: Kind, match: re.Match[str]) -> Finding:
    return Finding(match.start(), match.end(), kind, match.group().strip()[:200])
