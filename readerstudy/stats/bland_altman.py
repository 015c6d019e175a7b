"""Bland and Altman's limits of agreement between two measurements of the same cases.

The bias is the mean of first - second; the limits are bias ± 1.96 standard deviations, between which
95 % of differences are expected. Where a case has several pairs, the standard deviation holds both
the variation of cases and that within them, and the intervals recover both (Bland & Altman, Stat
Methods Med Res 8:135, 1999; the same, J Biopharm Stat 17:571, 2007; Zou, Stat Methods Med Res 22:630,
2013). All figures are in the units of the measurement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.estimate import Caution, Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.quantiles import chi2_quantile, normal_quantile
from readerstudy.stats.ratings import Scores, case_positions

BIAS, LOWER, UPPER = VARIANTS = ("bias", "lower_limit", "upper_limit")
PLAIN = "Bland-Altman 1999, t"
REPEATED = "Zou 2013, variance recovery"
_Z = 1.959963984540054
_FEW = 10


def bland_altman(
    first: FloatArray,
    second: FloatArray,
    *,
    cases: Sequence[str] | None = None,
    inference: Inference = DEFAULT,
) -> list[Estimate]:
    """Return the bias and the lower and upper 95 % limit of agreement, each with its interval.

    ``first`` and ``second`` have shape (pairs,); pairs with a NaN are left out. ``cases`` names the
    case of each pair where a case has several; the bias is then the mean of the case means.
    ``inference.level`` is that of the intervals; the limits always enclose 95 %.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    difference = (first - second)[both]
    names = None if cases is None else [case for case, kept in zip(cases, both, strict=True) if kept]
    positions = np.arange(len(difference)) if names is None else case_positions(names)
    n_cases = len(np.unique(positions))
    sample = Sample(n_cases=n_cases, n_readers=2, n_ratings=2 * len(difference), n_missing=int((~both).sum()))
    if n_cases < 2:
        reason = Reason.ONE_CASE if n_cases else Reason.NO_OVERLAP
        return [Estimate.undefined("bland_altman", reason, variant=v).with_sample(sample) for v in VARIANTS]
    repeated = n_cases < len(difference)
    found = _repeated(difference, positions) if repeated else _plain(difference)
    estimates = [_estimate(found, variant, inference).with_sample(sample) for variant in VARIANTS]
    return [line.with_cautions(Caution.FEW_CASES) for line in estimates] if n_cases < _FEW else estimates


def bland_altman_readers(scores: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the three figures of every reader pair; ``reader`` names it "R1|R2"."""
    estimates = []
    for first, second in combinations(range(len(scores.readers)), 2):
        columns = scores.values[:, first], scores.values[:, second]
        name = f"{scores.readers[first]}|{scores.readers[second]}"
        found = bland_altman(*columns, cases=scores.cases, inference=inference)
        estimates += [replace(estimate, reader=name) for estimate in found]
    return estimates


def bland_altman_reference(
    scores: Scores, reference: Mapping[str, float], *, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return the three figures of each reader minus the reference; ``n_ratings`` counts the reader's alone."""
    truth, estimates = _truth(scores, reference), list[Estimate]()
    for column, reader in enumerate(scores.readers):
        found = bland_altman(scores.values[:, column], truth, cases=scores.cases, inference=inference)
        estimates += [
            replace(line, reader=reader, n_readers=1, n_ratings=(line.n_ratings or 0) // 2) for line in found
        ]
    return estimates


def errors(measured: Scores, reference: Mapping[str, float]) -> Scores:
    """Return measured - reference for every reader; NaN where one of them is missing."""
    return measured.with_values(measured.values - _truth(measured, reference)[:, np.newaxis])


def relative_errors(measured: Scores, reference: Mapping[str, float]) -> Scores:
    """Return (measured - reference) / |reference|; NaN where one of them is missing or the reference is 0."""
    truth = _truth(measured, reference)[:, np.newaxis]
    sizes = np.where(truth == 0.0, math.nan, np.abs(truth))
    return measured.with_values((measured.values - truth) / sizes)


def _truth(scores: Scores, reference: Mapping[str, float]) -> FloatArray:
    return np.array([reference.get(case, math.nan) for case in scores.case_names], dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class _Differences:
    # The bias, the variance of the case means and that within cases; ``shrink`` is 1 - 1/m_h.
    bias: float
    between: float
    within: float
    shrink: float
    n_cases: int
    within_df: int

    @property
    def spread(self) -> float:
        return math.sqrt(self.between + self.shrink * self.within)


def _plain(difference: FloatArray) -> _Differences:
    return _Differences(
        bias=float(difference.mean()),
        between=float(difference.var(ddof=1)),
        within=0.0,
        shrink=0.0,
        n_cases=len(difference),
        within_df=0,
    )


def _repeated(difference: FloatArray, positions: IntArray) -> _Differences:
    size = np.bincount(positions).astype(np.float64)
    means = np.bincount(positions, weights=difference) / size
    left = difference - means[positions]
    df = len(difference) - len(size)
    return _Differences(
        bias=float(means.mean()),
        between=float(means.var(ddof=1)),
        within=float((left**2).sum()) / df,
        shrink=1.0 - float((1.0 / size).mean()),
        n_cases=len(size),
        within_df=df,
    )


def _estimate(found: _Differences, variant: str, inference: Inference) -> Estimate:
    if variant == BIAS:
        estimate = Estimate(estimator="bland_altman", variant=BIAS, value=found.bias)
        se = math.sqrt(found.between / found.n_cases)
        method = REPEATED if found.within_df else PLAIN
        uncertainty = t_uncertainty(found.bias, se, found.n_cases - 1, level=inference.level, method=method)
        return uncertainty.attach(estimate, level=inference.level)
    side = -1.0 if variant == LOWER else 1.0
    limit = found.bias + side * _Z * found.spread
    estimate = Estimate(estimator="bland_altman", variant=variant, value=limit)
    return (_recovered if found.within_df else _classic)(estimate, found, side, inference)


def _classic(estimate: Estimate, found: _Differences, side: float, inference: Inference) -> Estimate:
    n = found.n_cases
    se = math.sqrt(found.between * (1.0 / n + _Z**2 / (2.0 * (n - 1))))
    limit = estimate.value or 0.0
    uncertainty = t_uncertainty(limit, se, n - 1, level=inference.level, method=PLAIN, test=False)
    return uncertainty.attach(estimate, level=inference.level)


def _recovered(estimate: Estimate, found: _Differences, side: float, inference: Inference) -> Estimate:
    # The bias is normal and the variance a sum of chi-squares; their own limits are combined.
    z = normal_quantile(inference.upper_tail)
    estimate = replace(estimate, level=inference.level, ci_method=REPEATED)
    if found.spread <= 1e-12 * max(1.0, abs(found.bias)):
        return replace(estimate, reason=Reason.ZERO_VARIANCE)
    low, high = _variance_limits(found, inference)
    mean_part = z**2 * found.between / found.n_cases
    inward = math.sqrt(mean_part + (_Z * (found.spread - math.sqrt(low))) ** 2)
    outward = math.sqrt(mean_part + (_Z * (math.sqrt(high) - found.spread)) ** 2)
    limit = estimate.value or 0.0
    return replace(
        estimate, ci=(limit - inward, limit + outward) if side > 0 else (limit - outward, limit + inward)
    )


def _variance_limits(found: _Differences, inference: Inference) -> tuple[float, float]:
    parts = [(found.between, found.n_cases - 1), (found.shrink * found.within, found.within_df)]
    below = [v * (1.0 - df / chi2_quantile(inference.upper_tail, df)) for v, df in parts]
    above = [v * (df / chi2_quantile(1.0 - inference.upper_tail, df) - 1.0) for v, df in parts]
    total = found.spread**2
    return max(total - math.hypot(*below), 0.0), total + math.hypot(*above)
