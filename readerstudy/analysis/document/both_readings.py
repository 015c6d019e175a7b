"""The table that sets each share with refusals beside the same share without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Table
from readerstudy.analysis.document.words import whole
from readerstudy.analysis.estimates.alignment import SHARE
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, Content

Badges = dict[str, tuple[str, ...]]
Pairs = Mapping[str, Mapping[str, Content]]
"""By arm the figure under each reading of refusals."""
WIDE = (SHARE, "rrrc")
"""The figure that speaks for other readers and other cases."""


def tables(content: Content, badges: Badges) -> tuple[Table, ...]:
    """One table where an arm refused and a figure has both readings; none else."""
    found = [(title, pairs) for title, pairs in _titled(content) if pairs]
    if not found or not any(arm["declined"] for arm in content["refusals"]):
        return ()
    rows = [row for _title, pairs in found for both in pairs.values() for row in both.values()]
    return (
        Table(
            caption=_("With and without refusals"),
            head=(
                *words.heads(_("Arm")),
                *words.number_heads(_("Refusals count as failures"), _("Cases"), _("Ratings")),
                *words.number_heads(_("Refusals left out"), _("Cases"), _("Ratings")),
            ),
            groups=tuple(Group(title, tuple(_rows(pairs, badges))) for title, pairs in found),
            methods=(
                _("In brackets the %(interval)s: %(method)s.")
                % {"interval": words.interval_head(rows), "method": words.methods_named(rows)},
            ),
        ),
    )


def _titled(content: Content) -> list[tuple[str, Pairs]]:
    """The share acceptable of each question, then the accuracy of the arms' own labels."""
    found = [
        (
            _("%(question)s: share acceptable") % {"question": criterion["question"]},
            _pairs(row for row in criterion["estimates"] if (row["estimator"], row["variant"]) == WIDE),
        )
        for criterion in content["criteria"]
    ]
    labelled = content["classification"] or {"estimates": []}
    accuracy = (row for row in labelled["estimates"] if row["estimator"] == "accuracy")
    return [*found, (_("Accuracy of the arm's own label"), _pairs(accuracy))]


def _pairs(rows: Iterable[Content]) -> Pairs:
    found: dict[str, dict[str, Content]] = {}
    for row in rows:
        found.setdefault(row["arm"], {})[row["refusals"]] = row
    return {arm: both for arm, both in found.items() if len(both) > 1}


def _rows(pairs: Pairs, badges: Badges) -> list[Row]:
    return [
        (
            Cell(arm, "head", badges[arm]),
            *(cell for reading in (AS_INTENDED, CONDITIONAL) for cell in _cells(both[reading])),
        )
        for arm, both in pairs.items()
    ]


def _cells(row: Content) -> Row:
    counted = (Cell(whole(row[name]), "number") for name in ("n_cases", "n_ratings"))
    return (words.both_cell(row), *counted)
