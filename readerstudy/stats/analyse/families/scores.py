"""Values as numbers: means and their differences, reliability, concordance, correlation, limits of agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import UNBOUNDED, VARIANTS, Variant, crossed_mean, paired_difference
from readerstudy.stats.analyse.contrasts import adjusted, arm_pairs, at, both_ways
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.bland_altman import bland_altman, bland_altman_readers
from readerstudy.stats.correlation import kendall_tau_b, pairwise_correlations, spearman
from readerstudy.stats.crossed import CrossedSample, variance_components
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.icc import all_icc, mean_squares
from readerstudy.stats.inference import Inference
from readerstudy.stats.ranks import friedman, kendall_w
from readerstudy.stats.ratings import Scores, incomplete_reason
from readerstudy.stats.scale import Kind

_METRIC_KINDS = frozenset({Kind.INTERVAL, Kind.RATIO})
_SQUARES = {"ms_rows": "rows", "ms_columns": "columns", "ms_within": "within", "ms_error": "error"}


def means(question: Question) -> Iterator[Estimate]:
    """Yield the mean of each arm, of each reader, the components behind it, and every paired difference."""
    if not question.is_graded:
        return
    for arm in question.parts:
        for line in mean_lines(question, question.scores(arm)):
            yield at(line, arm)
    yield from adjusted(_differences(question))
    yield from _friedman(question)


def reliability(question: Question) -> Iterator[Estimate]:
    """Yield the six intraclass correlations, their mean squares, and Kendall's W, of each arm."""
    if not question.is_graded:
        return
    for arm in question.parts:
        scores = question.scores(arm)
        lines = [*all_icc(scores, inference=question.inference), *_mean_squares(scores)]
        lines += [kendall_w(scores), kendall_w(scores, tie_corrected=False)]
        for line in lines:
            yield at(line, arm)
    if question.kind == Kind.RANK and len(question.arms) > 1:
        yield kendall_w(_arms_in_rows(question))


def correlations(question: Question) -> Iterator[Estimate]:
    """Yield rank correlations and limits of agreement of every reader pair, and of readers with the reference."""
    if not question.is_graded:
        return
    for arm in question.parts:
        scores = question.scores(arm)
        lines = pairwise_correlations(scores, inference=question.inference)
        if question.kind in _METRIC_KINDS:
            lines += bland_altman_readers(scores, inference=question.inference)
        lines += _with_reference(question, scores)
        for line in lines:
            yield at(line, arm)


def mean_lines(question: Question, scores: Scores, *, test: bool = False) -> Iterator[Estimate]:
    """Yield the mean under both variants, its spread and components, and the mean of each reader; ``test`` of zero."""
    inference = question.inference
    for variant in VARIANTS:
        yield _mean(scores, variant, test, inference)
    yield spread(scores)
    yield from _components(scores)
    for reader, own in by_reader(scores):
        yield replace(_mean(own, "frrc", test, inference), reader=reader)
        yield replace(spread(own), reader=reader)


def _mean(scores: Scores, variant: Variant, test: bool, inference: Inference) -> Estimate:
    return crossed_mean(
        "mean_score", scores, variant=variant, bounds=UNBOUNDED, test=test, inference=inference
    )


def by_reader(scores: Scores) -> Iterator[tuple[str, Scores]]:
    """Yield each reader with the scores of that reader alone."""
    for column, reader in enumerate(scores.readers):
        yield (
            reader,
            Scores(
                values=scores.values[:, [column]], units=scores.units, readers=(reader,), cases=scores.cases
            ),
        )


def spread(scores: Scores) -> Estimate:
    """Return the standard deviation over all ratings."""
    values = scores.values[scores.rated]
    if len(values) < 2:
        reason = Reason.TOO_FEW if len(values) else Reason.NO_RATINGS
        return Estimate.undefined("mean_score", reason, variant="sd").with_sample(scores.sample())
    found = Estimate(estimator="mean_score", variant="sd", value=float(values.std(ddof=1)))
    return found.with_sample(scores.sample())


def _components(scores: Scores) -> Iterator[Estimate]:
    sample = scores.sample()
    crossed = sample.n_readers > 1 and sample.n_cases > 1 and sample.n_ratings > sample.n_cases
    found = variance_components(CrossedSample.of(scores)) if crossed else None
    for name in ("case", "reader", "error"):
        variant = f"variance_{name}"
        if found is None:
            blank = Estimate.undefined("mean_score", Reason.NOT_IDENTIFIABLE, variant=variant)
            yield blank.with_sample(sample)
        else:
            value = float(getattr(found, name))
            yield Estimate(estimator="mean_score", variant=variant, value=value).with_sample(sample)


def _differences(question: Question) -> Iterator[Estimate]:
    for first, second in arm_pairs(question):
        sides = question.scores(first), question.scores(second)
        for variant in VARIANTS:
            line = paired_difference("mean_score", *sides, variant=variant, inference=question.inference)
            yield from both_ways(line, first, second)


def _friedman(question: Question) -> Iterator[Estimate]:
    # Of arms: a block is a case, with the mean over the readers who rated it in every arm. Of readers: within an arm.
    if len(question.arms) > 2:
        yield friedman(case_means(question))
    for arm in question.parts:
        scores = question.scores(arm)
        if len(scores.readers) > 2:
            yield at(friedman(scores.values), arm)


def case_means(question: Question) -> FloatArray:
    """Return the mean of each case in each arm over the readers who rated it in all arms, shape (cases, arms)."""
    stack, _cases, _readers = stacked(question)
    complete: BoolArray = np.asarray(~np.isnan(stack).any(axis=0))
    values = np.where(complete, stack, np.nan)
    seen = complete.any(axis=1)
    found: FloatArray = np.full((stack.shape[1], stack.shape[0]), np.nan)
    found[seen] = np.nanmean(values[:, seen], axis=2).T
    return found


def stacked(
    question: Question,
) -> tuple[FloatArray, tuple[str, ...], tuple[str, ...]]:
    """Return the scores of all arms on common names: shape (arms, cases, readers), the cases and the readers."""
    scores = [question.scores(arm) for arm in question.arms]
    cases = tuple(sorted({case for each in scores for case in each.case_names}))
    readers = tuple(sorted({reader for each in scores for reader in each.readers}))
    place = {case: at for at, case in enumerate(cases)}
    column = {reader: at for at, reader in enumerate(readers)}
    stack = np.full((len(scores), len(cases), len(readers)), np.nan)
    for arm, each in enumerate(scores):
        rows = [place[case] for case in each.case_names]
        columns = [column[reader] for reader in each.readers]
        stack[arm][np.ix_(rows, columns)] = each.values
    return stack, cases, readers


def _arms_in_rows(question: Question) -> Scores:
    # Ranks of arms within a case: every case and reader is a judge who orders the arms.
    stack, cases, readers = stacked(question)
    judges = stack.reshape(len(question.arms), -1)
    complete: BoolArray = np.asarray(~np.isnan(judges).any(axis=0))
    names = [f"{case}|{reader}" for case in cases for reader in readers]
    chosen = tuple(name for name, keep in zip(names, complete, strict=True) if keep)
    return Scores(values=judges[:, complete], units=question.arms, readers=chosen)


def _mean_squares(scores: Scores) -> Iterator[Estimate]:
    complete = scores.complete()
    reason = incomplete_reason(scores, complete)
    found = None if reason is not None else mean_squares(complete)
    for variant, name in _SQUARES.items():
        if found is None:
            blank = Estimate.undefined("icc", reason or Reason.INCOMPLETE, variant=variant)
            yield blank.with_sample(complete.sample())
        else:
            value = float(getattr(found, name))
            yield Estimate(estimator="icc", variant=variant, value=value).with_sample(complete.sample())


def _with_reference(question: Question, scores: Scores) -> list[Estimate]:
    if not question.reference_numbers or question.kind in (Kind.NOMINAL, Kind.BINARY):
        return []
    truth = np.array([question.reference_numbers.get(case, np.nan) for case in scores.case_names])
    lines: list[Estimate] = []
    for reader, own in by_reader(scores):
        values = own.values[:, 0]
        pair = f"{reader}|reference"
        found = [
            function(values, truth, inference=question.inference) for function in (spearman, kendall_tau_b)
        ]
        if question.kind in _METRIC_KINDS:
            found += bland_altman(values, truth, inference=question.inference)
        lines += [replace(line, reader=pair) for line in found]
    return lines
