"""The order of the slices of a stack, and what their values mean. Reads no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

MOST_SLICES = 2000


@dataclass(frozen=True, slots=True)
class Slice:
    """One file's place in its stack: the frame number it got on arrival, and what the file says of its position."""

    frame: int
    position: float | None = None
    number: int | None = None
    scale: float = 1.0
    offset: float = 0.0

    @classmethod
    def of(cls, frame: int, place: Mapping[str, Any]) -> Self:
        return cls(frame=frame, **place)


def place_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a slice's description to order it."""
    return {
        "position": meta.get("position_mm"),
        "number": meta.get("instance_number"),
        "scale": meta.get("scale", 1.0),
        "offset": meta.get("offset", 0.0),
    }


def in_order(slices: Iterable[Slice]) -> list[Slice]:
    """By position along the normal; slices without one, or at the same one, by instance number, then by arrival."""
    known = list(slices)
    placed = all(each.position is not None for each in known)

    def rank(each: Slice) -> tuple[float, float, int]:
        number = float("inf") if each.number is None else float(each.number)
        return (each.position or 0.0) if placed else 0.0, number, each.frame

    return sorted(known, key=rank)


def values_of(slices: Sequence[Slice]) -> list[list[float]]:
    """Scale and offset of each frame as shown; empty where all share theirs."""
    values = [[each.scale, each.offset] for each in slices]
    return values if any(value != values[0] for value in values) else []
