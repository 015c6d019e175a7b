"""Stacked distribution: one bar an arm, one segment an option, each labelled with its value and share.

Ordered options run from vermilion (hatched) over grey to blue, so that better is blue in colour and unhatched in grey;
choices without an order take the series
colours with a hatching of their own, and ranges of a number run from light to dark.
"""

from __future__ import annotations

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures.colours import between, ink_on, luminance
from readerstudy.analysis.figures.svg import (
    BODY,
    INK,
    LINE,
    MUTED,
    PAPER,
    SERIES,
    SMALL,
    WHITE,
    WIDTH,
    Drawing,
    short,
)
from readerstudy.studies.models import Direction, Kind

LEFT, RIGHT = 168.0, 150.0
BAR, GAP, TOP, FOOT = 36.0, 14.0, 52.0, 34.0
SCALE = ("#d55e00", "#e69f00", "#e4e4e2", "#7cc3ec", "#0072b2")
RANGES = ("#d3e9f8", "#56b4e9", "#0072b2")
HATCHES = ("////", "", "\\\\\\\\", "xx", "--", "||")
LETTERS_FIT = 7.4  # points a letter takes


def draw(criterion: Content, names: dict[str, str]) -> Drawing:
    """`names` maps an arm's name to the words beside its bar."""
    arms = criterion["distribution"]
    height = TOP + len(arms) * (BAR + GAP) + FOOT
    sheet = Drawing(height, f"{criterion['question']}: distribution of ratings")
    sheet.text(0, 14, short(criterion["question"], 70), weight="bold")
    sheet.text(0, 34, "Share of ratings of answered outputs", size=SMALL, color=MUTED)
    _grid(sheet, height - FOOT)
    for place, arm in enumerate(arms):
        _bar(sheet, TOP + place * (BAR + GAP), arm, criterion, names[arm["arm"]])
    return sheet


def _grid(sheet: Drawing, bottom: float) -> None:
    for percent in (0, 25, 50, 75, 100):
        x = LEFT + percent / 100 * _span()
        sheet.line(x, TOP - 4, x, bottom, color=LINE)
        sheet.text(x, bottom + 12, f"{percent} %", size=SMALL, color=MUTED, align="center")


def _bar(sheet: Drawing, y: float, arm: Content, criterion: Content, name: str) -> None:
    lines = name.split("\n")
    for line, words in enumerate(lines):
        middle = y + BAR / 2 + (line - (len(lines) - 1) / 2) * 15
        sheet.text(0, middle, short(words, 21), color=MUTED if line else INK, size=SMALL if line else BODY)
    if not arm["n"]:
        sheet.text(LEFT + 8, y + BAR / 2, "no rating of an answered output", color=MUTED, size=SMALL)
    x = LEFT
    for place, option in enumerate(_named(arm, criterion)):
        width = (option["share"] or 0.0) * _span()
        if width > 0:
            _segment(sheet, (x, y, width), option, _look(criterion, place, len(arm["options"])))
        x += width
    for line, words in enumerate(beside(arm)):
        middle = y + BAR / 2 + (line - (len(beside(arm)) - 1) / 2) * 14
        sheet.text(WIDTH - RIGHT + 12, middle, words, size=SMALL, color=MUTED if line else INK)


def _named(arm: Content, criterion: Content) -> list[Content]:
    """Options with the words inside their segments: a scale's values, the labels of the others."""
    by_value = criterion["kind"] in (Kind.LIKERT, Kind.NUMBER)
    return [{**option, "name": option["value" if by_value else "label"]} for option in arm["options"]]


def beside(arm: Content) -> list[str]:
    """What stands at the end of a bar: the number of ratings, and what is outside the shares."""
    rest = [
        ("refused", arm["n_refused"]),
        ("not judged", arm["n_cannot_judge"]),
        ("missing", arm["n_missing"]),
    ]
    outside = [f"{count} {word}" for word, count in rest if count]
    return [
        f"n = {arm['n']}",
        *(", ".join(outside[start : start + 2]) for start in range(0, len(outside), 2)),
    ]


def _segment(
    sheet: Drawing, place: tuple[float, float, float], option: Content, look: tuple[str, str]
) -> None:
    (x, y, width), (fill, hatch) = place, look
    ink = ink_on(fill)
    sheet.box(x, y, width, BAR, fill=fill, hatch=hatch, edge=_hatching(fill))
    sheet.line(x, y, x, y + BAR, color=PAPER, width=1.5)
    percent = f"{100 * option['share']:.0f} %"
    if len(percent) * LETTERS_FIT > width:
        return
    name = short(option["name"], max(1, int(width / LETTERS_FIT)))
    sheet.plate(
        x + width / 2, y + BAR / 2, max(len(percent), len(name)) * LETTERS_FIT * 0.95, BAR - 6, fill=fill
    )
    sheet.text(x + width / 2, y + BAR / 2 - 7.5, name, size=SMALL, color=ink, weight="bold", align="center")
    sheet.text(x + width / 2, y + BAR / 2 + 7.5, percent, size=SMALL, color=ink, align="center")


def _look(criterion: Content, place: int, count: int) -> tuple[str, str]:
    """Colour and hatching of the option at this place."""
    if criterion["kind"] == Kind.SINGLE_CHOICE:
        return SERIES[place % len(SERIES)], HATCHES[place % len(HATCHES)]
    t = place / max(count - 1, 1)
    if criterion["kind"] == Kind.NUMBER:
        return between(RANGES, t), ""
    t = 1.0 - t if criterion["direction"] == Direction.LOWER else t
    hatch = "////" if t < 0.2 else "//" if t < 0.45 else ""
    return between(SCALE, t), hatch


def _hatching(fill: str) -> str:
    return "#7a3500" if luminance(fill) > 0.15 else WHITE


def _span() -> float:
    return WIDTH - LEFT - RIGHT
