"""The questions after the last case: asked once, every answer an event of its own, the newest one stands."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import Allocation, AllocationPlan, ExitEvent, Passage, PathPart
from readerstudy.reading.policies import check_complete, check_may_read
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.questions import Presentation, Question, asked
from readerstudy.reading.scales import Answer
from readerstudy.studies.models import Criterion, Membership
from readerstudy.studies.policies import StudyError


def standing_exit(seat: Membership, plan: AllocationPlan) -> dict[int, ExitEvent]:
    """The answers that stand, by primary key of the criterion."""
    events = ExitEvent.objects.filter(plan=plan, seat=seat).standing()
    return {event.criterion_id: event for event in events}


@transaction.atomic
def answer_exit(
    *, seat: Membership, criterion: Criterion, answer: Answer, token: uuid.UUID, by: User
) -> ExitEvent:
    """Stores one answer; the same token again is the same event.

    Raises:
        StudyError: before the last case is submitted, and once the questions are finished.
    """
    known = ExitEvent.objects.filter(token=token).first()
    if known is not None:
        if known.seat_id != seat.pk or known.criterion_id != criterion.pk:
            raise StudyError(_("This answer was sent under the number of another one. Please answer again."))
        return known
    plan = _plan_to_leave(seat)
    event = ExitEvent.objects.create(
        plan=plan,
        seat=seat,
        criterion=criterion,
        token=token,
        value=answer.value,
        score=answer.score,
        cannot_judge=answer.cannot_judge,
        reason=answer.reason,
        protocol_version=seat.study.protocol_version,
        by=by,
    )
    data = {"criterion": criterion.key, "cannot_judge": answer.cannot_judge}
    record(
        "exit.answer", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym, data=data
    )
    return event


@transaction.atomic
def finish_exit(*, seat: Membership, by: User) -> Passage:
    """Ends the questions after the last case; a second time changes nothing.

    Raises:
        RatingError: naming what has to be answered and is not.
    """
    plan = AllocationPlan.objects.current(seat.study)
    known = Passage.objects.filter(plan=plan, seat=seat, part=PathPart.EXIT).first()
    if known is not None:
        return known
    plan = _plan_to_leave(seat)
    check_complete(_open(seat, plan))
    passage = Passage.objects.create(plan=plan, seat=seat, part=PathPart.EXIT)
    record("exit.finish", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym)
    return passage


def _plan_to_leave(seat: Membership) -> AllocationPlan:
    """The plan under which the reader has read everything, locked against a second form at the same moment."""
    check_may_read(seat)
    Membership.objects.select_for_update().get(pk=seat.pk)
    plan = AllocationPlan.objects.current(seat.study)
    if (
        plan is None
        or not Allocation.objects.of(seat).exists()
        or Allocation.objects.of(seat).unread().exists()
    ):
        raise StudyError(_("These questions come after your last case."))
    if Passage.objects.filter(plan=plan, seat=seat, part=PathPart.EXIT).exists():
        raise StudyError(_("You have answered these questions already, and your answers stay as they are."))
    return plan


def exit_questions(seat: Membership) -> tuple[Question, ...]:
    """What is asked after the last case, in order."""
    return Presentation(criteria=frozen_of(seat.study).leaving).questions


def _open(seat: Membership, plan: AllocationPlan) -> list[Question]:
    """What is asked, given the other answers, has to be answered and is not."""
    standing, questions = standing_exit(seat, plan), exit_questions(seat)
    given = {each.field: standing.get(each.criterion.pk) for each in questions}
    fields = asked(questions, {name: event.value for name, event in given.items() if event})
    wanted = [each for each in questions if each.field in fields and each.criterion.is_required]
    return [each for each in wanted if not _is_answered(given[each.field])]


def _is_answered(event: ExitEvent | None) -> bool:
    return event is not None and bool(event.value or event.cannot_judge)
