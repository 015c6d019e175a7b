"""Forest plot: every arm's figure with its interval, refusals read both ways.

The thick line is the interval for other readers and cases, the thin one under it that for these readers only. A shape
and a colour belong to each arm; filled marks count refusals as failures, open ones leave them out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readerstudy.analysis.estimates.alignment import MEAN, SHARE
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content
from readerstudy.analysis.figures.svg import (
    INK,
    LINE,
    MUTED,
    SERIES,
    SHAPES,
    SMALL,
    WIDTH,
    Drawing,
    short,
)
from readerstudy.studies.models import Kind

LEFT, RIGHT = 230.0, 186.0
ROW, HEAD, TOP, FOOT = 34.0, 30.0, 30.0, 26.0
TITLES = {SHARE: "Share acceptable", MEAN: "Mean score, refusals left out"}
WORDS = {AS_INTENDED: "refusals not acceptable", "conditional": "refusals left out"}


@dataclass(frozen=True)
class Axis:
    """A numeric axis between two x of the sheet."""

    low: float
    high: float

    def x(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def draw(criterion: Content, names: dict[str, str]) -> Drawing:
    """`names` maps an arm's name to the words beside its row."""
    blocks = [(measure, _rows(criterion, measure)) for measure in (SHARE, MEAN)]
    blocks = [(measure, rows) for measure, rows in blocks if rows]
    if criterion["kind"] == Kind.YES_NO:
        blocks = blocks[:1]  # the mean of yes and no says nothing that the share does not say
    height = TOP + sum(HEAD + len(rows) * ROW + FOOT for _measure, rows in blocks) + 12
    sheet = Drawing(height, f"{criterion['question']}: estimates with intervals")
    sheet.text(0, 14, short(criterion["question"], 70), weight="bold")
    y = TOP
    for measure, rows in blocks:
        y = _block(sheet, y, (measure, rows, axis_of(criterion, measure, rows)), names)
    sheet.text(
        0, height - 10, "Thick: other readers and cases. Thin: these readers only.", size=SMALL, color=MUTED
    )
    return sheet


def axis_of(criterion: Content, measure: str, rows: list[tuple[Content, Content]]) -> Axis:
    """Shares from 0 to 1; means over the declared scale, else over what is to be shown."""
    if measure == SHARE:
        return Axis(0.0, 1.0)
    values = [float(option["value"]) for option in criterion["options"]]
    if not values:
        limits = [limit for pair in rows for row in pair for limit in [row["value"], *(row["ci"] or [])]]
        values = [limit for limit in limits if limit is not None] or [0.0, 1.0]
    low, high = min(values), max(values)
    return Axis(low, high) if high > low else Axis(low - 1.0, high + 1.0)


def ticks(axis: Axis) -> list[float]:
    """Round numbers within the axis, at most seven."""
    raw = (axis.high - axis.low) / 5
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(size * magnitude for size in (1, 2, 2.5, 5, 10) if size * magnitude >= raw * 0.999)
    first = math.ceil(axis.low / step - 1e-9)
    return [n * step for n in range(first, math.floor(axis.high / step + 1e-9) + 1)]


def _rows(criterion: Content, measure: str) -> list[tuple[Content, Content]]:
    """(for other readers too, for these readers only), by arm, refusals read both ways beside each other."""
    found = [row for row in criterion["estimates"] if row["estimator"] == measure]
    arms = list(dict.fromkeys(row["arm"] for row in found))
    wide = [row for row in found if row["variant"] == "rrrc"]
    narrow = {(row["arm"], row["refusals"]): row for row in found if row["variant"] == "frrc"}
    wide.sort(key=lambda row: arms.index(row["arm"]))
    return [(row, narrow[row["arm"], row["refusals"]]) for row in wide]


def _block(
    sheet: Drawing,
    y: float,
    block: tuple[str, list[tuple[Content, Content]], Axis],
    names: dict[str, str],
) -> float:
    measure, rows, axis = block
    sheet.text(0, y + HEAD / 2, TITLES[measure], size=SMALL, color=MUTED)
    bottom = y + HEAD + len(rows) * ROW
    for value in ticks(axis):
        sheet.line(axis.x(value), y + HEAD - 4, axis.x(value), bottom, color=LINE)
        sheet.text(axis.x(value), bottom + 12, f"{value:g}", size=SMALL, color=MUTED, align="center")
    arms = list(dict.fromkeys(row["arm"] for row, _narrow in rows))
    for place, (row, narrow) in enumerate(rows):
        look = arms.index(row["arm"])
        _row(sheet, y + HEAD + (place + 0.5) * ROW, (row, narrow, axis, look), names[row["arm"]])
    return bottom + FOOT


def _row(sheet: Drawing, y: float, parts: tuple[Content, Content, Axis, int], name: str) -> None:
    row, narrow, axis, look = parts
    colour, shape = SERIES[look % len(SERIES)], SHAPES[look % len(SHAPES)]
    first, *nature = name.split("\n")
    under = nature + ([WORDS[row["refusals"]]] if row["estimator"] == SHARE else [])
    sheet.text(0, y - 7 if under else y, short(first, 28))
    sheet.text(0, y + 8, ", ".join(under), size=SMALL, color=MUTED)
    if row["value"] is None:
        sheet.text(LEFT + 8, y, "not estimable", size=SMALL, color=MUTED)
        return
    for limits, offset, width in ((row["ci"], 0.0, 3.2), (narrow["ci"], 9.0, 1.2)):
        if limits:
            sheet.line(
                axis.x(limits[0]), y + offset, axis.x(limits[1]), y + offset, color=colour, width=width
            )
            _beyond(sheet, y + offset, limits, axis)
    sheet.mark(axis.x(row["value"]), y, shape, color=colour, filled=row["refusals"] == AS_INTENDED)
    sheet.text(WIDTH - RIGHT + 14, y, numbers(row), color=INK)


def _beyond(sheet: Drawing, y: float, limits: list[float], axis: Axis) -> None:
    """A sign where an interval goes on beyond the axis."""
    if limits[0] < axis.low:
        sheet.text(axis.x(axis.low) - 3, y, "‹", color=MUTED, align="right")
    if limits[1] > axis.high:
        sheet.text(axis.x(axis.high) + 3, y, "›", color=MUTED)


def numbers(row: Content) -> str:
    """The figure and its interval, three decimals."""
    interval = f" [{row['ci'][0]:.3f}, {row['ci'][1]:.3f}]" if row["ci"] else ", no interval"
    return f"{row['value']:.3f}{interval}"
