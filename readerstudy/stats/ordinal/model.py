"""Arms compared by a cumulative link mixed model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.ordinal.fit import Fit, fit, without_effects
from readerstudy.stats.ordinal.laplace import Crossing
from readerstudy.stats.quantiles import chi2_upper_p
from readerstudy.stats.ratings import Ratings, RatingsError, sample_of

WALD = "Laplace approximation, Wald"
_NAME = "ordinal_mixed_model"
_WIDEST = 20.0


@dataclass(frozen=True, kw_only=True)
class OrdinalModel:
    """The fitted model.

    ``effects``: for every other arm the log odds ratio of a higher grade against the reference arm,
    ``contrast`` "ARM-REFERENCE"; positive means better grades. ``thresholds``: the log odds of at most
    each grade but the last, in the reference arm, ``category`` the grade. ``deviations``: standard
    deviations of cases and readers on the log odds scale, variants "case_sd" and "reader_sd".
    ``test``: the likelihood ratio test that all arms are graded alike; None with one arm.
    """

    effects: tuple[Estimate, ...]
    thresholds: tuple[Estimate, ...]
    deviations: tuple[Estimate, ...]
    test: Estimate | None
    log_likelihood: float | None


def ordinal_model(
    arms: Mapping[str, Ratings], *, reference: str | None = None, inference: Inference = DEFAULT
) -> OrdinalModel:
    """Return the model logit P(grade <= k) = threshold_k - arm - case - reader.

    Cases and readers are random and matched by name over arms; the first arm is the reference unless
    another is named. Grades that nobody gave are left out of the scale. Undefined with a reason:
    fewer than two grades, cases or readers, and grades with no finite best fit, as where an arm has the
    top grade throughout. Raises RatingsError where the arms have different scales.
    """
    names = _ordered(list(arms), reference)
    scales = {arms[name].scale.categories for name in names}
    if len(scales) > 1:
        raise RatingsError("The arms have different scales. Declare the categories of the criterion.")
    data, kept, sample = _crossing(arms, names)
    categories = [arms[names[0]].scale.categories[code] for code in kept]
    reason = _reason(data, kept)
    if reason is not None:
        return _undefined(names, reason, sample)
    found = fit(data)
    if not found.converged:
        return _undefined(names, Reason.NOT_CONVERGED, sample)
    k = len(categories) - 1
    thresholds = [
        replace(_wald(found, at, "threshold", sample, inference), category=categories[at]) for at in range(k)
    ]
    effects = [
        replace(_wald(found, k + at, None, sample, inference), contrast=f"{name}-{names[0]}", arm=name)
        for at, name in enumerate(names[1:])
    ]
    return OrdinalModel(
        effects=tuple(effects),
        thresholds=tuple(thresholds),
        deviations=tuple(_deviations(found, k + len(effects), sample, inference)),
        test=_test(data, found, sample) if effects else None,
        log_likelihood=found.log_likelihood,
    )


def _ordered(names: list[str], reference: str | None) -> list[str]:
    if reference is None:
        return names
    return [reference, *(name for name in names if name != reference)]


def _crossing(arms: Mapping[str, Ratings], names: Sequence[str]) -> tuple[Crossing, list[int], Sample]:
    cases, readers, codes, design = [], [], [], []
    for at, name in enumerate(names):
        ratings = arms[name]
        rows, columns = np.nonzero(ratings.rated)
        cases += [ratings.case_names[row] for row in rows]
        readers += [ratings.readers[column] for column in columns]
        codes += ratings.codes[rows, columns].tolist()
        design += [at] * len(rows)
    kept, grades = np.unique(np.array(codes, dtype=np.int64), return_inverse=True)
    data = Crossing(
        grades=grades.ravel().astype(np.int64),
        cases=np.unique(np.array(cases, dtype=str), return_inverse=True)[1].ravel().astype(np.int64),
        readers=np.unique(np.array(readers, dtype=str), return_inverse=True)[1].ravel().astype(np.int64),
        design=(np.array(design)[:, np.newaxis] == np.arange(1, len(names))).astype(np.float64),
    )
    missing = sum(sample_of(arms[name].rated, arms[name].case_names).n_missing for name in names)
    shape = data.shape
    counted = Sample(n_cases=shape[0], n_readers=shape[1], n_ratings=len(codes), n_missing=missing)
    return data, kept.tolist(), counted


def _reason(data: Crossing, kept: list[int]) -> Reason | None:
    n_cases, n_readers = data.shape
    if not len(data.grades):
        return Reason.NO_RATINGS
    if len(kept) < 2:
        return Reason.NO_VARIATION
    if n_readers < 2:
        return Reason.ONE_READER
    return Reason.ONE_CASE if n_cases < 2 else None


def _undefined(names: Sequence[str], reason: Reason, sample: Sample) -> OrdinalModel:
    blank = replace(Estimate.undefined(_NAME, reason).with_sample(sample), ci_method=WALD)
    effects = tuple(blank.labelled(arm=name, contrast=f"{name}-{names[0]}") for name in names[1:])
    deviations = tuple(replace(blank, variant=variant) for variant in ("case_sd", "reader_sd"))
    test = replace(blank, variant="likelihood_ratio") if effects else None
    return OrdinalModel(effects=effects, thresholds=(), deviations=deviations, test=test, log_likelihood=None)


def _wald(found: Fit, at: int, variant: str | None, sample: Sample, inference: Inference) -> Estimate:
    assert found.covariance is not None  # noqa: S101 - `ordinal_model` has returned otherwise
    values = np.concatenate([found.parameters.thresholds, found.parameters.effects])
    value, se = float(values[at]), math.sqrt(float(found.covariance[at, at]))
    estimate = Estimate(estimator=_NAME, variant=variant, value=value).with_sample(sample)
    uncertainty = t_uncertainty(value, se, math.inf, level=inference.level, method=WALD)
    return uncertainty.attach(estimate, level=inference.level)


def _deviations(found: Fit, place: int, sample: Sample, inference: Inference) -> list[Estimate]:
    # The logarithm of a deviation is nearer to normal than the deviation itself.
    estimates = []
    for variant, sd in (("case_sd", found.parameters.case_sd), ("reader_sd", found.parameters.reader_sd)):
        estimate = Estimate(estimator=_NAME, variant=variant, value=sd).with_sample(sample)
        if sd == 0.0:
            estimates.append(replace(estimate, ci_method=WALD, reason=Reason.ZERO_VARIANCE))
            continue
        spread = math.sqrt(float(_diagonal(found)[place]))
        place += 1
        estimates.append(_on_log_scale(estimate, sd, spread, inference))
    return estimates


def _on_log_scale(estimate: Estimate, sd: float, spread: float, inference: Inference) -> Estimate:
    estimate = replace(estimate, se=sd * spread, level=inference.level, ci_method=WALD)
    logs = t_uncertainty(math.log(sd), spread, math.inf, level=inference.level, method=WALD, test=False)
    if logs.ci is None or spread > _WIDEST:
        return replace(estimate, reason=Reason.TOO_FEW)
    return replace(estimate, ci=(math.exp(logs.ci[0]), math.exp(logs.ci[1])))


def _diagonal(found: Fit) -> FloatArray:
    return np.zeros(0) if found.covariance is None else np.diag(found.covariance)


def _test(data: Crossing, found: Fit, sample: Sample) -> Estimate:
    alike = fit(without_effects(data))
    statistic = max(2.0 * (found.log_likelihood - alike.log_likelihood), 0.0)
    df = data.design.shape[1]
    return Estimate(
        estimator=_NAME,
        variant="likelihood_ratio",
        value=statistic,
        statistic=statistic,
        df=float(df),
        p=chi2_upper_p(statistic, df),
    ).with_sample(sample)
