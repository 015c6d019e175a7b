"""What has to be over before a presentation is read, as the database tells it in one row."""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readerstudy.postgres.rows import read_one
from readerstudy.reading.models import Allocation

TURN = """json_build_object(
    'ethics', (SELECT d.document -> 'ethics' FROM studies_design d
        WHERE d.study_id = (SELECT p.study_id FROM reading_allocationplan p WHERE p.id = a.plan_id)),
    'introduced', EXISTS (SELECT FROM reading_passage p
        WHERE p.plan_id = a.plan_id AND p.seat_id = a.seat_id AND p.part = 'tutorial'),
    'submitted', EXISTS (SELECT FROM reading_reading l
        WHERE l.allocation_id = a.id AND l.submitted_at IS NOT NULL),
    'unpractised', EXISTS (SELECT FROM reading_allocation p
            WHERE p.plan_id = a.plan_id AND p.seat_id = a.seat_id AND p.position = 1 AND p.kind = 'practice')
        AND NOT EXISTS (SELECT FROM reading_practiceround n
            WHERE n.plan_id = a.plan_id AND n.seat_id = a.seat_id AND n.is_passed),
    'sitting', (SELECT json_build_object('began', s.started_at, 'seen', s.last_seen_at) FROM reading_session s
        WHERE s.seat_id = a.seat_id AND s.ended_at IS NULL),
    'signed', EXISTS (SELECT FROM reading_readersignature n WHERE n.seat_id = a.seat_id AND n.act = 'completion'),
    'earlier', CASE WHEN a.period > 1 THEN (
        SELECT json_build_object('read', max(l.submitted_at), 'unread', count(*) FILTER (WHERE l.submitted_at IS NULL),
            'days', (SELECT p.plan -> 'allocation' ->> 'washout_days' FROM reading_allocationplan p
                WHERE p.id = a.plan_id))
        FROM reading_allocation e LEFT JOIN reading_reading l ON l.allocation_id = e.id
        WHERE e.plan_id = a.plan_id AND e.seat_id = a.seat_id AND e.case_id = a.case_id AND e.batch = a.batch
            AND e.period < a.period AND e.kind IN ('main', 'repeat')) END
)"""
"""A column of statements about the presentation `a`."""

OF_ONE = f"SELECT {TURN} AS turn FROM reading_allocation a WHERE a.id = %(allocation)s"


@dataclass(frozen=True)
class Earlier:
    """The readings of a case in earlier periods: when the last one was submitted, how many are open, the washout."""

    read: datetime | None
    unread: int
    days: int | None


@dataclass(frozen=True)
class Sitting:
    """The reader's open sitting: when it began, and when something happened in it last."""

    began: datetime
    seen: datetime


@dataclass(frozen=True)
class Turn:
    """The facts that the gates of a presentation judge.

    `earlier` is None in the first period, `sitting` where none is open; `is_signed` says that the reader has declared
    all readings done.
    """

    ethics: Mapping[str, Any]
    is_introduced: bool
    is_practised: bool
    is_submitted: bool
    sitting: Sitting | None
    is_signed: bool
    earlier: Earlier | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Turn:
        """Of the column `TURN`."""
        return cls(
            ethics=told["ethics"] or {},
            is_introduced=told["introduced"],
            is_practised=not told["unpractised"],
            is_submitted=told["submitted"],
            sitting=_sitting(told["sitting"]),
            is_signed=told["signed"],
            earlier=_earlier(told["earlier"]),
        )


def turn_of(allocation: Allocation) -> Turn:
    """The turn of a presentation: as its gate has just read it, else read now."""
    known = allocation.turn
    if known is None:
        row = read_one(OF_ONE, {"allocation": allocation.pk})
        known = row["turn"] if row else None
    if known is None:
        raise Allocation.DoesNotExist(f"There is no presentation {allocation.pk}.")
    return Turn.of(known)


def _sitting(told: Mapping[str, str] | None) -> Sitting | None:
    if told is None:
        return None
    return Sitting(datetime.fromisoformat(told["began"]), datetime.fromisoformat(told["seen"]))


def _earlier(told: Mapping[str, Any] | None) -> Earlier | None:
    if told is None:
        return None
    read, days = told["read"], told["days"]
    return Earlier(
        datetime.fromisoformat(read) if read else None, told["unread"], None if days is None else int(days)
    )
