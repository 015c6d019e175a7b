"""How readings agree in the population that a plan assumes: the common correlation model.

With chance k all readers give a case the same category, drawn from the shares; else each draws a category alone. Every
pair of readers then has intraclass kappa k, and for two readers the cells are those of Donner & Eliasziw (Stat Med
11:1511, 1992), for more those of Altaye, Donner & Klar (Biometrics 57:584, 2001).
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.power.planned import PowerError

MODEL_SOURCE = (
    "population: common correlation model, Donner & Eliasziw, Stat Med 11:1511, 1992; "
    "Altaye, Donner & Klar, Biometrics 57:584, 2001"
)
_MOST_PATTERNS = 100_000


def patterns(readers: int, categories: int) -> IntArray:
    """Return all ways in which m readers can spread over k categories, as counts of shape (patterns, k).

    Raises PowerError where there are more than 100,000.
    """
    if math.comb(readers + categories - 1, categories - 1) > _MOST_PATTERNS:
        raise PowerError(
            f"{readers} readers and {categories} categories make too many patterns to go through. "
            "Plan with fewer readers for each case, or with joined categories."
        )
    slots = readers + categories - 1
    bars = np.array(list(combinations(range(slots), categories - 1)), dtype=np.int64)
    bars = bars.reshape(-1, categories - 1)
    ends = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), slots)])
    counts: IntArray = np.diff(ends, axis=1) - 1
    return counts


def chances(counts: IntArray, shares: FloatArray, kappa: float) -> FloatArray:
    """Return the probability of each pattern, shape (patterns,), under shares of shape (k,) and intraclass kappa."""
    from scipy.special import gammaln, xlogy

    readers = int(counts[0].sum())
    ways = gammaln(readers + 1) - gammaln(counts + 1).sum(axis=1)
    alone = np.exp(ways + xlogy(counts, shares).sum(axis=1))
    together = ((counts == readers) * shares).sum(axis=1)
    mixed: FloatArray = (1.0 - kappa) * alone + kappa * together
    return mixed


def pair_table(shares: FloatArray, kappa: float) -> FloatArray:
    """Return the joint distribution of two readers with the same shares, shape (k, k)."""
    table: FloatArray = (1.0 - kappa) * np.outer(shares, shares) + kappa * np.diag(shares)
    return table


def binary_table(first: float, second: float, kappa: float) -> FloatArray:
    """Return the joint distribution of two readers who say yes with different shares, shape (2, 2), yes first.

    Raises PowerError where no two readers with these shares can have this kappa.
    """
    expected = first * second + (1.0 - first) * (1.0 - second)
    observed = kappa * (1.0 - expected) + expected
    both = (observed - 1.0 + first + second) / 2.0
    table: FloatArray = np.array([[both, first - both], [second - both, 1.0 - first - second + both]])
    if table.min() < -1e-12:
        raise PowerError(
            f"Readers who say yes to {first:g} and {second:g} of the cases cannot reach a kappa of {kappa:g}. "
            "Choose a smaller kappa or shares that lie closer together."
        )
    return np.maximum(table, 0.0)
