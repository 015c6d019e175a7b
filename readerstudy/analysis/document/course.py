"""The sections about the reading itself: how long it took, whether it drifted, whether readers repeat themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Picture, Row, Section, Table
from readerstudy.analysis.document.words import decimal, whole
from readerstudy.analysis.estimates.drift import SECONDS
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]
TRENDS: Mapping[tuple[bool, str], Any] = {
    (False, "order"): gettext_lazy("with every further case"),
    (False, "fatigue"): gettext_lazy("with every further case of a sitting"),
    (False, "period"): gettext_lazy("from one period to the next"),
    (True, "learning"): gettext_lazy("logarithm of the seconds by that of the position"),
    (True, "fatigue"): gettext_lazy("seconds with every further case of a sitting"),
}
REPEATED: Mapping[str, Any] = {
    "percent_agreement": gettext_lazy("Percent agreement"),
    "unweighted": gettext_lazy("Cohen's kappa"),
    "quadratic": gettext_lazy("Cohen's kappa, quadratic weights"),
    "icc_2_1": gettext_lazy("Intraclass correlation (2,1)"),
    "within_sd": gettext_lazy("Standard deviation within a reader"),
    "repeatability": gettext_lazy("Repeatability coefficient"),
}


def times(content: Content, badges: Badges) -> Section | None:
    """How long readings took; None where none was submitted, and in reports made before it was told."""
    found = content.get("times")
    if not found:
        return None
    return Section(
        slug="times",
        heading=_("Time of reading"),
        sentences=(_time_line(found["all"]),),
        pictures=_by_position(found["steps"]),
        tables=(_time_table(found, badges),),
    )


def _time_line(row: Content) -> str:
    said = {
        "median": _seconds(row["value"]),
        "low": _seconds(row["quartiles"][0]),
        "high": _seconds(row["quartiles"][1]),
        "n": whole(row["n_ratings"]),
    }
    return (
        _("A reading took %(median)s s in the median (quartiles %(low)s to %(high)s s; %(n)s readings).")
        % said
    )


def _seconds(value: float) -> str:
    return f"{value:.1f}"


def _by_position(steps: list[Content]) -> tuple[Picture, ...]:
    if len(steps) < 2:
        return ()
    told = "; ".join(
        _("positions %(first)s to %(last)s: median %(median)s s, quartiles %(low)s to %(high)s, n = %(n)s")
        % {
            "first": step["first"],
            "last": step["last"],
            "median": _seconds(step["median"]),
            "low": _seconds(step["quartiles"][0]),
            "high": _seconds(step["quartiles"][1]),
            "n": step["n"],
        }
        for step in steps
    )
    alt = _("Seconds of a reading by its position. %(told)s.") % {"told": told}
    return (Picture("times", alt, _("Seconds of a reading by its position in the order of reading.")),)


def _time_table(found: Content, badges: Badges) -> Table:
    groups: list[tuple[str, list[tuple[str, tuple[str, ...], Content]]]] = [
        (_("All readings"), [(_("all"), (), found["all"])]),
        (
            _("One output at a time, by arm"),
            [(row["arm"], badges.get(row["arm"], ()), row) for row in found["arms"]],
        ),
        (_("By reader"), [(row["reader"], (), row) for row in found["readers"]]),
    ]
    rows = [
        {"title": title, "name": name, "badges": labels, **row}
        for title, named in groups
        for name, labels, row in named
    ]
    return Table(
        caption=_("Seconds of a reading"),
        head=(
            *words.heads(_("Of")),
            *words.number_heads(
                _("Median"), words.interval_head(rows), _("Quartiles"), _("Readings"), _("Hours")
            ),
        ),
        groups=words.groups(rows, title=lambda row: str(row["title"]), cells=_time_cells),
        methods=(
            _("Interval: %(method)s, readings taken as independent.") % {"method": words.methods_named(rows)},
            _("Active seconds as the browser counted them, else from showing to submitting. Repeats count."),
        ),
        cautions=words.cautions([(row["name"], row) for row in rows]),
    )


def _time_cells(row: Content) -> Row:
    limits = " ".join((_seconds(row["quartiles"][0]), _("to"), _seconds(row["quartiles"][1])))
    hours = f"{row['hours']:.1f}" if "hours" in row else words.DASH
    return (
        Cell(row["name"], "head", tuple(row["badges"])),
        Cell(_seconds(row["value"]), "number"),
        words.interval_cell(row),
        Cell(limits, "number"),
        Cell(whole(row["n_ratings"]), "number"),
        Cell(hours, "number"),
    )


def drift(content: Content) -> Section | None:
    """Whether ratings and seconds changed along the way; None where nothing was read in an order."""
    rows = content.get("drift") or []
    if not rows:
        return None
    questions = {criterion["key"]: criterion["question"] for criterion in content["criteria"]}
    questions[SECONDS] = _("Seconds of a reading")
    many = any(words.corrected_p(row) is not None for row in rows)
    adjusted = (words.corrected_head(words.correction_of(content)),) if many else ()
    table = Table(
        caption=_("Change along the way"),
        head=(
            *words.heads(_("Change")),
            *words.number_heads(_("Slope"), words.interval_head(rows), _("p"), *adjusted),
            *words.rated_heads(),
        ),
        groups=words.groups(
            rows,
            title=lambda row: str(questions[row["about"]]),
            cells=lambda row: (
                Cell(_trend(row), "head"),
                Cell(_slope(row["value"]), "number"),
                _slope_limits(row),
                *words.p_cells(row, corrected=many),
                *words.rated(row),
            ),
        ),
        methods=(
            _("Means of readers and of cases are taken away first, so that neither passes for a drift."),
            _("Interval and p: %(method)s.") % {"method": words.methods_named(rows)},
        ),
        cautions=words.cautions([(f"{questions[row['about']]}, {_trend(row)}", row) for row in rows]),
    )
    heading = _("Order, fatigue and periods")
    return Section("drift", heading, sentences=(_drift_line(rows, questions),), tables=(table,))


def _drift_line(rows: list[Content], questions: Mapping[str, str]) -> str:
    """Which of the slopes have an interval that leaves zero out."""
    found = [row for row in rows if row["ci"] and not row["ci"][0] <= 0.0 <= row["ci"][1]]
    if not found:
        return _("No slope has an interval that leaves out zero.")
    named = words.listed(f"{questions[row['about']]}, {_trend(row)}" for row in found)
    return _("An interval that leaves out zero, before any correction: %(found)s.") % {"found": named}


def _trend(row: Content) -> str:
    return str(TRENDS[row["about"] == SECONDS, row["variant"]])


def _slope(value: float | None) -> str:
    return words.DASH if value is None else f"{value:+.4f}"


def _slope_limits(row: Content) -> Cell:
    if not row["ci"]:
        return words.interval_cell(row)
    low, high = (_slope(limit) for limit in row["ci"])
    return Cell(_("%(low)s to %(high)s") % {"low": low, "high": high}, "number")


def repeats(content: Content) -> Section | None:
    """How far readers agree with themselves; None where nothing was shown twice."""
    entries = content.get("repeats") or []
    if not entries:
        return None
    rows = [{**row, "question": entry["question"]} for entry in entries for row in entry["estimates"]]
    table = Table(
        caption=_("Agreement of readers with themselves"),
        head=(
            *words.heads(_("Coefficient"), _("Reader")),
            *words.number_heads(_("Value"), words.interval_head(rows), _("Outputs"), _("Ratings")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: str(row["question"]),
            cells=lambda row: (
                Cell(str(REPEATED[row["variant"]]), "head"),
                Cell(row["reader"] or _("mean of readers")),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(whole(row["n_cases"]), "number"),
                Cell(whole(row["n_ratings"]), "number"),
            ),
        ),
        methods=(
            _("The first and the second rating of the same output by the same reader."),
            _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
        ),
        cautions=words.cautions([(row["reader"] or _("mean of readers"), row) for row in rows]),
    )
    sentences = tuple(_repeat_line(entry) for entry in entries)
    return Section("repeats", _("Agreement of readers with themselves"), sentences, tables=(table,))


def _repeat_line(entry: Content) -> str:
    means = [row for row in entry["estimates"] if row["reader"] is None and row["value"] is not None]
    if not means:
        return _("%(question)s: nothing was rated twice.") % {"question": entry["question"]}
    row = means[0]
    said = {
        "question": entry["question"],
        "figure": str(REPEATED[row["variant"]]),
        "value": decimal(row["value"]),
        "interval": words.with_interval(row),
    }
    return _("%(question)s: %(figure)s %(value)s in the mean of readers (%(interval)s).") % said
