"""How far each reader is: a fixed number of queries for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from django.db import connection
from django.db.models import Count, DateTimeField, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from readerstudy.reading.allocating import OPEN_TO_ALLOCATION
from readerstudy.reading.check_outcomes import Tally, outcomes_of, tallies
from readerstudy.reading.models import (
    Act,
    AllocationPlan,
    Passage,
    PathPart,
    ReaderSignature,
    Reminder,
    Session,
)
from readerstudy.reading.path.practice import Standing, standings
from readerstudy.reading.path.sittings import LONGEST_READING_SECONDS
from readerstudy.reading.reminding import may_remind_again
from readerstudy.studies.models import Membership, Role, Study
from readerstudy.studies.policies import can_read

AT = DateTimeField()

NO_PRACTICE, NOT_CHECKED = Standing(), Tally()

WORK = """
SELECT seat_id, sum(seconds), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
FROM (
    SELECT a.seat_id, coalesce(r.active_seconds, least(extract(epoch FROM r.submitted_at - r.shown_at), %s)) AS seconds
    FROM reading_allocation a JOIN reading_reading r ON r.allocation_id = a.id
    WHERE a.plan_id = %s AND a.kind <> 'practice' AND r.submitted_at IS NOT NULL
) read GROUP BY seat_id
"""


@dataclass(frozen=True)
class Work:
    """Active seconds of a reader in all and of the median case, practice left out; None before the first submission."""

    seconds: float | None = None
    median: float | None = None


NO_WORK = Work()


@dataclass(frozen=True)
class Row:
    """One reader on the board."""

    membership: Membership
    total: int
    submitted: int
    last_seen: datetime | None
    may_join: bool = False
    may_be_replaced: bool = False
    practice: Standing = NO_PRACTICE
    has_left: bool = False
    has_signed: bool = False
    work: Work = NO_WORK
    checked: Tally = NOT_CHECKED
    reminded_at: datetime | None = None
    may_be_reminded: bool = False

    @property
    def minutes(self) -> int | None:
        """Minutes at work in all; None before the first submission."""
        return None if self.work.seconds is None else round(self.work.seconds / 60)

    @property
    def stage(self) -> str:
        """What the reader did last, as a word."""
        if self.has_signed:
            return _("signed")
        if self.has_left:
            return _("done, last questions answered")
        if self.total and self.submitted == self.total:
            return _("done")
        if self.submitted:
            return _("reading")
        if self.practice.done or self.practice.rounds:
            return _("practising") if not self.practice.is_passed else _("has practised")
        if self.membership.has_consented:
            return _("consented")
        invitation = self.membership.invitation
        return _("has signed in") if invitation is None or invitation.accepted_at else _("invited")


def board_of(study: Study) -> list[Row]:
    """The readers who take part now."""
    plan, is_open = AllocationPlan.objects.current(study), study.state in OPEN_TO_ALLOCATION
    seats = list(_counted(Membership.objects.readers(study), plan))
    practice, work = standings(plan, seats), _work(plan)
    checks = tallies(outcomes_of(plan)) if has_checks(plan) else {}
    return [
        _row(
            seat,
            is_open,
            practice=practice.get(seat.pk, NO_PRACTICE),
            work=work.get(seat.pk, NO_WORK),
            checked=checks.get(seat.pk, NOT_CHECKED),
            may_be_reminded=can_read(study),
        )
        for seat in seats
    ]


def _work(plan: AllocationPlan | None) -> dict[int, Work]:
    """The time of each reader under a plan, by primary key of the seat."""
    if plan is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(WORK, [LONGEST_READING_SECONDS, plan.pk])
        return {seat: Work(float(seconds), float(median)) for seat, seconds, median in cursor.fetchall()}


def left_behind(study: Study) -> list[Row]:
    """Readers who are out of the study, whose unread presentations nobody has taken over."""
    plan = AllocationPlan.objects.current(study)
    if plan is None or study.state not in OPEN_TO_ALLOCATION:
        return []
    gone = Membership.objects.filter(
        study=study, role=Role.READER, removed_at__isnull=False, replaced_by=None
    )
    rows = [_row(seat, is_open=True) for seat in _counted(gone.order_by("seat"), plan)]
    return [row for row in rows if row.may_be_replaced]


def has_checks(plan: AllocationPlan | None) -> TypeGuard[AllocationPlan]:
    """Whether readers of the plan get attention checks."""
    return plan is not None and "checks" in plan.plan.get("allocation", {})


def _row(seat: Membership, is_open: bool, *, may_be_reminded: bool = False, **more: Any) -> Row:
    total, submitted = seat.total, seat.submitted  # type: ignore[attr-defined]  # annotated below
    reminded_at = seat.reminded_at  # type: ignore[attr-defined]  # annotated below
    is_behind = may_be_reminded and submitted < total and not seat.user.is_simulated
    return Row(
        membership=seat,
        total=total,
        submitted=submitted,
        last_seen=seat.last_seen,  # type: ignore[attr-defined]  # annotated below
        may_join=is_open and not total,
        may_be_replaced=is_open and submitted < total,
        reminded_at=reminded_at,
        may_be_reminded=is_behind and may_remind_again(reminded_at),
        **more,
        has_left=seat.has_left,  # type: ignore[attr-defined]  # annotated below
        has_signed=seat.has_signed,  # type: ignore[attr-defined]  # annotated below
    )


def _latest(rows: QuerySet[Any], column: str) -> QuerySet[Any, Any]:
    """The newest moment in a column of the rows of each seat."""
    return rows.filter(seat=OuterRef("pk")).order_by(f"-{column}").values(column)[:1]


def _counted(seats: QuerySet[Membership], plan: AllocationPlan | None) -> QuerySet[Membership]:
    """Counts under one plan, without practice and what somebody else took over."""
    own = Q(allocations__plan=plan, allocations__successor=None) & ~Q(allocations__kind="practice")
    left = Passage.objects.filter(plan=plan, seat=OuterRef("pk"), part=PathPart.EXIT)
    seen = _latest(Session.objects.all(), "last_seen_at")
    reminded = _latest(Reminder.objects.all(), "at")
    signed = ReaderSignature.objects.filter(seat=OuterRef("pk"), act=Act.COMPLETION)
    return seats.select_related("user", "invitation").annotate(
        total=Count("allocations", filter=own, distinct=True),
        submitted=Count(
            "allocations__reading",
            filter=own & Q(allocations__reading__submitted_at__isnull=False),
            distinct=True,
        ),
        last_seen=Greatest(
            Max("allocations__ratings__at", filter=Q(allocations__plan=plan)), Subquery(seen), output_field=AT
        ),
        reminded_at=Subquery(reminded),
        has_left=Exists(left),
        has_signed=Exists(signed),
    )
