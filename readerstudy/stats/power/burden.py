"""What a plan asks of its readers: minutes, sittings and days."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from readerstudy.stats.power.planned import Given, Planned, PowerError

DEFAULT_SECONDS = 60.0
DEFAULT_PRESS_SECONDS = 0.28
DEFAULT_SITTING_MINUTES = 45.0
MINUTES_FORMULA = (
    "minutes = (presentations × seconds for a presentation + key presses × seconds for a press) / 60"
)
SITTINGS_FORMULA = (
    "sittings = Σ over periods of "
    "max(⌈minutes of the period / {minutes:g}⌉, ⌈presentations / most in a sitting⌉)"
)
SOURCE = (
    "a key press takes 0.28 s: Card, Moran & Newell, Commun ACM 23:396, 1980; looking and reading: the seconds given "
    "(take the pilot's median active time)"
)
SITTINGS_SOURCE = (
    "a soft limit, 45 minutes where the protocol names none; accuracy falls over a day of reading: "
    "Krupinski et al., J Am Coll Radiol 7:698, 2010"
)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one reader does in one period: presentations of every kind, and the key presses that they take."""

    reader: int
    period: int
    presentations: int
    presses: int


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long things take and how long a sitting is; ``most_presentations`` in a sitting, None for no limit."""

    seconds: float = DEFAULT_SECONDS
    press_seconds: float = DEFAULT_PRESS_SECONDS
    sitting_minutes: float = DEFAULT_SITTING_MINUTES
    most_presentations: int | None = None

    def __post_init__(self) -> None:
        if min(self.seconds, self.press_seconds) < 0.0 or self.sitting_minutes <= 0.0:
            raise PowerError("Seconds must not be negative, and a sitting must be longer than 0 minutes.")
        if self.most_presentations is not None and self.most_presentations < 1:
            raise PowerError("A sitting needs at least one presentation.")

    def minutes(self, load: Load) -> float:
        """The minutes that a load takes."""
        return (load.presentations * self.seconds + load.presses * self.press_seconds) / 60.0

    def sittings(self, load: Load) -> int:
        """The sittings that a load takes; a period never shares one with another."""
        by_time = math.ceil(self.minutes(load) / self.sitting_minutes - 1e-9)
        return max(by_time, math.ceil(load.presentations / (self.most_presentations or math.inf)))


@dataclass(frozen=True, kw_only=True)
class ReaderBurden:
    """What one reader is asked for, over all periods."""

    reader: int
    presentations: int
    presses: int
    minutes: float
    sittings: int


@dataclass(frozen=True, kw_only=True)
class Burden:
    """What a plan asks for; ``days`` is the least time from first to last reading that the washout allows."""

    readers: tuple[ReaderBurden, ...]
    pace: Pace
    days: int

    @property
    def minutes(self) -> float:
        """Reader minutes in all."""
        return math.fsum(reader.minutes for reader in self.readers)

    def figures(self) -> tuple[Planned, ...]:
        """The totals as figures of a plan, with formula and source."""
        most = max(self.readers, key=lambda reader: (reader.minutes, reader.sittings))
        sittings = sum(reader.sittings for reader in self.readers)
        return (
            self._minutes("Reader minutes in all", self.minutes),
            self._minutes("Minutes of the reader with most to do", most.minutes),
            self._sittings("Sittings of the reader with most to do", most.sittings),
            self._sittings("Sittings in all", sittings),
        )

    def as_rows(self) -> list[dict[str, Any]]:
        """One plain dictionary for each reader."""
        names = ("reader", "presentations", "presses", "minutes", "sittings")
        return [{name: getattr(reader, name) for name in names} for reader in self.readers]

    def _minutes(self, name: str, value: float) -> Planned:
        pace = self.pace
        given = {"seconds_for_a_presentation": pace.seconds, "seconds_for_a_press": pace.press_seconds}
        return self._planned(name, value, "minutes", MINUTES_FORMULA, SOURCE, given)

    def _sittings(self, name: str, value: int) -> Planned:
        pace = self.pace
        formula = SITTINGS_FORMULA.format(minutes=pace.sitting_minutes)
        given = {"minutes_of_a_sitting": pace.sitting_minutes, "most_in_a_sitting": pace.most_presentations}
        return self._planned(
            name, value, "sittings", formula, SITTINGS_SOURCE, {**given, "days_at_least": self.days}
        )

    def _planned(
        self,
        name: str,
        value: float | int,
        unit: str,
        formula: str,
        source: str,
        given: Given,
    ) -> Planned:
        return Planned(
            name=name,
            value=value,
            unit=unit,
            formula=formula,
            source=source,
            given=given,
            readers=len(self.readers),
        )


def burden(loads: Iterable[Load], pace: Pace, *, washout_days: int = 0) -> Burden:
    """Return what these loads ask for at that pace; at most one load for each reader and period.

    Raises PowerError where there is no load.
    """
    ordered = sorted(loads, key=lambda load: (load.reader, load.period))
    if not ordered:
        raise PowerError("There is nothing to read, so there is nothing to count.")
    readers = tuple(
        _of_reader(reader, list(own), pace) for reader, own in groupby(ordered, key=lambda load: load.reader)
    )
    periods = len({load.period for load in ordered})
    return Burden(readers=readers, pace=pace, days=(periods - 1) * washout_days)


def _of_reader(reader: int, loads: list[Load], pace: Pace) -> ReaderBurden:
    return ReaderBurden(
        reader=reader,
        presentations=sum(load.presentations for load in loads),
        presses=sum(load.presses for load in loads),
        minutes=math.fsum(pace.minutes(load) for load in loads),
        sittings=sum(pace.sittings(load) for load in loads),
    )
