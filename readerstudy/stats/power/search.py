"""The smallest number that is enough."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray

MOST_CASES = 1_000_000
_ROUNDING = 1e-12


def smallest(enough: Callable[[int], bool], *, least: int = 1, most: int = MOST_CASES) -> int | None:
    """Return the smallest n from ``least`` to ``most`` with ``enough(n)``, which must stay true once it is; or None."""
    low, high = least - 1, least
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def smallest_for_good(
    power: Callable[[IntArray], FloatArray], target: float, *, near: float, least: int = 1
) -> int:
    """Return the smallest n from which on power stays at the target or above.

    The power of an exact test falls a little wherever its critical value moves, so the first n that reaches the target
    may be followed by ones that do not. ``power`` maps numbers of cases, shape (n,), to powers; ``near`` is a first
    guess. A range around it is looked through; it moves down until it holds a number that falls short, and up until
    its upper fifth holds none.
    """
    low, high = _below(near, least), _beyond(near, least)
    while True:
        numbers = np.arange(low, high + 1)
        short = numbers[power(numbers) < target - _ROUNDING]
        if not len(short):
            if low == least:
                return least
            low, high = _below(low, least), low
        elif high - int(short[-1]) >= (high - low) / 5:
            return int(short[-1]) + 1
        else:
            low, high = int(short[-1]), _beyond(high, least)


def smallest_for_good_smooth(
    power: Callable[[IntArray], FloatArray], target: float, *, least: int, most: int
) -> int | None:
    """Return the smallest n from which on power stays at the target up to ``most``; None where it falls short there.

    For powers without steps: 500 numbers, each some 2 % above the last, are looked at first, then every number between
    the last of them that falls short and the next.
    """
    grid = np.unique(np.ceil(np.geomspace(least, most, 500)).astype(np.int64))
    place = _after_last_shortfall(power(grid), target)
    if place == len(grid):
        return None
    numbers = np.arange(grid[max(place - 1, 0)], grid[place] + 1)
    return int(numbers[_after_last_shortfall(power(numbers), target)])


def _after_last_shortfall(powers: FloatArray, target: float) -> int:
    short = np.flatnonzero(powers < target - _ROUNDING)
    return int(short[-1]) + 1 if len(short) else 0


def _below(near: float, least: int) -> int:
    return max(least, math.floor(0.7 * near) - 50)


def _beyond(near: float, least: int) -> int:
    return max(math.ceil(1.25 * near) + 50, least + 50)
