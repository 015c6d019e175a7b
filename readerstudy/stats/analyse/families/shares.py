"""Shares of readings that are right or acceptable: of arms, of readers, and their differences.

A refused reading counts as a failure ("as intended"); where there are refusals every line comes a second time with
them left out, and its variant ends in ",conditional".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.alignment import VARIANTS, crossed_mean, pair_up, paired_difference
from readerstudy.stats.analyse.contrasts import adjusted, arm_pairs, at, both_ways, with_suffix
from readerstudy.stats.analyse.families.scores import by_reader
from readerstudy.stats.analyse.grid import Grid
from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.intervals import (
    NEWCOMBE,
    NEWCOMBE_PAIRED,
    ProportionMethod,
    newcombe,
    newcombe_paired,
    proportion,
)
from readerstudy.stats.ratings import Scores
from readerstudy.stats.scale import Label

CONDITIONAL = "conditional"
SINGLE: tuple[ProportionMethod, ...] = ("wilson", "clopper_pearson")


@dataclass(frozen=True, kw_only=True)
class Share:
    """Marks of the rows of a criterion: 1, 0, NaN where there is none; ``intended`` counts refusals as 0.

    ``counts`` says which rows are of cases that this share is of, such as the positive ones.
    """

    estimator: str
    intended: FloatArray
    conditional: FloatArray
    counts: BoolArray
    category: Label | None = None


def shares(question: Question, share: Share) -> Iterator[Estimate]:
    """Yield every line of a share."""
    yield from _lines(question, share, share.intended)
    if question.has_refusals:
        answers = replace(share, counts=share.counts & ~question.refused)
        for line in _lines(question, answers, share.conditional):
            yield replace(line, variant=with_suffix(line.variant, CONDITIONAL))


def model_shares(question: Question, share: Share) -> Iterator[Estimate]:
    """Yield the shares of the models' own labels; a refusal counts as a failure."""
    for model in question.models:
        for arm in model_arms(question, model):
            marks = marks_in(question.grid(arm, model=model), share.intended, share.counts)
            for line in single_lines(share.estimator, marks, question):
                yield replace(at(line, arm), reader=model, category=share.category)


def model_arms(question: Question, model: str) -> tuple[Whole, ...]:
    """Return the arms that a model's own labels are of; None where the table names none."""
    rows = question.rows(model=model)
    return tuple(question.cells.arms[at_] or None for at_ in np.unique(question.cells.arm[rows]))


def single_lines(estimator: str, marks: Scores, question: Question) -> Iterator[Estimate]:
    """Yield a share of independent readings under both methods."""
    sample = marks.sample()
    right = int(np.nansum(marks.values))
    for method in SINGLE:
        if sample.n_ratings == 0:
            yield Estimate.undefined(estimator, Reason.NO_RATINGS, variant=method).with_sample(sample)
        else:
            line = proportion(estimator, right, sample.n_ratings, method=method, inference=question.inference)
            yield replace(line.with_sample(sample), variant=method)


def marks_in(grid: Grid, marks: FloatArray, counts: BoolArray) -> Scores:
    """Return the marks of a grid at the outputs of the cases that count."""
    return grid.scores(marks).rows(np.asarray(grid.mask(counts).any(axis=1)))


def _lines(question: Question, share: Share, marks: FloatArray) -> Iterator[Estimate]:
    for arm in question.parts:
        for line in _part(question, share.estimator, marks_in(question.grid(arm), marks, share.counts)):
            yield replace(at(line, arm), category=share.category)
    for line in adjusted(_differences(question, share, marks)):
        yield replace(line, category=share.category)


def _part(question: Question, estimator: str, marks: Scores) -> Iterator[Estimate]:
    for variant in VARIANTS:
        yield crossed_mean(estimator, marks, variant=variant, inference=question.inference)
    if is_single(marks):
        yield from single_lines(estimator, marks, question)
    if len(marks.readers) > 1:
        for reader, own in by_reader(marks):
            if is_single(own):
                for line in single_lines(estimator, own, question):
                    yield replace(line, reader=reader)


def is_single(marks: Scores) -> bool:
    """Whether one reader read every case once at most, so that readings are independent."""
    sample = marks.sample()
    return sample.n_readers < 2 and sample.n_ratings == sample.n_cases


def _differences(question: Question, share: Share, marks: FloatArray) -> Iterator[Estimate]:
    for first, second in arm_pairs(question):
        first_side, second_side = (
            marks_in(question.grid(arm), marks, share.counts) for arm in (first, second)
        )
        sides, estimator = (first_side, second_side), share.estimator
        for variant in VARIANTS:
            line = paired_difference(estimator, *sides, variant=variant, inference=question.inference)
            yield from both_ways(line, first, second)
        if is_single(sides[0]) and is_single(sides[1]):
            line = newcombe_line(question, estimator, *sides)
            yield from both_ways(line, first, second)


def newcombe_line(question: Question, estimator: str, first: Scores, second: Scores) -> Estimate:
    """Return the difference of two shares of single readings, paired where they share cases, else independent."""
    level = question.inference.level
    shared = pair_up(first, second)
    blank = Estimate(estimator=estimator, variant="newcombe", level=level, reason=Reason.NO_RATINGS)
    if shared.rated.any():
        total = pair_up(first, second.with_values(-second.values)).values[shared.rated]
        apart = shared.values[shared.rated]
        counts = tuple(
            int(found.sum()) for found in (total == 2.0, apart == 1.0, apart == -1.0, total == 0.0)
        )
        both, only, other, neither = counts
        limits = newcombe_paired(both, only, other, neither, level=level)
        found = replace(
            blank, value=(only - other) / sum(counts), ci=limits, ci_method=NEWCOMBE_PAIRED, reason=None
        )
        return found.with_sample(shared.sample())
    tallies = [(int(np.nansum(side.values)), int(side.rated.sum())) for side in (first, second)]
    limits = newcombe(tallies[0], tallies[1], level=level)
    if limits is None:
        return blank
    value = tallies[0][0] / tallies[0][1] - tallies[1][0] / tallies[1][1]
    n = tallies[0][1] + tallies[1][1]
    found = replace(blank, value=value, ci=limits, ci_method=NEWCOMBE, reason=None)
    return replace(
        found, n_cases=n, n_ratings=n, n_readers=max(first.sample().n_readers, second.sample().n_readers)
    )
