"""Figures from ranks: Kendall's coefficient of concordance, and Friedman's test of several arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.quantiles import chi2_upper_p
from readerstudy.stats.ratings import Scores, incomplete_reason


def kendall_w(scores: Scores, *, tie_corrected: bool = True) -> Estimate:
    """Return Kendall's W of m readers who order n outputs, with the chi-square test, n-1 df.

    Scores are ranked within each reader, ties sharing their mean rank. With R_i the rank sums,
    W = 12 sum (R_i - mean)^2 / (m^2 (n^3 - n) - m sum T), T = sum (t^3 - t) over the ties of a reader
    (Kendall & Babington Smith, Ann Math Stat 10:275, 1939; Siegel & Castellan 1988). Complete outputs
    only. Without the correction T is 0, variant "uncorrected".
    """
    variant = "tie_corrected" if tie_corrected else "uncorrected"
    complete = scores.complete()
    sample = replace(complete.sample(), n_missing=scores.sample().n_missing)
    reason = incomplete_reason(scores, complete)
    if reason is not None:
        return Estimate.undefined("kendall_w", reason, variant=variant).with_sample(sample)
    n, m = complete.values.shape
    ranks, ties = mean_ranks(complete.values)
    sums = ranks.sum(axis=1)
    possible = m**2 * (n**3 - n) - (m * ties.sum() if tie_corrected else 0.0)
    if possible <= 0.0:
        undefined = Estimate.undefined("kendall_w", Reason.NO_VARIATION, variant=variant)
        return undefined.with_sample(sample)
    w = float(12.0 * ((sums - sums.mean()) ** 2).sum() / possible)
    chi2 = m * (n - 1) * w
    estimate = Estimate(
        estimator="kendall_w",
        variant=variant,
        value=w,
        statistic=chi2,
        df=float(n - 1),
        p=chi2_upper_p(chi2, n - 1),
    ).with_sample(sample)
    left_out = n < int(scores.rated.any(axis=1).sum())
    return estimate.with_cautions(Caution.CASES_LEFT_OUT) if left_out else estimate


def friedman(arms: FloatArray) -> Estimate:
    """Return Friedman's test that three or more arms are graded alike, tie-corrected, (arms - 1) df.

    ``arms`` has shape (blocks, arms), a block being a case, or a case of one reader; blocks with a
    blank are left out. Values are ranked within each block. ``value`` and ``statistic`` are
    (k - 1) sum (R_j - mean)^2 / (sum r_ij^2 - n k (k + 1)^2 / 4) over n blocks, k arms and rank sums
    R_j (Friedman, JASA 32:675, 1937; Conover, Practical Nonparametric Statistics, 1999, 5.8).
    """
    complete = arms[~np.isnan(arms).any(axis=1)]
    n, k = complete.shape
    counted = {"n_cases": n, "n_ratings": n * k, "n_missing": int(np.isnan(arms).sum())}
    ranks = mean_ranks(complete.T)[0].T
    spread = float((ranks**2).sum()) - n * k * (k + 1) ** 2 / 4.0
    if spread <= 1e-9:
        reason = Reason.NO_VARIATION if n else Reason.NO_SHARED_CASES
        return replace(Estimate.undefined("friedman", reason), **counted)
    chi2 = (k - 1) * float(((ranks.sum(axis=0) - n * (k + 1) / 2.0) ** 2).sum()) / spread
    return Estimate(
        estimator="friedman",
        value=chi2,
        statistic=chi2,
        df=float(k - 1),
        p=chi2_upper_p(chi2, k - 1),
        **counted,
    )


def mean_ranks(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the ranks within each column, ties sharing the mean, and sum(t^3 - t) of each column."""
    # A run of equal values, from one step upwards to the next, shares the mean of its places.
    n, m = values.shape
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0).T
    steps = np.diff(ordered, axis=1, prepend=np.nan) != 0.0
    run = steps.ravel().cumsum() - 1
    size = np.bincount(run).astype(np.float64)
    last = np.flatnonzero(np.append(steps.ravel()[1:], True)) % max(n, 1) + 1.0
    ranks = np.empty(values.shape, dtype=np.float64)
    np.put_along_axis(ranks, order, (last - (size - 1.0) / 2.0)[run].reshape(m, n).T, axis=0)
    column = np.repeat(np.arange(m), n)[steps.ravel()]
    ties = np.bincount(column, weights=size**3 - size, minlength=m)
    return ranks, ties.astype(np.float64)
