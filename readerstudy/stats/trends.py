"""Whether readings drift: with their order, with practice, within a sitting, between periods.

The slope of all readings is taken after the means of readers and of cases are removed, so that neither a
strict reader nor a hard case passes for a drift; its t interval comes from leaving out each reader in
turn (Miller, Biometrika 61:1, 1974), for readers drift each in their own way. Where no case was read by
two readers, or there are only two, the readers' means alone are removed and the figure is the mean of
the readers' slopes with a t interval over readers (Matthews, Altman, Campbell & Royston, BMJ 300:230,
1990); the interval's name says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty

BOTH = "readers and cases removed, jackknife of readers, t"
READERS_ONLY = "mean of reader slopes, readers removed, t"
_ROUNDS, _SETTLED = 1000, 1e-12


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Readings in any order: who read which case, what came of it, and when.

    ``values`` are ratings, or seconds; ``positions`` count from 1, or are periods, or minutes into the
    sitting; all have one entry a reading, NaN where unknown. ``sittings`` names the sitting of each.
    """

    readers: Sequence[str]
    cases: Sequence[str]
    values: FloatArray
    positions: FloatArray
    sittings: Sequence[str] | None = None


def order_trend(trace: Trace, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return how much a rating changes from one reading to the next: every reader, then all.

    In the units of the rating, variant "order".
    """
    return _trend("order", trace, trace.values, trace.positions, trace.readers, inference)


def learning_trend(trace: Trace, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the slope of log seconds by log position: every reader, then all.

    The power law of practice: -.15 means that twice as many readings take 2^-.15, 10 %, less time each.
    Variant "learning"; readings of no positive time or position are left out.
    """
    return _trend("learning", trace, _log(trace.values), _log(trace.positions), trace.readers, inference)


def fatigue_trend(trace: Trace, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return how much a value changes with the position within a sitting: every reader, then all.

    Means of sittings are removed as those of readers. Variant "fatigue"; without ``sittings`` each
    reader has one.
    """
    groups = trace.readers
    if trace.sittings is not None:
        groups = [
            f"{reader}\x1f{sitting}" for reader, sitting in zip(trace.readers, trace.sittings, strict=True)
        ]
    return _trend("fatigue", trace, trace.values, trace.positions, groups, inference)


def period_effect(trace: Trace, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the change from one period to the next, where ``positions`` are periods: every reader, then all."""
    return _trend("period", trace, trace.values, trace.positions, trace.readers, inference)


def _trend(
    variant: str, trace: Trace, y: FloatArray, x: FloatArray, groups: Sequence[str], inference: Inference
) -> list[Estimate]:
    known: BoolArray = np.isfinite(x) & np.isfinite(y)
    names, readers = np.unique(np.array(trace.readers, dtype=str)[known], return_inverse=True)
    group, case = _numbered(groups, known), _numbered(trace.cases, known)
    crossed = _crossed(readers.ravel(), case)
    data = _Sides(np.stack([x[known], y[known]]), readers.ravel().astype(np.int64), group, case)
    left = data.left(cases_too=crossed)
    own = [_own_slope(left[:, data.readers == at], str(name), variant) for at, name in enumerate(names)]
    sample = Sample(
        n_cases=len(np.unique(case)),
        n_readers=len(names),
        n_ratings=int(known.sum()),
        n_missing=int((~known).sum()),
    )
    blank = Estimate.undefined("trend", Reason.NO_VARIATION, variant=variant).with_sample(sample)
    if crossed:
        return [*own, _pooled(data, blank, inference)]
    return [*own, _mean(own, blank, inference)]


@dataclass(frozen=True)
class _Sides:
    # Positions and values, shape (2, readings), with the reader, the grouping and the case of each.
    columns: FloatArray
    readers: IntArray
    groups: IntArray
    cases: IntArray

    def left(self, *, cases_too: bool) -> FloatArray:
        return _residuals(self.columns, [self.groups, self.cases] if cases_too else [self.groups])

    def without(self, reader: int) -> _Sides:
        kept = self.readers != reader
        return _Sides(self.columns[:, kept], self.readers[kept], self.groups[kept], self.cases[kept])


def _slope(left: FloatArray) -> float | None:
    spread = float((left[0] ** 2).sum())
    return float((left[0] * left[1]).sum()) / spread if spread > 1e-9 * max(left.shape[1], 1) else None


def _own_slope(left: FloatArray, reader: str, variant: str) -> Estimate:
    slope, n = _slope(left), left.shape[1]
    blank = Estimate.undefined("trend", Reason.NO_VARIATION, variant=variant).labelled(reader=reader)
    line = replace(blank, n_readers=1, n_ratings=n)
    return line if slope is None else replace(line, value=slope, reason=None)


def _pooled(data: _Sides, blank: Estimate, inference: Inference) -> Estimate:
    slope = _slope(data.left(cases_too=True))
    if slope is None:
        return blank
    estimate = replace(blank, value=slope, reason=None, ci_method=BOTH)
    readers = int(data.readers.max()) + 1
    without = [_slope(data.without(reader).left(cases_too=True)) for reader in range(readers)]
    if any(other is None for other in without):
        return replace(estimate, reason=Reason.TOO_FEW)
    spread = np.array(without, dtype=np.float64)
    se = math.sqrt((readers - 1) / readers * float(((spread - spread.mean()) ** 2).sum()))
    uncertainty = t_uncertainty(slope, se, readers - 1, level=inference.level, method=BOTH)
    return uncertainty.attach(estimate, level=inference.level)


def _mean(own: list[Estimate], blank: Estimate, inference: Inference) -> Estimate:
    slopes = np.array([line.value for line in own if line.value is not None], dtype=np.float64)
    if not len(slopes):
        return replace(blank, reason=blank.reason if blank.n_ratings else Reason.NO_RATINGS)
    estimate = replace(blank, value=float(slopes.mean()), reason=None, ci_method=READERS_ONLY)
    if len(slopes) < 2:
        return replace(estimate, reason=Reason.ONE_READER)
    se = float(slopes.std(ddof=1)) / math.sqrt(len(slopes))
    uncertainty = t_uncertainty(
        float(slopes.mean()), se, len(slopes) - 1, level=inference.level, method=READERS_ONLY
    )
    return uncertainty.attach(estimate, level=inference.level)


def _residuals(columns: FloatArray, removed: list[IntArray]) -> FloatArray:
    # Means of each grouping are taken away in turn until nothing moves: least squares on both.
    left = columns.astype(np.float64)
    scale = np.abs(left).max(initial=1.0)
    for _ in range(_ROUNDS):
        before = left
        for group in removed:
            size = np.maximum(np.bincount(group), 1)
            means = np.stack([np.bincount(group, weights=column) / size for column in left])
            left = left - means[:, group]
        if len(removed) == 1 or np.abs(left - before).max(initial=0.0) <= _SETTLED * scale:
            break
    return left


def _crossed(readers: IntArray, cases: IntArray) -> bool:
    # Whether some case was read by two readers, with a third to tell how far readers differ.
    if len(np.unique(readers)) < 3:
        return False
    pairs = np.unique(np.stack([cases, readers]), axis=1)
    return bool((np.bincount(pairs[0]) > 1).any())


def _numbered(names: Sequence[str], known: BoolArray) -> IntArray:
    positions = np.unique(np.array(names, dtype=str)[known], return_inverse=True)[1]
    return positions.ravel().astype(np.int64)


def _log(values: FloatArray) -> FloatArray:
    positive = np.where(values > 0.0, values, np.nan)
    logs: FloatArray = np.log(positive)
    return logs
