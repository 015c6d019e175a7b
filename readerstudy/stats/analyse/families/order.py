"""Whether values drift with the order of reading: over positions, within a sitting, between periods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from readerstudy.stats.analyse.families.truth import right_marks
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.trends import Trace, fatigue_trend, order_trend, period_effect


def drifts(question: Question) -> Iterator[Estimate]:
    """Yield the trends that the columns position and period allow, of grades or else of right or acceptable marks."""
    values = _values(question)
    if values is None:
        return
    cells = question.cells
    rows = ~cells.by_model & ~np.isnan(values)
    placed, dated = rows & (cells.position >= 0), rows & (cells.period >= 0)
    if placed.any():
        yield from order_trend(_trace(question, values, cells.position, placed), inference=question.inference)
    if (placed & dated).any():
        trace = _trace(question, values, cells.position, placed & dated, sittings=True)
        yield from fatigue_trend(trace, inference=question.inference)
    if dated.any() and len(np.unique(cells.period[dated])) > 1:
        yield from period_effect(_trace(question, values, cells.period, dated), inference=question.inference)


def _values(question: Question) -> FloatArray | None:
    if question.is_graded:
        return question.numbers
    right = right_marks(question)
    return question.marks if right is None else right.intended


def _trace(
    question: Question, values: FloatArray, when: IntArray, rows: BoolArray, *, sittings: bool = False
) -> Trace:
    cells = question.cells
    chosen = np.flatnonzero(rows).tolist()
    return Trace(
        readers=[cells.readers[cells.reader[row]] for row in chosen],
        cases=[f"{cells.cases[cells.case[row]]}|{cells.arms[cells.arm[row]]}" for row in chosen],
        values=values[rows],
        positions=when[rows].astype(np.float64),
        sittings=[str(cells.period[row]) for row in chosen] if sittings else None,
    )
