"""All tables in one workbook for Excel and its like: numbers as numbers, everything else as text, never a formula."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.analysis.codebook import Column
from readerstudy.analysis.exports.tables import ExportTable, Source

MOST_ROWS = 100_000
LONGEST_NAME, LONGEST_CELL = 31, 32_000
READ_AT_ONCE = 1 << 20
NUMERIC = frozenset({"count", "years", "s", "pixels", "pixels of the original", "tokens", "characters"})
MADE = datetime(2000, 1, 1)  # a workbook has no time zone, and the same data must give the same bytes
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?(?:e[+-]?\d+)?")
_UNFIT = re.compile(r"[\[\]:*?/\\']")


def workbook(source: Source, tables: Iterable[ExportTable]) -> Iterator[bytes]:
    """The workbook in portions; it is made in a file, so that its size is not that of memory."""
    import xlsxwriter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        book = xlsxwriter.Workbook(str(path), options)
        book.set_properties({"title": source.study.title, "created": MADE, "comments": ""})
        names: set[str] = set()
        for table in tables:
            _sheet(book, _name(table.name, names), table, source)
        book.close()
        with path.open("rb") as made:
            while portion := made.read(READ_AT_ONCE):
                yield portion


def _name(file: str, taken: set[str]) -> str:
    """The file's name as that of a sheet: short enough, and unlike all others."""
    plain = _UNFIT.sub(" ", file.removesuffix(".csv"))[:LONGEST_NAME]
    name, number = plain, 1
    while name.casefold() in taken:
        number += 1
        name = f"{plain[: LONGEST_NAME - len(str(number)) - 1]} {number}"
    taken.add(name.casefold())
    return name


def _sheet(book: Any, name: str, table: ExportTable, source: Source) -> None:
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    columns = table.columns(source)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, bold)
    rows = table.rows(source)
    for number, row in enumerate(islice(rows, MOST_ROWS), 1):
        for place, cell in enumerate(row):
            _write(sheet, (number, place), cell, columns[place])
    if next(rows, None) is not None:
        told = _("Only the first %(most)d rows are here; %(file)s has them all.")
        sheet.write_string(MOST_ROWS + 1, 0, told % {"most": MOST_ROWS, "file": table.name})


def _write(sheet: Any, place: tuple[int, int], cell: str, column: Column) -> None:
    is_number = column.coding == "number" or column.unit in NUMERIC
    if cell == "":
        return
    if is_number and _NUMBER.fullmatch(cell):
        sheet.write_number(*place, float(cell))
    else:
        sheet.write_string(*place, cell[:LONGEST_CELL])
