"""The section about disagreements of readers and how they were settled."""

from __future__ import annotations

from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Section, Table
from readerstudy.analysis.document.words import DASH, decimal, whole
from readerstudy.analysis.estimates.plain import Content


def section(content: Content) -> Section | None:
    """What came of disagreements; None where the protocol has none settled, and in reports made before it could."""
    told = content.get("adjudication") or {}
    rows, second = told.get("rows") or [], told.get("second_stage") or []
    if not rows and not second:
        return None
    tables = [_table(rows)] if rows else []
    if second:
        tables.append(_second(second))
    sentences = (_by(told["by"]), _so_far(rows)) if rows else (_by(told["by"]),)
    heading = _("Disagreements and how they were settled")
    simulated = (_("Simulated adjudicators: no doctor gave these settlements."),) if told["simulated"] else ()
    return Section(
        slug="adjudication",
        heading=heading,
        sentences=sentences,
        notices=simulated,
        tables=tuple(tables),
    )


def _by(by: str) -> str:
    if by == "panel":
        return _("Disagreements are settled by a panel that sees the readers’ answers without names.")
    return _("Disagreements are settled by a third reader who is told nothing of the readers’ answers.")


def _so_far(rows: list[Content]) -> str:
    n = sum(row["disagreements"] for row in rows)
    told = ngettext("Readers disagree at %(n)s place", "Readers disagree at %(n)s places", n) % {
        "n": whole(n)
    }
    return told + _(": %(settled)s settled, %(closed)s closed without a settlement, %(waiting)s waiting.") % {
        "settled": whole(sum(row["settled"] for row in rows)),
        "closed": whole(sum(row["closed"] for row in rows)),
        "waiting": whole(sum(row["waiting"] for row in rows)),
    }


def _table(rows: list[Content]) -> Table:
    by_question = groupby(rows, key=lambda row: row["question"])
    return Table(
        caption=_("Adjudicated beside raw"),
        head=(
            *words.heads(_("Arm")),
            *words.number_heads(
                _("Read by several"),
                _("Disagreements"),
                _("Settled"),
                _("Figure"),
                _("Raw"),
                _("Adjudicated"),
                _("n"),
            ),
        ),
        groups=tuple(Group(question, tuple(map(_line, found))) for question, found in by_question),
        methods=(
            _(
                "Raw: the mean over cases of the mean over readers. Adjudicated: the same, where a settlement stands "
                "for the answers of all readers of its case; what is closed or waits keeps the readers’ answers. n "
                "counts places with an answer; there is no interval. All other figures of this report are raw."
            ),
        ),
    )


def _line(row: Content) -> tuple[Cell, ...]:
    figure = {"acceptable": _("share acceptable"), "mean": _("mean")}.get(row["figure"], DASH)
    return (
        Cell(row["arm"] or _("case or pair"), "head"),
        *(Cell(whole(row[name]), "number") for name in ("read", "disagreements", "settled")),
        Cell(figure, "number"),
        *(Cell(decimal(row[name]), "number") for name in ("raw", "adjudicated")),
        Cell(whole(row["n"]) if row["n"] else DASH, "number"),
    )


def _second(rows: list[Content]) -> Table:
    return Table(
        caption=_("Second stage: asked of whoever settles, about cases whose readers gave certain answers"),
        head=(*words.heads(_("Answer")), *words.number_heads(_("Answers"))),
        groups=tuple(Group(row["question"], _answers(row)) for row in rows),
    )


def _answers(row: Content) -> tuple[tuple[Cell, ...], ...]:
    found = [(Cell(each["label"], "head"), Cell(whole(each["n"]), "number")) for each in row["counts"]]
    total = (Cell(_("answered"), "head"), Cell(whole(row["answered"]), "number"))
    return tuple(found or [total])
