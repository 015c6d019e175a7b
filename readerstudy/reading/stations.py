"""The reading room's stations: readers and allocation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.cases.models import Case
from readerstudy.reading.adjudication.overview import adjudicators_of, count_open
from readerstudy.reading.models import AllocationPlan
from readerstudy.reading.path.key_tables import count_said, practice_section
from readerstudy.reading.previews import obstacle_of
from readerstudy.studies.models import Arm, Design, Membership, Study
from readerstudy.studies.stations import Findings, Line, Sign, Station, register


def _look_at_readers(study: Study) -> Findings:
    seats = list(Membership.objects.readers(study))
    if not seats:
        url = reverse("reading:readers", args=[study.key])
        line = Line(Sign.BAD, _("No reader is invited."), _("Invite readers"), url)
        return Findings("0", (line,))
    consented = sum(seat.has_consented for seat in seats)
    text = ngettext("%(n)d reader is invited", "%(n)d readers are invited", len(seats)) % {"n": len(seats)}
    said = ngettext("%(n)d has consented", "%(n)d have consented", consented) % {"n": consented}
    lines = [Line(Sign.OK, f"{text}, {said}")]
    if len(seats) == 1:
        lines.append(Line(Sign.WARN, _("With one reader there is no agreement between readers to report.")))
    return Findings(str(len(seats)), tuple(lines))


def _look_at_plan(study: Study) -> Findings:
    if AllocationPlan.objects.locked(study):
        drawn = Line(Sign.OK, _("Who reads what is drawn, stored and provable"))
        return Findings("", (drawn, *_look_at_disagreements(study)))
    if not Arm.objects.filter(study=study).exists() or not Case.objects.of(study).exists():
        return Findings()  # their own stations say that they are missing
    design = Design.objects.of(study)
    obstacle = obstacle_of(study, design)
    if obstacle:
        url = reverse("reading:plan", args=[study.key])
        return Findings("", (Line(Sign.BAD, obstacle, _("Change the plan"), url),))
    can_be = Line(Sign.OK, _("The plan can be drawn"))
    return Findings("", (can_be, *_look_at_practice(study, design), *_look_at_disagreements(study)))


def _look_at_disagreements(study: Study) -> tuple[Line, ...]:
    """Whether somebody settles them, where the protocol says so, and how many wait."""
    if not Design.objects.of(study).section("adjudication"):
        return ()
    if not adjudicators_of(study).exists():
        text = _("Disagreements are to be settled, and no adjudicator is invited.")
        return (Line(Sign.WARN, text, _("Invite one"), reverse("reading:readers", args=[study.key])),)
    n = count_open(study)
    if not n:
        return ()
    text = ngettext("%(n)d disagreement is open.", "%(n)d disagreements are open.", n) % {"n": n}
    return (Line(Sign.WARN, text, _("Look at them"), reverse("reading:adjudications", args=[study.key])),)


def _look_at_practice(study: Study, design: Design) -> tuple[Line, ...]:
    """What nobody has said yet of the practice cases."""
    silent = [code for code, count in count_said(study, design).items() if not count]
    if not silent or "reference" in practice_section(design):
        return ()
    text = ngettext(
        "Nothing is expected of %(n)d practice case, so its readers learn nothing from it.",
        "Nothing is expected of %(n)d practice cases, so their readers learn nothing from them.",
        len(silent),
    )
    url = reverse("reading:practice", args=[study.key])
    return (Line(Sign.WARN, text % {"n": len(silent)}, _("Say what is expected"), url),)


register(Station(50, gettext_lazy("Readers"), "reading:readers", _look_at_readers))
register(Station(60, gettext_lazy("Plan"), "reading:plan", _look_at_plan))
