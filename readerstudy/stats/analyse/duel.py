"""A preference criterion: two arms beside each other, left or right, and which of them is better.

The sides are undone here: the two arms of a comparison are named in one order, whichever stood left, and a number below
zero says that the first of them is better, as it would if that one had always stood left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.analyse.grid import grid_of
from readerstudy.stats.analyse.guess import REFUSED, whole_range
from readerstudy.stats.analyse.names import in_order
from readerstudy.stats.analyse.plan import Declared, Plan, as_number
from readerstudy.stats.analyse.problems import Complaints
from readerstudy.stats.analyse.question import Question, answered
from readerstudy.stats.analyse.repeats import presentations
from readerstudy.stats.analyse.table import SIDES, Cells
from readerstudy.stats.arrays import BoolArray, FloatArray, IntArray
from readerstudy.stats.ratings import MISSING, Scores
from readerstudy.stats.scale import Label, Scale

BETWEEN = "|"
_GRADES = {"left": -1.0, "tie": 0.0, "right": 1.0}
_REMEDY = "Write left, right or tie, or a number below zero where the left one is better."


@dataclass(frozen=True, kw_only=True)
class Duel(Question):
    """A preference criterion; its ``arms`` are pairs "FIRST|SECOND".

    ``first_refused`` and ``second_refused`` say which side of a refused comparison failed, ``first_is_left`` where
    the first stood. ``turns`` are the same cells with every presentation of a pair as an arm of its own.
    """

    first_refused: BoolArray
    second_refused: BoolArray
    first_is_left: BoolArray
    turns: Cells
    graded: bool

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The two arms of each pair."""
        return tuple(split(pair) for pair in self.arms)

    @property
    def wins(self) -> FloatArray:
        """Wins of the first arm, refusals losing: 1, .5, 0, NaN; shape (rows,)."""
        wins = self.wins_of_answers
        wins = np.where(self.first_refused & ~self.second_refused, 0.0, wins)
        wins = np.where(self.second_refused & ~self.first_refused, 1.0, wins)
        return np.where(self.first_refused & self.second_refused, 0.5, wins)

    @property
    def wins_of_answers(self) -> FloatArray:
        """Wins of the first arm among comparisons of two answers, shape (rows,)."""
        wins: FloatArray = 0.5 - 0.5 * np.sign(self.numbers)
        return wins

    @property
    def without_side(self) -> int:
        """How many comparisons were refused without a word on which side."""
        told = self.first_refused | self.second_refused | self.cells.by_model
        return int((self.refused & ~told).sum())

    def turned(self, numbers: FloatArray, pairs: Sequence[str]) -> Scores:
        """Return numbers of the rows of some pairs, every presentation an output of its own."""
        chosen = np.isin(self.cells.arm, [self.cells.arms.index(pair) for pair in pairs])
        grid = grid_of(self.turns, chosen & ~self.cells.by_model)
        return grid.scores(numbers).rows(answered(grid, ~np.isnan(numbers), self.refused))


def split(pair: str) -> tuple[str, str]:
    """Return the two arms of a pair."""
    first, second = pair.split(BETWEEN)
    return first, second


def duel(cells: Cells, declared: Declared, plan: Plan) -> Duel:
    """Return the comparisons behind the cells of a preference criterion.

    Raises AnalysisError for arms that are no pair, values that are no preference and comparisons given twice.
    """
    complaints = Complaints()
    sides = _sides(cells, complaints)
    scale, grades = _scale(cells, declared)
    numbers, refused = _values(cells, scale, grades, complaints)
    complaints.raise_any()
    cells, presentation = _presented(cells, sides, complaints)
    complaints.raise_any()
    first_is_left = np.array([side.first_is_left for side in sides], dtype=bool)[cells.arm]
    pairs = in_order(side.pair for side in sides)
    to_pair = np.array([pairs.index(side.pair) for side in sides], dtype=np.int64)
    paired = replace(cells, arms=pairs, arm=to_pair[cells.arm] if len(cells.arm) else cells.arm)
    oriented = np.where(first_is_left, numbers, -numbers) + 0.0
    first, second = _refusing(cells, refused, first_is_left)
    return Duel(
        declared=declared,
        cells=paired,
        scale=scale,
        codes=_codes(scale, oriented),
        numbers=oriented,
        refused=refused,
        presentation=presentation,
        inference=plan.inference,
        reference_arm=plan.reference_arm,
        first_refused=first,
        second_refused=second,
        first_is_left=first_is_left,
        turns=_turns(paired, presentation),
        graded=bool(set(np.abs(scale.values()).tolist()) - {0.0, 1.0}),
    )


@dataclass(frozen=True)
class _Sides:
    pair: str
    first_is_left: bool


def _sides(cells: Cells, complaints: Complaints) -> list[_Sides]:
    found = []
    for at, arm in enumerate(cells.arms):
        parts = [part.strip() for part in arm.split(BETWEEN)]
        if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
            line = int(cells.line[cells.arm == at].min())
            complaints.add(
                line, "arm", f"“{arm}” is not a comparison. A preference needs the two arms as LEFT|RIGHT."
            )
            parts = ["left", "right"]
        first, second = in_order(parts)
        found.append(_Sides(f"{first}{BETWEEN}{second}", parts[0] == first))
    return found


def _scale(cells: Cells, declared: Declared) -> tuple[Scale, dict[Label, float]]:
    said = declared.categories
    words = [text for text in cells.texts if text.lower() not in (*_GRADES, REFUSED)]
    numbers = [number for text in words if (number := as_number(text)) is not None]
    if said is not None and any(isinstance(label, str) for label in said):
        known: dict[Label, float] = {str(label): _GRADES[str(label)] for label in said}
        return _symmetric(known.values()), known
    if said is not None:
        graded: dict[Label, float] = {label: float(label) for label in said}
        return _symmetric(graded.values()), graded
    if not numbers:
        sides: dict[Label, float] = dict(_GRADES.items())
        return _symmetric(sides.values()), sides
    whole = whole_range(words)
    grades = [float(number) for number in (whole or numbers)]
    observed: dict[Label, float] = {number: number for number in grades}
    return replace(_symmetric([0.0, *grades]), declared=False), observed


def _symmetric(grades: Iterable[float]) -> Scale:
    values = {float(grade) + 0.0 for grade in grades}
    both = sorted(values | {-value + 0.0 for value in values})
    return Scale(tuple(int(value) if value == int(value) else value for value in both), ordered=True)


def _values(
    cells: Cells, scale: Scale, grades: dict[Label, float], complaints: Complaints
) -> tuple[FloatArray, BoolArray]:
    numbers, refused = [], []
    for text in cells.texts:
        number = as_number(text)
        grade = grades.get(text.lower()) if number is None else grades.get(number)
        numbers.append(np.nan if grade is None else grade)
        refused.append(grade is None and text.lower() == REFUSED)
    value = np.array([*numbers, np.nan])
    refusing = np.array([*refused, False], dtype=bool)
    wrong = np.isnan(value) & ~refusing
    wrong[-1] = False
    known = ", ".join(f"{label}" for label in grades)
    for row in np.flatnonzero(wrong[cells.value]).tolist():
        reader, case = cells.readers[cells.reader[row]], cells.cases[cells.case[row]]
        complaints.add(
            int(cells.line[row]),
            "value",
            f"“{cells.texts[cells.value[row]]}” of reader “{reader}” for case “{case}” is not on the scale of "
            f"“{cells.criterion}” ({known}). {_REMEDY}",
        )
    return value[cells.value], refusing[cells.value]


def _presented(cells: Cells, sides: list[_Sides], complaints: Complaints) -> tuple[Cells, IntArray]:
    # The same two arms the other way round are a further presentation, not the same row twice.
    if not len(cells.arm):
        return cells, np.zeros(0, dtype=np.int64)
    pairs = in_order(side.pair for side in sides)
    pair = np.array([pairs.index(side.pair) for side in sides], dtype=np.int64)[cells.arm]
    moment = cells.period * len(cells.arms) + cells.arm
    told_apart = replace(cells, arm=pair, period=moment)
    if (cells.count > 1).any():
        cells = _tallied(cells, told_apart)
        told_apart = replace(cells, arm=pair, period=moment)
    return cells, presentations(told_apart, complaints)


def _tallied(cells: Cells, told_apart: Cells) -> Cells:
    # In a table of tallies the outcomes of one pair may share a case's name: each row is then cases of its own.
    key = np.stack([told_apart.reader, told_apart.case, told_apart.arm, told_apart.repeat, told_apart.period])
    if np.unique(key, axis=1).shape[1] == key.shape[1]:
        return cells
    names = [f"{cells.cases[case]}, line {line}" for case, line in zip(cells.case, cells.line, strict=True)]
    ordered = in_order(names)
    place = {name: at for at, name in enumerate(ordered)}
    return replace(cells, cases=ordered, case=np.array([place[name] for name in names], dtype=np.int64))


def _refusing(cells: Cells, refused: BoolArray, first_is_left: BoolArray) -> tuple[BoolArray, BoolArray]:
    left = refused & np.isin(cells.side, [SIDES.index("left"), SIDES.index("both")])
    right = refused & np.isin(cells.side, [SIDES.index("right"), SIDES.index("both")])
    return np.where(first_is_left, left, right), np.where(first_is_left, right, left)


def _turns(cells: Cells, presentation: IntArray) -> Cells:
    most = int(presentation.max(initial=0)) + 1
    arms = tuple(pair if turn == 0 else f"{pair} ({turn + 1})" for pair in cells.arms for turn in range(most))
    return replace(cells, arms=arms, arm=cells.arm * most + presentation)


def _codes(scale: Scale, numbers: FloatArray) -> IntArray:
    values = scale.values()
    codes = np.searchsorted(values, np.nan_to_num(numbers))
    return np.where(np.isnan(numbers), MISSING, codes).astype(np.int64)
