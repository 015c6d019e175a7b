"""A model's own labels beside the readers': kappa with each of them, and the alternative annotator test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.alt_test import AltTest, Scoring, alt_test
from readerstudy.stats.analyse.contrasts import at, with_suffix
from readerstudy.stats.analyse.families.agreement import weights_of
from readerstudy.stats.analyse.question import Question, Whole, has_categories
from readerstudy.stats.correlation import metric_correlations
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.model_agreement import ModelAgreement, model_agreement
from readerstudy.stats.ratings import Ratings, Scores


@dataclass(frozen=True, kw_only=True)
class _Labels:
    """A model's labels of the cases of an arm: positions on the scale, and the cases it refused."""

    model: str
    codes: Mapping[str, int]
    refused: frozenset[str]


def models_beside_readers(question: Question) -> Iterator[Estimate]:
    """Yield how each model's labels agree with the readers, in each arm."""
    for model in question.models:
        for arm in question.parts:
            labels = _labels(question, model, arm)
            for line in _lines(question, labels, arm):
                yield at(line, arm)


def _lines(question: Question, labels: _Labels, arm: Whole) -> Iterator[Estimate]:
    ratings = question.ratings(arm)
    if not ratings.readers or len(set(ratings.case_names)) < len(ratings.case_names):
        return
    if has_categories(question) and ratings.scale.categories:
        for weights in weights_of(question):
            named = {case: question.category(code) for case, code in labels.codes.items()}
            found = model_agreement(
                ratings, named, model=labels.model, weights=weights, inference=question.inference
            )
            yield from _agreement(found, labels.model, first=weights == "unweighted")
    yield from _alternative(question, ratings, labels)
    if question.is_graded:
        values = question.scale.values()
        metric = {case: float(values[code]) for case, code in labels.codes.items()}
        for line in metric_correlations(metric, question.scores(arm), inference=question.inference):
            yield replace(line, reader=labels.model)


def _agreement(found: ModelAgreement, model: str, *, first: bool) -> Iterator[Estimate]:
    for line in found.by_reader:
        yield replace(line, reader=_swapped(line.reader))
    yield found.mean
    yield found.difference
    if first:
        yield replace(found.majority, reader=model)
        for line in found.leave_one_out:
            yield replace(line, reader=model, variant="leave_one_out")


def _alternative(question: Question, ratings: Ratings, labels: _Labels) -> Iterator[Estimate]:
    readers = _as_numbers(ratings)
    codes = {case: float(code) for case, code in labels.codes.items()}
    scorings: tuple[Scoring, ...] = ("accuracy",)
    if question.is_graded:
        values = question.scale.values()
        scorings = ("neg_rmse", "accuracy")
    for scoring in scorings:
        if scoring == "neg_rmse":
            own, sides = {case: float(values[int(code)]) for case, code in codes.items()}, ratings.scores()
        else:
            own, sides = codes, readers
        found = alt_test(
            sides, own, scoring=scoring, epsilon=question.declared.epsilon, refused=labels.refused
        )
        for line in _tested(found, labels.model):
            yield (
                line if scoring == scorings[0] else replace(line, variant=with_suffix(line.variant, scoring))
            )


def _tested(found: AltTest, model: str) -> Iterator[Estimate]:
    yield replace(found.winning_rate, reader=model)
    yield replace(found.advantage, reader=model)
    for line in found.by_reader:
        yield replace(line, reader=f"{line.reader}|{model}")


def _labels(question: Question, model: str, arm: Whole) -> _Labels:
    # A label without an arm is of the case itself and counts in every arm.
    cells = question.cells
    rows = question.rows(model=model)
    arms = np.array([name in ("", arm) or arm is None for name in cells.arms], dtype=bool)
    rows = rows & arms[cells.arm] if arms[cells.arm[rows]].any() else np.zeros_like(rows)
    codes: dict[str, int] = {}
    refused: set[str] = set()
    for row in np.flatnonzero(rows).tolist():
        name, count = cells.cases[cells.case[row]], int(cells.count[row])
        copies = [name] if count == 1 else [f"{name}#{copy}" for copy in range(1, count + 1)]
        if question.refused[row]:
            refused.update(copies)
        elif question.codes[row] >= 0:
            codes |= dict.fromkeys(copies, int(question.codes[row]))
    return _Labels(model=model, codes=codes, refused=frozenset(refused - codes.keys()))


def _as_numbers(ratings: Ratings) -> Scores:
    values = np.where(ratings.rated, ratings.codes.astype(np.float64), np.nan)
    return Scores(values=values, units=ratings.units, readers=ratings.readers, cases=ratings.cases)


def _swapped(pair: str | None) -> str | None:
    if pair is None or not pair.startswith("model:"):
        return pair
    model, _bar, reader = pair.rpartition("|")
    return f"{reader}|{model}"
