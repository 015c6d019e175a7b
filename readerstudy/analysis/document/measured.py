"""The sections of measured numbers: how far they are from the reference, also as a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.endpoints import LIMITS
from readerstudy.analysis.document.parts import Cell, Section, Table
from readerstudy.analysis.estimates.measured import ABSOLUTE, RELATIVE, RELATIVE_ABSOLUTE
from readerstudy.analysis.estimates.plain import Content

MEASURES: Mapping[str, Any] = {
    ABSOLUTE: gettext_lazy("mean absolute error"),
    RELATIVE: gettext_lazy("mean relative error"),
    RELATIVE_ABSOLUTE: gettext_lazy("mean absolute relative error"),
}


def sections(content: Content) -> list[Section]:
    """One section for each question whose answers are compared with numbers of the reference."""
    return [_section(entry, number) for number, entry in enumerate(content.get("measured") or [], 1)]


def _section(entry: Content, number: int) -> Section:
    heading = _("Errors of measurement: %(question)s") % {"question": entry["question"]}
    return Section(
        slug=f"measured-{number}-{entry['criterion']}",
        heading=f"{heading} ({entry['arm']})" if entry["arm"] else heading,
        sentences=(
            _(
                "A relative error is the answer minus the reference, over the size of the reference: 0.1 is a tenth."
            ),
            *_left_out(entry["zero_references"]),
        ),
        tables=(_means(entry), _limits(entry)),
    )


def _left_out(zeros: int) -> tuple[str, ...]:
    if not zeros:
        return ()
    said = ngettext(
        "%(n)s case with a reference of 0 has no relative error and is left out of it.",
        "%(n)s cases with a reference of 0 have no relative error and are left out of it.",
        zeros,
    )
    return (said % {"n": words.whole(zeros)},)


def _means(entry: Content) -> Table:
    rows = entry["estimates"]
    return Table(
        caption=_("Errors over all readers"),
        head=(
            *words.heads(_("Measure")),
            *words.number_heads(_("Value"), words.interval_head(rows)),
            *words.rated_heads(),
        ),
        groups=words.groups(
            rows,
            title=lambda _row: "",
            cells=lambda row: (
                Cell(_measure(row, entry["unit"]), "head"),
                words.value_cell(row),
                words.interval_cell(row),
                *words.rated(row),
            ),
        ),
        methods=(_("Interval: %(method)s.") % {"method": words.methods_named(rows)},),
        cautions=words.cautions([(str(MEASURES[row["estimator"]]), row) for row in rows]),
    )


def _measure(row: Content, unit: str) -> str:
    name = str(MEASURES[row["estimator"]])
    return f"{name} ({unit})" if unit and row["estimator"] == ABSOLUTE else name


def _limits(entry: Content) -> Table:
    rows = entry["limits"]
    return Table(
        caption=_("Limits of agreement of the relative errors, by reader"),
        head=(
            *words.heads(_("Figure")),
            *words.number_heads(_("Value"), words.interval_head(rows), _("Cases")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: str(row["reader"]),
            cells=lambda row: (
                Cell(str(LIMITS[row["variant"]]), "head"),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(words.whole(row["n_cases"]), "number"),
            ),
        ),
        methods=(
            _("95 %% of differences are expected between the limits. Interval: %(method)s.")
            % {"method": words.methods_named(rows)},
        ),
        cautions=words.cautions([(str(row["reader"]), row) for row in rows]),
    )
