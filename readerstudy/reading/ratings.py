"""The writes of a reading: rate, lock the unaided answer, submit."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, RatingEvent, Reading, Session
from readerstudy.reading.path.practice import check_practice_open, check_practised, keep_attempt
from readerstudy.reading.path.sittings import busy_of, is_due, sitting_of, still_here
from readerstudy.reading.path.tutorial import check_introduced
from readerstudy.reading.policies import (
    check_approved,
    check_complete,
    check_may_read,
    check_stage,
    check_subject,
)
from readerstudy.reading.presenting import answers_of, presentation_of
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.questions import Question, asked
from readerstudy.reading.scales import About, Answer, is_whole
from readerstudy.reading.washout import check_washed_out
from readerstudy.studies.models import Criterion, Membership
from readerstudy.studies.policies import StudyError

LONGEST_TOLD = 200

RATE = """
WITH fresh AS (
    INSERT INTO reading_ratingevent
        (allocation_id, output_id, criterion_id, part, token, value, score, cannot_judge, reason, protocol_version,
         client, by_id, at)
    VALUES (%(allocation)s, %(output)s, %(criterion)s, %(part)s, %(token)s, %(value)s, %(score)s, %(cannot_judge)s,
        %(reason)s, %(version)s, %(client)s, %(by)s, %(at)s)
    ON CONFLICT (token) DO NOTHING
    RETURNING id
), answered AS (
    UPDATE reading_reading SET first_answer_at = coalesce(first_answer_at, %(at)s),
        last_answer_at = greatest(last_answer_at, %(at)s)
    WHERE allocation_id = %(allocation)s AND EXISTS (SELECT FROM fresh)
)
INSERT INTO reading_rating
    (allocation_id, output_id, criterion_id, part, event_id, value, score, cannot_judge, reason, at)
SELECT %(allocation)s, %(output)s, %(criterion)s, %(part)s, id, %(value)s, %(score)s, %(cannot_judge)s, %(reason)s,
    %(at)s
FROM fresh
ON CONFLICT (allocation_id, output_id, criterion_id, part) DO UPDATE SET event_id = EXCLUDED.event_id,
    value = EXCLUDED.value, score = EXCLUDED.score, cannot_judge = EXCLUDED.cannot_judge, reason = EXCLUDED.reason,
    at = EXCLUDED.at
RETURNING at
"""


@dataclass(frozen=True)
class Saved:
    """A rating that is stored: when, and whether this request stored it or an earlier one with its token."""

    at: datetime
    repeated: bool


@dataclass(frozen=True)
class Clock:
    """What the browser says of the time a reading took: seconds without long gaps, and its own times."""

    active_seconds: float | None = None
    client: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def show_reading(*, seat: Membership, allocation: Allocation) -> Reading:
    """The reading of a presentation; the first showing is written down once."""
    check_may_read(seat)
    return _shown(seat, allocation)


def _shown(seat: Membership, allocation: Allocation) -> Reading:
    known: Reading | None = getattr(allocation, "reading", None)
    if known:
        return known
    check_approved(seat.study)
    check_introduced(seat, allocation.plan_id)
    _check_turn(seat, allocation)
    first = Reading(allocation_id=allocation.pk, session=sitting_of(seat))
    Reading.objects.bulk_create([first], ignore_conflicts=True)  # two tabs may show it at the same moment
    return Reading.objects.get(allocation=allocation)


@transaction.atomic
def rate(
    *,
    seat: Membership,
    criterion: Criterion,
    answer: Answer,
    token: uuid.UUID,
    by: User,
    output: AllocatedOutput | None = None,
    allocation: Allocation | None = None,
    part: str = "",
    client: Mapping[str, Any] | None = None,
) -> Saved:
    """Stores one rating event and makes it the rating that stands.

    It is about `output`, or about the case or pair of `allocation` where there is no output; `part` names a piece of
    the text. The same token again is the same event: nothing is stored twice, and the first time is reported. `client`
    is what the browser says of its clock and screen. One statement does all inserts, because readers wait for this one.
    """
    check_may_read(seat)
    allocation = allocation or (output.allocation if output else None)
    if allocation is None:
        raise TypeError("a rating needs an output or an allocation")
    check_subject(criterion, has_output=output is not None)
    _check_turn(seat, allocation)
    check_practice_open(allocation)
    if frozen_of(seat.study).is_staged:
        reading = Reading.objects.select_for_update().filter(allocation=allocation).first()
        check_stage(criterion, reading)
    return store(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=criterion,
        part=part,
        answer=answer,
        token=token,
        by=by,
        client=client,
    )


def _check_turn(seat: Membership, allocation: Allocation) -> None:
    """It is this presentation's turn: practice is passed, and the washout of its case is over."""
    allocation.seat = seat
    check_practised(allocation)
    check_washed_out(allocation)


def store(
    *,
    seat: Membership,
    allocation: Allocation,
    output: AllocatedOutput | None,
    criterion: Criterion,
    part: str,
    answer: Answer,
    token: uuid.UUID,
    by: User,
    client: Mapping[str, Any] | None = None,
) -> Saved:
    """Writes one rating event that was checked, in the transaction of whoever calls it."""
    given = _Given(seat, allocation, output, criterion, part, answer)
    values = given.values() | {"token": token, "by": by.pk, "client": Jsonb(dict(client or {}))}
    with connection.cursor() as cursor:
        cursor.execute(RATE, values)
        stored = cursor.fetchone()
    if stored is None:
        return _repeated(values)
    given.record(by)
    return Saved(at=values["at"], repeated=False)


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer in its place: whose, of which presentation, about what."""

    seat: Membership
    allocation: Allocation
    output: AllocatedOutput | None
    criterion: Criterion
    part: str
    answer: Answer

    def values(self) -> dict[str, Any]:
        """The columns of the rating event, but for who sent it and how."""
        return {
            "allocation": self.allocation.pk,
            "output": self.output.pk if self.output else None,
            "criterion": self.criterion.pk,
            "part": self.part,
            "value": self.answer.value,
            "score": self.answer.score,
            "cannot_judge": self.answer.cannot_judge,
            "reason": self.answer.reason,
            "version": self.seat.study.protocol_version,
            "at": timezone.now(),
        }

    def record(self, by: User) -> None:
        """The audit tells a short value as it is and a long one by its hash."""
        value = self.answer.value
        if len(value) > LONGEST_TOLD:
            value = "sha256:" + hashlib.sha256(value.encode()).hexdigest()
        data = {"criterion": self.criterion.key, "value": value, "cannot_judge": self.answer.cannot_judge}
        data |= {name: told for name, told in (("part", self.part), ("reason", self.answer.reason)) if told}
        subject = f"reading {self.allocation.position}" + (f" {self.output.letter}" if self.output else "")
        stream = study_stream(self.seat.study_id, self.seat.seat)
        record("rating.give", by=by, stream=stream, subject=subject, data=data)


def _repeated(values: Mapping[str, Any]) -> Saved:
    event = RatingEvent.objects.get(token=values["token"])
    about = {"allocation": event.allocation_id, "output": event.output_id, "criterion": event.criterion_id}
    if any(values[name] != known for name, known in {**about, "part": event.part}.items()):
        raise StudyError(_("This rating was sent under the number of another one. Please rate again."))
    return Saved(at=event.at, repeated=True)


@transaction.atomic
def lock_unaided(
    *, seat: Membership, allocation: Allocation, criteria: Sequence[Criterion], by: User
) -> Reading:
    """Locks the answers given without the output, so that it may be shown; a second time changes nothing."""
    check_may_read(seat)
    reading = _shown(seat, allocation)
    reading = Reading.objects.select_for_update().get(pk=reading.pk)
    if reading.unaided_at is None:
        _settle(seat, allocation, criteria, by, revealed=False)
        reading.unaided_at = timezone.now()
        reading.save(update_fields=["unaided_at"])
        subject = f"reading {allocation.position}"
        record("reading.lock", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject)
    return reading


@transaction.atomic
def submit_reading(
    *,
    seat: Membership,
    allocation: Allocation,
    criteria: Sequence[Criterion],
    by: User,
    clock: Clock | None = None,
) -> Reading:
    """Marks a complete reading as submitted; a second time changes nothing.

    Raises `RatingError` naming what is still open, `StudyError` where the unaided answer is not locked yet.
    """
    check_may_read(seat)
    reading = _shown(seat, allocation)
    staged = frozen_of(seat.study).is_staged
    if staged and reading.unaided_at is None:
        raise StudyError(_("Lock your own answer first; then the text is revealed."))
    _settle(seat, allocation, criteria, by, revealed=True if staged else None)
    clock = clock or Clock()
    open_one = Reading.objects.filter(pk=reading.pk, submitted_at=None)
    if open_one.update(
        submitted_at=timezone.now(), active_seconds=clock.active_seconds, client=dict(clock.client)
    ):
        subject = f"reading {allocation.position}"
        record("reading.submit", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject)
        reading.refresh_from_db()
        still_here(seat)
        keep_attempt(seat=seat, allocation=allocation, reading=reading, by=by)
    else:
        reading.refresh_from_db(fields=["submitted_at"])
    return reading


@transaction.atomic
def offer_pause(*, seat: Membership, by: User) -> bool:
    """Whether a pause is due; then it is written down as offered, and the counting begins anew."""
    busy = busy_of(seat)
    if busy is None or not is_due(seat, busy):
        return False
    Session.objects.filter(pk=busy.session).update(paused_at=timezone.now())
    data = {"cases": busy.cases, "seconds": round(busy.seconds)}
    stream = study_stream(seat.study_id, seat.seat)
    record("session.pause", by=by, stream=stream, subject=seat.pseudonym, data=data)
    return True


@transaction.atomic
def stop_session(*, seat: Membership, by: User) -> None:
    """Ends the sitting; the next one opens at the same case."""
    now = timezone.now()
    ended = Session.objects.filter(seat=seat, ended_at=None).update(ended_at=now, last_seen_at=now)
    if ended:
        record("session.stop", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym)


def _settle(
    seat: Membership,
    allocation: Allocation,
    criteria: Sequence[Criterion],
    by: User,
    *,
    revealed: bool | None,
) -> None:
    """Nothing that is asked and required is open, and no answer stands to a question that is not asked.

    `revealed` says which stage of a staged case is meant; None means all questions.
    """
    presentation = presentation_of(allocation, criteria)
    questions = presentation.questions
    letters = {output.pk: output.letter for output in allocation.outputs.all()}
    keys = {criterion.pk: criterion.key for criterion in criteria}
    standing = answers_of(Rating.objects.filter(allocation=allocation), letters, keys)
    fields = asked(questions, {name: rating.value for name, rating in standing.items()})
    stage = questions if revealed is None else presentation.of_stage(revealed=revealed)
    about = About(letters=tuple(letters.values()))
    check_complete([each for each in stage if each.field in fields and _is_open(each, standing, about)])
    outputs = {output.letter: output for output in allocation.outputs.all()}
    for question in stage:
        rating = standing.get(question.field)
        if question.field not in fields and rating and (rating.value or rating.cannot_judge):
            _take_back(seat, allocation, outputs.get(question.letter), question, by)


def _is_open(question: Question, standing: Mapping[str, Rating], about: About) -> bool:
    rating = standing.get(question.field)
    if rating and rating.cannot_judge:
        return False
    if rating is None or not rating.value:
        return question.criterion.is_required
    return not is_whole(question.criterion, rating.value, about)


def _take_back(
    seat: Membership, allocation: Allocation, output: AllocatedOutput | None, question: Question, by: User
) -> None:
    """An answer to a question that another answer has closed is withdrawn by an event of its own."""
    rate(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=question.criterion,
        part=question.part_key,
        answer=Answer(),
        token=uuid.uuid4(),
        by=by,
        client={"withdrawn": "not asked"},
    )
