"""How far each reader is: a fixed number of queries for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from readerstudy.reading.allocating import OPEN_TO_ALLOCATION
from readerstudy.reading.check_outcomes import outcomes_of, tallies
from readerstudy.reading.models import Act, AllocationPlan, Passage, PathPart, ReaderSignature
from readerstudy.reading.path.practice import Standing, standings
from readerstudy.studies.models import Membership, Role, Study

NO_PRACTICE = Standing()


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
    checks: str = ""
    has_left: bool = False
    has_signed: bool = False

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
    practice, checks = standings(plan, seats), tallies(outcomes_of(plan)) if has_checks(plan) else {}
    return [
        _row(
            seat,
            is_open,
            practice.get(seat.pk, NO_PRACTICE),
            checks[seat.pk].words if seat.pk in checks else "",
        )
        for seat in seats
    ]


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


def _row(seat: Membership, is_open: bool, practice: Standing = NO_PRACTICE, checks: str = "") -> Row:
    total, submitted = seat.total, seat.submitted  # type: ignore[attr-defined]  # annotated below
    return Row(
        membership=seat,
        total=total,
        submitted=submitted,
        last_seen=seat.last_seen,  # type: ignore[attr-defined]  # annotated below
        may_join=is_open and not total,
        may_be_replaced=is_open and submitted < total,
        practice=practice,
        checks=checks,
        has_left=seat.has_left,  # type: ignore[attr-defined]  # annotated below
        has_signed=seat.has_signed,  # type: ignore[attr-defined]  # annotated below
    )


def _counted(seats: QuerySet[Membership], plan: AllocationPlan | None) -> QuerySet[Membership]:
    """Counts under one plan, without practice and what somebody else took over."""
    own = Q(allocations__plan=plan, allocations__successor=None) & ~Q(allocations__kind="practice")
    left = Passage.objects.filter(plan=plan, seat=OuterRef("pk"), part=PathPart.EXIT)
    signed = ReaderSignature.objects.filter(seat=OuterRef("pk"), act=Act.COMPLETION)
    return seats.select_related("user", "invitation").annotate(
        total=Count("allocations", filter=own, distinct=True),
        submitted=Count(
            "allocations__reading",
            filter=own & Q(allocations__reading__submitted_at__isnull=False),
            distinct=True,
        ),
        last_seen=Max("allocations__ratings__at", filter=Q(allocations__plan=plan)),
        has_left=Exists(left),
        has_signed=Exists(signed),
    )
