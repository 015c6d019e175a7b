"""The table of labels a coordinator uploads: text in, rows and plain sentences out. Reads no database.

One row a case. Column `case` or `file` says which case a row is about (or both, if they agree); `reference` (or
`label`) is the reference standard, a label or a whole text, `clinical_text` (or `text`) goes with the image, and every
other column is a stratum. An empty cell leaves what is stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.cases.tables import MOST_BYTES, Problem, Unreadable, cells_of, text_of
from readerstudy.studies.protocol.case_tables import LONGEST_REFERENCE

__all__ = ["MOST_BYTES", "LabelRow", "LabelTable", "Problem", "read_labels"]

MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST = {"case": 255, "file": 255, "reference": LONGEST_REFERENCE, "clinical_text": 10_000}
LONGEST_STRATUM = 200
LONGEST_COLUMN_NAME = 60

_MEANINGS = {
    "case": "case",
    "file": "file",
    "reference": "reference",
    "label": "reference",
    "clinical_text": "clinical_text",
    "text": "clinical_text",
}
_SAME_NAME = gettext_lazy("Two columns are called “%(name)s”. Rename or delete one.")
_SAME_MEANING = gettext_lazy("The columns “%(earlier)s” and “%(name)s” mean the same. Delete one.")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What one line says about one case; an empty text says nothing."""

    line: int
    case: str = ""
    file: str = ""
    reference: str = ""
    clinical_text: str = ""
    strata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelTable:
    """A table as read: the rows that are in order, and every problem found. It is used only without problems."""

    rows: tuple[LabelRow, ...] = ()
    strata: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What each column means: one of the known meanings, or "" for a stratum; and the name as written."""

    names: tuple[str, ...]
    meanings: tuple[str, ...]


def read_labels(content: bytes) -> LabelTable:
    """Reads a table of labels; never raises, whatever the bytes are."""
    try:
        lines = cells_of(text_of(content))
        columns = _read_header(lines)
        rows, problems = _read_rows(lines, columns)
    except Unreadable as error:
        return LabelTable(problems=error.problems)
    strata = tuple(name for name, meaning in zip(columns.names, columns.meanings, strict=True) if not meaning)
    digest = hashlib.sha256(content).hexdigest()
    return LabelTable(rows=tuple(rows), strata=strata, problems=tuple(problems), sha256=digest)


def _read_header(lines: Iterator[tuple[int, list[str]]]) -> _Columns:
    line, names = next(lines, (1, []))
    if not names:
        raise Unreadable(Problem(_("This table is empty. Its first line must name the columns.")))
    if len(names) > MOST_COLUMNS:
        raise Unreadable(
            Problem(_("There are more than %(most)d columns. Leave some out.") % {"most": MOST_COLUMNS}, line)
        )
    meanings = tuple(_MEANINGS.get(re.sub(r"[\s_-]+", "_", name.casefold()), "") for name in names)
    problems = [*_unnamed(names, line), *_twice(names, meanings, line), *_missing(names, meanings, line)]
    if problems:
        raise Unreadable(*problems)
    return _Columns(names=tuple(names), meanings=meanings)


def _unnamed(names: Sequence[str], line: int) -> Iterator[Problem]:
    for number, name in enumerate(names, start=1):
        if not name:
            yield Problem(
                _("Column %(number)d has no name. Name it or delete it.") % {"number": number}, line
            )
        elif len(name) > LONGEST_COLUMN_NAME:
            sentence = _("The name of column %(number)d is longer than %(most)d characters. Shorten it.")
            yield Problem(sentence % {"number": number, "most": LONGEST_COLUMN_NAME}, line)


def _twice(names: Sequence[str], meanings: Sequence[str], line: int) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, meaning in zip(names, meanings, strict=True):
        known = meaning or name.casefold()
        if name and known in seen:
            same = seen[known].casefold() == name.casefold()
            sentence = _SAME_NAME if same else _SAME_MEANING
            yield Problem(str(sentence) % {"name": name, "earlier": seen[known]}, line)
        seen.setdefault(known, name)


def _missing(names: Sequence[str], meanings: Sequence[str], line: int) -> Iterator[Problem]:
    if "case" not in meanings and "file" not in meanings:
        sentence = _(
            "No column is called “case” or “file”, so the rows cannot be matched to cases. Add one of them."
        )
        if len(names) == 1:
            sentence += " " + _("Columns must be separated by commas or semicolons.")
        yield Problem(sentence, line)
    elif not set(meanings) - {"case", "file"}:
        yield Problem(
            _("There is nothing to write beside the case. Add a column such as “reference” or “sex”."), line
        )


def _read_rows(
    lines: Iterator[tuple[int, list[str]]], columns: _Columns
) -> tuple[list[LabelRow], list[Problem]]:
    rows: list[LabelRow] = []
    problems: list[Problem] = []
    for line, cells in lines:
        found = list(_row_problems(line, cells, columns))
        problems += found
        if not found:
            rows.append(_row(line, cells, columns))
        if len(rows) + len(problems) > MOST_ROWS:
            raise Unreadable(
                Problem(_("This table has more than %(most)d rows. Split it.") % {"most": MOST_ROWS})
            )
    if not rows and not problems:
        problems.append(Problem(_("This table has column names but no rows.")))
    return rows, problems


def _row_problems(line: int, cells: Sequence[str], columns: _Columns) -> Iterator[Problem]:
    if len(cells) != len(columns.names):
        sentence = ngettext(
            "This row has %(found)d cell, but there are %(wanted)d columns.",
            "This row has %(found)d cells, but there are %(wanted)d columns.",
            len(cells),
        )
        yield Problem(sentence % {"found": len(cells), "wanted": len(columns.names)}, line)
        return
    filled = {meaning for meaning, cell in zip(columns.meanings, cells, strict=True) if cell}
    if not filled & {"case", "file"}:
        yield Problem(_("This row names no case. Fill its “case” or “file” cell, or delete the row."), line)
    for name, meaning, cell in zip(columns.names, columns.meanings, cells, strict=True):
        most = LONGEST.get(meaning, LONGEST_STRATUM)
        if len(cell) > most:
            sentence = _("The cell in column “%(name)s” is longer than %(most)d characters. Shorten it.")
            yield Problem(sentence % {"name": name, "most": most}, line)


def _row(line: int, cells: Sequence[str], columns: _Columns) -> LabelRow:
    known = {meaning: cell for meaning, cell in zip(columns.meanings, cells, strict=True) if meaning}
    strata = {
        name: cell
        for name, meaning, cell in zip(columns.names, columns.meanings, cells, strict=True)
        if cell and not meaning
    }
    return LabelRow(line=line, strata=strata, **known)
