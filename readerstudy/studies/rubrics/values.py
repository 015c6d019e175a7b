"""Values of answers: as a protocol file has them (numbers, texts, true and false) and as a rating keeps them (text)."""

from __future__ import annotations

from typing import Any

MOST = 1e12
"""Numbers beyond this are no clinical measure; every number up to it is exact enough as a float."""
YES, NO = "1", "0"


def as_text(value: Any) -> str:
    """The value as a rating keeps it: true is 1, false is 0, a whole number has no fraction."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, int | float):
        return repr(plain(value))
    return str(value)


def plain(number: float) -> int | float:
    """The number as a file has it: whole numbers without a fraction."""
    return number if isinstance(number, int) or not number.is_integer() else int(number)


def read_number(text: str) -> int | float | None:
    """The number that a text says; None where it says none within reach."""
    try:
        number = float(text)
    except ValueError:
        return None
    return plain(number) if within_reach(number) else None


def within_reach(number: float) -> bool:
    """Whether a number is finite and not beyond every measure."""
    return abs(number) <= MOST


def is_accepted(score: float, cut: float, direction: str) -> bool:
    """Whether a score is on the good side of a cut."""
    return score <= cut if direction == "lower" else score >= cut
