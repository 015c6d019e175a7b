"""Receiver operating characteristics: one plane an arm, thin lines the readers, a thick line their average.

Readers are told apart by dashes as well as by colours.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures.plane import Plane
from readerstudy.analysis.figures.svg import INK, LINE, MUTED, SERIES, SMALL, WIDTH, Drawing, short

SIDE, LEFT, HEAD, FOOT = 300.0, 44.0, 30.0, 50.0
DASHES = ("-", "--", ":", "-.")
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_NAMED = 12
"""With more readers than these only the average has a name beside the plane."""


def draw(entry: Content, names: dict[str, str]) -> Drawing:
    """`names` maps an arm's name to the words above its plane."""
    arms = [arm for arm in entry["arms"] if arm["curves"]]
    block = HEAD + SIDE + FOOT
    sheet = Drawing(26 + len(arms) * block, entry["question"])
    sheet.text(0, 12, short(entry["question"], 84), weight="bold")
    for place, arm in enumerate(arms):
        _arm(sheet, 24 + place * block, arm, names.get(arm["arm"], ""))
    return sheet


def _arm(sheet: Drawing, y: float, arm: Content, name: str) -> None:
    sheet.text(LEFT, y + 16, " · ".join(name.split("\n")), size=SMALL, color=MUTED)
    plane = Plane(LEFT, y + HEAD, SIDE, SIDE)
    plane.grid(sheet, TICKS, TICKS)
    sheet.path([plane.at(0, 0), plane.at(1, 1)], color=LINE, width=1.5, dash="--")
    for place, curve in enumerate(arm["curves"]):
        sheet.path(_points(plane, curve), color=_colour(place), width=1.4, dash=_dash(place))
    if arm["average"]:
        sheet.path(_points(plane, arm["average"]), color=INK, width=3.0)
    axes = _("across: false positive share; upwards: true positive share")
    sheet.text(LEFT, plane.bottom + 32, axes, size=SMALL, color=MUTED)
    _legend(sheet, LEFT + SIDE + 34, y + HEAD + 8, arm)


def _points(plane: Plane, curve: Content) -> list[tuple[float, float]]:
    corners = zip(curve["false_positive"], curve["true_positive"], strict=True)
    return [plane.at(x, y) for x, y in corners]


def _legend(sheet: Drawing, x: float, y: float, arm: Content) -> None:
    """The average first, then each reader, with the area under the curve."""
    sheet.text(x, y, _("Area under the curve"), size=SMALL, color=MUTED)
    if arm["average"]:
        sheet.line(x, y + 24, x + 30, y + 24, color=INK, width=3.0)
        words = _("average of readers %(area)s") % {"area": f"{arm['average']['area']:.3f}"}
        sheet.text(x + 40, y + 24, words, weight="bold")
    areas = {row["reader"]: row for row in arm["estimates"]}
    if len(arm["curves"]) > MOST_NAMED:
        return
    for place, curve in enumerate(arm["curves"]):
        at = y + 46 + place * 20
        sheet.path([(x, at), (x + 30, at)], color=_colour(place), width=1.6, dash=_dash(place))
        words = f"{curve['reader']} {_area(areas[curve['reader']])}"
        sheet.text(x + 40, at, short(words, int((WIDTH - x - 40) / 7)), size=SMALL)


def _area(row: Content) -> str:
    interval = f" [{row['ci'][0]:.3f}, {row['ci'][1]:.3f}]" if row["ci"] else ""
    return f"{row['value']:.3f}{interval}"


def _colour(place: int) -> str:
    return SERIES[place % len(SERIES)]


def _dash(place: int) -> str:
    return DASHES[(place // len(SERIES) + place) % len(DASHES)]
