"""The section of Wilcoxon's signed rank test, beside the test that the endpoints have."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.estimates.signed_ranks import CASES


def section(content: Content) -> Section | None:
    """All endpoints that compare mean scores; None where there is none."""
    entries = content.get("signed_ranks") or []
    if not entries:
        return None
    return Section(
        slug="signed-ranks",
        heading=_("Signed ranks of the differences"),
        sentences=(
            _(
                "Wilcoxon's test takes every difference as independent of the others. Where one reader judged many "
                "cases that is too sure; the test of the endpoint knows readers and cases, and decides."
            ),
        ),
        tables=(_table(content, entries),),
    )


def _table(content: Content, entries: list[Content]) -> Table:
    rows = [row for entry in entries for row in entry["tests"]]
    many = any(words.corrected_p(row) is not None for row in rows)
    tests = (_("p"), words.corrected_head(words.correction_of(content))) if many else (_("p"),)
    return Table(
        caption=_("Wilcoxon's signed rank test"),
        head=(
            *words.heads(_("Of")),
            *words.number_heads(_("Rank correlation"), _("Positive ranks"), *tests, _("p of the endpoint")),
            *words.number_heads(_("Cases"), _("Readers"), _("Pairs"), _("No difference")),
        ),
        groups=tuple(
            Group(
                _title(entry), tuple(_row(row, _own_p(content, entry), many=many) for row in entry["tests"])
            )
            for entry in entries
        ),
        methods=(
            _(
                "Differences of 0 are left out, ties share their rank. p is two-sided: exact up to 50 differences "
                "without ties, else by the normal distribution without a correction for continuity."
            ),
            _(
                "The rank correlation is 1 where every difference speaks for the first arm, and −1 where every one "
                "speaks against it."
            ),
            _(
                "p of the endpoint: two-sided t test over readers and cases, as in the section of the endpoints."
            ),
        ),
        cautions=words.cautions([(_title(entry), row) for entry in entries for row in entry["tests"]]),
    )


def _title(entry: Content) -> str:
    told = {"name": entry["name"], "contrast": words.contrast(entry)}
    return _("%(name)s: %(contrast)s") % told


def _own_p(content: Content, entry: Content) -> float | None:
    """The p-value that the endpoint itself has for this comparison, uncorrected."""
    endpoint = content["endpoints"][entry["endpoint"]]
    found: list[float] = [row["p"] for row in endpoint["estimates"] if row["p"] is not None]
    return found[-1] if found else None


def _row(row: Content, own: float | None, *, many: bool) -> Row:
    name = _("cases, by the mean of their readers") if row["variant"] == CASES else _("readings")
    value = words.value_cell(row) if row["value"] is not None else Cell(words.not_estimable(row), "why")
    return (
        Cell(name, "head"),
        value,
        Cell(words.decimal(row["statistic"]), "number"),
        *words.p_cells(row, corrected=many),
        Cell(words.p_value(own), "number"),
        *words.paired(row),
        Cell(words.whole(row["zeros"]), "number"),
    )
