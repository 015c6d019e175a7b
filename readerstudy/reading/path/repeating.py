"""Another round of practice: the cases open again without their answers; each stays among the events."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import Allocation, AllocationPlan, PresentationKind, Rating, Reading
from readerstudy.reading.path.practice import practice_of
from readerstudy.reading.policies import check_may_read
from readerstudy.reading.ratings import Given, store
from readerstudy.reading.scales import Answer
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError

AGAIN = {"withdrawn": "practised again"}


@transaction.atomic
def repeat_practice(*, seat: Membership, by: User) -> None:
    """Opens all practice cases of a reader again.

    Raises:
        StudyError: where the reader has passed, is in a round still, or has none left.
    """
    check_may_read(seat)
    Membership.objects.select_for_update().get(pk=seat.pk)
    plan = AllocationPlan.objects.current(seat.study)
    practice = practice_of(seat, plan)
    if not practice.may_repeat:
        raise StudyError(_refusal(practice.is_failed))
    mine = Allocation.objects.filter(plan=plan, seat=seat, kind=PresentationKind.PRACTICE)
    for rating in Rating.objects.filter(allocation__in=mine).select_related(
        "allocation", "output", "criterion"
    ):
        if rating.value or rating.cannot_judge:
            _withdraw(seat, rating, by)
    Reading.objects.filter(allocation__in=mine).update(
        shown_at=timezone.now(),
        unaided_at=None,
        first_answer_at=None,
        last_answer_at=None,
        submitted_at=None,
        active_seconds=None,
        client={},
    )
    stream, data = study_stream(seat.study_id, seat.seat), {"round": practice.rounds + 1}
    record("practice.repeat", by=by, stream=stream, subject=seat.pseudonym, data=data)


def _withdraw(seat: Membership, rating: Rating, by: User) -> None:
    store(
        seat=seat,
        allocation=rating.allocation,
        output=rating.output,
        criterion=rating.criterion,
        part=rating.part,
        answer=Answer(),
        token=uuid.uuid4(),
        by=by,
        given=Given(client=AGAIN),
    )


def _refusal(is_failed: bool) -> str:
    if is_failed:
        return _("No round of practice is left. Please tell the person who invited you.")
    return _("There is no practice to repeat now.")
