"""The writes around an adjudication: opening it, giving it to somebody else, closing it."""

from __future__ import annotations

import string

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.designs.shuffling import digest
from readerstudy.reading.adjudication.queue import Matter, matters_of, open_to, screen_name
from readerstudy.reading.models import (
    AdjudicatedOutput,
    Adjudication,
    AllocatedOutput,
    AllocationPlan,
    DisputedQuestion,
    Ending,
)
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Arm, Criterion, Membership, Role, Study
from readerstudy.studies.policies import StudyError, check_settling_open

KEY_DIGITS = 16


@transaction.atomic
def open_next(*, adjudicator: Membership, by: User) -> Adjudication | None:
    """The adjudication that this person has open, else the next one of the queue; None where nothing waits for them.

    Raises:
        StudyError: before the study runs, and once its data are locked.
    """
    study = adjudicator.study
    check_settling_open(study)
    plan = _plan_held(study)
    own = Adjudication.objects.filter(plan=plan, adjudicator=adjudicator).waiting().order_by("pk").first()
    if own is not None:
        return own
    found = open_to(study, adjudicator.user_id)
    return _opened(plan, found[0], adjudicator, by) if found else None


@transaction.atomic
def reassign(*, adjudication: Adjudication, to: Membership, reason: str, by: User) -> Adjudication:
    """Ends an adjudication unsettled and opens the same questions for somebody else, who begins anew.

    Raises:
        StudyError: where it has ended, or the other person may not settle this case.
    """
    study = adjudication.plan.study
    check_settling_open(study)
    plan, adjudication = _plan_held(study), _still_open(adjudication)
    matter = _as_opened(adjudication)
    _check_may_take(plan, matter, adjudication, to)
    _end(adjudication, Ending.REASSIGNED, reason, by)
    data = {"case": adjudication.case.code, "to": to.user.name or to.user.email, "reason": reason.strip()}
    fresh = _opened(plan, matter, to, by)
    record("adjudication.reassign", by=by, stream=study_stream(study.pk), subject=fresh.key, data=data)
    return fresh


@transaction.atomic
def close_adjudication(*, adjudication: Adjudication, reason: str, by: User) -> Adjudication:
    """Ends an adjudication without a settlement, for good: the ratings stay as they are, and it does not come up again.

    Raises:
        StudyError: where it has ended already, or no reason is given.
    """
    study = adjudication.plan.study
    check_settling_open(study)
    adjudication = _end(_still_open(adjudication), Ending.CLOSED, reason, by)
    data = {"case": adjudication.case.code, "reason": adjudication.reason}
    record("adjudication.close", by=by, stream=study_stream(study.pk), subject=adjudication.key, data=data)
    return adjudication


def _plan_held(study: Study) -> AllocationPlan:
    """The locked plan, held so that no two people open the same case at one moment."""
    plan = (
        AllocationPlan.objects.select_for_update().filter(study=study, is_pilot=False).order_by("pk").first()
    )
    if plan is None:
        raise StudyError(_("Disagreements can be settled once the study runs."))
    return plan


def _still_open(adjudication: Adjudication) -> Adjudication:
    found = Adjudication.objects.select_for_update(of=("self",)).select_related("case", "plan__study")
    adjudication = found.get(pk=adjudication.pk)
    if adjudication.ended_at is not None:
        raise StudyError(_("This disagreement is settled or closed already, so it stays as it is."))
    return adjudication


def _end(adjudication: Adjudication, ending: Ending, reason: str, by: User) -> Adjudication:
    if not reason.strip():
        raise StudyError(_("Write why. The reason is kept in the audit trail."))
    adjudication.ended_at, adjudication.ended_by = timezone.now(), by
    adjudication.ending, adjudication.reason = ending, reason.strip()
    adjudication.save(update_fields=["ended_at", "ended_by", "ending", "reason"])
    return adjudication


def _as_opened(adjudication: Adjudication) -> Matter:
    """The matter that an adjudication was opened for, of what is still a disagreement."""
    arms = tuple(adjudication.arms)
    for matter in matters_of(adjudication.plan.study):
        if (matter.screen.case, matter.screen.arms) == (adjudication.case_id, arms):
            return matter
    raise StudyError(_("The readers agree by now, so there is nothing to settle. Close it instead."))


def _check_may_take(plan: AllocationPlan, matter: Matter, adjudication: Adjudication, to: Membership) -> None:
    if to.study_id != plan.study_id or to.role != Role.ADJUDICATOR or to.removed_at is not None:
        raise StudyError(_("Only somebody who settles disagreements in this study can take it over."))
    if to.pk == adjudication.adjudicator_id:
        raise StudyError(_("This person has it already. Choose somebody else."))
    if plan.allocations.filter(case=matter.screen.case, seat__user=to.user_id).exists():
        raise StudyError(_("This person reads the case, and whoever reads a case does not settle it."))


def _opened(plan: AllocationPlan, matter: Matter, adjudicator: Membership, by: User) -> Adjudication:
    study, terms = plan.study, frozen_of(plan.study).terms
    arms = {arm.pk: arm for arm in Arm.objects.filter(study=study)}
    screen = screen_name(matter.screen, {pk: arm.position for pk, arm in arms.items()})
    adjudication = Adjudication(
        plan=plan,
        case_id=matter.screen.case,
        screen=screen,
        arms=list(matter.screen.arms),
        adjudicator=adjudicator,
        shows_readings=terms.shows_readings,
        asks_more=matter.asks_more,
        protocol_version=study.protocol_version,
    )
    _name(adjudication, plan)
    adjudication.save()
    _put_texts(adjudication, plan, arms)
    _put_questions(adjudication, matter, study)
    stream, data = study_stream(study.pk), {"case": adjudication.case.code, "questions": len(matter.disputed)}
    record("adjudication.open", by=by, stream=stream, subject=adjudication.key, data=data)
    return adjudication


def _drawn(plan: AllocationPlan, *parts: int | str) -> str:
    return digest(plan.key_seed or plan.seed, "adjudication", *parts)


def _name(adjudication: Adjudication, plan: AllocationPlan) -> None:
    """Keys that come from the secret seed: they name nothing, and no model has a part in them."""
    earlier = Adjudication.objects.filter(
        plan=plan, case=adjudication.case, screen=adjudication.screen
    ).count()
    parts = (adjudication.case.code, adjudication.screen, earlier)
    adjudication.key = _drawn(plan, "key", *parts)[:KEY_DIGITS]
    adjudication.case_key = _drawn(plan, "images", *parts)[:KEY_DIGITS]


def _put_texts(adjudication: Adjudication, plan: AllocationPlan, arms: dict[int, Arm]) -> None:
    """The texts from left to right in an order of their own, under the letters of that order."""
    shown = AllocatedOutput.objects.filter(
        allocation__plan=plan, allocation__case=adjudication.case, arm__in=adjudication.arms
    )
    texts = dict(shown.values_list("arm", "interpretation"))
    sides = sorted(texts, key=lambda arm: _drawn(plan, "sides", adjudication.key, arms[arm].position))
    AdjudicatedOutput.objects.bulk_create(
        AdjudicatedOutput(
            adjudication=adjudication,
            arm_id=arm,
            interpretation_id=texts[arm],
            letter=string.ascii_uppercase[side],
            side=side,
        )
        for side, arm in enumerate(sides)
    )


def _put_questions(adjudication: Adjudication, matter: Matter, study: Study) -> None:
    criteria: dict[str, Criterion] = {each.key: each for each in frozen_of(study).criteria}
    DisputedQuestion.objects.bulk_create(
        DisputedQuestion(
            adjudication=adjudication,
            criterion=criteria[each.place.criterion],
            arm_id=each.place.arm,
            part=each.place.part,
            trigger=each.trigger,
            readers=list(each.readers),
        )
        for each in matter.disputed
    )
