"""How values become cells of a CSV file: no text can be taken for a formula, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

GUARD = "'"
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", GUARD)
RULE = (
    "A text that begins with = + - @ ' or with a tab or a line break is preceded by one apostrophe, so that no "
    "spreadsheet takes it for a formula; take one leading apostrophe away to get the text itself. Plain numbers, "
    "negative ones included, are never changed."
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def text(value: str) -> str:
    """The text as a cell: guarded where a spreadsheet could take it for a formula (see `RULE`)."""
    if value.startswith(STARTS) and not _NUMBER.fullmatch(value):
        return GUARD + value
    return value


def number(value: float | None) -> str:
    """The shortest decimal text that gives the number back; empty for None."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def flag(value: bool | None) -> str:
    """1, 0, or empty for None."""
    return "" if value is None else str(int(value))


def write(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of finished cells as CSV after RFC 4180: UTF-8, lines end with CR LF."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
