"""An allocation as people look at it: a file of rows, and tables of what is balanced."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from readerstudy.designs.rows import Presentation, RowKind


@dataclass(frozen=True, slots=True)
class Table:
    """A table of counts: a head and rows of equal length, the first cell of each row its name."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def columns(outputs: int) -> list[str]:
    """The columns of the file for presentations of at most `outputs` outputs."""
    return [
        "reader",
        "period",
        "position",
        "case",
        *(f"output_{n}_arm" for n in range(1, outputs + 1)),
        "kind",
    ]


def as_csv(rows: Sequence[Presentation]) -> str:
    """All rows with a header line; where a presentation has fewer outputs than another, its cells are empty."""
    outputs = max((len(row.arms) for row in rows), default=1) or 1
    text = StringIO()
    file = csv.writer(text, lineterminator="\n")
    file.writerow(columns(outputs))
    for row in rows:
        arms = [*row.arms, *[""] * (outputs - len(row.arms))]
        file.writerow([row.reader, row.period, row.position, row.case, *arms, row.kind])
    return text.getvalue()


def balance_tables(rows: Iterable[Presentation], arms: Sequence[str]) -> list[Table]:
    """Arm by quarter of a reading, arm by side, and presentations by reader, of the main presentations."""
    main = [row for row in rows if row.kind == RowKind.MAIN]
    tables = [_by_quarter(main, arms), _by_side(main, arms), _by_reader(main)]
    return [table for table in tables if table.rows]


def _by_quarter(main: Sequence[Presentation], arms: Sequence[str]) -> Table:
    longest = Counter(row.reader for row in main)
    seen: Counter[int] = Counter()
    counts: Counter[tuple[str, int]] = Counter()
    for row in sorted(main, key=lambda each: (each.reader, each.position)):
        quarter = 4 * seen[row.reader] // longest[row.reader]
        seen[row.reader] += 1
        counts.update((arm, quarter) for arm in row.arms)
    head = ("arm", "first quarter", "second quarter", "third quarter", "last quarter")
    return Table(
        "Arm by position", head, tuple((arm, *(str(counts[arm, n]) for n in range(4))) for arm in arms)
    )


def _by_side(main: Sequence[Presentation], arms: Sequence[str]) -> Table:
    sides = max((len(row.arms) for row in main), default=0)
    if sides < 2:
        return Table("Arm by side", (), ())
    counts = Counter((arm, side) for row in main for side, arm in enumerate(row.arms))
    head = ("arm", *(f"side {side + 1}" for side in range(sides)))
    rows = tuple((arm, *(str(counts[arm, side]) for side in range(sides))) for arm in arms)
    return Table("Arm by side", head, rows)


def _by_reader(main: Sequence[Presentation]) -> Table:
    presentations, cases = (
        Counter(row.reader for row in main),
        Counter(reader for reader, _case in _read(main)),
    )
    head = ("reader", "presentations", "cases")
    rows = tuple(
        (str(reader), str(presentations[reader]), str(cases[reader])) for reader in sorted(presentations)
    )
    return Table("Presentations by reader", head, rows)


def _read(main: Iterable[Presentation]) -> set[tuple[int, str]]:
    return {(row.reader, row.case) for row in main}
