"""The sections of marks on images: how far every two lie on each other, and what of the reference was found."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, Content
from readerstudy.analysis.estimates.regions import MODEL, REFERENCE

WIDEST = 8
"""A matrix of more than these would not fit a page; the list of pairs has the same numbers."""


def sections(content: Content) -> list[Section]:
    """One section for each question that readers or models marked images for."""
    return [_section(entry, number) for number, entry in enumerate(content.get("regions") or [], 1)]


def _section(entry: Content, number: int) -> Section:
    tables = (*_matrix(entry), _pairs(entry), *_found(entry))
    told = _("Where marks lie: %(question)s") % {"question": entry["question"]}
    heading = told if entry["question"] else _("Where models’ own boxes lie")
    return Section(
        slug=f"regions-{number}-{entry['criterion']}",
        heading=f"{heading} ({entry['arm']})" if entry["arm"] else heading,
        sentences=(
            _(
                "Overlap is the area that two have marked in common over the area that either has, all marks of a case "
                "taken together. Cases where neither marked an area are left out; where one alone did it is 0."
            ),
        ),
        tables=tables,
    )


def _name(party: Content) -> str:
    if party["kind"] == REFERENCE:
        return _("Reference")
    return _("%(arm)s, its own boxes") % {"arm": party["name"]} if party["kind"] == MODEL else party["name"]


def _reading(refusals: str) -> str:
    return _("Refused: nothing marked") if refusals == AS_INTENDED else _("Refusals left out")


def _matrix(entry: Content) -> tuple[Table, ...]:
    """Mean overlap of every two as a square, refusals left out; none for two parties or for very many."""
    parties = entry["parties"]
    if not 2 < len(parties) <= WIDEST:
        return ()
    values = {tuple(row["between"]): row for row in entry["pairs"] if row["refusals"] == CONDITIONAL}
    return (
        Table(
            caption=_("Mean overlap of every two"),
            head=(*words.heads(_("Of")), *words.number_heads(*map(_name, parties))),
            groups=(Group("", tuple(_line(at, party, parties, values) for at, party in enumerate(parties))),),
            methods=(_("Refusals are left out. The next table has the intervals."),),
        ),
    )


def _line(at: int, party: Content, parties: list[Content], values: dict[tuple[int, ...], Content]) -> Row:
    found = [values.get((min(at, other), max(at, other))) for other in range(len(parties))]
    cells = (Cell(words.DASH, "number") if row is None else words.value_cell(row) for row in found)
    return (Cell(_name(party), "head"), *cells)


def _pairs(entry: Content) -> Table:
    rows, parties = entry["pairs"], entry["parties"]
    several = len({row["refusals"] for row in rows}) > 1
    return Table(
        caption=_("Mean overlap of every two, with intervals"),
        head=(
            *words.heads(_("Of")),
            *words.number_heads(_("Value"), words.interval_head(rows), _("Cases")),
        ),
        groups=words.groups(
            rows,
            title=lambda row: _reading(row["refusals"]) if several else "",
            cells=lambda row: (
                Cell(_both(row, parties), "head"),
                words.value_cell(row),
                words.interval_cell(row),
                Cell(words.whole(row["n_ratings"]), "number"),
            ),
        ),
        methods=(
            _("Mean over cases. Interval: %(method)s.") % {"method": words.methods_named(rows)},
            *filter(None, (words.resampling(rows),)),
        ),
        cautions=words.cautions([(_both(row, parties), row) for row in rows]),
    )


def _both(row: Content, parties: list[Content]) -> str:
    first, second = (_name(parties[place]) for place in row["between"])
    return _("%(first)s and %(second)s") % {"first": first, "second": second}


def _found(entry: Content) -> tuple[Table, ...]:
    """Precision, recall and F1 of readers and models; none without reference marks."""
    rows = entry["found"]
    if not rows:
        return ()
    several = len({row["refusals"] for row in rows}) > 1
    return (
        Table(
            caption=_("Marks of the reference that were found"),
            head=(
                *words.heads(_("Of"), _("Measure")),
                *words.number_heads(_("Value"), words.interval_head(rows), _("Cases"), _("Marks")),
            ),
            groups=words.groups(
                rows,
                title=lambda row: _reading(row["refusals"]) if several else "",
                cells=lambda row: (
                    Cell(_name(row), "head"),
                    Cell(_measure(row)),
                    words.value_cell(row),
                    words.interval_cell(row),
                    *(Cell(words.whole(row[name]), "number") for name in ("n_cases", "n_ratings")),
                ),
            ),
            methods=(
                _(
                    "A mark and one of the reference match where their overlap reaches the number; each is in one pair "
                    "at most. Precision is the share of marks that match, recall that of the reference's, F1 both. "
                    "Interval: %(method)s."
                )
                % {"method": words.methods_named(rows)},
                *filter(None, (words.resampling(rows),)),
            ),
        ),
    )


def _measure(row: Content) -> str:
    name, threshold = row["variant"].split("@")
    names = {"precision": _("Precision"), "recall": _("Recall"), "f1": _("F1")}
    return _("%(name)s, overlap at least %(least)s") % {
        "name": names[name],
        "least": words.decimal(float(threshold)).rstrip("0"),
    }
