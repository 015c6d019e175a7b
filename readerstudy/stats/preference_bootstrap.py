"""Abilities with the uncertainty of cases and readers: the two-way bootstrap of Bradley-Terry and Davidson.

The information matrix takes comparisons as independent, which those of one reader or one case are not.
Here cases and readers are each drawn with replacement, a comparison counts as often as its case and its
reader were drawn, and the model is fitted again (Owen, Ann Appl Stat 1:386, 2007). The interval speaks for
other cases and readers and is rather too long than too short.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.preference import (
    Comparison,
    Model,
    PreferenceFit,
    checked,
    design_of,
    estimable_groups,
    fit_preferences,
)
from readerstudy.stats.sums import percentile

TWO_WAY = "two-way bootstrap of cases and readers, percentile"
_STEPS, _BEYOND_REASON = 50, 20.0
_AT_ONCE = 200


def bootstrap_preferences(
    comparisons: Iterable[Comparison],
    *,
    model: Model = "davidson",
    reference: str | None = None,
    position: bool = False,
    inference: Inference = DEFAULT,
) -> PreferenceFit:
    """Return the fit of `fit_preferences` with the standard errors and intervals of the two-way bootstrap.

    Every comparison needs its case and reader. Arms outside of the reference's group stay as fitted,
    without an interval. Resamples in which an ability has no finite value are left out with a caution,
    and beyond a tenth of them there is no interval. One case or one reader gives none.
    """
    judged = [checked(comparison) for comparison in comparisons]
    fitted = fit_preferences(judged, model=model, reference=reference, position=position, inference=inference)
    groups = estimable_groups(judged, fitted.arms, reference)
    if not groups:
        return fitted
    group = groups[0]
    inside = [comparison for comparison in judged if comparison.left in group and comparison.right in group]
    reason = _unsampled(inside)
    drawn = None if reason else _resampled(inside, group, model=model, position=position, inference=inference)
    places = {arm: at - 1 for at, arm in enumerate(group)}
    abilities = [
        _with_draws(line, drawn, places.get(line.arm or "", -1), reason, inference)
        for line in fitted.abilities
    ]
    extra = len(group) - 1
    return replace(
        fitted,
        abilities=tuple(abilities),
        position=_optional(fitted.position, drawn, extra, reason, inference),
        tie=_optional(fitted.tie, drawn, extra + position, reason, inference),
    )


def _unsampled(comparisons: Sequence[Comparison]) -> Reason | None:
    if len({comparison.reader for comparison in comparisons}) < 2:
        return Reason.ONE_READER
    return Reason.ONE_CASE if len({comparison.case for comparison in comparisons}) < 2 else None


def _optional(
    line: Estimate | None, drawn: FloatArray | None, place: int, reason: Reason | None, inference: Inference
) -> Estimate | None:
    return None if line is None else _with_draws(line, drawn, place, reason, inference)


def _with_draws(
    line: Estimate, drawn: FloatArray | None, place: int, reason: Reason | None, inference: Inference
) -> Estimate:
    if place < 0 or line.value is None:
        return replace(line, se=None, ci=None, statistic=None, p=None)
    if drawn is None:
        blank = replace(line, se=None, ci=None, statistic=None, p=None, df=None)
        return replace(blank, ci_method=TWO_WAY, reason=reason)
    found = percentile(drawn[:, place], method=TWO_WAY, inference=inference)
    return found.attach(line, level=inference.level)


def _resampled(
    comparisons: Sequence[Comparison],
    group: tuple[str, ...],
    *,
    model: Model,
    position: bool,
    inference: Inference,
) -> FloatArray:
    # Equal comparisons share one row of the design; only how often they count is drawn anew.
    ties = model == "davidson" and any(comparison.left_wins == 0.5 for comparison in comparisons)
    keys = sorted({(c.left, c.right, c.left_wins) for c in comparisons})
    patterns = [Comparison(left=left, right=right, left_wins=wins) for left, right, wins in keys]
    design, outcomes = design_of(patterns, group, position=position, ties=ties)
    place = {key: at for at, key in enumerate(keys)}
    pattern = np.array([place[c.left, c.right, c.left_wins] for c in comparisons], dtype=np.int64)
    fits = [
        _newton(design, weights[:, :, np.newaxis] * outcomes)
        for weights in _pattern_weights(comparisons, pattern, len(keys), inference)
    ]
    return np.concatenate(fits)


def _pattern_weights(
    comparisons: Sequence[Comparison], pattern: IntArray, n_patterns: int, inference: Inference
) -> Iterator[FloatArray]:
    counts = np.array([comparison.count for comparison in comparisons], dtype=np.float64)
    cases = np.unique([comparison.case for comparison in comparisons], return_inverse=True)[1].ravel()
    readers = np.unique([comparison.reader for comparison in comparisons], return_inverse=True)[1].ravel()
    generator = np.random.Generator(np.random.PCG64(inference.seed))
    for start in range(0, inference.resamples, _AT_ONCE):
        size = min(_AT_ONCE, inference.resamples - start)
        drawn = _multinomial(generator, int(cases.max()) + 1, size)[:, cases]
        drawn = drawn * _multinomial(generator, int(readers.max()) + 1, size)[:, readers] * counts
        held = np.zeros((size, n_patterns))
        for at in range(n_patterns):
            held[:, at] = drawn[:, pattern == at].sum(axis=1)
        yield held


def _multinomial(generator: np.random.Generator, n: int, size: int) -> FloatArray:
    return generator.multinomial(n, np.full(n, 1.0 / n), size=size).astype(np.float64)


def _newton(design: FloatArray, counts: FloatArray) -> FloatArray:
    # Newton's method for all resamples at once, shape (resamples, parameters); NaN where it runs off, and
    # where a resample holds no comparison of some arm, which leaves a flat direction.
    parameters = np.zeros((len(counts), design.shape[2]))
    total = counts.sum(axis=2)
    lost = np.zeros(len(counts), dtype=bool)
    for _ in range(_STEPS):
        gradient, information = _slopes(parameters, design, counts, total)
        lost |= np.abs(np.linalg.eigvalsh(information)).min(axis=1) < 1e-9
        lost |= (np.abs(parameters) > _BEYOND_REASON).any(axis=1)
        step = _solved(information, gradient, lost)
        parameters = parameters + step / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1.0)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return np.where(lost[:, np.newaxis], math.nan, parameters)


def _slopes(
    parameters: FloatArray, design: FloatArray, counts: FloatArray, total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    predictors = np.einsum("nkp,bp->bnk", design, parameters)
    chances = np.exp(predictors - predictors.max(axis=2, keepdims=True))
    chances /= chances.sum(axis=2, keepdims=True)
    gradient = np.einsum("nkp,bnk->bp", design, counts - total[:, :, np.newaxis] * chances)
    mean = np.einsum("nkp,bnk->bnp", design, chances)
    weighted = total[:, :, np.newaxis] * chances
    information = np.einsum("nkp,bnk,nkq->bpq", design, weighted, design, optimize=True)
    information = information - np.einsum("bnp,bn,bnq->bpq", mean, total, mean, optimize=True)
    return gradient, information


def _solved(information: FloatArray, gradient: FloatArray, lost: BoolArray) -> FloatArray:
    # Lost resamples stand still.
    whole = np.where(lost[:, np.newaxis, np.newaxis], np.eye(information.shape[1]), information)
    step = np.linalg.solve(whole, gradient[:, :, np.newaxis])[:, :, 0]
    return np.where(lost[:, np.newaxis], 0.0, step)
