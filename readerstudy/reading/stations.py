"""The reading room's stations: readers and allocation."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from readerstudy.reading.models import AllocationPlan
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.stations import Findings, Line, Sign, Station, register


def _look_at_readers(study: Study) -> Findings:
    seats = list(Membership.objects.readers(study))
    if not seats:
        url = reverse("reading:readers", args=[study.key])
        line = Line(Sign.BAD, _("No reader is invited."), _("Invite readers"), url)
        return Findings("0", (line,))
    consented = sum(seat.consented_at is not None for seat in seats)
    text = ngettext("%(n)d reader is invited", "%(n)d readers are invited", len(seats)) % {"n": len(seats)}
    said = ngettext("%(n)d has consented", "%(n)d have consented", consented) % {"n": consented}
    lines = [Line(Sign.OK, f"{text}, {said}")]
    if len(seats) == 1:
        lines.append(Line(Sign.WARN, _("With one reader there is no agreement between readers to report.")))
    return Findings(str(len(seats)), tuple(lines))


def _look_at_allocation(study: Study) -> Findings:
    if AllocationPlan.objects.filter(study=study).exists():
        return Findings(
            "", (Line(Sign.OK, _("Every reader reads every case from every arm, in an order of their own")),)
        )
    return Findings()


register(Station(50, gettext_lazy("Readers"), "reading:readers", _look_at_readers))
register(Station(60, gettext_lazy("Allocation"), "reading:allocation", _look_at_allocation))
