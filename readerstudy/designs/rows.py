"""The rows of an allocation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RowKind(StrEnum):
    """Why a presentation is there. Only `MAIN` ones enter the main analysis."""

    PRACTICE = "practice"
    MAIN = "main"
    REPEAT = "repeat"
    CHECK = "check"


class CheckKind(StrEnum):
    """What an attention check is made of."""

    CASE = "case"
    KNOWN_BAD = "known_bad"
    IDENTICAL = "identical"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Presentation:
    """One planned presentation: at `position` (from 1) the reader of seat `reader` sees `case`.

    `arms` are the outputs from left to right, under `letters`; both are empty for practice and checks, whose contents
    belong to the protocol. `key` and `case_key` name the presentation and its images in addresses and tell nothing.
    `batch` is the batch of cases that it came with: 0 for those at the lock. `check` says what an attention check is
    made of, and `source` is the case that its outputs were written about, where that is another one.
    """

    reader: int
    period: int
    position: int
    case: str
    arms: tuple[str, ...]
    letters: str
    kind: RowKind
    key: str
    case_key: str
    batch: int = field(default=0, repr=False)
    check: CheckKind | None = field(default=None, repr=False)
    source: str = field(default="", repr=False)

    @property
    def about(self) -> str:
        """The case that the outputs were written about."""
        return self.source or self.case

    @property
    def pictures(self) -> str:
        """What names the images that are shown: those of the case, or their blank copies."""
        return f"{self.case} blank" if self.check == CheckKind.BLANK else self.case


@dataclass(frozen=True, slots=True)
class Showing:
    """A presentation before it has a place: arms as numbers in the order in which the study lists them."""

    period: int
    case: str
    arms: tuple[int, ...]
    kind: RowKind = RowKind.MAIN
    check: CheckKind | None = None
    source: str = ""
