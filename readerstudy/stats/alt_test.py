"""The alternative annotator test: may a model stand in for a reader?

Each reader is left out in turn and compared with the model: who agrees better with the remaining
readers on each case? (Calderon, Reichart & Dror, ACL 2025, arXiv 2501.10970.) The winning rate is
the share of readers whom the model replaces at a cost-benefit allowance epsilon; the advantage
probability is how often, on average, the model does at least as well.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.intervals import benjamini_yekutieli
from readerstudy.stats.quantiles import t_lower_p
from readerstudy.stats.ratings import Scores

EXPERTS_EPSILON = 0.2
FALSE_DISCOVERY_RATE = 0.05
FEW_CASES = 30
Scoring = Literal["accuracy", "neg_rmse"]


@dataclass(frozen=True, kw_only=True)
class AltTest:
    """The winning rate, the average advantage probability, and one estimate for each reader.

    A reader's ``value`` is the model's advantage probability against them; ``p`` is the one-sided
    Benjamini-Yekutieli-adjusted p-value that the model falls behind by less than epsilon.
    """

    winning_rate: Estimate
    advantage: Estimate
    by_reader: tuple[Estimate, ...]
    epsilon: float


def alt_test(
    readers: Scores,
    model: Mapping[str, float],
    *,
    scoring: Scoring = "accuracy",
    epsilon: float = EXPERTS_EPSILON,
    refused: Collection[str] = (),
) -> AltTest:
    """Return the test of a model's label of each case against the readers' labels.

    ``readers`` holds labels as numbers (for categories their codes). "accuracy" scores agreement with
    the other readers by equality, "neg_rmse" by squared distance. Cases that fewer than two readers
    rated, or that the model did not label, are left out; a case in ``refused`` counts as the worst
    possible label. Below 30 cases a reader's p-value is Wilcoxon's, else that of the t test.
    """
    known = [case in model or case in refused for case in readers.case_names]
    paired = readers.rated.sum(axis=1) >= 2
    chosen = readers.rows(np.array(known, dtype=bool) & paired)
    labels = np.array([np.nan if case in refused else model[case] for case in chosen.case_names])
    lines = [_against(chosen, labels, column, scoring, epsilon) for column in range(len(chosen.readers))]
    adjusted = benjamini_yekutieli([line.p for line in lines])
    lines = [replace(line, p=p) for line, p in zip(lines, adjusted, strict=True)]
    tested = [line for line in lines if line.value is not None]
    if not tested:
        reason = Reason.ONE_READER if readers.sample().n_readers < 2 else Reason.NO_OVERLAP
        blank = [Estimate.undefined("alt_test", reason, variant=name) for name in ("omega", "rho")]
        omega, rho = blank
    else:
        won = [line.p is not None and line.p <= FALSE_DISCOVERY_RATE for line in tested]
        omega = Estimate(estimator="alt_test", variant="omega", value=float(np.mean(won)))
        rho_value = float(np.mean([line.value for line in tested]))
        rho = Estimate(estimator="alt_test", variant="rho", value=rho_value)
    sample = chosen.sample()
    return AltTest(
        winning_rate=omega.with_sample(sample),
        advantage=rho.with_sample(sample),
        by_reader=tuple(lines),
        epsilon=epsilon,
    )


def _against(readers: Scores, model: FloatArray, column: int, scoring: Scoring, epsilon: float) -> Estimate:
    rated = readers.rated[:, column]
    own, label = readers.values[rated, column], model[rated]
    others = np.delete(readers.values[rated], column, axis=1)
    name = readers.readers[column]
    n = int(rated.sum())
    if n < 2:
        blank = Estimate.undefined("alt_test", Reason.TOO_FEW, variant="advantage")
        return replace(blank, reader=name, n_cases=n, n_ratings=n, n_readers=1)
    distance = _distance(own, others, scoring), _distance(label, others, scoring)
    model_wins = (distance[1] <= distance[0]).astype(np.float64)
    reader_wins = (distance[0] <= distance[1]).astype(np.float64)
    statistic, p = _one_sided(reader_wins - model_wins - epsilon)
    estimate = Estimate(
        estimator="alt_test",
        variant="advantage",
        reader=name,
        value=float(model_wins.mean()),
        statistic=statistic,
        df=float(n - 1) if statistic is not None and n >= FEW_CASES else None,
        p=p,
        n_cases=n,
        n_ratings=n,
        n_readers=1,
    )
    return estimate.with_cautions(Caution.FEW_CASES) if n < 10 else estimate


def _distance(label: FloatArray, others: FloatArray, scoring: Scoring) -> FloatArray:
    # Sums, not means, over the same other readers: equal scores then compare as exactly equal.
    apart = others - label[:, np.newaxis]
    costs = (apart != 0.0).astype(np.float64) if scoring == "accuracy" else apart**2
    total = np.where(np.isnan(others), 0.0, costs).sum(axis=1)
    return np.where(np.isnan(label), np.inf, total)


def _one_sided(below_zero: FloatArray) -> tuple[float | None, float]:
    if len(below_zero) < FEW_CASES:
        from scipy.stats import wilcoxon

        return None, float(wilcoxon(below_zero, alternative="less").pvalue)
    n, spread = len(below_zero), float(below_zero.std(ddof=1))
    mean = float(below_zero.mean())
    if spread == 0.0:
        return None, 0.0 if mean < 0.0 else 1.0
    t = mean / (spread / math.sqrt(n))
    return t, t_lower_p(t, n - 1)
