"""The section about looks at the results before the data were locked; it stands beside a report, not in its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.models import InterimLook

SLUG = "looks"


def section(looks: Sequence[InterimLook]) -> Section:
    """All looks in order, with the hash of what was seen; says so where there was none."""
    heading = _("Looks before the data were locked")
    if not looks:
        return Section(SLUG, heading, sentences=(_("Nobody looked at results before the data were locked."),))
    return Section(SLUG, heading, sentences=(_counted(len(looks)),), tables=(_table(looks, heading),))


def _counted(number: int) -> str:
    return ngettext(
        "Results were looked at %(n)s time before the data were locked.",
        "Results were looked at %(n)s times before the data were locked.",
        number,
    ) % {"n": words.whole(number)}


def _table(looks: Sequence[InterimLook], heading: str) -> Table:
    return Table(
        caption=heading,
        head=(
            *words.number_heads(pgettext("at results", "Look")),
            *words.heads(_("When"), _("Who"), _("At"), _("Report")),
        ),
        groups=(Group("", tuple(_row(look) for look in looks)),),
        methods=(
            _(
                "The same person looking again at the same numbers is the same look. The audit trail names every file "
                "that was taken away."
            ),
        ),
    )


def _row(look: InterimLook) -> Row:
    return (
        Cell(words.whole(look.number), "number"),
        Cell(date_format(localtime(look.at), "j M Y, H:i")),
        Cell(str(look.by)),
        Cell(look.view or _("the whole report")),
        Cell(look.report.input_sha256[:12]),
    )
