"""Long tables, plans and references as files, and the lines that an analysis gives for them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from readerstudy.stats.analyse import Analysis, analyse
from readerstudy.stats.analyse.analysis import as_row

COLUMNS = ("reader", "case", "criterion", "value", "arm", "repeat", "period", "position", "side", "count")
Row = Mapping[str, Any]


def write_table(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as a long table with all columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def analysed(
    folder: Path, rows: Iterable[Row] | str, *, plan: str | None = None, reference: str | None = None
) -> Analysis:
    """Analyse rows (or a whole text) with a plan and a reference as texts."""
    table = folder / "ratings.csv"
    table = write(table, rows) if isinstance(rows, str) else write_table(table, rows)
    return analyse(
        table,
        plan=None if plan is None else write(folder / "plan.yaml", plan),
        reference=None if reference is None else write(folder / "reference.csv", reference),
    )


def long(text: str, criterion: str = "x") -> list[Row]:
    """Rows of a compact matrix: a line a case, a column a reader R1, R2…; a dot is missing."""
    rows = []
    for number, line in enumerate(text.strip().splitlines(), 1):
        for reader, cell in enumerate(line.split(), 1):
            value = "" if cell == "." else cell
            rows.append(
                {"reader": f"R{reader}", "case": f"c{number}", "criterion": criterion, "value": value}
            )
    return rows


def of_matrix(matrix: Sequence[Sequence[Any]], criterion: str) -> list[Row]:
    """Rows of a matrix of outputs by readers, None missing."""
    return [
        {
            "reader": f"R{reader}",
            "case": f"c{case}",
            "criterion": criterion,
            "value": "" if cell is None else cell,
        }
        for case, cells in enumerate(matrix, 1)
        for reader, cell in enumerate(cells, 1)
    ]


def found(
    analysis: Analysis, estimator: str, variant: str | None = None, **labels: Any
) -> list[dict[str, Any]]:
    """Every line of an estimator and variant whose labels are exactly these, others None but for the criterion."""
    wanted = {"arm": None, "contrast": None, "reader": None, "category": None} | labels
    rows = [as_row(estimate) for estimate in analysis.estimates]
    return [
        row
        for row in rows
        if (row["estimator"], row["variant"]) == (estimator, variant)
        and all(row[name] == label for name, label in wanted.items())
    ]


def one(analysis: Analysis, estimator: str, variant: str | None = None, **labels: Any) -> dict[str, Any]:
    """The one line of an estimator and variant with these labels."""
    rows = found(analysis, estimator, variant, **labels)
    assert len(rows) == 1, f"{len(rows)} lines of {estimator} {variant} {labels}"
    return rows[0]
