"""The washout: between two periods a case stays closed to its reader until the first reading of it is forgotten.

It is a gate of each case and reader, not of a session: whoever reads the first part over weeks waits for each case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.designs.plan import DEFAULT_WASHOUT_DAYS
from readerstudy.reading.models import Allocation, PresentationKind
from readerstudy.studies.policies import StudyError

DAYS = KeyTextTransform("washout_days", KeyTransform("allocation", "plan__plan"))


@dataclass(frozen=True)
class Gate:
    """Why a presentation is closed: `opens_at` says until when; None where its case is unread in an earlier part."""

    days: int
    opens_at: datetime | None

    @property
    def sentence(self) -> str:
        if self.opens_at is None:
            return _("This case belongs to a later part. Read the earlier part first.")
        at = date_format(localtime(self.opens_at), "j M Y, H:i T")
        wait = ngettext(
            "%(n)d day lies between two readings of a case.",
            "At least %(n)d days lie between two readings of a case.",
            self.days,
        )
        return _("The next part opens on %(at)s.") % {"at": at} + " " + wait % {"n": self.days}


def gate_of(allocation: Allocation) -> Gate | None:
    """What keeps a presentation closed now; None where it may be read. Asks the database in later periods only."""
    if allocation.period == 1:
        return None
    earlier = Allocation.objects.filter(
        plan=allocation.plan_id,
        seat=allocation.seat_id,
        case=allocation.case_id,
        batch=allocation.batch,
        period__lt=allocation.period,
        kind__in=(PresentationKind.MAIN, PresentationKind.REPEAT),
    )
    found = earlier.aggregate(
        read=Max("reading__submitted_at"),
        unread=Count("pk", filter=Q(reading=None) | Q(reading__submitted_at=None)),
        days=Max(DAYS),
    )
    days = int(found["days"]) if found["days"] is not None else DEFAULT_WASHOUT_DAYS
    if found["unread"]:
        return Gate(days, None)
    opens_at = found["read"] + timedelta(days=days) if found["read"] else None
    return Gate(days, opens_at) if opens_at and opens_at > timezone.now() else None


def check_washed_out(allocation: Allocation) -> None:
    """Raises `StudyError` with the day on which the presentation opens, where it is closed now."""
    gate = gate_of(allocation)
    if gate:
        raise StudyError(gate.sentence)
