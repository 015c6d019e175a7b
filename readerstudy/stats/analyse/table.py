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
NAMES = ("reader", "case", "arm", "value")
DEFAULTS = {"repeat": NOT_SAID, "period": NOT_SAID, "position": NOT_SAID, "side": 0, "count": 1}
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
    # Rows as they come, each criterion in compact columns; names become numbers at once. Columns that the file does
    # not have take neither time nor memory.

    def __init__(self, header: Sequence[str], complaints: Complaints) -> None:
        place = {name: at for at, name in enumerate(header)}
        self._complaints = complaints
        self._criterion = place["criterion"]
        self._names = [(name, place[name]) for name in NAMES if name in place]
        self._numbers = [(name, place[name]) for name in NUMBERS if name in place]
        self._side = place.get("side")
        self._criteria: dict[str, _Columns] = {}

    def add(self, line: int, cells: list[str]) -> None:
        complete = self._is_named(line, cells)
        numbers = [self._number(line, name, cells[at]) for name, at in self._numbers]
        if self._side is not None:
            numbers.append(self._side_of(line, cells[self._side]))
        if not complete or ("count", 0) in zip((name for name, _at in self._numbers), numbers, strict=False):
            return
        criterion = cells[self._criterion]
        columns = self._criteria.get(criterion)
        if columns is None:
            columns = self._criteria[criterion] = _Columns([name for name, _at in self._names], self._told())
        columns.add(line, [cells[at] for _name, at in self._names], numbers)

    def cells(self) -> tuple[Cells, ...]:
        return tuple(self._criteria[name].cells(name) for name in in_order(self._criteria))

    def _told(self) -> list[str]:
        return [name for name, _at in self._numbers] + (["side"] if self._side is not None else [])

    def _is_named(self, line: int, cells: list[str]) -> bool:
        complete = True
        for name, at in (*self._names, ("criterion", self._criterion)):
            if not cells[at] and name not in ("value", "arm"):
                self._complaints.add(line, name, "It is empty. Fill it in.")
                complete = False
        return complete

    def _number(self, line: int, name: str, text: str) -> int:
        if not text:
            return DEFAULTS[name]
        number = _whole(text)
        if number is None:
            self._complaints.add(line, name, f"“{text}” is not a whole number from 0. Write one.")
            return NOT_SAID
        return number

    def _side_of(self, line: int, text: str) -> int:
        side = text.lower()
        if side not in SIDES:
            self._complaints.add(
                line, "side", f"“{text}” is not a side. Write left, right or both, or leave it empty."
            )
            return 0
        return SIDES.index(side)


class _Columns:
    # The columns of one criterion while they grow.

    def __init__(self, names: Sequence[str], numbers: Sequence[str]) -> None:
        self._known: dict[str, dict[str, int]] = {name: {} for name in names}
        self._codes = {name: array("q") for name in names}
        self._numbers = {name: array("q") for name in numbers}
        self._lines = array("q")
        self._growing = [
            (self._known[name], self._codes[name], name == "value") for name in names
        ]  # looked up once, not in every row

    def add(self, line: int, texts: list[str], numbers: list[int]) -> None:
        for (known, codes, is_value), text in zip(self._growing, texts, strict=True):
            codes.append(NOT_SAID if is_value and not text else known.setdefault(text, len(known)))
        for column, number in zip(self._numbers.values(), numbers, strict=True):
            column.append(number)
        self._lines.append(line)

    def cells(self, criterion: str) -> Cells:
        # Names are numbered in their own order, so that the order of the rows changes nothing.
        rows = len(self._lines)
        names = {name: self._ordered(name) for name in NAMES}
        columns = {name: codes for name, (_names, codes) in names.items()}
        columns |= {name: np.full(rows, default, dtype=np.int64) for name, default in DEFAULTS.items()}
        columns |= {name: np.array(column, dtype=np.int64) for name, column in self._numbers.items()}
        return Cells(
            criterion=criterion,
            readers=names["reader"][0],
            cases=names["case"][0],
            arms=names["arm"][0],
            texts=names["value"][0],
            line=np.array(self._lines, dtype=np.int64),
            **columns,
        )

    def _ordered(self, name: str) -> tuple[tuple[str, ...], IntArray]:
        if name not in self._known:
            return ("",), np.zeros(len(self._lines), dtype=np.int64)
        known = self._known[name]
        ordered = in_order(known)
        place = {text: at for at, text in enumerate(ordered)}
        renumbered = np.array([*(place[text] for text in known), NOT_SAID], dtype=np.int64)
        return ordered, renumbered[np.array(self._codes[name], dtype=np.int64)]


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
