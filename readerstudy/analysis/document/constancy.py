"""The sections about an arm's own labels beyond accuracy: agreement with itself, and with the readers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.constancy import LABEL
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]
PERCENT = "percent_agreement"


def self_agreement(content: Content, badges: Badges) -> Section | None:
    """How far each arm repeats itself; None where no arm was asked twice."""
    rows = content.get("self_agreement") or []
    if not rows:
        return None
    heading = _("Agreement of an arm with itself")
    return Section(
        slug="self-agreement",
        heading=heading,
        sentences=(_self_line(rows),),
        tables=(_self_table(rows, badges, heading),),
    )


def _self_line(rows: list[Content]) -> str:
    said = (
        _("%(arm)s %(share)s (%(interval)s; %(n)s outputs a case)")
        % {
            "arm": words.named(row["arm"]),
            "share": decimal(row["value"]),
            "interval": words.with_interval(row),
            "n": whole(row["replicates"]),
        }
        for row in rows
        if row["about"] == LABEL and row["estimator"] == PERCENT
    )
    return _("Same label for the same case: %(found)s.") % {"found": listed(said)}


def _self_table(rows: list[Content], badges: Badges, heading: str) -> Table:
    return Table(
        caption=heading,
        head=(
            *words.heads(_("Arm"), _("Coefficient")),
            *words.number_heads(_("Outputs a case"), _("Value"), words.interval_head(rows), _("Cases")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: _("Labels") if row["about"] == LABEL else _("Refused or not"),
            cells=lambda row: (
                Cell(row["arm"], "head", badges[row["arm"]]),
                Cell(
                    _("Percent agreement")
                    if row["estimator"] == PERCENT
                    else _("Krippendorff's alpha, nominal")
                ),
                Cell(whole(row["replicates"]), "number"),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(whole(row["n_cases"]), "number"),
            ),
        ),
        methods=(
            _(
                "Readers get the first output of a case. A refusal has no label, so it is missing among the labels."
            ),
            _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
            *filter(None, (words.resampling(rows),)),
        ),
        cautions=words.cautions([(row["arm"], row) for row in rows]),
    )


def with_readers(content: Content, badges: Badges) -> Section | None:
    """How far each arm's own label agrees with what readers chose; None where no question offers the labels."""
    rows = content.get("agreement_with_readers") or []
    if not rows:
        return None
    questions = {criterion["key"]: criterion["question"] for criterion in content["criteria"]}
    heading = _("Agreement of the arms' own labels with the readers")
    table = Table(
        caption=heading,
        head=(
            *words.heads(_("Arm"), _("Reader")),
            *words.number_heads(_("Cohen's kappa"), words.interval_head(rows), _("Cases")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: str(questions[row["criterion"]]),
            cells=lambda row: (
                Cell(f"model:{row['arm']}", "head", badges[row["arm"]]),
                Cell(row["reader"]),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(whole(row["n_cases"]), "number"),
            ),
        ),
        methods=(
            _(
                "Each arm is a reader of its own, by the label it gave; refused and unlabelled cases are missing."
            ),
            _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
        ),
        cautions=words.cautions([(row["arm"], row) for row in rows]),
    )
    return Section("agreement-with-readers", heading, tables=(table,))
