"""The writes of a reading: rate, lock the unaided answer, submit."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, RatingEvent, Reading, Session
from readerstudy.reading.path.practice import check_practice_open, check_practised, keep_attempt
from readerstudy.reading.path.reopening import GoingBack, check_reason, check_reopens, going_back_in
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
LONGEST_WAIT = 90 * 24 * 3600.0  # seconds that an answer may have waited in a browser
NOT_ASKED = "not asked"

RATE = """
WITH fresh AS (
    INSERT INTO reading_ratingevent
        (allocation_id, output_id, criterion_id, part, token, value, score, cannot_judge, reason, changed_because,
         protocol_version, client, by_id, given_at, at)
    VALUES (%(allocation)s, %(output)s, %(criterion)s, %(part)s, %(token)s, %(value)s, %(score)s, %(cannot_judge)s,
        %(reason)s, %(because)s, %(version)s, %(client)s, %(by)s, %(given_at)s, %(at)s)
    ON CONFLICT (token) DO NOTHING
    RETURNING id
), answered AS (
    UPDATE reading_reading SET first_answer_at = coalesce(first_answer_at, %(at)s),
        last_answer_at = greatest(last_answer_at, %(at)s)
    WHERE allocation_id = %(allocation)s AND EXISTS (SELECT FROM fresh)
), standing AS (
    INSERT INTO reading_rating
        (allocation_id, output_id, criterion_id, part, event_id, value, score, cannot_judge, reason, given_at, at)
    SELECT %(allocation)s, %(output)s, %(criterion)s, %(part)s, id, %(value)s, %(score)s, %(cannot_judge)s,
        %(reason)s, %(given_at)s, %(at)s
    FROM fresh
    ON CONFLICT (allocation_id, output_id, criterion_id, part) DO UPDATE SET event_id = EXCLUDED.event_id,
        value = EXCLUDED.value, score = EXCLUDED.score, cannot_judge = EXCLUDED.cannot_judge,
        reason = EXCLUDED.reason, given_at = EXCLUDED.given_at, at = EXCLUDED.at
    WHERE reading_rating.given_at <= EXCLUDED.given_at
        OR (SELECT token FROM reading_ratingevent WHERE id = reading_rating.event_id) = %(based_on)s
    RETURNING id
)
SELECT EXISTS (SELECT FROM fresh), EXISTS (SELECT FROM standing), before.*
FROM (VALUES (1)) one LEFT JOIN (
    SELECT e.token, r.value, r.cannot_judge, r.reason, r.given_at
    FROM reading_rating r JOIN reading_ratingevent e ON e.id = r.event_id
    WHERE r.allocation_id = %(allocation)s AND r.output_id IS NOT DISTINCT FROM %(output)s
        AND r.criterion_id = %(criterion)s AND r.part = %(part)s
) before ON true
"""


@dataclass(frozen=True)
class Elsewhere:
    """An answer to the same question that the page did not know of: from another window or another device."""

    token: uuid.UUID
    value: str
    cannot_judge: bool
    reason: str
    given_at: datetime
    stands: bool

    @property
    def is_empty(self) -> bool:
        """Whether it took an earlier answer back."""
        return not self.value and not self.cannot_judge


@dataclass(frozen=True)
class Saved:
    """A rating that is stored: when, and whether this request stored it or an earlier one with its token.

    `elsewhere` is told where two answers met; the one given last stands.
    """

    at: datetime
    repeated: bool
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True)
class Given:
    """How an answer came about: the token of the one its page knew, seconds ago, and why it was changed late.

    `based_on` is None where the page does not say which answer it knew: then nothing is told of others.
    """

    based_on: str | None = None
    age: float = 0.0
    because: str = ""
    client: Mapping[str, Any] = field(default_factory=dict)

    @property
    def basis(self) -> uuid.UUID | None:
        """The answer that this one replaces with open eyes."""
        return uuid.UUID(self.based_on) if self.based_on else None


AT_ONCE = Given()


@dataclass(frozen=True)
class Clock:
    """What the browser says of the time a reading took: seconds without long gaps, and its own times."""

    active_seconds: float | None = None
    client: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def show_reading(*, seat: Membership, allocation: Allocation) -> Reading:
    """The reading of a presentation; the first showing is written down once.

    Raises `StudyError` where it is finished and the protocol lets nobody go back to it.
    """
    check_may_read(seat)
    allocation.seat = seat
    check_reopens(allocation, getattr(allocation, "reading", None))
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
    given: Given = AT_ONCE,
) -> Saved:
    """Stores one rating event and makes it the rating that stands, unless another one was given later.

    It is about `output`, or about the case or pair of `allocation` where there is no output; `part` names a piece of
    the text. The same token again is the same event: nothing is stored twice, and the first time is reported. One
    statement does all inserts, because readers wait for this one.
    """
    check_may_read(seat)
    allocation = allocation or (output.allocation if output else None)
    if allocation is None:
        raise TypeError("a rating needs an output or an allocation")
    check_subject(criterion, has_output=output is not None)
    _check_turn(seat, allocation)
    check_practice_open(allocation)
    reading = _reading_now(allocation)
    check_reason(allocation, reading, given.because)
    if frozen_of(seat.study).is_staged:
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
        given=given,
    )


def _reading_now(allocation: Allocation) -> Reading | None:
    """The reading as it stands; where it can close for answers, nobody closes it until this one is stored."""
    if frozen_of(allocation.seat.study).is_staged or going_back_in(allocation.seat) != GoingBack.UNTIL_END:
        return Reading.objects.select_for_update().filter(allocation=allocation).first()
    known: Reading | None = getattr(allocation, "reading", None)
    return known


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
    given: Given = AT_ONCE,
) -> Saved:
    """Writes one rating event that was checked, in the transaction of whoever calls it."""
    values = _values(seat, allocation, output, criterion, part, answer) | _times(given)
    values |= {"token": token, "by": by.pk, "client": Jsonb(dict(given.client))}
    with connection.cursor() as cursor:
        cursor.execute(RATE, values)
        is_new, stands, token, value, cannot_judge, reason, given_at = cursor.fetchone()
    elsewhere = (
        Elsewhere(token, value, cannot_judge, reason, given_at, not stands) if value is not None else None
    )
    if not is_new:
        return _repeated(values, elsewhere)
    _record(seat, allocation, output, criterion, part, answer, by, given.because)
    is_news = elsewhere is not None and not elsewhere.is_empty and elsewhere.token != given.basis
    is_told = is_news and given.based_on is not None
    return Saved(at=values["at"], repeated=False, elsewhere=elsewhere if is_told else None)


def _times(given: Given) -> dict[str, Any]:
    """When it arrives and when it was given: the browser says how long ago, so that its clock need not be right."""
    now = timezone.now()
    ago = timedelta(seconds=min(max(given.age, 0.0), LONGEST_WAIT))
    return {"at": now, "given_at": now - ago, "based_on": given.basis, "because": given.because}


def _values(
    seat: Membership,
    allocation: Allocation,
    output: AllocatedOutput | None,
    criterion: Criterion,
    part: str,
    answer: Answer,
) -> dict[str, Any]:
    return {
        "allocation": allocation.pk,
        "output": output.pk if output else None,
        "criterion": criterion.pk,
        "part": part,
        "value": answer.value,
        "score": answer.score,
        "cannot_judge": answer.cannot_judge,
        "reason": answer.reason,
        "version": seat.study.protocol_version,
    }


def _record(
    seat: Membership,
    allocation: Allocation,
    output: AllocatedOutput | None,
    criterion: Criterion,
    part: str,
    answer: Answer,
    by: User,
    because: str,
) -> None:
    """The audit tells a short value as it is and a long one by its hash."""
    value = answer.value
    if len(value) > LONGEST_TOLD:
        value = "sha256:" + hashlib.sha256(value.encode()).hexdigest()
    data = {"criterion": criterion.key, "value": value, "cannot_judge": answer.cannot_judge}
    also = (("part", part), ("reason", answer.reason), ("changed_because", because))
    data |= {name: told for name, told in also if told}
    subject = f"reading {allocation.position}" + (f" {output.letter}" if output else "")
    record("rating.give", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject, data=data)


def _repeated(values: Mapping[str, Any], standing: Elsewhere | None) -> Saved:
    """The same request again: when it was stored first, and what stands now if that is another answer."""
    event = RatingEvent.objects.get(token=values["token"])
    about = {"allocation": event.allocation_id, "output": event.output_id, "criterion": event.criterion_id}
    if any(values[name] != known for name, known in {**about, "part": event.part}.items()):
        raise StudyError(_("This rating was sent under the number of another one. Please rate again."))
    other = standing if standing and standing.token != event.token else None
    return Saved(at=event.at, repeated=True, elsewhere=other)


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
    is_late = check_reopens(allocation, getattr(allocation, "reading", None))
    rate(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=question.criterion,
        part=question.part_key,
        answer=Answer(),
        token=uuid.uuid4(),
        by=by,
        given=Given(because=NOT_ASKED if is_late else "", client={"withdrawn": NOT_ASKED}),
    )
