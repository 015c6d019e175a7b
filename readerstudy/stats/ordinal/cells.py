"""The log-likelihood of single grades and its derivatives, logit link.

A grade y has chance P = F(a) - F(b) with F the logistic distribution, a = theta_y - eta and
b = theta_(y-1) - eta, infinite at the ends of the scale. All arrays have shape (grades,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray

_TINY = 1e-300
_Triple: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """log P and its first three derivatives by eta; those by the upper and the lower threshold.

    ``upper[k]`` and ``lower[k]`` are the k-th derivative by eta of the derivative by the threshold
    above and below the grade, k = 0, 1, 2.
    """

    value: FloatArray
    first: FloatArray
    second: FloatArray
    third: FloatArray
    upper: _Triple
    lower: _Triple


def cells(grades: IntArray, thresholds: FloatArray, eta: FloatArray) -> Cells:
    """Return the contributions of grades 0..q-1 under q-1 thresholds."""
    chance, above, below = _parts(grades, thresholds, eta)
    n1, n2, n3 = (high - low for high, low in zip(above, below, strict=True))
    r1, r2, r3 = n1 / chance, n2 / chance, n3 / chance
    return Cells(
        value=np.log(chance),
        first=-r1,
        second=r2 - r1**2,
        third=-r3 + 3.0 * r1 * r2 - 2.0 * r1**3,
        upper=_by_threshold(above, chance, r1, r2),
        lower=_by_threshold((-below[0], -below[1], -below[2]), chance, r1, r2),
    )


def slopes(grades: IntArray, thresholds: FloatArray, eta: FloatArray) -> _Triple:
    """Return log P and its first two derivatives by eta alone."""
    chance, above, below = _parts(grades, thresholds, eta)
    r1, r2 = (above[0] - below[0]) / chance, (above[1] - below[1]) / chance
    return np.log(chance), -r1, r2 - r1**2


def _parts(grades: IntArray, thresholds: FloatArray, eta: FloatArray) -> tuple[FloatArray, _Triple, _Triple]:
    # The chance, and the density with two derivatives at either edge. F(a) - F(b) = F(-b) - F(-a): the
    # side on which both are small loses no digits.
    from scipy.special import expit

    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    a, b = edges[grades + 1] - eta, edges[grades] - eta
    low, high = (expit(a), expit(b)), (expit(-a), expit(-b))
    between = np.where(a + b > 0.0, high[1] - high[0], low[0] - low[1])
    return np.maximum(between, _TINY), _density(low[0], high[0]), _density(low[1], high[1])


def _density(low: FloatArray, high: FloatArray) -> _Triple:
    f = low * high
    return f, f * (high - low), f * (1.0 - 6.0 * f)


def _by_threshold(density: _Triple, chance: FloatArray, r1: FloatArray, r2: FloatArray) -> _Triple:
    d0, d1, d2 = (part / chance for part in density)
    return d0, -d1 + d0 * r1, d2 - 2.0 * d1 * r1 - d0 * r2 + 2.0 * d0 * r1**2
