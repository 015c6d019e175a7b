"""An allocation as people look at it: a file of rows, and tables of what is balanced."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from readerstudy.designs.rows import CheckKind, Presentation, RowKind


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
        file.writerow([row.reader, row.period, row.position, row.case, *arms, kind_of(row)])
    return text.getvalue()


def kind_of(row: Presentation) -> str:
    """Why a presentation is there, of a made attention check with what it is made of."""
    made = row.check not in (None, CheckKind.CASE)
    return f"{row.kind} {row.check}" if made else str(row.kind)


def balance_tables(
    rows: Iterable[Presentation],
    arms: Sequence[str],
    *,
    names: Mapping[str, str] | None = None,
    reader: Callable[[int], str] = str,
) -> list[Table]:
    """Arm by quarter of a reading, arm by side, sides and presentations by reader, of the main presentations.

    Attention checks by reader and kind, where there are some.

    `names` are what people call the arms and `reader` gives what they call a seat; without them both are called as in
    the rows.
    """
    rows = list(rows)
    main = [row for row in rows if row.kind == RowKind.MAIN]
    called = {arm: (names or {}).get(arm, arm) for arm in arms}
    tables = [
        _by_quarter(main, arms, called),
        _by_side(main, arms, called),
        _sides_by_reader(main, called, reader),
        _by_reader(main, reader),
        _checks_by_reader(rows, reader),
    ]
    return [table for table in tables if table.rows]


def _by_quarter(main: Sequence[Presentation], arms: Sequence[str], called: Mapping[str, str]) -> Table:
    longest = Counter(row.reader for row in main)
    seen: Counter[int] = Counter()
    counts: Counter[tuple[str, int]] = Counter()
    for row in sorted(main, key=lambda each: (each.reader, each.position)):
        quarter = 4 * seen[row.reader] // longest[row.reader]
        seen[row.reader] += 1
        counts.update((arm, quarter) for arm in row.arms)
    head = ("arm", "first quarter", "second quarter", "third quarter", "last quarter")
    rows = tuple((called[arm], *(str(counts[arm, n]) for n in range(4))) for arm in arms)
    return Table("Arm by position", head, rows)


def _by_side(main: Sequence[Presentation], arms: Sequence[str], called: Mapping[str, str]) -> Table:
    sides = max((len(row.arms) for row in main), default=0)
    if sides < 2:
        return Table("Arm by side", (), ())
    counts = Counter((arm, side) for row in main for side, arm in enumerate(row.arms))
    head = ("arm", *(f"side {side + 1}" for side in range(sides)))
    rows = tuple((called[arm], *(str(counts[arm, side]) for side in range(sides))) for arm in arms)
    return Table("Arm by side", head, rows)


def _sides_by_reader(
    main: Sequence[Presentation], called: Mapping[str, str], reader: Callable[[int], str]
) -> Table:
    """For each reader and pair how often either arm of it stands on the left."""
    left: Counter[tuple[int, tuple[str, str], str]] = Counter()
    for row in main:
        if len(row.arms) == 2:
            one, other = sorted(row.arms)
            left[row.reader, (one, other), row.arms[0]] += 1
    seen = sorted({(seat, pair) for seat, pair, _arm in left})
    head = ("reader", "pair", "first on the left", "second on the left")
    rows = tuple(
        (
            reader(seat),
            " · ".join(called[arm] for arm in pair),
            *(str(left[seat, pair, arm]) for arm in pair),
        )
        for seat, pair in seen
    )
    return Table("Sides by reader and pair", head, rows)


def _by_reader(main: Sequence[Presentation], reader: Callable[[int], str]) -> Table:
    by_reader: dict[int, list[Presentation]] = defaultdict(list)
    for row in sorted(main, key=lambda each: each.position):
        by_reader[row.reader].append(row)
    head = ("reader", "presentations", "cases", "least distance of a case")
    rows = tuple((reader(seat), *_reader(by_reader[seat])) for seat in sorted(by_reader))
    return Table("Presentations by reader", head, rows)


def _checks_by_reader(rows: Sequence[Presentation], reader: Callable[[int], str]) -> Table:
    counts = Counter((row.reader, row.check) for row in rows if row.check is not None)
    seats = sorted({row.reader for row in rows}) if counts else []
    head = ("reader", "check cases", "known-bad outputs", "identical pairs", "blank images")
    told = tuple((reader(seat), *(str(counts[seat, kind]) for kind in CheckKind)) for seat in seats)
    return Table("Attention checks by reader", head, told)


def _reader(rows: Sequence[Presentation]) -> tuple[str, ...]:
    """How much one reader reads, and how many presentations lie at least between two of a case in a period."""
    last: dict[tuple[str, int], int] = {}
    distances = []
    for row in rows:
        if (row.case, row.period) in last:
            distances.append(row.position - last[row.case, row.period])
        last[row.case, row.period] = row.position
    cases = len({row.case for row in rows})
    return str(len(rows)), str(cases), str(min(distances)) if distances else "–"
