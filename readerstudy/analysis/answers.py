"""The answers to one question as the estimators take them: about a case, a pair, an output or a piece of one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from readerstudy.analysis.table import LongTable, Record
from readerstudy.stats.ratings import MISSING, Ratings, Scores
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Criterion

Mark = Callable[[Record], float | None]
Unit = tuple[int, str]
"""A case by its key, and the part of a text that an answer is about; empty for the whole."""


@dataclass(frozen=True)
class Answers:
    """What was answered to one question about one arm's outputs; `arm` is None where it is about the case or the pair.

    Only first presentations count, and only what was rated.
    """

    table: LongTable
    criterion: Criterion
    arm: int | None
    records: tuple[Record, ...]

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        order = {case: place for place, case in enumerate(self.table.cases)}
        found = {(record.case, record.part) for record in self.records}
        return tuple(sorted(found, key=lambda unit: (order[unit[0]], len(unit[1]), unit[1])))

    @property
    def readers(self) -> tuple[str, ...]:
        return tuple(reader.pseudonym for reader in self.table.readers.values())

    def scores(self, mark: Mark) -> Scores:
        """One number for each case and reader: the mean over its parts. None counts for none."""
        cases = list(dict.fromkeys(case for case, _part in self.units))
        rows, columns = _places(cases), _places(self.table.readers)
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for record in self.records:
            value = mark(record)
            if value is not None:
                found[rows[record.case], columns[record.reader]].append(value)
        values = np.full((len(rows), len(columns)), math.nan)
        for place, numbers in found.items():
            values[place] = sum(numbers) / len(numbers)
        return Scores(values=values, units=tuple(self._code(case) for case in cases), readers=self.readers)

    def by_unit(self, mark: Mark) -> Scores:
        """One number for each unit and reader; units of one case belong together."""
        rows, columns = _places(self.units), _places(self.table.readers)
        values = np.full((len(rows), len(columns)), math.nan)
        for record in self.records:
            value = mark(record)
            if value is not None:
                values[rows[record.case, record.part], columns[record.reader]] = value
        return Scores(values=values, units=self._names, readers=self.readers, cases=self._cases)

    def ratings(self, scale: Scale) -> Ratings:
        """The category of each unit and reader; values that are none of the scale's are left out."""
        rows, columns = _places(self.units), _places(self.table.readers)
        codes = np.full((len(rows), len(columns)), MISSING, dtype=np.int64)
        for record in self.records:
            code = scale.code(record.value)
            if code is not None:
                codes[rows[record.case, record.part], columns[record.reader]] = code
        return Ratings(codes=codes, scale=scale, units=self._names, readers=self.readers, cases=self._cases)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(f"{self._code(case)} {part}".strip() for case, part in self.units)

    @property
    def _cases(self) -> tuple[str, ...]:
        return tuple(self._code(case) for case, _part in self.units)

    def _code(self, case: int) -> str:
        return self.table.cases[case].code


def answers_of(table: LongTable, keys: Iterable[str]) -> dict[str, list[Answers]]:
    """The answers to the questions with these keys, each by arm in the order of the report; in one pass."""
    wanted = {pk: row for pk, row in table.criteria.items() if row.key in set(keys)}
    found: dict[tuple[int, int | None], list[Record]] = defaultdict(list)
    for record in table.records():
        if (
            record.criterion in wanted
            and record.is_rated
            and record.repeat == 1
            and record.case in table.cases
        ):
            found[record.criterion, record.arm].append(record)
    arms: list[int | None] = [*table.arms, None]
    return {
        row.key: [Answers(table, row, arm, tuple(found[pk, arm])) for arm in arms if found.get((pk, arm))]
        for pk, row in wanted.items()
    }


def _places(names: Iterable[object]) -> Mapping[object, int]:
    return {name: place for place, name in enumerate(names)}
