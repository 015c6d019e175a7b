"""The sections that count errors by reader, kind and significance, arm beside arm."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import DASH, whole
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]


def sections(content: Content, badges: Badges) -> list[Section]:
    """One section for each question whose answers are kinds of errors."""
    return [_section(entry, badges) for entry in content.get("kinds") or []]


def _section(entry: Content, badges: Badges) -> Section:
    return Section(
        slug=f"kinds-{entry['criterion']}",
        heading=_("Errors by kind: %(question)s") % {"question": entry["question"]},
        tables=(
            Table(
                caption=_("Errors by reader, kind and significance"),
                head=(
                    *words.heads(_("Kind"), _("Significance")),
                    *(Cell(arm, "number", badges.get(arm, ())) for arm in entry["arms"]),
                ),
                groups=tuple(_group(entry, judged) for judged in entry["judged"]),
                methods=(
                    _(
                        "Counts of pieces of texts, as they were answered; repeats are left out. The last two rows say "
                        "how many outputs and pieces the question was answered about. Kinds that nobody found are "
                        "not shown."
                    ),
                ),
            ),
        ),
    )


def _group(entry: Content, judged: Content) -> Group:
    rows = [row for row in entry["rows"] if row["reader"] == judged["reader"]]
    return Group(judged["reader"] or _("All readers"), (*map(_row, rows), *_totals(judged)))


def _row(row: Content) -> Row:
    unstated = _("not stated") if row["follows"] else DASH
    return (
        Cell(row["label"], "head"),
        Cell(row["significance_label"] or unstated),
        *(Cell(whole(count), "number") for count in row["counts"]),
    )


def _totals(judged: Content) -> Iterator[Row]:
    for name, counts in ((_("Outputs judged"), "outputs"), (_("Pieces judged"), "pieces")):
        yield Cell(name, "head"), Cell(DASH), *(Cell(whole(count), "number") for count in judged[counts])
