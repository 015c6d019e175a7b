"""Every write of the reading room: start, allocate, show, rate, submit, stop."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case
from readerstudy.designs import crossed
from readerstudy.generation.models import Interpretation, RefusalVerdict
from readerstudy.reading.manifest import digest, manifest
from readerstudy.reading.models import (
    AllocatedOutput,
    Allocation,
    AllocationPlan,
    Rating,
    RatingEvent,
    Reading,
    Session,
)
from readerstudy.reading.policies import check_complete, check_may_read
from readerstudy.reading.scales import Answer
from readerstudy.studies.actions import lock_protocol, locked, move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Membership, RefusalPolicy, Study
from readerstudy.studies.policies import StudyError, check_move
from readerstudy.studies.stations import blockers


@transaction.atomic
def start_study(*, study: Study, by: User) -> Study:
    """Allocates, locks everything under one manifest and opens the reading room; all of it or nothing."""
    study = locked(study)
    check_move(study, State.LOCKED)
    missing = blockers(study)
    if missing:
        raise StudyError(_("The study cannot start yet: %(first)s") % {"first": missing[0].text})
    plan = draw_plan(study=study, by=by)
    study = lock_protocol(study=study, manifest_sha256=digest(manifest(study, plan)), by=by)
    return move_study(study=study, then=State.RUNNING, by=by)


@transaction.atomic
def draw_plan(*, study: Study, by: User | None) -> AllocationPlan:
    """Draws and stores the allocation of every present reader, by the study's seed."""
    readers = list(Membership.objects.readers(study))
    plan = AllocationPlan.objects.create(
        study=study,
        seed=study.seed,
        algorithm=crossed.ALGORITHM,
        seats=max((seat.seat or 0 for seat in readers), default=0),
        cases=list(Case.objects.of(study).values_list("code", flat=True)),
        arms=list(Arm.objects.filter(study=study).order_by("position").values_list("position", flat=True)),
        excluded=_unshown_pairs(study),
    )
    for seat in readers:
        allocate_reader(plan=plan, seat=seat)
    data = {"algorithm": plan.algorithm, "readers": len(readers)}
    record("allocation.draw", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return plan


@transaction.atomic
def allocate_reader(*, plan: AllocationPlan, seat: Membership) -> int:
    """Stores one reader's presentations; does nothing for a reader who has them."""
    Membership.objects.select_for_update().get(pk=seat.pk)
    if seat.seat is None or Allocation.objects.filter(seat=seat).exists():
        return 0
    placements = placements_of(plan, [seat.seat])
    cases = {case.code: case for case in Case.objects.of(plan.study)}
    allocations = Allocation.objects.bulk_create(
        Allocation(
            plan=plan,
            seat=seat,
            case=cases[placement.case],
            period=placement.period,
            position=placement.position,
            key=placement.key,
            case_key=placement.case_key,
        )
        for placement in placements
    )
    _store_outputs(plan.study, allocations, placements)
    return len(allocations)


def placements_of(plan: AllocationPlan, seats: Iterable[int]) -> list[crossed.Placement]:
    """The plan's rows for these seats, re-derived from its seed; where an output is hidden, later ones move up."""
    arms = [str(position) for position in plan.arms]
    drawn = crossed.allocate(seed=plan.seed, readers=seats, cases=plan.cases, arms=arms)
    hidden = {(case, str(position)) for case, position in plan.excluded}
    shown = [placement for placement in drawn if (placement.case, placement.arm) not in hidden]
    return [
        replace(placement, position=position)
        for _seat, rows in groupby(shown, key=lambda placement: placement.reader)
        for position, placement in enumerate(rows, start=1)
    ]


@transaction.atomic
def show_reading(*, seat: Membership, allocation: Allocation) -> Reading:
    """The reading of a presentation; the first showing is written down once."""
    check_may_read(seat)
    known: Reading | None = getattr(allocation, "reading", None)
    if known:
        return known
    first = Reading(allocation_id=allocation.pk, session=_session(seat))
    Reading.objects.bulk_create([first], ignore_conflicts=True)  # two tabs may show it at the same moment
    return Reading.objects.get(allocation=allocation)


@dataclass(frozen=True)
class Saved:
    """A rating that is stored: when, and whether this request stored it or an earlier one with its token."""

    at: datetime
    repeated: bool


RATE = """
WITH fresh AS (
    INSERT INTO reading_ratingevent
        (output_id, criterion_id, token, value, score, cannot_judge, protocol_version, client, by_id, at)
    VALUES (%(output)s, %(criterion)s, %(token)s, %(value)s, %(score)s, %(cannot_judge)s, %(version)s, %(client)s,
        %(by)s, %(at)s)
    ON CONFLICT (token) DO NOTHING
    RETURNING id
)
INSERT INTO reading_rating (output_id, criterion_id, event_id, value, score, cannot_judge, at)
SELECT %(output)s, %(criterion)s, id, %(value)s, %(score)s, %(cannot_judge)s, %(at)s FROM fresh
ON CONFLICT (output_id, criterion_id) DO UPDATE SET event_id = EXCLUDED.event_id, value = EXCLUDED.value,
    score = EXCLUDED.score, cannot_judge = EXCLUDED.cannot_judge, at = EXCLUDED.at
RETURNING at
"""


@transaction.atomic
def rate(
    *,
    seat: Membership,
    output: AllocatedOutput,
    criterion: Criterion,
    answer: Answer,
    token: uuid.UUID,
    by: User,
    client: Mapping[str, Any] | None = None,
) -> Saved:
    """Stores one rating event and makes it the rating that stands.

    The same token again is the same event: nothing is stored twice, and the first time is reported. `client` is what
    the browser says of its clock and screen. One statement does both inserts, because readers wait for this one.
    """
    check_may_read(seat)
    at = timezone.now()
    values: dict[str, Any] = {
        "output": output.pk,
        "criterion": criterion.pk,
        "token": token,
        "value": answer.value,
        "score": answer.score,
        "cannot_judge": answer.cannot_judge,
        "version": seat.study.protocol_version,
        "client": Jsonb(dict(client or {})),
        "by": by.pk,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(RATE, values)
        stored = cursor.fetchone()
    if stored is None:
        return _repeated(token, output, criterion)
    data = {"criterion": criterion.key, "value": answer.value, "cannot_judge": answer.cannot_judge}
    subject = f"reading {output.allocation.position} {output.letter}"
    record("rating.give", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject, data=data)
    return Saved(at=at, repeated=False)


def _repeated(token: uuid.UUID, output: AllocatedOutput, criterion: Criterion) -> Saved:
    event = RatingEvent.objects.get(token=token)
    if (event.output_id, event.criterion_id) != (output.pk, criterion.pk):
        raise StudyError(_("This rating was sent under the number of another one. Please rate again."))
    return Saved(at=event.at, repeated=True)


@transaction.atomic
def submit_reading(
    *, seat: Membership, allocation: Allocation, criteria: Sequence[Criterion], by: User
) -> Reading:
    """Marks a complete reading as submitted; a second time changes nothing."""
    check_may_read(seat)
    check_complete(_still_open(allocation, criteria))
    reading = show_reading(seat=seat, allocation=allocation)
    open_one = Reading.objects.filter(pk=reading.pk, submitted_at=None)
    if open_one.update(submitted_at=timezone.now()):
        subject = f"reading {allocation.position}"
        record("reading.submit", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject)
    reading.refresh_from_db(fields=["submitted_at"])
    return reading


@transaction.atomic
def stop_session(*, seat: Membership, by: User) -> None:
    """Ends the sitting; the next one opens at the same case."""
    now = timezone.now()
    ended = Session.objects.filter(seat=seat, ended_at=None).update(ended_at=now, last_seen_at=now)
    if ended:
        record("session.stop", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym)


def _still_open(allocation: Allocation, criteria: Sequence[Criterion]) -> list[tuple[str, Criterion]]:
    answered = Rating.objects.filter(output__allocation=allocation).exclude(value="", cannot_judge=False)
    rated = set(answered.values_list("output_id", "criterion_id"))
    return [
        (output.letter, criterion)
        for output in sorted(allocation.outputs.all(), key=attrgetter("side"))
        for criterion in criteria
        if criterion.is_required and (output.pk, criterion.pk) not in rated
    ]


def _session(seat: Membership) -> Session:
    session, _created = Session.objects.get_or_create(seat=seat, ended_at=None)
    return session


def _unshown_pairs(study: Study) -> list[tuple[str, int]]:
    """(case code, arm position) of what no reader is shown: outputs that are missing, and refusals that are hidden."""
    cases = Case.objects.of(study).values_list("code", flat=True)
    arms = Arm.objects.filter(study=study).values_list("position", flat=True)
    made = Interpretation.objects.filter(generation__arm__study=study, generation__replicate=1)
    there = set(made.values_list("generation__case__code", "generation__arm__position"))
    wanted = {(case, arm) for case in cases for arm in arms}
    return sorted((wanted - there) | set(_hidden_pairs(study)))


def _hidden_pairs(study: Study) -> list[tuple[str, int]]:
    """(case code, arm position) of refusals, where the protocol hides them from readers."""
    if not RefusalPolicy(study.refusal_policy).hides:
        return []
    row = "interpretation__generation"
    mine = {f"{row}__arm__study": study, f"{row}__replicate": 1}
    standing = RefusalVerdict.objects.filter(**mine).standing()
    found = standing.values_list("declined", f"{row}__case__code", f"{row}__arm__position")
    return sorted((case, arm) for declined, case, arm in found if declined)


def _store_outputs(
    study: Study, allocations: Sequence[Allocation], placements: Sequence[crossed.Placement]
) -> None:
    found = Interpretation.objects.filter(generation__arm__study=study, generation__replicate=1)
    texts = {
        (case, str(arm)): (pk, arm_id)
        for pk, case, arm, arm_id in found.values_list(
            "pk", "generation__case__code", "generation__arm__position", "generation__arm_id"
        )
    }
    AllocatedOutput.objects.bulk_create(
        AllocatedOutput(
            allocation=allocation,
            interpretation_id=texts[placement.case, placement.arm][0],
            arm_id=texts[placement.case, placement.arm][1],
            letter=placement.letter,
        )
        for allocation, placement in zip(allocations, placements, strict=True)
    )
