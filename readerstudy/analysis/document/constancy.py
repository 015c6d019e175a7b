"""The sections about an arm's own labels beyond accuracy: agreement with itself, and with the readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.constancy import LABEL
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]
BESIDE: Mapping[str, Any] = {
    "mean": gettext_lazy("mean kappa with a reader"),
    "between_readers": gettext_lazy("mean kappa of two readers (Light)"),
    "difference": gettext_lazy("the former less the latter"),
    "majority": gettext_lazy("accuracy against the strict majority"),
    "left_out": gettext_lazy("accuracy less that of a reader, against the others' majority"),
}
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
    beside = content.get("experts") or []
    return Section(
        "agreement-with-readers",
        heading,
        sentences=tuple(_beside_line(entry) for entry in beside),
        tables=(*_beside(beside, badges), table, *_alt_test(beside, badges)),
    )


def _beside_line(entry: Content) -> str:
    """The model's mean kappa with the readers, theirs among themselves, and the difference."""
    rows = {row["about"]: row for row in entry["estimates"]}
    said = {
        "arm": words.named(entry["arm"]),
        "question": entry["question"],
        "own": decimal(rows["mean"]["value"]),
        "others": decimal(rows["between_readers"]["value"]),
        "difference": decimal(rows["difference"]["value"]),
        "interval": words.with_interval(rows["difference"]),
    }
    return (
        _(
            "%(question)s, %(arm)s: mean kappa with a reader %(own)s, of two readers %(others)s; difference "
            "%(difference)s (%(interval)s)."
        )
        % said
    )


def _beside(entries: list[Content], badges: Badges) -> tuple[Table, ...]:
    rows = [{**row, "question": entry["question"]} for entry in entries for row in entry["estimates"]]
    if not rows:
        return ()
    return (
        Table(
            caption=_("The arms beside the readers"),
            head=(
                *words.heads(_("Arm"), _("Figure")),
                *words.number_heads(_("Value"), words.interval_head(rows), _("Cases"), _("Readers")),
            ),
            groups=words.groups(
                rows,
                title=lambda row: str(row["question"]),
                cells=lambda row: (
                    Cell(row["arm"], "head", badges[row["arm"]]),
                    Cell(str(BESIDE[row["about"]])),
                    words.value_cell(row),
                    words.interval_cell(row),
                    Cell(whole(row["n_cases"]), "number"),
                    Cell(whole(row["n_readers"]), "number"),
                ),
            ),
            methods=(
                _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
                *filter(None, (words.resampling(rows),)),
                _("A strict majority is more than half of the readers; cases without one are left out."),
            ),
            cautions=words.cautions([(f"{row['arm']}, {BESIDE[row['about']]}", row) for row in rows]),
        ),
    )


def _alt_test(entries: list[Content], badges: Badges) -> tuple[Table, ...]:
    rows = [
        {**row, "question": entry["question"], "epsilon": entry["alt_test"]["epsilon"]}
        for entry in entries
        for row in entry["alt_test"]["estimates"]
    ]
    if not rows:
        return ()
    names = {"omega": _("winning rate"), "rho": _("advantage probability, mean")}
    return (
        Table(
            caption=_("Alternative annotator test"),
            head=(*words.heads(_("Arm"), _("Against")), *words.number_heads(_("Value"), _("p"), _("Cases"))),
            groups=words.groups(
                rows,
                title=lambda row: str(row["question"]),
                cells=lambda row: (
                    Cell(row["arm"], "head", badges[row["arm"]]),
                    Cell(row["reader"] or names[row["variant"]]),
                    words.value_cell(row),
                    Cell(words.p_value(row["p"]), "number"),
                    Cell(whole(row["n_cases"]), "number"),
                ),
            ),
            methods=(
                _(
                    "How often the arm is at least as near to the other readers as the one left out, at an allowance "
                    "of %(epsilon)s; a refusal is the worst label. p: one-sided, corrected by Benjamini and "
                    "Yekutieli's method; the winning rate is the share of readers with p of 0.05 or less."
                )
                % {"epsilon": f"{rows[0]['epsilon']:g}"},
            ),
            cautions=words.cautions(
                [(f"{row['arm']}, {row['reader'] or row['variant']}", row) for row in rows]
            ),
        ),
    )
