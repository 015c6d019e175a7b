"""Models' own labels against one another: paired tests of who is right, and of areas under the ROC curve.

Contrasts are named by the models, "model:A-model:B".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from readerstudy.stats.accuracy import cochran_q, mcnemar
from readerstudy.stats.analyse.contrasts import adjusted, at, both_ways
from readerstudy.stats.analyse.families.shares import Share, is_single, marks_in, model_arms, newcombe_line
from readerstudy.stats.analyse.families.truth import reference_shares
from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import auc_difference
from readerstudy.stats.scale import Kind

_ONE = ("model",)
ALL = "models"


def between_models(question: Question) -> Iterator[Estimate]:
    """Yield the comparisons of every two models that labelled the same arm, or the cases themselves."""
    arms = dict.fromkeys(arm for model in question.models for arm in model_arms(question, model))
    for arm in arms:
        models = [model for model in question.models if arm in model_arms(question, model)]
        if len(models) > 1:
            for line in adjusted(_lines(question, arm, models)):
                yield at(line, arm)


def _lines(question: Question, arm: Whole, models: list[str]) -> Iterator[Estimate]:
    for share in reference_shares(question):
        yield from _shares(question, arm, models, share)
    if question.kind == Kind.CONFIDENCE and question.abnormal:
        for first, second in combinations(models, 2):
            left, right = (
                replace(question.scores(arm, model=model), readers=_ONE) for model in (first, second)
            )
            for line in auc_difference(left, right, question.abnormal, inference=question.inference):
                yield from both_ways(replace(line, variant=None, reader=None), first, second)


def _shares(question: Question, arm: Whole, models: list[str], share: Share) -> Iterator[Estimate]:
    marks = {
        model: replace(marks_in(question.grid(arm, model=model), share.intended, share.counts), readers=_ONE)
        for model in models
    }
    for first, second in combinations(models, 2):
        sides = marks[first], marks[second]
        if all(map(is_single, sides)):
            line = newcombe_line(question, share.estimator, *sides)
            yield from both_ways(replace(line, category=share.category), first, second)
        if share.estimator == "accuracy":
            for line in mcnemar(*sides, inference=question.inference):
                yield from both_ways(line, first, second)
    if share.estimator == "accuracy" and len(models) > 2:
        yield replace(_q(marks), reader=ALL)


def _q(marks: Mapping[str, Scores]) -> Estimate:
    cases = sorted({case for scores in marks.values() for case in scores.case_names})
    place = {case: row for row, case in enumerate(cases)}
    table = np.full((len(cases), len(marks)), np.nan)
    for column, scores in enumerate(marks.values()):
        table[[place[case] for case in scores.case_names], column] = scores.values[:, 0]
    return cochran_q(table)
