"""Rows of a criterion as a matrix: one row an output, one column a reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.analyse.problems import AnalysisError
from readerstudy.stats.analyse.table import Cells
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.ratings import MISSING, Ratings, Scores
from readerstudy.stats.scale import Scale

Unit = Callable[[str, str], str]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where some rows of a criterion stand: ``rows`` of the cells at ``at`` (output) and ``column`` (reader).

    A row with a count stands at that many outputs. ``cases`` names the case of each output.
    """

    rows: IntArray
    at: IntArray
    column: IntArray
    units: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs by readers."""
        return len(self.units), len(self.readers)

    def ratings(self, codes: IntArray, scale: Scale) -> Ratings:
        """Return the codes of all rows as ratings, -1 where there is none."""
        found = np.full(self.shape, MISSING, dtype=np.int64)
        found[self.at, self.column] = codes[self.rows]
        return Ratings(codes=found, scale=scale, units=self.units, readers=self.readers, cases=self.cases)

    def scores(self, numbers: FloatArray) -> Scores:
        """Return the numbers of all rows as scores, NaN where there is none."""
        found = np.full(self.shape, np.nan)
        found[self.at, self.column] = numbers[self.rows]
        return Scores(values=found, units=self.units, readers=self.readers, cases=self.cases)

    def mask(self, flags: BoolArray) -> BoolArray:
        """Return the flags of all rows, False where there is no row."""
        found = np.zeros(self.shape, dtype=bool)
        found[self.at, self.column] = flags[self.rows]
        return found


def grid_of(cells: Cells, chosen: BoolArray) -> Grid:
    """Return where the chosen rows stand; outputs and readers are in the order of their names.

    Raises AnalysisError where the readers of one output have different counts.
    """
    rows = np.flatnonzero(chosen).astype(np.int64)
    width = max(len(cells.arms), 1)
    key = cells.case[rows] * width + cells.arm[rows]
    outputs, first, of_row = np.unique(key, return_index=True, return_inverse=True)
    counts = cells.count[rows][first] if len(rows) else np.zeros(0, dtype=np.int64)
    _check_counts(cells, rows, counts[of_row] if len(rows) else counts)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    spread = np.repeat(np.arange(len(rows)), cells.count[rows])
    within = np.arange(len(spread)) - np.repeat(
        np.cumsum(cells.count[rows]) - cells.count[rows], cells.count[rows]
    )
    readers, column = np.unique(cells.reader[rows], return_inverse=True)
    pooled = len(np.unique(cells.arm[rows])) > 1
    units, cases = _names(cells, outputs // width, outputs % width, counts, pooled=pooled)
    return Grid(
        rows=rows[spread],
        at=(starts[of_row][spread] + within).astype(np.int64) if len(rows) else spread.astype(np.int64),
        column=column[spread].astype(np.int64),
        units=units,
        readers=tuple(cells.readers[reader] for reader in readers),
        cases=cases,
    )


def _names(
    cells: Cells, case: IntArray, arm: IntArray, counts: IntArray, *, pooled: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # A case that arms hold in different numbers cannot be paired: its copies are cases of their arm.
    uneven = _uneven(cells)
    units: list[str] = []
    cases: list[str] = []
    for case_at, arm_at, count in zip(case.tolist(), arm.tolist(), counts.tolist(), strict=True):
        name = cells.cases[case_at]
        name = f"{name}|{cells.arms[arm_at]}" if case_at in uneven else name
        copies = [name] if count == 1 else [f"{name}#{copy}" for copy in range(1, count + 1)]
        cases += copies
        units += [f"{copy}|{cells.arms[arm_at]}" for copy in copies] if pooled else copies
    return tuple(units), tuple(cases)


def _uneven(cells: Cells) -> frozenset[int]:
    if not (cells.count > 1).any():
        return frozenset()
    pairs = np.unique(np.stack([cells.case, cells.count]), axis=1)[0]
    cases, different = np.unique(pairs, return_counts=True)
    return frozenset(cases[different > 1].tolist())


def _check_counts(cells: Cells, rows: IntArray, expected: IntArray) -> None:
    wrong = np.flatnonzero(cells.count[rows] != expected)
    if len(wrong):
        row = rows[wrong[0]]
        case, line = cells.cases[cells.case[row]], int(cells.line[row])
        raise AnalysisError(
            [
                f"Line {line}, column count: Case “{case}” of criterion “{cells.criterion}” has two different counts. "
                "Give every row of a case the same count."
            ]
        )
