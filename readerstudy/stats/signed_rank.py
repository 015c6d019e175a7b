"""Wilcoxon's signed rank test of paired differences.

It takes every difference as independent of the others. Where one reader gave many of them it is too sure; the test of
the crossed design (`alignment.paired_difference`) knows readers and cases.
"""

from __future__ import annotations

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.ranks import mean_ranks
from readerstudy.stats.ratings import Scores

MOST_EXACT = 50


def signed_rank(differences: Scores) -> Estimate:
    """Return Wilcoxon's signed rank test that differences, shape (cases, readers), lie evenly about 0.

    Zeros are left out, ties share their mean rank. ``statistic`` is the sum of the ranks of positive differences,
    ``value`` the matched-pairs rank-biserial correlation: that sum minus the one of negative differences, over both
    (Kerby, Comprehensive Psychology 3:11, 2014). ``p`` is two-sided: exact up to 50 differences without ties, else from
    the normal distribution with the variance for ties and no correction for continuity (Wilcoxon, Biometrics Bull 1:80,
    1945). ``n_ratings`` counts the differences, zeros included.
    """
    found = differences.values[differences.rated]
    moved = found[found != 0.0]
    if not len(moved):
        reason = Reason.NO_DISCORDANT_PAIRS if len(found) else Reason.NO_SHARED_CASES
        return Estimate.undefined("wilcoxon", reason).with_sample(differences.sample())
    ranks, ties = mean_ranks(np.abs(moved)[:, np.newaxis])
    positive, total = float(ranks[moved > 0.0].sum()), float(ranks.sum())
    return Estimate(
        estimator="wilcoxon",
        value=(2.0 * positive - total) / total,
        statistic=positive,
        p=_p(moved, exact=not ties.any() and len(moved) <= MOST_EXACT),
    ).with_sample(differences.sample())


def zeros(differences: Scores) -> int:
    """Return how many differences are 0."""
    return int((differences.values == 0.0).sum())


def case_means(differences: Scores) -> Scores:
    """Return the mean over the readers of each case, shape (cases, 1), NaN where there is none."""
    number = differences.rated.sum(axis=1)
    sums = np.nansum(differences.values, axis=1)
    means = np.where(number > 0, sums / np.maximum(number, 1), np.nan)[:, np.newaxis]
    return Scores(
        values=means, units=differences.units, readers=("mean of readers",), cases=differences.cases
    )


def _p(moved: FloatArray, *, exact: bool) -> float:
    from scipy.stats import wilcoxon

    return float(wilcoxon(moved, method="exact" if exact else "asymptotic").pvalue)
