"""The writes of a reading: rate, lock the unaided answer, submit."""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.record import RECORD, record, study_stream, told
from readerstudy.postgres.rows import Row, forget, hold, read_one
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, RatingEvent, Reading, Session
from readerstudy.reading.path.practice import (
    check_practice_open,
    check_practised,
    is_practice,
    keep_attempt,
)
from readerstudy.reading.path.reopening import GoingBack, check_reason, check_reopens, going_back_in
from readerstudy.reading.path.sittings import Busy, is_due, show_in_sitting
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
from readerstudy.reading.turns import Turn, turn_of
from readerstudy.reading.washout import check_washed_out
from readerstudy.studies.ethics import Ethics
from readerstudy.studies.models import Criterion, Membership
from readerstudy.studies.policies import StudyError

LONGEST_TOLD = 200
LONGEST_WAIT = 90 * 24 * 3600.0  # seconds that an answer may have waited in a browser
NOT_ASKED = "not asked"

Left = tuple[Question, AllocatedOutput | None]
"""A question that is no longer asked and still has an answer."""

RATE = f"""
WITH fresh AS (
    INSERT INTO reading_ratingevent
        (allocation_id, output_id, criterion_id, part, token, value, score, cannot_judge, reason, changed_because,
         protocol_version, client, by_id, given_at, at)
    VALUES (%(allocation)s, %(output)s, %(criterion)s, %(part)s, %(token)s, %(value)s, %(score)s, %(cannot_judge)s,
        %(reason)s, %(because)s, %(version)s, %(client)s, %(by)s, %(given_at)s, %(at)s)
    ON CONFLICT (token) DO NOTHING
    RETURNING *
), answered AS (
    UPDATE reading_reading l SET first_answer_at = coalesce(l.first_answer_at, fresh.at),
        last_answer_at = greatest(l.last_answer_at, fresh.at)
    FROM fresh WHERE l.allocation_id = fresh.allocation_id
), standing AS (
    INSERT INTO reading_rating
        (allocation_id, output_id, criterion_id, part, event_id, value, score, cannot_judge, reason, given_at, at)
    SELECT allocation_id, output_id, criterion_id, part, id, value, score, cannot_judge, reason, given_at, at FROM fresh
    ON CONFLICT (allocation_id, output_id, criterion_id, part) DO UPDATE SET event_id = EXCLUDED.event_id,
        value = EXCLUDED.value, score = EXCLUDED.score, cannot_judge = EXCLUDED.cannot_judge,
        reason = EXCLUDED.reason, given_at = EXCLUDED.given_at, at = EXCLUDED.at
    WHERE reading_rating.given_at <= EXCLUDED.given_at
        OR (SELECT token FROM reading_ratingevent WHERE id = reading_rating.event_id) = %(based_on)s
    RETURNING id
), told AS ({RECORD} FROM fresh)
SELECT EXISTS (SELECT FROM fresh) AS is_new, EXISTS (SELECT FROM standing) AS stands, before.*
FROM (VALUES (1)) one LEFT JOIN (
    SELECT (SELECT e.token FROM reading_ratingevent e WHERE e.id = r.event_id) AS token, r.value, r.cannot_judge,
        r.reason, r.given_at
    FROM reading_rating r
    WHERE r.allocation_id = %(allocation)s AND r.output_id IS NOT DISTINCT FROM %(output)s
        AND r.criterion_id = %(criterion)s AND r.part = %(part)s
) before ON true
"""

LOCK = f"""
WITH done AS (
    UPDATE reading_reading SET unaided_at = %(at)s WHERE id = %(reading)s AND unaided_at IS NULL RETURNING id
), told AS ({RECORD} FROM done)
SELECT id FROM done
"""

SUBMIT = f"""
WITH done AS (
    UPDATE reading_reading SET submitted_at = %(at)s, active_seconds = %(active)s, client = %(client)s
    WHERE id = %(reading)s AND submitted_at IS NULL
    RETURNING id
), here AS (
    UPDATE reading_session SET last_seen_at = %(at)s
    WHERE seat_id = %(seat)s AND ended_at IS NULL AND EXISTS (SELECT FROM done)
), told AS ({RECORD} FROM done)
SELECT id FROM done
"""

PAUSE = f"""
WITH done AS (
    UPDATE reading_session SET paused_at = %(at)s WHERE id = %(session)s RETURNING id
), told AS ({RECORD} FROM done)
SELECT id FROM done
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
    turn = turn_of(allocation)
    check_approved(seat.study, Ethics.of_section(turn.ethics))
    check_introduced(seat, turn)
    _check_turn(allocation, turn)
    reading = show_in_sitting(seat, allocation)
    hold(allocation, "reading", reading)
    return reading


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
    statement does it all, because readers wait for this one.
    """
    check_may_read(seat)
    allocation = allocation or (output.allocation if output else None)
    if allocation is None:
        raise TypeError("a rating needs an output or an allocation")
    check_subject(criterion, has_output=output is not None)
    allocation.seat, turn = seat, turn_of(allocation)
    _check_turn(allocation, turn)
    check_practice_open(allocation, turn)
    with transaction.atomic() if _can_close(seat) else nullcontext():
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


def _can_close(seat: Membership) -> bool:
    """Whether a case of this study can close for answers while its reader still answers."""
    return frozen_of(seat.study).is_staged or going_back_in(seat) != GoingBack.UNTIL_END


def _reading_now(allocation: Allocation) -> Reading | None:
    """The reading as it stands; where it can close for answers, nobody closes it before the transaction ends."""
    if _can_close(allocation.seat):
        return Reading.objects.select_for_update().filter(allocation=allocation).first()
    known: Reading | None = getattr(allocation, "reading", None)
    return known


def _check_turn(allocation: Allocation, turn: Turn) -> None:
    """It is this presentation's turn: practice is passed, and the washout of its case is over."""
    check_practised(allocation, turn)
    check_washed_out(turn)


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
    """Writes one rating event that was checked, with its audit event: one statement, so both or neither."""
    values = _values(seat, allocation, output, criterion, part, answer) | _times(given)
    values |= {"token": token, "by": by.pk, "client": Jsonb(dict(given.client))}
    event = _told(seat, allocation, output, criterion, part, answer, by, given.because)
    row = read_one(RATE, {**values, **event}) or {}
    forget(allocation, "ratings")
    return _saved(row, given, values["at"]) if row["is_new"] else _repeated(values, _met(row))


def _saved(row: Row, given: Given, at: datetime) -> Saved:
    """What is said of a new event; of another answer only where the page did not know it."""
    met = _met(row)
    is_news = met is not None and not met.is_empty and met.token != given.basis
    is_told = is_news and given.based_on is not None
    return Saved(at=at, repeated=False, elsewhere=met if is_told else None)


def _met(row: Row) -> Elsewhere | None:
    """The answer that stood before; None where there was none."""
    if row["value"] is None:
        return None
    names = ("token", "value", "cannot_judge", "reason", "given_at")
    return Elsewhere(**{name: row[name] for name in names}, stands=not row["stands"])


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


def _told(
    seat: Membership,
    allocation: Allocation,
    output: AllocatedOutput | None,
    criterion: Criterion,
    part: str,
    answer: Answer,
    by: User,
    because: str,
) -> dict[str, Any]:
    """The audit tells a short value as it is and a long one by its hash."""
    value = answer.value
    if len(value) > LONGEST_TOLD:
        value = "sha256:" + hashlib.sha256(value.encode()).hexdigest()
    data = {"criterion": criterion.key, "value": value, "cannot_judge": answer.cannot_judge}
    also = (("part", part), ("reason", answer.reason), ("changed_because", because))
    data |= {name: said for name, said in also if said}
    subject = _subject(allocation) + (f" {output.letter}" if output else "")
    return told(
        "rating.give", by=by, stream=study_stream(seat.study_id, seat.seat), subject=subject, data=data
    )


def _subject(allocation: Allocation) -> str:
    return f"reading {allocation.position}"


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
    reading, now = _shown(seat, allocation), timezone.now()
    values = {"reading": reading.pk, "at": now, **_event("reading.lock", seat, allocation, by)}
    if reading.unaided_at is None and read_one(LOCK, values):
        forget(allocation, "ratings")  # from here on no answer of this stage changes any more
        _take_back(seat, allocation, _settled(allocation, criteria, revealed=False), by)
        reading.unaided_at = now
    elif reading.unaided_at is None:
        reading.refresh_from_db(fields=["unaided_at"])
    return reading


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
    left = _settled(allocation, criteria, revealed=True if staged else None)
    with transaction.atomic() if left or is_practice(allocation) else nullcontext():
        if left:
            is_late = check_reopens(allocation, _reading_now(allocation))
            _take_back(seat, allocation, left, by, because=NOT_ASKED if is_late else "")
        if _submit(seat, allocation, reading, by, clock or Clock()):
            keep_attempt(seat=seat, allocation=allocation, reading=reading, by=by)
    return reading


def _submit(seat: Membership, allocation: Allocation, reading: Reading, by: User, clock: Clock) -> bool:
    """Whether this call submitted the reading; the reading knows when it was submitted in either case."""
    now, client = timezone.now(), dict(clock.client)
    values = {"reading": reading.pk, "seat": seat.pk, "at": now, "active": clock.active_seconds}
    values |= {"client": Jsonb(client), **_event("reading.submit", seat, allocation, by)}
    if read_one(SUBMIT, values) is None:
        reading.refresh_from_db(fields=["submitted_at"])
        return False
    reading.submitted_at, reading.active_seconds, reading.client = now, clock.active_seconds, client
    return True


def _event(verb: str, seat: Membership, allocation: Allocation, by: User) -> dict[str, Any]:
    return told(verb, by=by, stream=study_stream(seat.study_id, seat.seat), subject=_subject(allocation))


def offer_pause(*, seat: Membership, busy: Busy | None, by: User) -> bool:
    """Whether a pause is due; then it is written down as offered, and the counting begins anew."""
    if busy is None or not is_due(seat, busy):
        return False
    data = {"cases": busy.cases, "seconds": round(busy.seconds)}
    stream = study_stream(seat.study_id, seat.seat)
    event = told("session.pause", by=by, stream=stream, subject=seat.pseudonym, data=data)
    read_one(PAUSE, {"session": busy.session, "at": timezone.now(), **event})
    return True


@transaction.atomic
def stop_session(*, seat: Membership, by: User) -> None:
    """Ends the sitting; the next one opens at the same case."""
    now = timezone.now()
    ended = Session.objects.filter(seat=seat, ended_at=None).update(ended_at=now, last_seen_at=now)
    if ended:
        record("session.stop", by=by, stream=study_stream(seat.study_id, seat.seat), subject=seat.pseudonym)


def _settled(allocation: Allocation, criteria: Sequence[Criterion], *, revealed: bool | None) -> list[Left]:
    """The questions that are no longer asked and have an answer; raises where a required one is open.

    `revealed` says which stage of a staged case is meant; None means all questions.
    """
    presentation = presentation_of(allocation, criteria, [] if revealed is False else None)
    questions = presentation.questions
    letters = {output.pk: output.letter for output in allocation.outputs.all()}
    keys = {criterion.pk: criterion.key for criterion in criteria}
    standing = answers_of(allocation.ratings.all(), letters, keys)
    fields = asked(questions, {name: rating.value for name, rating in standing.items()})
    stage = questions if revealed is None else presentation.of_stage(revealed=revealed)
    about = About(letters=tuple(letters.values()))
    check_complete([each for each in stage if each.field in fields and _is_open(each, standing, about)])
    outputs = {output.letter: output for output in allocation.outputs.all()}
    return [
        (question, outputs.get(question.letter))
        for question in stage
        if question.field not in fields and _stands(standing.get(question.field))
    ]


def _stands(rating: Rating | None) -> bool:
    return rating is not None and (rating.cannot_judge or bool(rating.value))


def _is_open(question: Question, standing: Mapping[str, Rating], about: About) -> bool:
    rating = standing.get(question.field)
    if rating and rating.cannot_judge:
        return False
    if rating is None or not rating.value:
        return question.criterion.is_required
    return not is_whole(question.criterion, rating.value, about)


def _take_back(
    seat: Membership, allocation: Allocation, left: Sequence[Left], by: User, because: str = ""
) -> None:
    """Answers to questions that another answer has closed are withdrawn by events of their own."""
    for question, output in left:
        store(
            seat=seat,
            allocation=allocation,
            output=output,
            criterion=question.criterion,
            part=question.part_key,
            answer=Answer(),
            token=uuid.uuid4(),
            by=by,
            given=Given(because=because, client={"withdrawn": NOT_ASKED}),
        )
