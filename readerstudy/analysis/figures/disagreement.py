"""Disagreement map: one column a case in descending order, one row a question, dark where readers are far apart."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.figures.colours import SHADES, between, ink_on
from readerstudy.analysis.figures.svg import LINE, MUTED, PAPER, SMALL, WIDTH, Drawing, short

LEFT, TOP, ROW, FOOT = 190.0, 66.0, 26.0, 52.0
MOST_CASES = 60
NAMED = 30.0
"""From this width on a column has its case's name and number."""


def draw(entry: Content, _names: dict[str, str]) -> Drawing:
    """The cases with most disagreement, at most `MOST_CASES`."""
    cases, questions = entry["cases"][:MOST_CASES], entry["questions"]
    rows = (
        [*(each["question"] for each in questions), _("Mean")]
        if len(questions) > 1
        else [questions[0]["question"]]
    )
    height = TOP + len(rows) * ROW + FOOT
    sheet = Drawing(height, _("Disagreement between readers by case"))
    sheet.text(0, 14, _("Disagreement between readers by case"), weight="bold")
    sheet.text(0, 34, _told(len(cases), len(entry["cases"])), size=SMALL, color=MUTED)
    width = min(60.0, (WIDTH - LEFT) / len(cases))
    for row, name in enumerate(rows):
        sheet.text(0, TOP + (row + 0.5) * ROW, short(name, 28), size=SMALL)
    for column, case in enumerate(cases):
        values = case["by_question"] + ([case["value"]] if len(questions) > 1 else [])
        for row, value in enumerate(values):
            _cell(sheet, (LEFT + column * width, TOP + row * ROW, width), value)
        if width >= NAMED:
            letters = int(width / 6.6)
            sheet.text(
                LEFT + (column + 0.5) * width,
                TOP - 10,
                short(case["case"], letters),
                size=9.5,
                align="center",
            )
    _key(sheet, height - 16)
    return sheet


def _told(shown: int, all_cases: int) -> str:
    if shown == all_cases:
        return _("Cases from most to least disagreement")
    return _("The %(n)s of %(all)s cases with most disagreement") % {"n": shown, "all": all_cases}


def _cell(sheet: Drawing, place: tuple[float, float, float], value: float | None) -> None:
    x, y, width = place
    gap = 1.0 if width > 8 else 0.25
    if value is None:
        sheet.box(x + gap, y + 1, width - 2 * gap, ROW - 2, fill=PAPER, hatch="..", edge=LINE)
        return
    fill = between(SHADES, value)
    sheet.box(x + gap, y + 1, width - 2 * gap, ROW - 2, fill=fill)
    if width >= NAMED:
        sheet.text(x + width / 2, y + ROW / 2, f"{value:.2f}", size=9.5, color=ink_on(fill), align="center")


def _key(sheet: Drawing, y: float) -> None:
    """What the shades mean, from 0 to 1."""
    for step in range(11):
        sheet.box(LEFT + step * 18, y - 8, 18, 16, fill=between(SHADES, step / 10))
    sheet.text(LEFT - 8, y, _("0 the same"), size=SMALL, color=MUTED, align="right")
    sheet.text(LEFT + 11 * 18 + 8, y, _("1 the ends of the scale"), size=SMALL, color=MUTED)
