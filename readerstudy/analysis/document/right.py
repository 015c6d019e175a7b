"""The section on outputs that named the right label."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Section, Table
from readerstudy.analysis.document.words import whole
from readerstudy.analysis.estimates.plain import AS_INTENDED, Content
from readerstudy.analysis.estimates.right import ANY

Badges = dict[str, tuple[str, ...]]


def section(content: Content, badges: Badges) -> Section | None:
    """Replicates and flaws; None where there is neither, and in reports made before they were told."""
    found = content.get("right") or {"replicates": [], "flawed": []}
    tables = (*_replicates(found["replicates"], badges), *_flawed(content, found["flawed"], badges))
    return Section(slug="right", heading=_("Outputs with the right label"), tables=tables) if tables else None


def _replicates(rows: list[Content], badges: Badges) -> tuple[Table, ...]:
    if not rows:
        return ()
    return (
        Table(
            caption=_("Right in how many outputs of a case"),
            head=(
                *words.heads(_("Arm"), _("Right in")),
                *words.number_heads(_("Share of cases"), words.interval_head(rows), _("Cases")),
            ),
            groups=words.groups(
                rows,
                title=lambda row: _reading(row["refusals"]),
                cells=lambda row: (
                    Cell(row["arm"], "head", badges[row["arm"]]),
                    Cell(_("at least %(j)s of %(k)s") % {"j": row["category"], "k": row["outputs"]}),
                    words.value_cell(row),
                    words.interval_cell(row),
                    Cell(whole(row["n_cases"]), "number"),
                ),
            ),
            methods=(
                _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
                _("Cases that lack one of the outputs are left out."),
            ),
        ),
    )


def _reading(refusals: str) -> str:
    if refusals == AS_INTENDED:
        return _("A refusal is not right")
    return _("Cases with a refusal left out")


def _flawed(content: Content, rows: list[Content], badges: Badges) -> tuple[Table, ...]:
    if not rows:
        return ()
    questions = {criterion["key"]: criterion["question"] for criterion in content["criteria"]}
    questions[ANY] = _("At least one of these questions")
    return (
        Table(
            caption=_("Right label, but not acceptable to the reader"),
            head=(
                *words.heads(_("Arm")),
                *words.number_heads(_("Share of readings"), words.interval_head(rows)),
                *words.rated_heads(),
            ),
            groups=words.groups(
                sorted(rows, key=lambda row: list(questions).index(row["criterion"])),
                title=lambda row: questions[row["criterion"]],
                cells=lambda row: (
                    Cell(row["arm"], "head", badges[row["arm"]]),
                    words.value_cell(row),
                    words.interval_cell(row),
                    *words.rated(row),
                ),
            ),
            methods=(
                _("Interval: %(method)s.") % {"method": words.methods_named(rows)},
                _("A reading counts where one answer is not acceptable, or all were given and are."),
            ),
        ),
    )
