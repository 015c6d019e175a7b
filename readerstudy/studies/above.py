"""What the life of a study needs from the rooms above this one, which register themselves at start-up.

A study is locked, amended and closed here; who reads what, what was rated and which bytes are frozen is known above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from readerstudy.accounts.models import User
from readerstudy.studies.models import Study


@dataclass(frozen=True)
class Given:
    """What readers have given so far, a pilot left out: submitted readings and ratings that stand."""

    readings: int
    ratings: int


@dataclass(frozen=True)
class Seen:
    """Under which letter one reader saw one arm on a case, and at which place in the reader's order."""

    reader: str
    position: int
    letter: str
    arm: str


class ReadingRoom(Protocol):
    """The room above that allocates, and keeps what readers give."""

    def draw(self, study: Study, *, by: User | None, pilot_cases: int | None) -> None:
        """Draws the allocation: of all cases, or for a pilot of as many as `pilot_cases`."""

    def manifest_sha256(self, study: Study) -> str:
        """The hash of everything that is frozen, as it is now."""

    def data_sha256(self, study: Study) -> str:
        """The hash of everything that readers gave, as it is now."""

    def given(self, study: Study) -> Given:
        """How much readers have given."""

    def seen(self, study: Study, case_code: str) -> Sequence[Seen]:
        """Who saw which arm as what on this case; empty where no case has this code."""


_rooms: list[ReadingRoom] = []


def register(room: ReadingRoom) -> None:
    _rooms[:] = [room]


def reading_room() -> ReadingRoom:
    return _rooms[0]
