"""The long table of ratings, read row by row into columns.

The columns are ``reader,case,criterion,value`` and, where a study has them, ``arm, repeat, period, position, side,
count``. The file is read as a stream; what stays in memory is a few numbers for each row.
"""

from __future__ import annotations

import csv
import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from readerstudy.stats.analyse.names import in_order, is_model
from readerstudy.stats.analyse.problems import AnalysisError, Complaints
from readerstudy.stats.arrays import BoolArray, IntArray

REQUIRED = ("reader", "case", "criterion", "value")
NUMBERS = ("repeat", "period", "position", "count")
OPTIONAL = ("arm", "side", *NUMBERS)
SIDES = ("", "left", "right", "both")
NOT_SAID = -1
_LARGEST = 10**9
_CHUNK = 1 << 20
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The rows of one criterion, column by column: arrays of shape (rows,) that number the names beside them.

    ``value`` numbers ``texts`` and is -1 where the cell is empty. ``repeat``, ``period`` and ``position`` are -1 where
    the table does not say; ``side`` numbers ``SIDES``. ``line`` is where each row stands in the file.
    """

    criterion: str
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    arms: tuple[str, ...]
    texts: tuple[str, ...]
    reader: IntArray
    case: IntArray
    arm: IntArray
    value: IntArray
    repeat: IntArray
    period: IntArray
    position: IntArray
    side: IntArray
    count: IntArray
    line: IntArray

    @cached_property
    def by_model(self) -> BoolArray:
        """Which rows are labels of models."""
        models = np.array([is_model(reader) for reader in self.readers], dtype=bool)
        rows: BoolArray = models[self.reader] if len(self.reader) else np.zeros(0, dtype=bool)
        return rows


@dataclass(frozen=True, kw_only=True)
class Table:
    """A whole table: the cells of each criterion in order of name, and the columns that were not read."""

    cells: tuple[Cells, ...]
    ignored_columns: tuple[str, ...] = ()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def open_text(path: Path) -> IO[str]:
    """Return the file as UTF-8 text, a byte order mark left out; line ends as they are."""
    return path.open(encoding="utf-8-sig", newline="")


def read_table(path: Path) -> Table:
    """Return the table in a CSV file.

    Raises AnalysisError with a sentence for every row that cannot be read; nothing is returned then.
    """
    try:
        with open_text(path) as file:
            return _read(file)
    except UnicodeDecodeError:
        raise AnalysisError(["The table is not UTF-8 text. Save it as “CSV UTF-8” and try again."]) from None


def rows_of(file: Iterable[str], *, complaints: Complaints, what: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the trimmed cells of each row that is not blank, the header first.

    Raises AnalysisError where the text is no CSV at all.
    """
    lines = csv.reader(_without_nul(file), strict=True)
    try:
        header: list[str] | None = None
        for cells in lines:
            trimmed = [cell.strip() for cell in cells]
            if not any(trimmed):
                continue
            if header is None:
                header = trimmed
            elif len(trimmed) != len(header):
                cells_, columns = len(trimmed), len(header)
                complaints.add_line(
                    lines.line_num,
                    f"There are {cells_} cells, but the header has {columns} columns. "
                    "Put a value that holds a comma into double quotes.",
                )
                continue
            yield lines.line_num, trimmed
    except csv.Error as error:
        raise AnalysisError(
            [f"Line {lines.line_num}: {what} is no CSV from here on ({error}). Look at the double quotes."]
        ) from None


def header_of(cells: Sequence[str], *, required: Sequence[str], line: int) -> tuple[str, ...]:
    """Return the names of the columns in lower case.

    Raises AnalysisError for another separator, and for a column that is missing or there twice.
    """
    names = tuple(name.lower() for name in cells)
    if len(names) == 1:
        for sign, word in _OTHER_SEPARATORS.items():
            if sign in names[0]:
                raise AnalysisError(
                    [f"Line {line}: The columns are separated by {word}. Save the file with commas."]
                )
    problems = [
        f"Line {line}: The column “{name}” is missing. The file needs the columns {', '.join(required)}."
        for name in required
        if name not in names
    ]
    problems += [
        f"Line {line}: The column “{name}” is there twice. Keep one of them."
        for name in sorted(set(names))
        if name and names.count(name) > 1
    ]
    if problems:
        raise AnalysisError(problems)
    return names


def _read(file: IO[str]) -> Table:
    complaints = Complaints()
    rows = rows_of(file, complaints=complaints, what="The table")
    first = next(rows, None)
    if first is None:
        raise AnalysisError(
            [f"The table is empty. Its first line must name the columns {', '.join(REQUIRED)}."]
        )
    header = header_of(first[1], required=REQUIRED, line=first[0])
    gathered = _Gathered(header, complaints)
    for line, cells in rows:
        gathered.add(line, cells)
    complaints.raise_any()
    ignored = tuple(name for name in header if name and name not in REQUIRED + OPTIONAL)
    return Table(cells=gathered.cells(), ignored_columns=ignored)


class _Gathered:
    # Rows as they come, each criterion in compact columns; names become numbers at once.

    def __init__(self, header: Sequence[str], complaints: Complaints) -> None:
        self._place = {name: at for at, name in enumerate(header)}
        self._complaints = complaints
        self._criteria: dict[str, _Columns] = {}

    def add(self, line: int, cells: list[str]) -> None:
        found = {name: cells[at] for name, at in self._place.items()}
        empty = [name for name in ("reader", "case", "criterion") if not found[name]]
        for name in empty:
            self._complaints.add(line, name, "It is empty. Fill it in.")
        numbers = {name: self._number(line, name, found.get(name, "")) for name in NUMBERS}
        side = self._side(line, found.get("side", ""))
        if empty or numbers["count"] == 0:
            return
        columns = self._criteria.setdefault(found["criterion"], _Columns())
        columns.add(line, found, numbers, side)

    def cells(self) -> tuple[Cells, ...]:
        return tuple(self._criteria[name].cells(name) for name in in_order(self._criteria))

    def _number(self, line: int, name: str, text: str) -> int:
        if not text:
            return 1 if name == "count" else NOT_SAID
        number = _whole(text)
        if number is None:
            self._complaints.add(line, name, f"“{text}” is not a whole number from 0. Write one.")
            return NOT_SAID
        return number

    def _side(self, line: int, text: str) -> int:
        side = text.lower()
        if side not in SIDES:
            self._complaints.add(
                line, "side", f"“{text}” is not a side. Write left, right or both, or leave it empty."
            )
            return 0
        return SIDES.index(side)


class _Columns:
    # The columns of one criterion while they grow.

    def __init__(self) -> None:
        self._names: dict[str, dict[str, int]] = {"reader": {}, "case": {}, "arm": {}, "value": {}}
        self._columns = {
            name: array("q") for name in ("reader", "case", "arm", "value", "side", "line", *NUMBERS)
        }

    def add(self, line: int, found: dict[str, str], numbers: dict[str, int], side: int) -> None:
        for name, known in self._names.items():
            text = found.get(name, "")
            code = known.setdefault(text, len(known)) if text or name != "value" else NOT_SAID
            self._columns[name].append(code)
        for name, number in numbers.items():
            self._columns[name].append(number)
        self._columns["side"].append(side)
        self._columns["line"].append(line)

    def cells(self, criterion: str) -> Cells:
        # Names are numbered in their own order, so that the order of the rows changes nothing.
        columns = {name: np.array(column, dtype=np.int64) for name, column in self._columns.items()}
        ordered: dict[str, tuple[str, ...]] = {}
        for name, known in self._names.items():
            ordered[name] = in_order(known)
            place = {text: at for at, text in enumerate(ordered[name])}
            renumber = np.array([place[text] for text in known], dtype=np.int64)
            given = columns[name] >= 0
            columns[name][given] = renumber[columns[name][given]]
        return Cells(
            criterion=criterion,
            readers=ordered["reader"],
            cases=ordered["case"],
            arms=ordered["arm"],
            texts=ordered["value"],
            **columns,
        )


def _whole(text: str) -> int | None:
    digits = text[:-2] if text.endswith(".0") else text
    return int(digits) if digits.isascii() and digits.isdecimal() and int(digits) <= _LARGEST else None


def _without_nul(file: Iterable[str]) -> Iterator[str]:
    for line in file:
        if "\x00" in line:
            raise AnalysisError(
                ["The file holds NUL characters: it is no text. Save it as “CSV UTF-8” and try again."]
            )
        yield line
