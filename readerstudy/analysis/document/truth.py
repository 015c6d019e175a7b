"""The sections that set what was said beside the reference: matrices of counts, curves of readers, levels of strata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import levels, words
from readerstudy.analysis.document.parts import Cell, Group, Line, Picture, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.estimates.strata import LABELS
from readerstudy.analysis.figures import confusion_of
from readerstudy.analysis.figures.matrix import said

Badges = dict[str, tuple[str, ...]]
VARIANTS: Mapping[str, Any] = {
    "rrrc": gettext_lazy("other readers and other cases"),
    "frrc": gettext_lazy("these readers, other cases"),
    "rrfc": gettext_lazy("other readers, these cases"),
}


def confusion(content: Content) -> Section | None:
    """Counts of what was said by what is true; None without references."""
    found = dict(confusion_of(content))
    if not found:
        return None
    return Section(
        slug="confusion",
        heading=_("What was said, by the reference"),
        sentences=(_("Each row is a reference label; the numbers count outputs, or readings."),),
        pictures=tuple(_matrices(name, entries) for name, entries in found.items()),
        tables=tuple(_counts(entry) for entries in found.values() for entry in entries),
    )


def _matrices(name: str, entries: list[Content]) -> Picture:
    told = [f"{_whose(entry)}: {_in_words(entry)}." for entry in entries]
    return Picture(name, " ".join(told), _("Shades are shares of the row; the numbers are counts."))


def _whose(entry: Content) -> str:
    return ", ".join(filter(None, (entry["question"], entry["arm"]))) or _("All readings")


def _in_words(entry: Content) -> str:
    rows = zip(entry["labels"], entry["counts"], strict=True)
    return "; ".join(
        f"{label}: "
        + ", ".join(f"{said(column)} {count}" for column, count in zip(entry["columns"], counts, strict=True))
        for label, counts in rows
    )


def _counts(entry: Content) -> Table:
    rows = tuple(
        (Cell(label, "head"), *(Cell(whole(count), "number") for count in counts))
        for label, counts in zip(entry["labels"], entry["counts"], strict=True)
    )
    return Table(
        caption=_whose(entry),
        head=(*words.heads(_("Reference")), *words.number_heads(*(said(name) for name in entry["columns"]))),
        groups=(Group("", rows),),
    )


def roc_sections(content: Content) -> list[Section]:
    """One section a question whose area under the curve is an endpoint."""
    return [_roc(entry) for entry in content.get("roc") or [] if entry["arms"]]


def roc_lines(content: Content) -> list[Line]:
    return [
        Line(f"roc-{entry['criterion']}", entry["question"], _areas_line(entry))
        for entry in content.get("roc") or []
        if entry["mrmc"]
    ]


def _areas_line(entry: Content) -> str:
    rows = _of_arms(entry)
    said = listed(
        f"{words.named(row['arm'] or _('all readings'))} {decimal(row['value'])} ({words.with_interval(row)})"
        for row in rows
    )
    return _("Area under the curve: %(areas)s.") % {"areas": said}


def _of_arms(entry: Content) -> list[Content]:
    """Each arm's mean for other readers and cases; where only one method speaks, by that."""
    rows: list[Content] = [row for row in entry["mrmc"] if not row["contrast"] and row["value"] is not None]
    arms = [row for row in rows if row["arm"] is not None and row["variant"] in ("rrrc", None)]
    return arms or [row for row in rows if row["arm"] is not None]


def _roc(entry: Content) -> Section:
    heading = _("Readers against the reference: %(question)s") % {"question": entry["question"]}
    curves = any(arm["curves"] for arm in entry["arms"])
    return Section(
        slug=f"roc-{entry['criterion']}",
        heading=heading,
        sentences=(
            _areas_line(entry),
            _("“%(label)s” counts as positive.") % {"label": entry["positive"]},
        ),
        pictures=(_curves(entry),) if curves else (),
        tables=(*_mrmc(entry), _areas(entry)),
    )


def _curves(entry: Content) -> Picture:
    told = [
        ", ".join(filter(None, (arm["arm"], _area_words(arm)))) + "."
        for arm in entry["arms"]
        if arm["curves"]
    ]
    return Picture(
        f"roc-{entry['criterion']}",
        " ".join([f"{entry['question']}.", *told]),
        _("Thin: each reader. Thick: their average. Dashed diagonal: chance."),
    )


def _area_words(arm: Content) -> str:
    own = [f"{row['reader']} {decimal(row['value'])}" for row in arm["estimates"] if row["value"] is not None]
    average = _("average of readers %(area)s") % {"area": decimal(arm["average"]["area"])}
    return f"{average}; {', '.join(own)}"


def _mrmc(entry: Content) -> tuple[Table, ...]:
    rows = [row for row in entry["mrmc"] if row["arm"] is not None or row["contrast"]]
    if not rows:
        return ()
    many = any(words.corrected_p(row) is not None for row in rows)
    tests = (_("p"), _("p, corrected")) if many else (_("p"),)
    overall = [row for row in entry["mrmc"] if row["arm"] is None and not row["contrast"]]
    return (
        Table(
            caption=_("Areas and their differences"),
            head=(
                *words.heads(_("Of")),
                *words.number_heads(_("Value"), words.interval_head(rows), *tests),
                *words.number_heads(_("Cases"), _("Readers"), _("Ratings")),
            ),
            groups=words.groups(
                rows,
                title=lambda row: str(VARIANTS.get(row["variant"] or "rrrc", row["variant"])).capitalize(),
                cells=lambda row: (
                    Cell(words.contrast(row) if row["contrast"] else row["arm"] or _("All readings"), "head"),
                    words.value_cell(row),
                    words.interval_cell(row),
                    *words.p_cells(row, corrected=many),
                    *words.rated(row),
                ),
            ),
            methods=(
                _("Interval and test: %(method)s.") % {"method": words.methods_named(rows)},
                *(_overall(row) for row in overall if row["p"] is not None),
            ),
            cautions=words.cautions([(row["arm"] or "", row) for row in rows]),
        ),
    )


def _overall(row: Content) -> str:
    said = {
        "variant": VARIANTS.get(row["variant"], row["variant"]),
        "statistic": decimal(row["statistic"]),
        "df": f"{row['df']:.1f}",
        "p": words.p_value(row["p"]),
    }
    return (
        _("All arms alike, %(variant)s: statistic %(statistic)s, %(df)s degrees of freedom, p %(p)s.") % said
    )


def _areas(entry: Content) -> Table:
    rows = [row for arm in entry["arms"] for row in arm["estimates"]]
    return Table(
        caption=_("Area under the curve of each reader"),
        head=(
            *words.heads(_("Reader")),
            *words.number_heads(_("Value"), words.interval_head(rows), _("Cases")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: str(row["arm"] or ""),
            cells=lambda row: (
                Cell(row["reader"], "head"),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(whole(row["n_cases"]), "number"),
            ),
        ),
        methods=(_("Interval: %(method)s.") % {"method": words.methods_named(rows)},),
    )


def strata(content: Content, badges: Badges) -> Section | None:
    """Each stratum's levels beside each other; None where cases have no strata."""
    found = content.get("strata") or []
    if not any(level["estimates"] for stratum in found for level in stratum["levels"]):
        return None
    questions = {criterion["key"]: criterion["question"] for criterion in content["criteria"]}
    every = (row for stratum in found for level in stratum["levels"] for row in level["estimates"])
    questions |= {row["about"]: row["question"] for row in every if "question" in row}
    questions[LABELS] = _("Accuracy of the arm's own label")
    return Section(
        slug="strata",
        heading=_("By stratum"),
        sentences=(
            _("Looks into parts of the cases: no level is tested against another, and nothing is corrected."),
        ),
        tables=tuple(_stratum(stratum, questions, badges) for stratum in found),
    )


def _stratum(stratum: Content, questions: Mapping[str, str], badges: Badges) -> Table:
    rows = [
        {**row, "stratum": level["level"] or _("not stated")}
        for level in stratum["levels"]
        for row in level["estimates"]
    ]
    return Table(
        caption=stratum["name"],
        head=(
            *words.heads(_("Level"), _("Arm")),
            *words.number_heads(_("Value"), words.interval_head(rows)),
            *words.rated_heads(),
        ),
        groups=words.groups(
            sorted(rows, key=lambda row: list(questions).index(row["about"])),
            title=lambda row: _titled(row, questions),
            cells=lambda row: (
                Cell(row["stratum"], "head"),
                levels.whose(row, badges),
                words.value_cell(row),
                words.interval_cell(row),
                *words.rated(row),
            ),
        ),
        methods=(_("Interval: %(method)s.") % {"method": words.methods_named(rows)},),
        cautions=words.cautions(
            [(f"{row['stratum']}, {levels.whose(row, badges).text}", row) for row in rows]
        ),
    )


def _titled(row: Content, questions: Mapping[str, str]) -> str:
    if row["about"] == LABELS:
        return f"{questions[LABELS]}: {words.labels_words(row['refusals']).lower()}"
    return levels.titled(row, questions[row["about"]])
