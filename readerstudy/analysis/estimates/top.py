"""Whether the right answer is among the first k, for every k: of rankings, and of numbers that tell its place.

A ranking is compared with the reference label; a whole number is the place that a reader found, 0 where the list does
not name the answer. As intended, a refused output names nothing; conditional leaves it out. Both are told where one was
refused.
"""

from __future__ import annotations

import json
import math

import numpy as np

from readerstudy.analysis.answers import Answers, Mark
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL
from readerstudy.analysis.estimates.whose import labels_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record
from readerstudy.stats.arrays import BoolArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import Scores
from readerstudy.stats.top import top_shares
from readerstudy.studies.models import Criterion, Kind

MOST = 10


def among_the_first(evidence: Evidence, answers: Answers) -> list[Estimate]:
    """The share for every k up to 10, or to where every answer would be named."""
    given = _on_all_cases(evidence, answers.scores(_place(evidence, answers.criterion)))
    most, refused = _most(answers.criterion), _refused(evidence, answers)
    intended = given.with_values(np.where(refused, 0.0, given.values))
    answered = given.with_values(np.where(refused, math.nan, given.values))
    samples = [(AS_INTENDED, intended)] if refused.any() else []
    return [
        estimate
        for refusals, scores in [*samples, (CONDITIONAL, answered)]
        for estimate in top_shares(scores, most=most, variant=refusals, inference=evidence.inference)
    ]


def _most(criterion: Criterion) -> int:
    if criterion.kind == Kind.RANKING:
        return max(1, min(MOST, len(criterion.options) - 1))
    return MOST if criterion.maximum is None else max(1, min(MOST, int(criterion.maximum)))


def _place(evidence: Evidence, criterion: Criterion) -> Mark:
    """At which place an answer has the right one, 0 where it does not; nothing without a reference to compare with."""
    if criterion.kind != Kind.RANKING:
        return lambda record: record.score
    labels, codes = labels_of(evidence), {pk: case.code for pk, case in evidence.table.cases.items()}

    def mark(record: Record) -> float | None:
        truth, ranked = labels.get(codes[record.case]), [str(each) for each in json.loads(record.value)]
        if truth is None:
            return None
        return float(ranked.index(truth) + 1) if truth in ranked else 0.0

    return mark


def _on_all_cases(evidence: Evidence, scores: Scores) -> Scores:
    """The same numbers on the rows of all cases."""
    values = np.full((len(evidence.cases), len(evidence.readers)), math.nan)
    rows = {code: at for at, code in enumerate(evidence.cases)}
    values[[rows[unit] for unit in scores.units]] = scores.values
    return Scores(values=values, units=evidence.cases, readers=evidence.readers)


def _refused(evidence: Evidence, answers: Answers) -> BoolArray:
    """The readings that count as refused, shape (cases, readers)."""
    sheet = evidence.sheets.get(answers.criterion.key)
    if sheet is None or answers.arm is None:
        return np.zeros((len(evidence.cases), len(evidence.readers)), dtype=np.bool_)
    refused: BoolArray = sheet.refused[list(evidence.table.arms).index(answers.arm)]
    return refused
