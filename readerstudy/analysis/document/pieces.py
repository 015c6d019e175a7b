"""The sections on passages that were marked, and on pieces of outputs by their class."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import whole
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]


def sections(content: Content, badges: Badges) -> list[Section]:
    """One section a question; none in reports made before these were told."""
    found = [_by_class(entry, badges) for entry in content.get("pieces") or []]
    return [*found, *(_spans(entry, badges) for entry in content.get("spans") or [])]


def _by_class(entry: Content, badges: Badges) -> Section:
    rows = [
        {**row, "class": each} for each in entry["classes"] for row in each["arms"]
    ]  # in the order of the classes
    said = {"question": entry["question"], "by": entry["by_question"]}
    return Section(
        slug=f"pieces-{entry['criterion']}-{entry['by']}",
        heading=_("%(question)s By: %(by)s") % said,
        tables=(
            Table(
                caption=_("Not acceptable, by class"),
                head=(
                    *words.heads(_("Arm")),
                    *words.number_heads(
                        _("Not acceptable"), _("Pieces"), _("Share of pieces"), words.interval_head(rows)
                    ),
                    *words.number_heads(_("Cases"), _("Readers")),
                ),
                groups=words.groups(
                    rows, title=lambda row: _class_of(row["class"]), cells=lambda row: _cells(row, badges)
                ),
                methods=(
                    _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
                    _("A piece counts once for each reader, in the class that this reader gave it."),
                ),
            ),
        ),
    )


def _class_of(entry: Content) -> str:
    if entry["category"] is None:
        return _("All pieces")
    return str(entry["label"]) or _("Without a class")


def _cells(row: Content, badges: Badges) -> Row:
    return (
        Cell(row["arm"], "head", badges[row["arm"]]),
        *(Cell(whole(row[name]), "number") for name in ("n_not_acceptable", "n_ratings")),
        words.value_cell(row),
        words.interval_cell(row),
        *(Cell(whole(row[name]), "number") for name in ("n_cases", "n_readers")),
    )


def _spans(entry: Content, badges: Badges) -> Section:
    return Section(
        slug=f"spans-{entry['criterion']}",
        heading=_("Marked passages: %(question)s") % {"question": entry["question"]},
        tables=(_means(entry, badges), _counts(entry, badges)),
    )


def _means(entry: Content, badges: Badges) -> Table:
    labels = {each["value"]: each["label"] for each in entry["labels"]}
    rows = [{**row, "arm": arm["arm"]} for arm in entry["arms"] for row in arm["estimates"]]
    order = [*labels, None]
    return Table(
        caption=_("Passages on an output"),
        head=(
            *words.heads(_("Arm")),
            *words.number_heads(_("Mean"), words.interval_head(rows)),
            *words.rated_heads(),
        ),
        groups=words.groups(
            sorted(rows, key=lambda row: order.index(row["category"])),
            title=lambda row: labels.get(row["category"], _("All labels")),
            cells=lambda row: (
                Cell(row["arm"], "head", badges[row["arm"]]),
                words.value_cell(row),
                words.interval_cell(row),
                *words.rated(row),
            ),
        ),
        methods=(
            _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
            _("An output that was read and has no mark counts as none."),
        ),
        cautions=words.cautions([(row["arm"], row) for row in rows]),
    )


def _counts(entry: Content, badges: Badges) -> Table:
    names = (*(each["label"] for each in entry["labels"]), _("All labels"), _("Outputs"))
    return Table(
        caption=_("Passages by reader"),
        head=(*words.heads(_("Reader")), *words.number_heads(*names)),
        groups=tuple(
            Group(arm["arm"], tuple(_reader(row) for row in arm["readers"])) for arm in entry["arms"]
        ),
    )


def _reader(row: Content) -> Row:
    numbers = (*row["counts"], row["spans"], row["outputs"])
    return (Cell(row["reader"], "head"), *(Cell(whole(number), "number") for number in numbers))
