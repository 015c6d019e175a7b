"""The section about the cases on which readers disagree most."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Picture, Section, Table
from readerstudy.analysis.document.words import decimal
from readerstudy.analysis.estimates.plain import Content

MOST = 20
"""How many cases the report itself lists; the page of all cases has the others."""


def section(content: Content) -> Section | None:
    """The map and the first cases; None where no two readers rated the same."""
    found = content.get("disagreement") or {}
    if not found.get("cases"):
        return None
    return Section(
        slug="disagreement",
        heading=_("Disagreement by case"),
        sentences=(_line(found),),
        pictures=(_picture(found),),
        tables=(_table(found),),
    )


def _line(found: Content) -> str:
    first, last = found["cases"][0], found["cases"][-1]
    said = {
        "first": words.named(first["case"]),
        "most": decimal(first["value"]),
        "last": words.named(last["case"]),
        "least": decimal(last["value"]),
    }
    return (
        _(
            "Readers are farthest apart on case %(first)s (%(most)s) and nearest on case %(last)s (%(least)s); 0 is "
            "the same answer, 1 the two ends of the scale."
        )
        % said
    )


def _picture(found: Content) -> Picture:
    told = ", ".join(f"{case['case']} {decimal(case['value'])}" for case in found["cases"][:MOST])
    alt = _("Disagreement between readers by case, from most to least: %(told)s.") % {"told": told}
    return Picture("disagreement", alt, _("Dark: readers are far apart. Dotted: nothing to compare."))


def _table(found: Content) -> Table:
    names = [each["question"] for each in found["questions"]]
    several = len(names) > 1
    rows = tuple(
        (
            Cell(case["case"], "head"),
            *((Cell(decimal(case["value"]), "number"),) if several else ()),
            *(Cell(decimal(value), "number") for value in case["by_question"]),
        )
        for case in found["cases"][:MOST]
    )
    return Table(
        caption=_("Cases with most disagreement"),
        head=(*words.heads(_("Case")), *words.number_heads(*((_("Mean"),) if several else ()), *names)),
        groups=(Group("", rows),),
        methods=(
            _(
                "The mean distance of two readers' answers to the same output, over the length of the scale; of "
                "choices the share of reader pairs that chose differently. The mean is over questions."
            ),
        ),
    )
