"""The scale of a criterion: its categories, their order and their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np

from readerstudy.stats.arrays import FloatArray

Label = str | int | float | bool


class Kind(StrEnum):
    """What the values of a criterion mean, and with that which estimators it admits."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"
    RANK = "rank"
    BINARY = "binary"
    CONFIDENCE = "confidence"
    PREFERENCE = "preference"
    TEXT = "text"
    REGIONS = "regions"


ORDERED_KINDS = frozenset({Kind.ORDINAL, Kind.INTERVAL, Kind.RATIO, Kind.RANK, Kind.CONFIDENCE})


class ScaleError(ValueError):
    """A scale that cannot be, or a coefficient that the scale does not admit."""


@dataclass(frozen=True)
class Scale:
    """Categories in their declared order.

    ``ordered`` is true where the order means something. ``declared`` is false where the categories
    were only collected from the ratings: the number of categories is then a guess.
    """

    categories: tuple[Label, ...]
    ordered: bool = False
    declared: bool = True
    _codes: Mapping[Any, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = {category: position for position, category in enumerate(self.categories)}
        if len(codes) != len(self.categories):
            raise ScaleError("The scale names a category twice. Name each category once.")
        object.__setattr__(self, "_codes", codes)

    @classmethod
    def of_kind(cls, kind: Kind, categories: Iterable[Label]) -> Self:
        """Return the declared scale of a criterion; raises ScaleError below two categories."""
        declared = tuple(categories)
        if len(declared) < 2:
            raise ScaleError("A scale needs at least two categories. Declare all of them.")
        return cls(declared, ordered=kind in ORDERED_KINDS)

    @classmethod
    def observed(cls, labels: Iterable[Label]) -> Self:
        """Return the scale of the labels that occur: numbers in order, texts without one."""
        distinct = set(labels)
        numbers = all(_is_number(label) for label in distinct)
        ranked = sorted(distinct, key=_as_number if numbers else str)
        return cls(tuple(ranked), ordered=numbers, declared=False)

    def code(self, label: Any) -> int | None:
        """Return the category's position, or None for a label that is not on the scale.

        A text such as "3" or "3.0" stands for the number 3 where only the number is declared.
        """
        position = self._codes.get(label)
        if position is None and isinstance(label, str):
            number = _parsed_number(label)
            return None if number is None else self._codes.get(number)
        return position

    @property
    def numeric(self) -> bool:
        """Whether every category is a number."""
        return all(_is_number(category) for category in self.categories)

    def values(self) -> FloatArray:
        """Return one number for each category: the category itself, or its place 1..q in the order.

        Raises ScaleError where the categories are texts without a declared order.
        """
        if self.numeric:
            return np.array([_as_number(category) for category in self.categories], dtype=np.float64)
        if not self.ordered:
            raise ScaleError(
                "An ordinal or interval coefficient needs a declared order. "
                "Declare the categories of this criterion from lowest to highest."
            )
        return np.arange(1.0, len(self.categories) + 1.0)


def _is_number(label: Any) -> bool:
    return isinstance(label, int | float | np.number) and not isinstance(label, bool)


def _as_number(label: Any) -> float:
    return float(label)


def _parsed_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
