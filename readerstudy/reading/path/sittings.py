"""Sittings: when one begins and ends, and when its reader is offered a pause."""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from readerstudy.postgres.rows import read_one, record_of
from readerstudy.reading.models import Allocation, Reading
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Membership

USUAL_MINUTES, USUAL_CASES = 45, 40
AWAY = timedelta(minutes=30)
"""Whoever does nothing for so long begins a new sitting."""
LONGEST_READING_SECONDS = 600
"""A reading whose browser told no active time counts for no more than this."""

BUSY = f"""
SELECT s.id AS session, count(l.id) FILTER (WHERE l.counts) AS cases,
    coalesce(sum(coalesce(l.active_seconds,
        least(extract(epoch FROM l.submitted_at - l.shown_at), {LONGEST_READING_SECONDS}))::float8)
        FILTER (WHERE l.counts), 0) AS seconds
FROM reading_session s LEFT JOIN LATERAL (
    SELECT r.id, r.active_seconds, r.submitted_at, r.shown_at,
        (SELECT m.kind <> 'practice' FROM reading_allocation m WHERE m.id = r.allocation_id) AS counts
    FROM reading_reading r WHERE r.session_id = s.id AND r.submitted_at > coalesce(s.paused_at, s.started_at)
) l ON true
WHERE s.seat_id = %(seat)s AND s.ended_at IS NULL
GROUP BY s.id
"""

SHOW = """
WITH over AS (
    UPDATE reading_session SET ended_at = last_seen_at
    WHERE seat_id = %(seat)s AND ended_at IS NULL AND last_seen_at <= %(away)s
    RETURNING id
), here AS (
    UPDATE reading_session SET last_seen_at = %(at)s
    WHERE seat_id = %(seat)s AND ended_at IS NULL AND last_seen_at > %(away)s
    RETURNING id
), begun AS (
    -- the sitting before is over by then, or there would be two
    INSERT INTO reading_session (seat_id, started_at, last_seen_at)
    SELECT %(seat)s, %(at)s, %(at)s WHERE (SELECT count(*) FROM over) >= 0 AND NOT EXISTS (SELECT FROM here)
    ON CONFLICT DO NOTHING
    RETURNING id
), shown AS (
    INSERT INTO reading_reading (allocation_id, session_id, shown_at, client)
    SELECT %(allocation)s, sitting.id, %(at)s, '{}' FROM (TABLE here UNION ALL TABLE begun) sitting
    ON CONFLICT (allocation_id) DO NOTHING
    RETURNING *
)
SELECT to_json(shown) AS reading FROM shown
UNION ALL
SELECT to_json(l) FROM reading_reading l WHERE l.allocation_id = %(allocation)s AND NOT EXISTS (SELECT FROM shown)
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


def show_in_sitting(seat: Membership, allocation: Allocation) -> Reading:
    """Writes down that a presentation is shown, in one statement; if it was shown before, that reading.

    It belongs to the open sitting if something happened in it lately, else to a new one. Another tab may do the same
    at this moment and be first; what it wrote is then found when asked again.
    """
    now = timezone.now()
    values = {"seat": seat.pk, "allocation": allocation.pk, "at": now, "away": now - AWAY}
    row = None
    while row is None:
        row = read_one(SHOW, values)
    return record_of(Reading, row["reading"])


def busy_of(seat: Membership) -> Busy | None:
    """What was read since the last pause; None where no sitting is open."""
    found = read_one(BUSY, {"seat": seat.pk})
    return Busy(**found) if found else None


def is_due(seat: Membership, busy: Busy | None) -> bool:
    """Whether the study's limit is reached, so that a pause is offered."""
    limits = Limits.of(frozen_of(seat.study).phases)
    return busy is not None and (busy.cases >= limits.cases or busy.seconds >= 60 * limits.minutes)
