"""Matrices as tables of shaded cells, each with its number: agreement of reader pairs, and what was said against truth.

Light cells are low and dark ones high, in grey as in colour; the number in each cell says it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.confusion import REFUSED, UNLABELLED
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures.colours import SHADES, between, ink_on
from readerstudy.analysis.figures.svg import INK, LINE, MUTED, PAPER, SMALL, WIDTH, Drawing, short

LEFT, TOP, GAP = 150.0, 66.0, 22.0
WIDEST, ROW = 84.0, 32.0
FINE = 9.0
LETTER = 7.2  # points a small letter takes


@dataclass(frozen=True)
class Grid:
    """One matrix: shares from 0 to 1 decide the shade, None leaves a cell blank; words stand in the cells."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    shares: Sequence[Sequence[float | None]]
    words: Sequence[Sequence[str]]


def draw_pairs(entry: Content, _names: dict[str, str]) -> Drawing:
    """Kappa of every two readers; a cell without a number has no kappa."""
    pairs = entry["pairs"]
    kappa = pairs["kappa"]
    grid = Grid(
        title=_("Cohen's kappa, quadratic weights")
        if entry["weights"] == "quadratic"
        else _("Cohen's kappa"),
        rows=pairs["readers"],
        columns=pairs["readers"],
        shares=[[None if value is None else max(value, 0.0) for value in row] for row in kappa],
        words=[
            [
                "" if at == other else "–" if value is None else f"{value:.2f}"
                for other, value in enumerate(row)
            ]
            for at, row in enumerate(kappa)
        ],
    )
    return _drawn(
        entry["question"], [grid], under=_("Dark: the two readers agree; light: no more than by chance.")
    )


def draw_confusion(entries: Sequence[Content], _names: dict[str, str]) -> Drawing:
    """Counts of each true label by what was said; shaded by their share of the true label's cases."""
    title = entries[0]["question"] or _("The arms' own labels")
    return _drawn(
        title,
        [_confusion(entry) for entry in entries],
        under=_("Rows: reference label. Columns: what was said. Dark: a large share of its row."),
    )


def _confusion(entry: Content) -> Grid:
    totals = [sum(row) for row in entry["counts"]]
    return Grid(
        title=entry["arm"],
        rows=entry["labels"],
        columns=[said(column) for column in entry["columns"]],
        shares=[
            [count / total if total else None for count in row]
            for row, total in zip(entry["counts"], totals, strict=True)
        ],
        words=[[str(count) for count in row] for row in entry["counts"]],
    )


def said(column: str) -> str:
    """The head of a column: a label, or that there was none."""
    return {REFUSED: _("refused"), UNLABELLED: _("no label")}.get(column, column)


def _drawn(title: str, grids: Sequence[Grid], *, under: str) -> Drawing:
    heights = [TOP + len(grid.rows) * ROW for grid in grids]
    sheet = Drawing(30 + sum(heights) + GAP * (len(grids) - 1) + 32, title)
    sheet.text(0, 14, short(title, 84), weight="bold")
    y = 24.0
    for grid, height in zip(grids, heights, strict=True):
        _grid(sheet, y, grid)
        y += height + GAP
    sheet.text(0, y - GAP + 24, under, size=SMALL, color=MUTED)
    return sheet


def _grid(sheet: Drawing, y: float, grid: Grid) -> None:
    width = min(WIDEST, (WIDTH - LEFT) / len(grid.columns))
    sheet.text(0, y + 16, short(grid.title, 60), size=SMALL, color=MUTED)
    steps = 1 if max(map(len, grid.columns)) * LETTER <= width else 2
    for column, name in enumerate(grid.columns):
        x, level = LEFT + (column + 0.5) * width, column % steps
        words = short(name, max(2, int(steps * width / LETTER)))
        sheet.text(x, y + TOP - 12 - 16 * level, words, size=SMALL, align="center")
    for row, name in enumerate(grid.rows):
        middle = y + TOP + (row + 0.5) * ROW
        sheet.text(LEFT - 10, middle, short(name, 18), size=SMALL, align="right")
        for column in range(len(grid.columns)):
            _cell(sheet, (LEFT + column * width, y + TOP + row * ROW, width), grid, (row, column))


def _cell(sheet: Drawing, place: tuple[float, float, float], grid: Grid, at: tuple[int, int]) -> None:
    (x, y, width), share = place, grid.shares[at[0]][at[1]]
    if share is None:
        sheet.box(x + 1, y + 1, width - 2, ROW - 2, fill=PAPER, hatch="..", edge=LINE)
    else:
        sheet.box(x + 1, y + 1, width - 2, ROW - 2, fill=between(SHADES, share))
    words = grid.words[at[0]][at[1]]
    size = SMALL if len(words) * LETTER <= width else FINE
    if words and len(words) * FINE * 0.6 <= width:
        ink = INK if share is None else ink_on(between(SHADES, share))
        sheet.text(x + width / 2, y + ROW / 2, words, size=size, color=ink, align="center")
