"""Sittings: when one begins and ends, and when its reader is offered a pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from readerstudy.reading.models import Session
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Membership

USUAL_MINUTES, USUAL_CASES = 45, 40
AWAY = timedelta(minutes=30)
"""Whoever does nothing for so long begins a new sitting."""
LONGEST_READING_SECONDS = 600
"""A reading whose browser told no active time counts for no more than this."""

BUSY = """
SELECT s.id, count(a.id),
       coalesce(sum(coalesce(r.active_seconds, least(extract(epoch FROM r.submitted_at - r.shown_at), %(longest)s)))
                FILTER (WHERE a.id IS NOT NULL), 0)
FROM reading_session s
LEFT JOIN reading_reading r ON r.session_id = s.id AND r.submitted_at > coalesce(s.paused_at, s.started_at)
LEFT JOIN reading_allocation a ON a.id = r.allocation_id AND a.kind <> 'practice'
WHERE s.seat_id = %(seat)s AND s.ended_at IS NULL
GROUP BY s.id
"""


@dataclass(frozen=True)
class Limits:
    """After how many minutes of reading, or cases, a pause is offered."""

    minutes: int
    cases: int

    @classmethod
    def of(cls, phases: Mapping[str, Any]) -> Limits:
        return cls(phases.get("break_minutes", USUAL_MINUTES), phases.get("break_cases", USUAL_CASES))


@dataclass(frozen=True)
class Busy:
    """What was read in this sitting since it began, or since its last pause."""

    session: int
    cases: int
    seconds: float

    @property
    def minutes(self) -> int:
        return max(1, round(self.seconds / 60))


def sitting_of(seat: Membership) -> Session:
    """The reader's sitting: the open one if something happened in it lately, else a new one."""
    now = timezone.now()
    mine = Session.objects.filter(seat=seat, ended_at=None)
    if mine.filter(last_seen_at__gt=now - AWAY).update(last_seen_at=now) == 0:
        mine.update(ended_at=F("last_seen_at"))
    session, _created = Session.objects.get_or_create(seat=seat, ended_at=None)
    return session


def still_here(seat: Membership) -> None:
    """The reader has just done something in the open sitting."""
    Session.objects.filter(seat=seat, ended_at=None).update(last_seen_at=timezone.now())


def busy_of(seat: Membership) -> Busy | None:
    """What was read since the last pause; None where no sitting is open."""
    with connection.cursor() as cursor:
        cursor.execute(BUSY, {"seat": seat.pk, "longest": LONGEST_READING_SECONDS})
        found = cursor.fetchone()
    return Busy(found[0], found[1], float(found[2])) if found else None


def is_due(seat: Membership, busy: Busy | None) -> bool:
    """Whether the study's limit is reached, so that a pause is offered."""
    limits = Limits.of(frozen_of(seat.study).phases)
    return busy is not None and (busy.cases >= limits.cases or busy.seconds >= 60 * limits.minutes)
