"""Time by position: the median seconds of a reading along the order of reading, with its quartiles."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures.forest import Axis, ticks
from readerstudy.analysis.figures.plane import Plane
from readerstudy.analysis.figures.svg import MUTED, SERIES, SMALL, Drawing

LEFT, TOP, WIDE, HIGH = 56.0, 54.0, 690.0, 210.0


def draw(entry: Content, _names: dict[str, str]) -> Drawing:
    steps = entry["steps"]
    sheet = Drawing(TOP + HIGH + 56, _("Seconds of a reading by its position"))
    sheet.text(0, 14, _("Seconds of a reading by its position"), weight="bold")
    sheet.text(0, 34, _("Mark: median. Line: from the lower to the upper quartile."), size=SMALL, color=MUTED)
    top = max(step["quartiles"][1] for step in steps)
    levels = ticks(Axis(0.0, max(top, 1e-6) * 1.05))
    plane = Plane(LEFT, TOP, WIDE, HIGH, ys=(0.0, max(top * 1.05, levels[-1])))
    plane.grid(sheet, [], levels)
    places = [(place + 0.5) / len(steps) for place in range(len(steps))]
    medians = [plane.at(x, step["median"]) for x, step in zip(places, steps, strict=True)]
    sheet.path(medians, color=SERIES[0], width=1.4, dash="--")
    for x, step in zip(places, steps, strict=True):
        low, high = (plane.at(x, limit) for limit in step["quartiles"])
        sheet.line(*low, *high, color=SERIES[0], width=3.0)
        sheet.mark(*plane.at(x, step["median"]), "o", color=SERIES[0], filled=True)
        words = str(step["first"]) if step["first"] == step["last"] else f"{step['first']}–{step['last']}"
        sheet.text(low[0], plane.bottom + 14, words, size=SMALL, color=MUTED, align="center")
        sheet.text(low[0], plane.bottom + 30, f"n = {step['n']}", size=9.5, color=MUTED, align="center")
    return sheet
