"""The section about the questions after the last case."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Section, Table
from readerstudy.analysis.document.words import DASH, decimal, whole
from readerstudy.analysis.estimates.plain import Content


def section(content: Content) -> Section | None:
    """What readers answered; None where the protocol asks nothing, and in reports made before it could."""
    rows = content.get("leaving") or []
    if not rows:
        return None
    heading = _("After the last case")
    sentences = (_answered(rows), *(_guess(row) for row in rows if row["blinding_index"]))
    return Section(slug="leaving", heading=heading, sentences=sentences, tables=(_table(rows, heading),))


def _answered(rows: list[Content]) -> str:
    most, readers = max(row["answered"] for row in rows), rows[0]["readers"]
    return ngettext(
        "%(n)s of %(all)s readers has answered the questions after the last case.",
        "%(n)s of %(all)s readers have answered the questions after the last case.",
        most,
    ) % {"n": whole(most), "all": whole(readers)}


def _guess(row: Content) -> str:
    index = row["blinding_index"]
    told = {"right": whole(index["right"]), "wrong": whole(index["wrong"]), "unsure": whole(index["unsure"])}
    said = (
        _("Who wrote most of the texts: %(right)s guessed right, %(wrong)s wrong, %(unsure)s could not say.")
        % told
    )
    if index["value"] is None:
        return f"{said} {words.not_estimable(index)}"
    figure = {"value": decimal(index["value"]), "interval": words.with_interval(index)}
    bang = _("Bang’s blinding index %(value)s (%(interval)s); 0 is guessing, 1 knowing.") % figure
    return f"{said} {bang} {_james(row.get('james_index'))}".rstrip()


def _james(index: Content | None) -> str:
    """James's index of the same guesses; empty in reports made before it was told."""
    if index is None:
        return ""
    if index["value"] is None:
        return _("James’s blinding index: %(why)s") % {"why": words.not_estimable(index)}
    figure = {"value": decimal(index["value"]), "interval": words.with_interval(index)}
    return (
        _("James’s blinding index %(value)s (%(interval)s); 0 is knowing, 0.5 guessing, 1 not saying.")
        % figure
    )


def _table(rows: list[Content], heading: str) -> Table:
    return Table(
        caption=heading,
        head=(*words.heads(_("Answer")), *words.number_heads(_("Readers"))),
        groups=tuple(Group(row["question"], tuple(_rows(row))) for row in rows),
        methods=tuple(_("Interval: %(method)s.") % {"method": method} for method in _methods(rows)),
    )


def _rows(row: Content) -> list[tuple[Cell, ...]]:
    found = [(Cell(each["label"], "head"), Cell(whole(each["n"]), "number")) for each in row["counts"]]
    if not found:
        found = [(Cell(_("answered"), "head"), Cell(whole(row["answered"]), "number"))]
    if row["cannot_judge"]:
        found.append((Cell(_("cannot judge"), "head"), Cell(whole(row["cannot_judge"]), "number")))
    missing = row["readers"] - row["answered"] - row["cannot_judge"]
    return [*found, (Cell(_("no answer"), "head"), Cell(whole(missing) if missing else DASH, "number"))]


def _methods(rows: list[Content]) -> list[str]:
    found = [row["blinding_index"] for row in rows if row["blinding_index"]]
    return [words.methods_named(found)] if any(each.get("ci") for each in found) else []
