"""The washout: between two periods a case stays closed to its reader until the first reading of it is forgotten.

It is a gate of each case and reader, not of a session: whoever reads the first part over weeks waits for each case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.designs.plan import DEFAULT_WASHOUT_DAYS
from readerstudy.reading.models import Allocation
from readerstudy.reading.turns import Turn, turn_of
from readerstudy.studies.policies import StudyError


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
    return None if allocation.period == 1 else gate_at(turn_of(allocation))


def gate_at(turn: Turn) -> Gate | None:
    """As `gate_of`, where the turn of the presentation is known."""
    earlier = turn.earlier
    if earlier is None:
        return None
    days = DEFAULT_WASHOUT_DAYS if earlier.days is None else earlier.days
    if earlier.unread:
        return Gate(days, None)
    opens_at = earlier.read + timedelta(days=days) if earlier.read else None
    return Gate(days, opens_at) if opens_at and opens_at > timezone.now() else None


def check_washed_out(turn: Turn) -> None:
    """Raises `StudyError` with the day on which the presentation opens, where it is closed now."""
    gate = gate_at(turn)
    if gate:
        raise StudyError(gate.sentence)
