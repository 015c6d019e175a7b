"""How far two readers put outputs into the same order: Kendall's tau-b.

tau-b corrects for ties (Kendall, Biometrika 33:239, 1945). The interval is Fieller, Hartley and Pearson's, by Fisher's
z with variance .437/(n - 4) (Biometrika 44:470, 1957); it needs at least ten outputs, as they advise.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference, Uncertainty
from readerstudy.stats.quantiles import normal_quantile
from readerstudy.stats.ratings import Scores

METHOD = "Fieller-Hartley-Pearson, Fisher z"
FEWEST = 10


def kendall_tau(scores: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return tau-b of every reader pair over the outputs that both scored; ``reader`` names the pair "R1|R2"."""
    pairs = combinations(range(len(scores.readers)), 2)
    return [
        _of_pair(scores.values[:, [first, second]], inference).labelled(
            reader=f"{scores.readers[first]}|{scores.readers[second]}"
        )
        for first, second in pairs
    ]


def _of_pair(values: FloatArray, inference: Inference) -> Estimate:
    both = values[~np.isnan(values).any(axis=1)]
    n = len(both)
    if n < 2:
        return Estimate.undefined("kendall_tau", Reason.NO_OVERLAP, variant="b")
    value = tau_b(both[:, 0], both[:, 1])
    if value is None:
        return Estimate.undefined("kendall_tau", Reason.NO_VARIATION, variant="b")
    estimate = Estimate(
        estimator="kendall_tau",
        variant="b",
        value=value,
        n_cases=n,
        n_readers=2,
        n_ratings=2 * n,
        n_missing=0,
    )
    return _uncertainty(value, n, inference).attach(estimate, level=inference.level)


def tau_b(first: FloatArray, second: FloatArray) -> float | None:
    """Return tau-b of two columns; None where one of them has a single value."""
    signs = [np.sign(column[:, np.newaxis] - column[np.newaxis, :]) for column in (first, second)]
    together = float((signs[0] * signs[1]).sum())
    untied = math.sqrt(float((signs[0] != 0).sum()) * float((signs[1] != 0).sum()))
    return together / untied if untied else None


def _uncertainty(value: float, n: int, inference: Inference) -> Uncertainty:
    if n < FEWEST:
        return Uncertainty(method=METHOD, reason=Reason.TOO_FEW)
    if abs(value) >= 1.0:
        return Uncertainty(method=METHOD, reason=Reason.ZERO_VARIANCE)
    half = normal_quantile(0.5 + inference.level / 2.0) * math.sqrt(0.437 / (n - 4))
    z = math.atanh(value)
    return Uncertainty(ci=(math.tanh(z - half), math.tanh(z + half)), method=METHOD)
