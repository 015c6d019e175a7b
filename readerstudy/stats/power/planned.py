"""What a sample size computation hands back: one figure with what it rests on, its formula and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Given = Mapping[str, float | int | str | None]

READERS_SENTENCE = (
    "An interval over two or three readers describes those readers; "
    "it makes no claim about a population of readers."
)


class PowerError(ValueError):
    """Numbers from which nothing can be computed; the sentence says what to change."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One figure of a plan.

    ``value`` is in ``unit`` ("cases", "power", "half-width", "minutes" …) and None where no number reaches what was
    asked for; ``notes`` then say why. ``given`` holds every number that it rests on, by name.
    """

    name: str
    value: float | int | None
    unit: str
    formula: str
    source: str
    given: Given = field(default_factory=dict)
    readers: int | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "readers": self.readers,
            "given": dict(self.given),
            "formula": self.formula,
            "source": self.source,
            "notes": list(self.notes),
        }


def check_share(value: float, name: str) -> None:
    """Raise PowerError unless 0 < value < 1."""
    if not 0.0 < value < 1.0:
        raise PowerError(f"The {name} is {value:g}; it must lie between 0 and 1, both left out.")


def check_count(value: int, name: str, least: int = 1) -> None:
    """Raise PowerError unless value >= least."""
    if value < least:
        raise PowerError(f"There are {value} {name}; at least {least} are needed.")


def check_discordant(first_only: float, second_only: float) -> None:
    """Raise PowerError unless both shares are at least 0 and their sum lies above 0 and at most at 1."""
    if min(first_only, second_only) < 0.0 or not 0.0 < first_only + second_only <= 1.0:
        raise PowerError(
            f"The discordant shares are {first_only:g} and {second_only:g}; "
            "neither may be negative, and together they must be above 0 and at most 1."
        )
