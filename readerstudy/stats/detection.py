"""How well each reader tells two classes apart, whatever their leaning: d', the distance of two normal distributions.

d' = z(H) - z(F) of the hit rate H and the false-alarm rate F (Green & Swets 1966), both by the log-linear rule, which
adds .5 to the counts and 1 to the totals so that a perfect reader has a finite figure (Hautus, Behav Res Methods 27:46,
1995). The standard error is Gourevitch and Galanter's (Psychometrika 32:25, 1967).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.quantiles import normal_quantile
from readerstudy.stats.ratings import Scores

METHOD = "Gourevitch-Galanter, log-linear rule, normal"
Truth = Mapping[str, bool]


def d_prime(positive: Scores, truth: Truth, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return d' of each reader; ``positive`` holds 1 where the reader said the positive class, 0 where the other."""
    known = np.array([case in truth for case in positive.case_names], dtype=np.bool_)
    judged = positive.rows(known)
    is_positive = np.array([truth[case] for case in judged.case_names], dtype=np.bool_)
    return [
        _of_reader(judged.values[:, column], is_positive, inference).labelled(reader=reader)
        for column, reader in enumerate(judged.readers)
    ]


def _of_reader(
    said: FloatArray, is_positive: np.ndarray[tuple[int], np.dtype[np.bool_]], inference: Inference
) -> Estimate:
    rated = ~np.isnan(said)
    cases, others = said[rated & is_positive], said[rated & ~is_positive]
    if not len(cases) or not len(others):
        return Estimate.undefined("d_prime", Reason.ONE_CLASS if rated.any() else Reason.NO_RATINGS)
    hit, false_alarm = _rate(cases), _rate(others)
    value = normal_quantile(hit) - normal_quantile(false_alarm)
    se = math.sqrt(_variance(hit, len(cases) + 1) + _variance(false_alarm, len(others) + 1))
    n = len(cases) + len(others)
    estimate = Estimate(estimator="d_prime", value=value, n_cases=n, n_readers=1, n_ratings=n, n_missing=0)
    found = t_uncertainty(value, se, math.inf, level=inference.level, method=METHOD)
    return found.attach(estimate, level=inference.level)


def _rate(said: FloatArray) -> float:
    return (float(said.sum()) + 0.5) / (len(said) + 1.0)


def _variance(rate: float, n: int) -> float:
    """Variance of the normal quantile of a share among n."""
    density = math.exp(-0.5 * normal_quantile(rate) ** 2) / math.sqrt(2.0 * math.pi)
    return rate * (1.0 - rate) / (n * density**2)
