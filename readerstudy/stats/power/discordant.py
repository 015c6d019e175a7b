"""Exact power of tests that count who wins among the pairs that differ: McNemar's and the sign test.

Of n pairs D differ, binomially with the rate of discordance; of those the first side wins X, binomially with its share.
The test looks at X given D with chance 1/2 (Dixon & Mood, JASA 41:557, 1946; McNemar, Psychometrika 12:153, 1947). Its
power is summed over every D and X, so nothing is approximated.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.quantiles import normal_quantile

ExactTest = Literal["exact", "mid_p"]
MOST_EXACT = 3000
"""The largest number of pairs for which power is enumerated; beyond it the normal formulas agree to the case."""
_ROWS = 128


def conditional_power(most: int, *, share: float, alpha: float, test: ExactTest = "exact") -> FloatArray:
    """Return the chance of a two-sided p <= alpha for D = 0 … most differing pairs, shape (most + 1,).

    ``share`` is the chance that the first side wins a differing pair. "mid_p" counts half of the chance of the observed
    outcome (Lancaster, JASA 56:223, 1961).
    """
    from scipy.special import bdtr, bdtrc

    differing = np.arange(most + 1)
    critical = critical_values(most, alpha=alpha, test=test)
    tested = critical >= 0
    low = bdtr(np.maximum(critical, 0), differing, share)
    high = bdtrc(differing - np.maximum(critical, 0) - 1, differing, share)
    power: FloatArray = np.where(tested, low + high, 0.0)
    return power


def critical_values(most: int, *, alpha: float, test: ExactTest = "exact") -> IntArray:
    """Return for D = 0 … most the largest count of the losing side that is significant, -1 where none is."""
    differing = np.arange(most + 1)
    # The normal approximation lies within a few counts; from there it is stepped down, then up.
    start = np.floor((differing + normal_quantile(alpha / 2.0) * np.sqrt(differing)) / 2.0) - 1.0
    critical = np.maximum(start, -1.0).astype(np.int64)
    while (wrong := (critical >= 0) & ~_significant(critical, differing, alpha, test)).any():
        critical[wrong] -= 1
    while (more := _significant(critical + 1, differing, alpha, test)).any():
        critical[more] += 1
    return critical


def _significant(losing: IntArray, differing: IntArray, alpha: float, test: ExactTest) -> BoolArray:
    # Counts of 0 or more that lie below the middle and have a two-sided p of at most alpha.
    from scipy.special import bdtr

    counts = np.maximum(losing, 0)
    lower = bdtr(counts, differing, 0.5)
    if test == "mid_p":
        lower -= binomial(counts, differing, 0.5) / 2.0
    significant: BoolArray = (2 * losing < differing) & (2.0 * lower <= alpha * (1.0 + 1e-12))
    return significant


def power_by_pairs(pairs: IntArray, *, discordance: float, conditional: FloatArray) -> FloatArray:
    """Return the power for each number of pairs, shape (n,); ``conditional`` must reach the largest of them."""
    differing = np.arange(len(conditional))
    blocks = [
        binomial(differing, block[:, np.newaxis], discordance) @ conditional
        for block in np.split(pairs, range(_ROWS, len(pairs), _ROWS))
    ]
    return np.concatenate(blocks)


def binomial(successes: IntArray, trials: IntArray, chance: float) -> FloatArray:
    """Return binomial probabilities, broadcast; 0 where there are more successes than trials. 0 < chance <= 1."""
    from scipy.special import gammaln, xlog1py, xlogy

    misses = trials - successes
    within = np.maximum(misses, 0)
    ways = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(within + 1)
    logs = ways + xlogy(successes, chance) + xlog1py(within, -chance)
    return np.where(misses >= 0, np.exp(logs), 0.0)
