"""The long table of ratings: one row for each reader, case, criterion, arm and repeat.

The columns are ``reader,case,criterion,value`` and optionally ``arm, repeat, count``. An empty
value is a missing rating; ``refused`` says that the model refused to answer the case, unless the
criterion declares a category of that name; ``count`` repeats a case, for contingency tables. A
reader named ``model:NAME`` is a model's own label and never counts among the readers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from readerstudy.stats.arrays import BoolArray
from readerstudy.stats.ratings import MISSING, Ratings, Scores, is_missing
from readerstudy.stats.scale import Label, Scale

REFUSED = "refused"
MODEL_PREFIX = "model:"
REQUIRED = ("reader", "case", "criterion", "value")
OPTIONAL = ("arm", "repeat", "count")
_NO_SCALES: Mapping[str, Scale] = {}


class TableError(ValueError):
    """A long table that cannot be read; the sentence names the line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")
        self.line = line


@dataclass(frozen=True, kw_only=True)
class LongRow:
    """One rating. ``value`` is None where missing or refused; ``line`` is where it was read."""

    line: int
    reader: str
    case: str
    criterion: str
    value: Label | None
    arm: str = ""
    repeat: int = 1
    count: int = 1
    refused: bool = False

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What may occur only once in a table."""
        return self.reader, self.case, self.criterion, self.arm, self.repeat


@dataclass(frozen=True)
class LongTable:
    """A checked long table; ``scales`` holds the declared scale of each criterion that has one."""

    rows: tuple[LongRow, ...]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria in order of first appearance."""
        return tuple(self._by_criterion)

    def arms(self, criterion: str) -> tuple[str, ...]:
        """The arms of a criterion in order of first appearance; ("",) where none are named."""
        return tuple(dict.fromkeys(row.arm for row in self._of(criterion)))

    def readers(self, criterion: str) -> tuple[str, ...]:
        """The human readers of a criterion, sorted."""
        return tuple(sorted({row.reader for row in self._of(criterion) if not _is_model(row.reader)}))

    def models(self, criterion: str) -> tuple[str, ...]:
        """The models whose own labels are in the table, as named there, sorted."""
        return tuple(sorted({row.reader for row in self._of(criterion) if _is_model(row.reader)}))

    def ratings(
        self, criterion: str, *, arm: str | None = None, repeat: int = 1, reader: str | None = None
    ) -> Ratings:
        """Return one criterion as categories.

        ``arm`` None pools all arms: every output is a row of its own and ``cases`` ties the outputs
        of a case together. ``reader`` takes one column alone, a model's label for example.
        """
        grid = _Grid.of(self._chosen(criterion, arm, repeat, reader))
        scale = self.scales.get(criterion)
        if scale is None:
            scale = Scale.observed(row.value for row in grid.rows if row.value is not None)
        codes = np.full(grid.shape, MISSING, dtype=np.int64)
        for row, places, column in grid.cells():
            if row.value is not None:
                codes[places, column] = _code(scale, row)
        return Ratings(codes=codes, scale=scale, units=grid.units, readers=grid.readers, cases=grid.cases)

    def scores(
        self, criterion: str, *, arm: str | None = None, repeat: int = 1, reader: str | None = None
    ) -> Scores:
        """Return one criterion as numbers: the values themselves, or their places on a worded scale.

        Raises TableError, naming the line, for a value that is neither.
        """
        grid = _Grid.of(self._chosen(criterion, arm, repeat, reader))
        number = _numbers(self.scales.get(criterion))
        values = np.full(grid.shape, np.nan)
        for row, places, column in grid.cells():
            if row.value is not None:
                values[places, column] = number(row)
        return Scores(values=values, units=grid.units, readers=grid.readers, cases=grid.cases)

    def refused(
        self, criterion: str, *, arm: str | None = None, repeat: int = 1, reader: str | None = None
    ) -> BoolArray:
        """Return which readings are refusals, in the shape of ``ratings`` with the same arguments."""
        grid = _Grid.of(self._chosen(criterion, arm, repeat, reader))
        refused = np.zeros(grid.shape, dtype=bool)
        for row, places, column in grid.cells():
            refused[places, column] = row.refused
        return refused

    @cached_property
    def _by_criterion(self) -> dict[str, list[LongRow]]:
        rows: dict[str, list[LongRow]] = {}
        for row in self.rows:
            rows.setdefault(row.criterion, []).append(row)
        return rows

    def _of(self, criterion: str) -> list[LongRow]:
        return self._by_criterion.get(criterion, [])

    def _chosen(self, criterion: str, arm: str | None, repeat: int, reader: str | None) -> list[LongRow]:
        return [
            row
            for row in self._of(criterion)
            if (arm is None or row.arm == arm)
            and row.repeat == repeat
            and (row.reader == reader if reader is not None else not _is_model(row.reader))
        ]


def read_csv(text: str, *, scales: Mapping[str, Scale] = _NO_SCALES) -> LongTable:
    """Return the long table in a CSV text; line 1 is the header.

    Columns that the analysis does not know are listed in ``ignored_columns``. Raises TableError for
    a missing or doubled column, an empty name, a value off the declared scale and a doubled rating.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [name.strip() for name in next(lines, [])]
    _check_header(header)
    rows = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise TableError(
                lines.line_num, f"There are {len(cells)} cells, but the header has {len(header)} columns."
            )
        rows.append(_row(lines.line_num, dict(zip(header, cells, strict=True)), scales))
    ignored = tuple(name for name in header if name not in REQUIRED + OPTIONAL)
    return LongTable(_checked(rows), scales, ignored)


def read_rows(rows: Iterable[Mapping[str, Any]], *, scales: Mapping[str, Scale] = _NO_SCALES) -> LongTable:
    """Return the long table in mappings with the columns of the CSV; "line" counts from 1."""
    return LongTable(_checked([_row(line, cells, scales) for line, cells in enumerate(rows, 1)]), scales)


def read_reference(text: str) -> dict[str | None, dict[str, Label]]:
    """Return the reference standards in a CSV text of ``case,label[,criterion]``.

    The labels of each criterion, by case; those without a criterion are under None and hold for all.
    Raises TableError for a missing column and for a case with two labels.
    """
    lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    for name in ("case", "label"):
        if name not in (lines.fieldnames or ()):
            raise TableError(1, f'The column "{name}" is missing.')
    references: dict[str | None, dict[str, Label]] = {}
    for cells in lines:
        labels = references.setdefault((cells.get("criterion") or "").strip() or None, {})
        case, label = (cells["case"] or "").strip(), (cells["label"] or "").strip()
        if labels.setdefault(case, label) != label:
            raise TableError(lines.line_num, f'Case "{case}" has two reference labels. Keep one.')
    return references


@dataclass(frozen=True, kw_only=True)
class _Grid:
    # Outputs and readers in sorted order, so that the order of the table's lines changes nothing.
    rows: list[LongRow]
    places: dict[tuple[str, str], list[int]]
    units: tuple[str, ...]
    cases: tuple[str, ...]
    readers: tuple[str, ...]

    @classmethod
    def of(cls, rows: list[LongRow]) -> _Grid:
        counts = _case_counts(rows)
        outputs = sorted({(row.case, row.arm) for row in rows})
        pooled = len({arm for _, arm in outputs}) > 1
        places: dict[tuple[str, str], list[int]] = {}
        units: list[str] = []
        cases: list[str] = []
        for case, arm in outputs:
            copies = counts[case]
            places[case, arm] = list(range(len(units), len(units) + copies))
            for copy in range(1, copies + 1):
                name = case if copies == 1 else f"{case}#{copy}"
                cases.append(name)
                units.append(f"{name}|{arm}" if pooled else name)
        readers = tuple(sorted({row.reader for row in rows}))
        return cls(rows=rows, places=places, units=tuple(units), cases=tuple(cases), readers=readers)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.units), len(self.readers)

    def cells(self) -> Iterable[tuple[LongRow, list[int], int]]:
        column = {reader: position for position, reader in enumerate(self.readers)}
        for row in self.rows:
            yield row, self.places[row.case, row.arm], column[row.reader]


def _case_counts(rows: list[LongRow]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if counts.setdefault(row.case, row.count) != row.count:
            raise TableError(
                row.line, f'Case "{row.case}" has two different counts. Give one count to a case.'
            )
    return counts


def _check_header(header: list[str]) -> None:
    for name in REQUIRED:
        if name not in header:
            raise TableError(
                1, f'The column "{name}" is missing. The table needs the columns {", ".join(REQUIRED)}.'
            )
    for name in header:
        if header.count(name) > 1:
            raise TableError(1, f'The column "{name}" is there twice. Keep one of them.')


def _row(line: int, cells: Mapping[str, Any], scales: Mapping[str, Scale]) -> LongRow:
    names = {name: _name(line, name, cells) for name in ("reader", "case", "criterion")}
    value = _value(cells.get("value"))
    scale = scales.get(names["criterion"])
    declared = scale is not None and value is not None and scale.code(value) is not None
    refused = value == REFUSED and not declared
    row = LongRow(
        line=line,
        **names,
        value=None if refused else value,
        arm=str(cells.get("arm") or "").strip(),
        repeat=_positive(line, "repeat", cells.get("repeat")),
        count=_positive(line, "count", cells.get("count")),
        refused=refused,
    )
    if scale is not None and row.value is not None:
        _code(scale, row)
    return row


def _checked(rows: list[LongRow]) -> tuple[LongRow, ...]:
    seen: dict[tuple[str, str, str, str, int], int] = {}
    for row in rows:
        first = seen.setdefault(row.key, row.line)
        if first != row.line:
            raise TableError(
                row.line,
                f'Reader "{row.reader}" rated case "{row.case}" on "{row.criterion}" already in line {first}. '
                "Keep one of the two, or number them in a column named repeat.",
            )
    return tuple(rows)


def _name(line: int, column: str, cells: Mapping[str, Any]) -> str:
    name = str(cells.get(column) or "").strip()
    if not name:
        raise TableError(line, f'The column "{column}" is empty. Fill it in.')
    return name


def _value(value: Any) -> Label | None:
    if isinstance(value, str):
        return value.strip() or None
    if is_missing(value):
        return None
    label: Label = value
    return label


def _positive(line: int, column: str, value: Any) -> int:
    text = "" if value is None else str(value).strip()
    if not text:
        return 1
    if not text.isdecimal() or int(text) < 1:
        raise TableError(line, f'The column "{column}" holds "{text}". Give a whole number from 1.')
    return int(text)


def _code(scale: Scale, row: LongRow) -> int:
    code = scale.code(row.value)
    if code is None:
        declared = ", ".join(str(category) for category in scale.categories)
        raise TableError(
            row.line,
            f'The value "{row.value}" of reader "{row.reader}" for case "{row.case}" is not on the scale of '
            f'"{row.criterion}" ({declared}). Correct the value or declare the category.',
        )
    return code


def _numbers(scale: Scale | None) -> Callable[[LongRow], float]:
    if scale is not None:
        values = scale.values()
        return lambda row: float(values[_code(scale, row)])
    return _number


def _number(row: LongRow) -> float:
    try:
        number = float(row.value)  # type: ignore[arg-type]  # None never gets here
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise TableError(
            row.line,
            f'The value "{row.value}" of reader "{row.reader}" for case "{row.case}" is not a number. '
            f'Declare the categories of "{row.criterion}", or correct the value.',
        )
    return number


def _is_model(reader: str) -> bool:
    return reader.startswith(MODEL_PREFIX)
