"""Lengths and waiting times: skewed, and so shown as medians with quartiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.arrays import FloatArray


@dataclass(frozen=True, kw_only=True)
class Quartiles:
    """The median and the quartiles of ``n`` values in their own unit; None without a value."""

    n: int
    low: float | None
    median: float | None
    high: float | None


def quartiles(values: FloatArray) -> Quartiles:
    """Return the quartiles of values of any shape, NaN left out (Hyndman & Fan's type 7)."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Quartiles(n=0, low=None, median=None, high=None)
    low, median, high = (float(number) for number in np.quantile(known, [0.25, 0.5, 0.75]))
    return Quartiles(n=len(known), low=low, median=median, high=high)


def characters(texts: Mapping[str, str]) -> Quartiles:
    """Return the quartiles of the number of characters, outer blanks not counted."""
    return quartiles(np.array([len(text.strip()) for text in texts.values()], dtype=np.float64))
