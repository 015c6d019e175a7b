"""Areas under the ROC curve, their components by case, and DeLong's intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from readerstudy.stats.alignment import pair_up
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.ranks import mean_ranks
from readerstudy.stats.ratings import Scores

DELONG = "DeLong, normal"
Covariance = Literal["jackknife", "delong"]
Truth = Mapping[str, bool]
"""Whether each case is abnormal."""


@dataclass(frozen=True)
class Components:
    """What each case contributes to m figures, by class of case: arrays of shape (cases, m).

    A figure is the mean of its components within any class. For an area they are DeLong's placement
    values, one array for abnormal and one for normal cases; sensitivity and specificity have one.
    """

    by_class: tuple[FloatArray, ...]

    @property
    def figures(self) -> FloatArray:
        """The m figures."""
        figures: FloatArray = self.by_class[0].mean(axis=0)
        return figures

    def covariance(self, method: Covariance) -> FloatArray:
        """Return the covariance of the figures, shape (m, m), over the sampling of cases.

        DeLong: sum over classes of S/n (DeLong, DeLong & Clarke-Pearson, Biometrics 44:837, 1988). The
        jackknife leaves out one case at a time; its value follows from the same components, so nothing
        is refitted. Needs two cases of each class.
        """
        total = sum(len(components) for components in self.by_class)
        covariance = np.zeros((self.by_class[0].shape[1],) * 2)
        for components in self.by_class:
            n = len(components)
            spread = np.atleast_2d(np.cov(components, rowvar=False))
            covariance += spread / n if method == "delong" else spread * (total - 1) / total / (n - 1)
        return covariance


def placements(values: FloatArray, abnormal: BoolArray) -> Components:
    """Return the placement values of m columns of scores, higher meaning more abnormal.

    ``values`` has shape (cases, m). The area is P(abnormal > normal) + P(equal)/2.
    """
    cases, controls = values[abnormal], values[~abnormal]
    everyone = mean_ranks(np.concatenate([cases, controls]))[0]
    above = (everyone[: len(cases)] - mean_ranks(cases)[0]) / len(controls)
    below = 1.0 - (everyone[len(cases) :] - mean_ranks(controls)[0]) / len(cases)
    return Components((above, below))


def auc(scores: Scores, truth: Truth, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the empirical area of each reader with DeLong's interval, clipped to [0, 1].

    Each reader counts on the cases that they scored and whose truth is known. One class alone has no
    area. An area of 1 has no variance and so no interval.
    """
    return [_reader_auc(scores, truth, column, inference) for column in range(len(scores.readers))]


def auc_difference(
    first: Scores, second: Scores, truth: Truth, *, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return first - second of each shared reader on the shared cases, with DeLong's test."""
    both = pair_up(first, second)
    estimates = []
    for column, reader in enumerate(both.readers):
        cases = [case for case, rated in zip(both.case_names, both.rated[:, column], strict=True) if rated]
        pair = np.column_stack([_column(first, reader, cases), _column(second, reader, cases)])
        estimates.append(_difference(pair, cases, reader, truth, inference))
    return estimates


def _reader_auc(scores: Scores, truth: Truth, column: int, inference: Inference) -> Estimate:
    chosen = scores.rated[:, column] & np.array([case in truth for case in scores.case_names], dtype=bool)
    cases = [case for case, use in zip(scores.case_names, chosen, strict=True) if use]
    abnormal = np.array([truth[case] for case in cases], dtype=bool)
    values = scores.values[chosen][:, [column]]
    estimate = _contrast(values, abnormal, np.ones(1), bounds=(0.0, 1.0), inference=inference)
    return replace(estimate, reader=scores.readers[column])


def _difference(
    pair: FloatArray, cases: list[str], reader: str, truth: Truth, inference: Inference
) -> Estimate:
    known = np.array([case in truth for case in cases], dtype=bool)
    abnormal = np.array([truth[case] for case in cases if case in truth], dtype=bool)
    contrast = np.array([1.0, -1.0])
    estimate = _contrast(pair[known], abnormal, contrast, bounds=(-1.0, 1.0), inference=inference)
    return replace(estimate, reader=reader, variant="difference")


def _contrast(
    values: FloatArray,
    abnormal: BoolArray,
    contrast: FloatArray,
    *,
    bounds: tuple[float, float],
    inference: Inference,
) -> Estimate:
    sample = Sample(n_cases=len(values), n_readers=1, n_ratings=values.size)
    reason = class_reason(abnormal)
    if reason in (Reason.NO_RATINGS, Reason.ONE_CLASS):
        return Estimate.undefined("auc", reason).with_sample(sample)
    components = placements(values, abnormal)
    value = float(contrast @ components.figures)
    estimate = Estimate(estimator="auc", value=value, reason=reason).with_sample(sample)
    if reason is not None:
        return estimate
    variance = float(contrast @ components.covariance("delong") @ contrast)
    return t_uncertainty(
        value,
        math.sqrt(max(variance, 0.0)),
        math.inf,
        level=inference.level,
        method=DELONG,
        bounds=bounds,
        test=len(contrast) > 1,
    ).attach(estimate, level=inference.level)


def class_reason(abnormal: BoolArray) -> Reason | None:
    """Return why an area or its variance is undefined: TOO_FEW leaves the area, not the variance."""
    if not len(abnormal):
        return Reason.NO_RATINGS
    smaller = min(int(abnormal.sum()), int((~abnormal).sum()))
    if smaller == 0:
        return Reason.ONE_CLASS
    return Reason.TOO_FEW if smaller == 1 else None


def _column(scores: Scores, reader: str, cases: list[str]) -> FloatArray:
    row = {case: position for position, case in enumerate(scores.case_names)}
    column: FloatArray = scores.values[[row[case] for case in cases], scores.readers.index(reader)]
    return column
