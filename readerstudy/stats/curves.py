"""Receiver operating characteristic curves: of each reader, and of all together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import Truth


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points from (0, 0) to (1, 1): shares of false and of true positives, both rising.

    ``thresholds`` are the scores from which a case is called abnormal, infinite at the first point; an
    average has none.
    """

    reader: str | None
    false_positive: FloatArray
    true_positive: FloatArray
    thresholds: FloatArray | None = None

    @property
    def area(self) -> float:
        """The area below the straight lines between the points."""
        return float(np.trapezoid(self.true_positive, self.false_positive))


def roc_curves(scores: Scores, truth: Truth) -> list[Curve]:
    """Return the empirical curve of each reader who scored cases of both classes, in column order.

    ``scores`` are higher for more abnormal; its area is that of `readerstudy.stats.roc.auc`.
    """
    known = np.array([case in truth for case in scores.case_names], dtype=bool)
    abnormal = np.array([truth.get(case, False) for case in scores.case_names], dtype=bool)
    curves = []
    for column, reader in enumerate(scores.readers):
        used = known & scores.rated[:, column]
        if 0 < np.count_nonzero(abnormal[used]) < np.count_nonzero(used):
            curves.append(_curve(reader, scores.values[used, column], abnormal[used]))
    return curves


def average_curve(curves: list[Curve]) -> Curve | None:
    """Return the curve of the mean true share at each false share, or None without a curve.

    Its area is the mean of the areas, for every corner of every curve is a point of the average.
    """
    if not curves:
        return None
    corners = np.unique(np.concatenate([curve.false_positive for curve in curves]))
    low = np.mean([_at(curve, corners, side="left") for curve in curves], axis=0)
    high = np.mean([_at(curve, corners, side="right") for curve in curves], axis=0)
    false = np.repeat(corners, 2)
    true = np.column_stack([low, high]).ravel()
    return Curve(reader=None, false_positive=false, true_positive=true)


def _curve(reader: str, values: FloatArray, abnormal: BoolArray) -> Curve:
    levels = np.unique(values)[::-1]
    called = values[:, np.newaxis] >= levels
    return Curve(
        reader=reader,
        false_positive=np.concatenate([[0.0], called[~abnormal].mean(axis=0)]),
        true_positive=np.concatenate([[0.0], called[abnormal].mean(axis=0)]),
        thresholds=np.concatenate([[np.inf], levels]),
    )


def _at(curve: Curve, false: FloatArray, *, side: str) -> FloatArray:
    # A curve may rise straight up at one false share: its lower end counts on the left, its upper on the right.
    x, y = curve.false_positive, curve.true_positive
    first, last = np.searchsorted(x, false, side="left"), np.searchsorted(x, false, side="right") - 1
    end = np.clip(first if side == "left" else last, 0, len(y) - 1)
    ends: FloatArray = np.where(first <= last, y[end], np.interp(false, x, y))
    return ends
