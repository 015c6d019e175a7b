"""How far measurements lie from a reference: bias and limits of agreement of each reader.

The limits are mean - 1.96 s and mean + 1.96 s of the differences; the standard error of a limit is
s sqrt(1/n + 1.96^2/(2(n - 1))) (Bland & Altman, Stat Methods Med Res 8:135, 1999), its interval t with n - 1 df.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.ratings import Scores

METHOD = "Bland-Altman, t"
Z = 1.959963984540054


def errors(measured: Scores, reference: Mapping[str, float]) -> Scores:
    """Return measured - reference; NaN where one of them is missing."""
    true = np.array([reference.get(case, math.nan) for case in measured.case_names])
    return measured.with_values(measured.values - true[:, np.newaxis])


def limits_of_agreement(differences: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return for each reader the lower limit, the bias and the upper limit of the differences."""
    return [
        estimate.labelled(reader=reader)
        for column, reader in enumerate(differences.readers)
        for estimate in _of_reader(differences.values[:, column], inference)
    ]


def _of_reader(values: FloatArray, inference: Inference) -> list[Estimate]:
    found = values[~np.isnan(values)]
    places = (("lower", -Z), ("bias", 0.0), ("upper", Z))
    if len(found) < 2:
        reason = Reason.NO_RATINGS if not len(found) else Reason.ONE_CASE
        return [Estimate.undefined("limits_of_agreement", reason, variant=name) for name, _z in places]
    mean, spread, n = float(found.mean()), float(found.std(ddof=1)), len(found)
    return [_limit(name, mean + z * spread, spread * _se(z, n), n, inference) for name, z in places]


def _se(z: float, n: int) -> float:
    return math.sqrt(1.0 / n + z**2 / (2.0 * (n - 1)))


def _limit(name: str, value: float, se: float, n: int, inference: Inference) -> Estimate:
    estimate = Estimate(
        estimator="limits_of_agreement",
        variant=name,
        value=value,
        n_cases=n,
        n_readers=1,
        n_ratings=n,
        n_missing=0,
    )
    found = t_uncertainty(value, se, n - 1, level=inference.level, method=METHOD, test=name == "bias")
    return found.attach(estimate, level=inference.level)
