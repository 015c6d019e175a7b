"""Multi-reader comparison of arms for any reading pattern: the one-shot U-statistic of Gallas.

An arm's figure is the mean of a kernel over its reads: for the area under the ROC curve 1, 1/2 or 0
for each reader, abnormal and normal case that this reader saw; for sensitivity and specificity the
correctness of each reader and case. With A the figure of an arm and M the mean product of two
kernels that share neither reader nor case, the unbiased covariance of two arms is A1 A2 - M12
(Gallas, Acad Radiol 13:353, 2006; Gallas, Pennello & Myers, JOSA A 24:B70, 2007). It may be
negative, and then there is no standard error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray, NumberArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.mrmc import Figure
from readerstudy.stats.ratings import RatingsError, Scores
from readerstudy.stats.roc import Truth

U_STATISTIC = "Gallas U-statistic, normal"
_EXACT = 1 << 22


def gallas(
    arms: Mapping[str, Scores], truth: Truth, *, figure: Figure = "auc", inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return every difference of two arms and every arm's figure, random readers and cases.

    Blanks are allowed anywhere; readers and cases are matched by name. ``truth`` says which cases are
    abnormal; cases without it are left out. Raises RatingsError where an arm holds a case twice.
    """
    readers = sorted({reader for scores in arms.values() for reader in scores.readers})
    cases = sorted({case for scores in arms.values() for case in scores.case_names if case in truth})
    abnormal = np.array([truth[case] for case in cases], dtype=bool)
    reads = {arm: _grid(scores, readers, cases) for arm, scores in arms.items()}
    kernels = {arm: _Kernel.of(_kernel(grid, abnormal, figure)) for arm, grid in reads.items()}
    estimates = [
        _difference(pair, kernels, inference).with_sample(_sample(reads, pair))
        for pair in combinations(arms, 2)
    ]
    return estimates + [
        _mean(arm, kernels[arm], inference).with_sample(_sample(reads, (arm,))) for arm in arms
    ]


def unbiased_covariance(first: FloatArray, second: FloatArray) -> float | None:
    """Return the covariance of two mean kernels, or None where no two reads are wholly apart.

    Kernels have shape (readers, cases) or (readers, abnormal cases, normal cases), NaN where unread.
    """
    return _covariance(_Kernel.of(first), _Kernel.of(second))


@dataclass(frozen=True, kw_only=True)
class _Sums:
    # An array and its sums for every set of axes that are left standing.
    array: NumberArray
    over: Mapping[tuple[int, ...], FloatArray]

    @classmethod
    def of(cls, array: NumberArray) -> _Sums:
        axes = range(array.ndim)
        sets = chain.from_iterable(combinations(axes, size) for size in range(array.ndim))
        return cls(
            array=array,
            over={left: array.sum(axis=_others(left, axes), dtype=np.float64) for left in sets},
        )

    @property
    def total(self) -> float:
        return float(self.over[()])

    def apart(self, other: _Sums) -> float:
        # The sum of products over pairs of reads that differ in every index, by inclusion and exclusion
        # over the sets of indices that they share.
        shared = (-1.0) ** self.array.ndim * _product(self.array, other.array)
        return shared + sum(
            (-1.0) ** len(left) * _product(sums, other.over[left]) for left, sums in self.over.items()
        )


@dataclass(frozen=True, kw_only=True)
class _Kernel:
    # Values with zero where unread, and which were read; ``shape`` is (readers, cases of each class).
    values: _Sums
    reads: _Sums

    @classmethod
    def of(cls, kernel: NumberArray) -> _Kernel:
        return cls(
            values=_Sums.of(np.ascontiguousarray(np.nan_to_num(kernel))), reads=_Sums.of(~np.isnan(kernel))
        )

    @property
    def mean(self) -> float:
        return self.values.total / self.reads.total


def _covariance(first: _Kernel, second: _Kernel) -> float | None:
    pairs = first.reads.apart(second.reads)
    if pairs <= 0.5:
        return None
    return first.mean * second.mean - first.values.apart(second.values) / pairs


def _product(first: NumberArray, second: NumberArray) -> float:
    if first.dtype == np.bool_:
        return float(np.count_nonzero(first & second))
    if first.dtype == np.float32 == second.dtype and first[0].size < _EXACT:
        # Products of halves are quarters, whose sum over one reader single precision holds exactly.
        return sum(float(np.dot(a.ravel(), b.ravel())) for a, b in zip(first, second, strict=True))
    wide = (np.asarray(side, dtype=np.float64).ravel() for side in (first, second))
    return float(np.dot(*wide))


def _others(left: tuple[int, ...], axes: range) -> tuple[int, ...]:
    return tuple(axis for axis in axes if axis not in left)


def _kernel(grid: FloatArray, abnormal: BoolArray, figure: Figure) -> NumberArray:
    if figure == "sensitivity":
        return grid[:, abnormal]
    if figure == "specificity":
        return 1.0 - grid[:, ~abnormal]
    # Half the memory holds 0, 1/2 and 1 just as exactly; sums of them are taken in double precision.
    apart = np.sign(grid[:, abnormal, np.newaxis] - grid[:, np.newaxis, ~abnormal]).astype(np.float32)
    return np.asarray(0.5 + 0.5 * apart)


def _grid(scores: Scores, readers: list[str], cases: list[str]) -> FloatArray:
    if len(set(scores.case_names)) < len(scores.case_names):
        raise RatingsError("An arm holds two outputs of one case. Choose one output for each case.")
    grid = np.full((len(readers), len(cases)), np.nan)
    place = {case: position for position, case in enumerate(cases)}
    known = [row for row, case in enumerate(scores.case_names) if case in place]
    columns = [place[scores.case_names[row]] for row in known]
    for column, reader in enumerate(scores.readers):
        grid[readers.index(reader), columns] = scores.values[known, column]
    return grid


def _mean(arm: str, kernel: _Kernel, inference: Inference) -> Estimate:
    reason = _undefined(kernel)
    if reason is not None:
        return Estimate.undefined("mrmc", reason, variant="rrrc").labelled(arm=arm)
    estimate = Estimate(estimator="mrmc", variant="rrrc", arm=arm, value=kernel.mean)
    variance = _covariance(kernel, kernel)
    return _with_interval(estimate, kernel, variance, bounds=(0.0, 1.0), test=False, inference=inference)


def _difference(pair: tuple[str, str], kernels: Mapping[str, _Kernel], inference: Inference) -> Estimate:
    first, second = (kernels[arm] for arm in pair)
    contrast = "-".join(pair)
    reason = _undefined(first) or _undefined(second)
    if reason is not None:
        return Estimate.undefined("mrmc", reason, variant="rrrc").labelled(contrast=contrast)
    value = first.mean - second.mean
    estimate = Estimate(estimator="mrmc", variant="rrrc", contrast=contrast, value=value)
    own = _covariance(first, first), _covariance(second, second)
    shared = _covariance(first, second)
    variance = None
    if own[0] is not None and own[1] is not None and shared is not None:
        variance = own[0] + own[1] - 2.0 * shared
    return _with_interval(estimate, first, variance, bounds=(-1.0, 1.0), test=True, inference=inference)


def _with_interval(
    estimate: Estimate,
    kernel: _Kernel,
    variance: float | None,
    *,
    bounds: tuple[float, float],
    test: bool,
    inference: Inference,
) -> Estimate:
    if variance is None:
        lone = np.count_nonzero(kernel.reads.over[(0,)]) < 2
        return replace(estimate, ci_method=U_STATISTIC, reason=Reason.ONE_READER if lone else Reason.TOO_FEW)
    if variance < -1e-15:
        return replace(estimate, ci_method=U_STATISTIC, reason=Reason.NEGATIVE_VARIANCE)
    return t_uncertainty(
        estimate.value or 0.0,
        math.sqrt(max(variance, 0.0)),
        math.inf,
        level=inference.level,
        method=U_STATISTIC,
        bounds=bounds,
        test=test,
    ).attach(estimate, level=inference.level)


def _undefined(kernel: _Kernel) -> Reason | None:
    if 0 in kernel.reads.array.shape[1:]:
        return Reason.ONE_CLASS
    return None if kernel.reads.total else Reason.NO_RATINGS


def _sample(reads: Mapping[str, FloatArray], arms: tuple[str, ...]) -> Sample:
    rated = np.stack([~np.isnan(reads[arm]) for arm in arms])
    readers, cases = rated.any(axis=(0, 2)), rated.any(axis=(0, 1))
    n_readers, n_cases = int(readers.sum()), int(cases.sum())
    total = int(rated.sum())
    return Sample(
        n_cases=n_cases,
        n_readers=n_readers,
        n_ratings=total,
        n_missing=len(arms) * n_readers * n_cases - total,
    )
