"""The section of the report on attention checks: per reader what was passed and failed."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Section, Table
from readerstudy.analysis.estimates.plain import Content
from readerstudy.reading.models import CheckMadeOf


def section(content: Content) -> Section | None:
    """Where the protocol has checks; reports that were frozen earlier have none."""
    rows = content.get("checks", [])
    if not rows:
        return None
    return Section(
        slug="checks", heading=_("Attention checks"), sentences=(_said(rows),), tables=(_table(rows),)
    )


def _said(rows: list[Content]) -> str:
    failed = sorted({row["reader"] for row in rows if row["failed"]})
    if not failed:
        return _("No reader failed a check.")
    told = ngettext(
        "%(n)d reader failed a check: %(names)s.", "%(n)d readers failed a check: %(names)s.", len(failed)
    ) % {"n": len(failed), "names": ", ".join(failed)}
    return told + " " + _("Nobody is left out because of it; no check is in any figure.")


def _table(rows: list[Content]) -> Table:
    readers = list(dict.fromkeys(row["reader"] for row in rows))
    return Table(
        caption=_("Attention checks by reader"),
        head=(*words.heads(_("Check")), *words.number_heads(_("Passed"), _("Failed"), _("Without a rule"))),
        groups=tuple(Group(reader, tuple(_rows(rows, reader))) for reader in readers),
        methods=(
            _(
                "A known-bad output is passed by an answer below the acceptable level; an identical pair by a tie or "
                "the smallest grade; a blank image by the gate of image quality or by “cannot judge”."
            ),
        ),
    )


def _rows(rows: list[Content], reader: str) -> list[tuple[Cell, ...]]:
    numbers = ("passed", "failed", "not_scored")
    return [
        (
            Cell(str(CheckMadeOf(row["made_of"]).label), "head"),
            *(Cell(words.whole(row[name]), "number") for name in numbers),
        )
        for row in rows
        if row["reader"] == reader
    ]
