"""Paired tests of yes-or-no marks: McNemar and Cochran, between arms and between readers.

The marks are right or wrong where there is a reference, else acceptable or not. Lines between arms have a contrast, or
none for Cochran's Q over all of them; lines between readers have a reader pair, or only the arm for Cochran's Q.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from readerstudy.stats.accuracy import cochran_q, mcnemar
from readerstudy.stats.analyse.contrasts import adjusted, at, both_ways
from readerstudy.stats.analyse.families.scores import by_reader
from readerstudy.stats.analyse.families.shares import marks_in
from readerstudy.stats.analyse.families.truth import right_marks
from readerstudy.stats.analyse.question import Question, Whole
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import Scores


def paired_tests(question: Question) -> Iterator[Estimate]:
    """Yield the exact tests of a criterion that is right or wrong, or acceptable or not."""
    found = _marks(question)
    if found is None:
        return
    marks, counts = found
    parts = {arm: marks_in(question.grid(arm), marks, counts) for arm in question.parts}
    for arm, scores in parts.items():
        for line in _between_readers(question, scores):
            yield at(line, arm)
    if len(question.arms) > 1:
        readers = sorted({reader for scores in parts.values() for reader in scores.readers})
        for reader in readers:
            lines = adjusted(_between_arms(question, parts, reader))
            yield from (_named(line, reader, readers) for line in lines)


def _named(line: Estimate, reader: str, readers: list[str]) -> Estimate:
    return replace(line, reader=reader) if len(readers) > 1 else line


def _marks(question: Question) -> tuple[FloatArray, BoolArray] | None:
    right = right_marks(question)
    if right is not None:
        return right.intended, right.counts
    marks = question.marks
    if marks is None:
        return None
    return np.where(question.refused, 0.0, marks), np.ones(len(marks), dtype=bool)


def _between_readers(question: Question, scores: Scores) -> Iterator[Estimate]:
    columns = dict(by_reader(scores))
    for first, second in combinations(columns, 2):
        pair = f"{first}|{second}"
        same = tuple(replace(columns[reader], readers=(pair,)) for reader in (first, second))
        for line in mcnemar(*same, inference=question.inference):
            yield replace(line, reader=pair)
    if len(columns) > 2:
        yield replace(cochran_q(scores.values), n_readers=len(columns))


def _between_arms(question: Question, parts: Mapping[Whole, Scores], reader: str) -> Iterator[Estimate]:
    columns = {arm or "": _column(scores, reader) for arm, scores in parts.items()}
    for first, second in combinations(columns, 2):
        for line in mcnemar(columns[first], columns[second], inference=question.inference):
            yield from both_ways(line, first, second)
    if len(columns) > 2:
        cases = sorted({case for scores in columns.values() for case in scores.case_names})
        table = np.full((len(cases), len(columns)), np.nan)
        place = {case: row for row, case in enumerate(cases)}
        for column, scores in enumerate(columns.values()):
            table[[place[case] for case in scores.case_names], column] = scores.values[:, 0]
        yield cochran_q(table)


def _column(scores: Scores, reader: str) -> Scores:
    if reader in scores.readers:
        return dict(by_reader(scores))[reader]
    blank = np.full((len(scores.units), 1), np.nan)
    return Scores(values=blank, units=scores.units, readers=(reader,), cases=scores.cases)
