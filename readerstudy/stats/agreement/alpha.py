"""Krippendorff's alpha for nominal, ordinal, interval and ratio scales, with missing ratings.

alpha = 1 - D_o/D_e from the coincidences of values within outputs with two or more ratings, each
output weighted by 1/(m-1) for its m ratings (Krippendorff, Computing Krippendorff's
Alpha-Reliability, 2011). With N_c the number of pairable values c, N their sum, and delta2 the
metric, alpha = 1 - (N-1) sum_u d_u / sum_ck N_c N_k delta2_ck, where
d_u = sum_ck n_uc n_uk delta2_ck / (m_u - 1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from readerstudy.stats.agreement.coefficients import output_cases, unpaired_reason, with_interval
from readerstudy.stats.agreement.prevalence import sample_cautions
from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.ratings import Ratings
from readerstudy.stats.scale import ScaleError
from readerstudy.stats.sums import SumStatistic, bootstrap

Metric = Literal["nominal", "ordinal", "interval", "ratio"]
METRICS: tuple[Metric, ...] = ("nominal", "ordinal", "interval", "ratio")

_Parts = tuple[FloatArray, Callable[[NumberArray], tuple[NumberArray, NumberArray, NumberArray]]]


def krippendorff_alpha(
    ratings: Ratings, *, metric: Metric = "nominal", inference: Inference = DEFAULT
) -> Estimate:
    """Return Krippendorff's alpha under a metric.

    The default interval is the percentile bootstrap of cases; "linearised" gives the t interval of
    the delta method. Raises ScaleError for an ordered metric on texts without a declared order, and
    for the ratio metric on texts or on numbers below zero.
    """
    values = _metric_values(ratings, metric)
    used = ratings.used()
    reason = unpaired_reason(used)
    if reason is not None:
        undefined = Estimate.undefined("krippendorff_alpha", reason, variant=metric)
        return undefined.with_sample(ratings.sample())
    statistic = _statistic(used, metric, values)
    value = statistic.value()
    if not np.isfinite(value):
        undefined = Estimate.undefined("krippendorff_alpha", Reason.NO_VARIATION, variant=metric)
        return undefined.with_sample(ratings.sample())
    estimate = Estimate(estimator="krippendorff_alpha", variant=metric, value=value)
    estimate = estimate.with_sample(ratings.sample()).with_cautions(*sample_cautions(used))
    if inference.method == "linearised":
        return with_interval(estimate, statistic, inference=inference)
    return bootstrap(statistic, inference=inference).attach(estimate, level=inference.level)


def _metric_values(ratings: Ratings, metric: Metric) -> FloatArray:
    scale = ratings.scale
    if metric == "nominal":
        return np.arange(len(scale.categories), dtype=np.float64)
    values = scale.values()
    if metric == "ratio" and (not scale.numeric or values.min(initial=0.0) < 0.0):
        raise ScaleError("A ratio coefficient needs numbers of zero or more. Choose another kind for it.")
    return values


def _statistic(used: Ratings, metric: Metric, values: FloatArray) -> SumStatistic:
    paired = used.rated.sum(axis=1) >= 2
    contributions, disagreements = _parts(used.among(paired), metric, values)

    def alpha(sums: NumberArray) -> NumberArray:
        observed, expected, pairable = disagreements(sums)
        defined = expected.real > 1e-12 * pairable.real**2
        return np.where(defined, 1.0 - (pairable - 1.0) * observed / np.where(defined, expected, 1.0), np.nan)

    cases = output_cases(used)
    if cases is not None:
        cases = np.unique(cases[paired], return_inverse=True)[1].astype(np.int64)
    return SumStatistic(contributions=contributions, function=alpha, cases=cases)


def _parts(paired: Ratings, metric: Metric, values: FloatArray) -> _Parts:
    if metric == "interval":
        return _interval(paired, values)
    counts = paired.counts()
    present = counts.any(axis=0)
    parts = {"nominal": _nominal, "ordinal": _ordinal, "ratio": _ratio}[metric]
    return parts(counts[:, present], values[present])


def _nominal(counts: FloatArray, values: FloatArray) -> _Parts:
    total = counts.sum(axis=1)
    within = (total**2 - (counts**2).sum(axis=1)) / (total - 1.0)

    def disagreements(sums: NumberArray) -> tuple[NumberArray, NumberArray, NumberArray]:
        category = sums[..., 1:]
        pairable = category.sum(axis=-1)
        return sums[..., 0], pairable**2 - (category**2).sum(axis=-1), pairable

    return np.column_stack([within, counts]), disagreements


def _interval(paired: Ratings, values: FloatArray) -> _Parts:
    # Three moments of each output replace the categories, of which there may be thousands. They are
    # taken on a scale from 0 to 1, so that large or tiny values lose no digits.
    low, high = values.min(), values.max()
    unit = (values - low) / (high - low if high > low else 1.0)
    given = np.where(paired.rated, unit[paired.codes], 0.0)
    total, first, second = paired.rated.sum(axis=1), given.sum(axis=1), (given**2).sum(axis=1)
    within = 2.0 * (total * second - first**2) / (total - 1.0)

    def disagreements(sums: NumberArray) -> tuple[NumberArray, NumberArray, NumberArray]:
        pairable = sums[..., 1]
        return sums[..., 0], 2.0 * (pairable * sums[..., 3] - sums[..., 2] ** 2), pairable

    return np.column_stack([within, total, first, second]), disagreements


def _ratio(counts: FloatArray, values: FloatArray) -> _Parts:
    together = np.add.outer(values, values)
    distance = (np.subtract.outer(values, values) / np.where(together > 0.0, together, 1.0)) ** 2
    within = (counts * (counts @ distance)).sum(axis=1) / (counts.sum(axis=1) - 1.0)

    def disagreements(sums: NumberArray) -> tuple[NumberArray, NumberArray, NumberArray]:
        category = sums[..., 1:]
        return sums[..., 0], ((category @ distance) * category).sum(axis=-1), category.sum(axis=-1)

    return np.column_stack([within, counts]), disagreements


def _ordinal(counts: FloatArray, values: FloatArray) -> _Parts:
    # Krippendorff's ordinal distance of two categories is the difference of their mid-ranks, which
    # depend on how often each category occurs: the coincidences themselves must be summed.
    order = np.argsort(values)
    counts = counts[:, order]
    q = counts.shape[1]
    low, high = np.triu_indices(q, k=1)
    coincidences = counts[:, low] * counts[:, high] / (counts.sum(axis=1, keepdims=True) - 1.0)
    below = np.tri(q, k=-1) + 0.5 * np.eye(q)

    def disagreements(sums: NumberArray) -> tuple[NumberArray, NumberArray, NumberArray]:
        category = sums[..., len(low) :]
        midranks = category @ below.T
        apart = (midranks[..., low] - midranks[..., high]) ** 2
        observed = 2.0 * (sums[..., : len(low)] * apart).sum(axis=-1)
        expected = 2.0 * (category[..., low] * category[..., high] * apart).sum(axis=-1)
        return observed, expected, category.sum(axis=-1)

    return np.column_stack([coincidences, counts]), disagreements
