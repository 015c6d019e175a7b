"""The section on how fast the models wrote."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Row, Section, Table
from readerstudy.analysis.document.words import decimal, whole
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]


def section(content: Content, badges: Badges) -> Section | None:
    """Medians by arm; None where no call was timed, while blinded, and in reports made before it was told."""
    found = content.get("pace") or []
    if not found:
        return None
    rows = [{**row, "arm": entry["arm"]} for entry in found for row in entry["estimates"]]
    return Section(slug="pace", heading=_("How fast the models wrote"), tables=(_table(rows, badges),))


def _table(rows: list[Content], badges: Badges) -> Table:
    def cells(row: Content) -> Row:
        low, high = (decimal(each) for each in row["quartiles"])
        return (
            Cell(row["arm"], "head", badges[row["arm"]]),
            words.value_cell(row),
            words.interval_cell(row),
            Cell(_("%(low)s to %(high)s") % {"low": low, "high": high}, "number"),
            *(Cell(whole(row[name]), "number") for name in ("n_ratings", "n_cases")),
        )

    names = (_("Median"), words.interval_head(rows), _("Quartiles"), _("Outputs"), _("Cases"))
    order = list(_titles())
    return Table(
        caption=_("Medians of each arm's outputs"),
        head=(*words.heads(_("Arm")), *words.number_heads(*names)),
        groups=words.groups(
            sorted(rows, key=lambda row: order.index(row["estimator"])),
            title=lambda row: _titles()[row["estimator"]],
            cells=cells,
        ),
        methods=(
            _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
            _("Every output whose call was timed counts, refusals and replicates included."),
        ),
    )


def _titles() -> dict[str, str]:
    return {
        "characters_per_second": _("Characters a second"),
        "seconds": _("Seconds of the call"),
        "characters": _("Characters of the text"),
    }
