"""The tutorial on the study's own screen, and what a reader tells of themselves for this study."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import AllocationPlan, Background, Passage, PathPart
from readerstudy.reading.policies import check_may_read
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.turns import Turn
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError


def check_introduced(seat: Membership, turn: Turn) -> None:
    """Raises `StudyError` where the protocol has a tutorial and the reader has not been through it."""
    if frozen_of(seat.study).tutorial and not turn.is_introduced:
        raise StudyError(_("Go through the tutorial first; then the cases open."))


@transaction.atomic
def finish_tutorial(*, seat: Membership, by: User) -> Passage:
    """The reader has been through the tutorial; a second time changes nothing."""
    check_may_read(seat)
    plan = AllocationPlan.objects.current(seat.study)
    if plan is None:
        raise StudyError(_("This study has not started yet. You will be told when it does."))
    passage, is_new = Passage.objects.get_or_create(plan=plan, seat=seat, part=PathPart.TUTORIAL)
    if is_new:
        stream = study_stream(seat.study_id, seat.seat)
        record("tutorial.finish", by=by, stream=stream, subject=seat.pseudonym)
    return passage


@transaction.atomic
def tell_background(*, seat: Membership, answers: Mapping[str, str], by: User) -> Background:
    """Stores what a reader tells of themselves; the same answers again change nothing.

    Raises:
        StudyError: where something is told that the protocol does not ask for.
    """
    Membership.objects.select_for_update().get(pk=seat.pk)
    if not set(answers) <= set(frozen_of(seat.study).profile):
        raise StudyError(_("This study asks for something else. Reload the page and answer again."))
    newest = Background.objects.filter(seat=seat).order_by("-pk").first()
    if newest is not None and newest.answers == dict(answers):
        return newest
    told = Background.objects.create(seat=seat, answers=dict(answers), by=by)
    data = {"fields": sorted(answers)}
    record(
        "reader.tell", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym, data=data
    )
    return told
