"""A table that says to which case and slot each file belongs: bytes in, rows or plain sentences out. No database.

Columns `file` and `case`, and `slot` if the cases have several images; other columns are refused, so that a table of
labels is not taken for one by mistake. A file may be named by its whole path, by its name, or without its ending.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from readerstudy.cases.names import clean_name
from readerstudy.cases.seats import Seat, as_slot
from readerstudy.cases.tables import Problem, Unreadable, cells_of, text_of

MOST_ROWS = 20_000
_COLUMNS = ("file", "case", "slot")


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One line: the file's name as it is compared, and its seat."""

    line: int
    name: str
    seat: Seat


@dataclass(frozen=True, slots=True)
class MappingTable:
    """A table as read: its rows, or every reason why it cannot be used."""

    rows: tuple[MappingRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    sha256: str = ""


def is_mapping(name: str, head: bytes) -> bool:
    """Whether a file that came among images is such a table: called .csv, and its first line names file and case."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", maxsplit=1)[0].strip().lower()
    columns = {cell.strip().strip(b'"') for cell in first.replace(b";", b",").split(b",")}
    return name.casefold().endswith(".csv") and {b"file", b"case"} <= columns


def read_mapping(content: bytes) -> MappingTable:
    """Reads a mapping table; never raises, whatever the bytes are."""
    try:
        lines = cells_of(text_of(content))
        columns = _columns(next(lines, (1, [])))
        rows, problems = _rows(lines, columns)
    except Unreadable as error:
        return MappingTable(problems=tuple(error.problems))
    problems += [*_twice(rows)]
    problems.sort(key=lambda problem: problem.line or 0)
    return MappingTable(tuple(rows), tuple(problems), hashlib.sha256(content).hexdigest())


def spellings(name: str) -> tuple[str, ...]:
    """The names by which a table may call a file, the most exact first."""
    path = PurePosixPath(_compared(name))
    if not path.name:
        return ()
    return tuple(dict.fromkeys((str(path), str(path.with_suffix("")), path.name, path.stem)))


def _compared(name: str) -> str:
    return unicodedata.normalize("NFC", clean_name(name)).casefold()


def _columns(header: tuple[int, list[str]]) -> tuple[str, ...]:
    line, names = header
    columns = tuple(name.casefold() for name in names)
    missing = [name for name in ("file", "case") if name not in columns]
    if missing:
        raise Unreadable(
            Problem(
                _("There is no column “%(name)s”. Add it to the first line.") % {"name": missing[0]}, line
            )
        )
    for place, name in enumerate(columns):
        if name not in _COLUMNS or name in columns[:place]:
            sentence = _(
                "Column %(number)d is not needed here. Keep only one “file”, “case” and “slot” each."
            )
            raise Unreadable(Problem(sentence % {"number": place + 1}, line))
    return columns


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: Sequence[str]
) -> tuple[list[MappingRow], list[Problem]]:
    rows: list[MappingRow] = []
    problems: list[Problem] = []
    for line, cells in lines:
        row = _row(line, cells, columns)
        (rows if isinstance(row, MappingRow) else problems).append(row)  # type: ignore[arg-type]
        if len(rows) + len(problems) > MOST_ROWS:
            raise Unreadable(
                Problem(_("This table has more than %(most)d rows. Split it.") % {"most": MOST_ROWS})
            )
    if not rows and not problems:
        problems.append(Problem(_("This table has column names but no rows.")))
    return rows, problems


def _row(line: int, cells: Sequence[str], columns: Sequence[str]) -> MappingRow | Problem:
    if len(cells) != len(columns):
        sentence = _("This row has %(found)d cells, but there are %(wanted)d columns.")
        return Problem(sentence % {"found": len(cells), "wanted": len(columns)}, line)
    said = dict(zip(columns, cells, strict=True))
    name, folder = _compared(said["file"]), clean_name(said["case"])
    if not name or not folder:
        return Problem(_("This row needs a file and a case. Fill both cells, or delete the row."), line)
    slot = as_slot(said.get("slot", "") or "current")
    if not slot:
        sentence = _("The slot of this row is no name: use letters, digits and hyphens, at most 40.")
        return Problem(sentence, line)
    return MappingRow(line=line, name=name, seat=Seat(folder, slot))


def _twice(rows: Sequence[MappingRow]) -> Iterator[Problem]:
    names: dict[str, int] = {}
    for row in rows:
        if row.name in names:
            sentence = _("This file is already in line %(earlier)d. Each file has one row.")
            yield Problem(sentence % {"earlier": names[row.name]}, row.line)
        names.setdefault(row.name, row.line)
