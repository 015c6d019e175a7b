"""What a figure within a level of a stratum is of, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell
from readerstudy.analysis.estimates.levels import CATEGORY
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content


def titled(row: Content, question: str) -> str:
    """The question and its measure."""
    return f"{question}: {_measure(row)}"


def _measure(row: Content) -> str:
    if row["estimator"] == CATEGORY:
        return _("share of %(label)s, refusals left out") % {"label": words.named(row["label"])}
    if row["estimator"] == "win_rate":
        return _preferred(row)
    measure = _("share acceptable") if row["estimator"] == "proportion_acceptable" else _("mean score")
    reading = (
        words.refusals_words(row["refusals"]) if row["refusals"] == AS_INTENDED else _("refusals left out")
    )
    return f"{measure}, {reading}"


def _preferred(row: Content) -> str:
    if row["category"] is None:
        return _("win rate, a refusal loses")
    said = {"k": row["category"], "m": row["panel"]}
    return _("share of cases where at least %(k)s of %(m)s readers prefer it or find both equal") % said


def whose(row: Content, badges: dict[str, tuple[str, ...]]) -> Cell:
    """The arm, the two that were compared, or nobody."""
    if row["contrast"]:
        first, second = row["contrast"]
        return Cell(_("%(first)s against %(second)s") % {"first": first, "second": second})
    return Cell(row["arm"] or _("All readings"), "text", badges.get(row["arm"], ()))
