"""Preference bars: for each two arms the shares won, tied and lost, and a line for each number of readers.

Won is blue, tied light and hatched, lost vermilion and hatched the other way; every segment has its share in words.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.estimates.plain import AS_INTENDED, Content
from readerstudy.analysis.figures.colours import ink_on
from readerstudy.analysis.figures.svg import INK, LINE, MUTED, PAPER, SMALL, WIDTH, Drawing, short

LEFT, RIGHT, BAR, BLOCK, TOP, FOOT = 8.0, 130.0, 32.0, 74.0, 34.0, 40.0
LOOKS = {"win": ("#0072b2", ""), "tie": ("#e4e4e2", "//"), "loss": ("#d55e00", "\\\\")}
LETTER = 7.4


def draw(entry: Content, _names: dict[str, str]) -> Drawing:
    pairs = entry["pairs"]
    height = TOP + len(pairs) * BLOCK + FOOT
    sheet = Drawing(height, entry["question"])
    sheet.text(0, 14, short(entry["question"], 84), weight="bold")
    for percent in (0, 25, 50, 75, 100):
        x = LEFT + percent / 100 * _span()
        sheet.line(x, TOP, x, height - FOOT, color=LINE)
        sheet.text(x, height - FOOT + 12, f"{percent} %", size=SMALL, color=MUTED, align="center")
    for place, pair in enumerate(pairs):
        _pair(sheet, TOP + place * BLOCK, pair)
    sheet.text(0, height - 8, _("Shares of comparisons, over cases and readers."), size=SMALL, color=MUTED)
    return sheet


def _pair(sheet: Drawing, y: float, pair: Content) -> None:
    first, second = pair["contrast"]
    refusals = _("refusals lose") if pair["refusals"] == AS_INTENDED else _("refusals left out")
    words = _("%(first)s against %(second)s, %(refusals)s") % {
        "first": short(first, 26),
        "second": short(second, 26),
        "refusals": refusals,
    }
    sheet.plate(LEFT + len(words) * 3.6, y + 16, len(words) * LETTER, 20, fill=PAPER)
    sheet.text(LEFT, y + 16, words)
    x = LEFT
    names = {
        "win": _("%(arm)s better") % {"arm": short(first, 16)},
        "tie": _("equal"),
        "loss": _("%(arm)s better") % {"arm": short(second, 16)},
    }
    for outcome in pair["outcomes"]:
        width = (outcome["value"] or 0.0) * _span()
        if width > 0:
            _segment(sheet, (x, y + 28, width), outcome, names[outcome["category"]])
        x += width
    n = pair["outcomes"][0]["n_ratings"]
    sheet.text(WIDTH - RIGHT + 14, y + 28 + BAR / 2, f"n = {n}", size=SMALL, color=INK)


def _segment(sheet: Drawing, place: tuple[float, float, float], outcome: Content, name: str) -> None:
    (x, y, width), (fill, hatch) = place, LOOKS[outcome["category"]]
    ink = ink_on(fill)
    sheet.box(x, y, width, BAR, fill=fill, hatch=hatch, edge="#8a8f94" if hatch == "//" else "#7a3500")
    sheet.line(x, y, x, y + BAR, color=PAPER, width=1.5)
    share = f"{100 * outcome['value']:.0f} %"
    words = f"{name} {share}" if (len(name) + len(share) + 1) * LETTER <= width else share
    if len(words) * LETTER <= width:
        sheet.plate(x + width / 2, y + BAR / 2, len(words) * LETTER, BAR - 10, fill=fill)
        sheet.text(x + width / 2, y + BAR / 2, words, size=SMALL, color=ink, align="center")


def _span() -> float:
    return WIDTH - LEFT - RIGHT
