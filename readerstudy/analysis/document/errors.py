"""The sections of errors in the outputs of two arms: tables of two by two, by reading and by case, and their tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import whole
from readerstudy.analysis.estimates.errors import ANY
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content

CELLS: Mapping[str, Any] = {
    "both": gettext_lazy("An error in both"),
    "first_only": gettext_lazy("In the first alone"),
    "second_only": gettext_lazy("In the second alone"),
    "neither": gettext_lazy("In neither"),
}
TESTS: Mapping[str, Any] = {
    "exact": gettext_lazy("McNemar, exact"),
    "mid_p": gettext_lazy("McNemar, mid-p"),
}


def sections(content: Content) -> list[Section]:
    """One section for each question whose answers say what is an error."""
    correction = words.correction_of(content)
    return [_section(entry, correction) for entry in content.get("errors") or []]


def _section(entry: Content, correction: str) -> Section:
    return Section(
        slug=f"errors-{entry['criterion']}",
        heading=_("Outputs with an error: %(question)s") % {"question": entry["question"]},
        sentences=(
            _(
                "An output has an error where a reader gave any of its pieces an answer that is not acceptable. Only "
                "readings of a reader who judged both outputs of a case are counted."
            ),
        ),
        tables=(_readings(entry), _two_by_two(entry), _tests(entry, correction)),
    )


def _pair(pair: Content) -> str:
    named = dict(zip(("first", "second"), map(words.named, pair["contrast"]), strict=True))
    return _("%(first)s first, %(second)s second") % named


def _title(pair: Content) -> str:
    refused = _("a refusal has an error") if pair["refusals"] == AS_INTENDED else _("refusals left out")
    return f"{_pair(pair)}; {refused}"


def _rule(rule: str) -> str:
    return _("found by any reader") if rule == ANY else _("found by more than half of its readers")


def _readings(entry: Content) -> Table:
    rows = [row for pair in entry["pairs"] for row in pair["readings"]]
    return Table(
        caption=_("Readings: errors in both outputs of a case, in one alone, in neither"),
        head=(
            *words.heads(_("Errors")),
            *words.number_heads(_("Count"), _("Share"), words.interval_head(rows)),
            *words.rated_heads(),
        ),
        groups=tuple(
            Group(_title(pair), tuple(_reading(row) for row in pair["readings"])) for pair in entry["pairs"]
        ),
        methods=(_("Interval: %(method)s.") % {"method": words.methods_named(rows)},),
        cautions=words.cautions([(_title(pair), row) for pair in entry["pairs"] for row in pair["readings"]]),
    )


def _reading(row: Content) -> Row:
    return (
        Cell(str(CELLS[row["category"]]), "head"),
        Cell(whole(row["count"]), "number"),
        words.value_cell(row),
        words.interval_cell(row),
        *words.rated(row),
    )


def _two_by_two(entry: Content) -> Table:
    found = [(pair, table) for pair in entry["pairs"] for table in pair["cases"]]
    return Table(
        caption=_("Cases, two by two"),
        head=(
            *words.heads(_("Outputs")),
            *words.number_heads(_("Second: an error"), _("Second: none")),
        ),
        groups=tuple(
            Group(
                _("%(pair)s; an error is %(rule)s") % {"pair": _title(pair), "rule": _rule(table["rule"])},
                _square(table),
            )
            for pair, table in found
        ),
        methods=(
            _(
                "A case whose readers are split in half has no majority and is left out; the next table counts those."
            ),
        ),
    )


def _square(table: Content) -> tuple[Row, ...]:
    rows = ((_("First: an error"), ("both", "first_only")), (_("First: none"), ("second_only", "neither")))
    return tuple(
        (Cell(name, "head"), *(Cell(whole(table[cell]), "number") for cell in cells)) for name, cells in rows
    )


def _tests(entry: Content, correction: str) -> Table:
    rows = [row for pair in entry["pairs"] for row in _tested(pair)]
    every = [row for row, *_rest in rows]
    many = any(words.corrected_p(row) is not None for row in every)
    tests = (_("p"), words.corrected_head(correction)) if many else (_("p"),)
    return Table(
        caption=_("First minus second: difference of the shares with an error"),
        head=(
            *words.heads(_("Test")),
            *words.number_heads(_("Difference"), words.interval_head(every), *tests),
            *words.number_heads(_("Cases"), _("Readers"), _("Left out")),
        ),
        groups=tuple(
            Group(_title(pair), tuple(_test(*row, many=many) for row in _tested(pair)))
            for pair in entry["pairs"]
        ),
        methods=(
            _("Intervals: %(methods)s.") % {"methods": words.methods_named(every)},
            _(
                "Of readings p is the two-sided t test that goes with the interval and knows that one reader judged "
                "many cases; McNemar's test compares cases, each counted once."
            ),
        ),
        cautions=words.cautions([(name, row) for row, name, _split in rows]),
    )


def _tested(pair: Content) -> list[tuple[Content, str, int | None]]:
    """Each test with its name and how many cases it leaves out."""
    found: list[tuple[Content, str, int | None]] = [(pair["difference"], _("Readings"), None)]
    for table in pair["cases"]:
        for row in table["tests"]:
            told = {"test": TESTS[row["variant"]], "rule": _rule(table["rule"])}
            found.append((row, _("%(test)s: cases with an error %(rule)s") % told, table["split"]))
    return found


def _test(row: Content, name: str, split: int | None, *, many: bool) -> Row:
    return (
        Cell(name, "head"),
        words.value_cell(row),
        words.interval_cell(row),
        *_p_cells(row, corrected=many),
        *words.counted(row)[:2],
        Cell(whole(split), "number"),
    )


def _p_cells(row: Content, *, corrected: bool) -> Row:
    """The p-values; where there is a difference with an interval but no test, why not."""
    first, *rest = words.p_cells(row, corrected=corrected)
    untested = row["p"] is None and row["ci"] and row["reason_sentence"]
    return (Cell(words.not_estimable(row), "why") if untested else first, *rest)
