"""How often an arm refused to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from readerstudy.stats.accuracy import mcnemar
from readerstudy.stats.analyse.contrasts import adjusted, arm_pairs, at, both_ways
from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import Scores
from readerstudy.stats.refusals import refusal_rate


def refusal_rates(question: Question) -> Iterator[Estimate]:
    """Yield the share of outputs of each arm that were refused, and the differences on the same cases.

    An output is refused where a reading of it says so, and answered where there is a value instead; outputs with
    neither are missing.
    """
    for arm in question.parts:
        outcomes = _outcomes(question, arm)
        counted = outcomes.values[outcomes.rated]
        missing = len(outcomes.units) - len(counted)
        line = refusal_rate(int(counted.sum()), len(counted), failed=missing, inference=question.inference)
        yield at(replace(line, n_ratings=len(counted)), arm)
    yield from adjusted(_differences(question))


def _differences(question: Question) -> Iterator[Estimate]:
    for first, second in arm_pairs(question):
        sides = _outcomes(question, first), _outcomes(question, second)
        for line in mcnemar(*sides, inference=question.inference):
            yield from both_ways(replace(line, estimator="refusal_rate", n_readers=None), first, second)


def _outcomes(question: Question, arm: Whole) -> Scores:
    grid = question.grid(arm)
    refused = grid.mask(question.refused).any(axis=1)
    answered = grid.mask(question.codes >= 0).any(axis=1)
    values = np.where(refused, 1.0, np.where(answered, 0.0, np.nan))
    return Scores(values=values[:, np.newaxis], units=grid.units, readers=("outputs",), cases=grid.cases)
