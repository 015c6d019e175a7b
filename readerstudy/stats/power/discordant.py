"""Exact power of tests that count who wins among the pairs that differ: McNemar's and the sign test.

Of n pairs D differ, binomially with the rate of discordance; of those the first side wins X, binomially with its share.
The test looks at X given D with chance 1/2 (Dixon & Mood, JASA 41:557, 1946; McNemar, Psychometrika 12:153, 1947). Its
power is summed over every D and X, so nothing is approximated.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray

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
    from scipy.special import bdtr

    differing = np.arange(most + 1)
    critical = np.full(most + 1, -1)
    while True:
        lower = bdtr(critical + 1.0, differing, 0.5)
        if test == "mid_p":
            before = np.where(critical >= 0, bdtr(np.maximum(critical, 0.0), differing, 0.5), 0.0)
            lower = (lower + before) / 2.0
        significant = (2.0 * lower <= alpha * (1.0 + 1e-12)) & (2 * (critical + 1) < differing)
        if not significant.any():
            return critical
        critical[significant] += 1


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
