"""The section about the verdicts themselves: how far rules and people agree, arm by arm."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.analysis.document import words
from readerstudy.analysis.document.parts import Cell, Group, Row, Section, Table
from readerstudy.analysis.document.words import decimal, listed, whole
from readerstudy.analysis.estimates.plain import Content

Badges = dict[str, tuple[str, ...]]


def section(content: Content, badges: Badges) -> Section | None:
    """None where no person has judged any output."""
    found = content.get("verdict_agreement")
    if not found:
        return None
    heading = _("Automatic and human verdicts")
    return Section(
        slug="verdict-agreement",
        heading=heading,
        sentences=(_line(found),),
        tables=(_table(found, badges, heading),),
    )


def _line(found: Content) -> str:
    """The kappa of each arm; without the sample of outputs that were not flagged there is none yet."""
    known = [row for row in found["arms"] if row["arm"] and row["declined"]["value"] is not None]
    if not known:
        return _(
            "Kappa of rules and people on refused or not cannot be computed from what people have judged."
        )
    said = (
        _("%(arm)s %(kappa)s (%(interval)s)")
        % {
            "arm": words.named(row["arm"]),
            "kappa": decimal(row["declined"]["value"]),
            "interval": words.with_interval(row["declined"]),
        }
        for row in known
    )
    return _("Kappa of rules and people on refused or not: %(found)s.") % {"found": listed(said)}


def _table(found: Content, badges: Badges, heading: str) -> Table:
    names = (_("Flagged"), _("of them judged"), _("Others"), _("of them judged"))
    figures = (_("Kappa, refused or not"), _("Kappa, ten labels"), _("Refusals missed"), _("False alarms"))
    rows = [row[name] for row in found["arms"] for name in ("declined", "ten_way", "missed", "cried_wolf")]
    return Table(
        caption=heading,
        head=(*words.heads(_("Arm")), *words.number_heads(*names, *figures)),
        groups=(Group("", tuple(_row(row, badges) for row in found["arms"])),),
        methods=(
            _(found["method"]),
            _("Refusals missed: share of outputs the rules did not flag that people call refused."),
            _("False alarms: share of flagged outputs that people call neither refused nor partly refused."),
            *filter(None, (words.resampling(rows),)),
        ),
        cautions=words.cautions(
            [(str(row["arm"] or _("all arms together")), row["declined"]) for row in found["arms"]]
        ),
    )


def _row(row: Content, badges: Badges) -> Row:
    counts = ("flagged", "flagged_judged", "unflagged", "sampled_judged")
    name = row["arm"] or _("All arms together")
    return (
        Cell(name, "head", badges.get(row["arm"], ())),
        *(Cell(whole(row[key]), "number") for key in counts),
        *(words.both_cell(row[key]) for key in ("declined", "ten_way", "missed", "cried_wolf")),
    )
