"""Practice: what was submitted is compared with the key and kept, and the main cases open once the mark is reached."""

# ruff: noqa: S608  statements are put together from constants alone
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.record import RECORD, record, study_stream, told
from readerstudy.postgres.rows import read_one
from readerstudy.reading.models import (
    AllocatedOutput,
    Allocation,
    AllocationPlan,
    PracticeAttempt,
    PracticeGrant,
    PracticeRound,
    PresentationKind,
    Rating,
    Reading,
)
from readerstudy.reading.path.key import Expected, PracticeRules, agrees, expected_of
from readerstudy.reading.presenting import answers_of, outputs_with_arms, presentation_of
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.questions import Question, asked
from readerstudy.reading.turns import Turn
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError

Found = tuple[Question, Rating | None, Expected | None]


def rules_of(seat: Membership) -> PracticeRules:
    """What the protocol of the reader's study says of practice."""
    return PracticeRules.of(frozen_of(seat.study).phases)


def is_practice(allocation: Allocation) -> bool:
    return allocation.kind == PresentationKind.PRACTICE


def is_finished_practice(allocation: Allocation) -> bool:
    """Whether it is a practice case that is submitted: what its reader then sees are the expected answers."""
    reading: Reading | None = getattr(allocation, "reading", None)
    return is_practice(allocation) and reading is not None and reading.submitted_at is not None


def check_practised(allocation: Allocation, turn: Turn) -> None:
    """Raises `StudyError` for a case that counts as long as the reader's practice is not passed."""
    if not is_practice(allocation) and not turn.is_practised:
        raise StudyError(_("Finish the practice cases first; then the cases of the study open."))


def check_practice_open(allocation: Allocation, turn: Turn) -> None:
    """Raises `StudyError` for a practice case that is submitted: its answers were compared and stay as they are."""
    if is_practice(allocation) and turn.is_submitted:
        raise StudyError(_("This practice case is finished, and its answers stay as they are."))


def answered(allocation: Allocation, outputs: Sequence[AllocatedOutput]) -> list[Found]:
    """The questions that a practice case asks, with the standing answer and what is expected of each.

    `outputs` are those on the screen, with their arms.
    """
    presentation = presentation_of(allocation, outputs=outputs)
    letters = {output.pk: output.letter for output in outputs}
    keys = {criterion.pk: criterion.key for criterion in presentation.criteria}
    standing = answers_of(allocation.ratings.all(), letters, keys)
    fields = asked(presentation.questions, {name: rating.value for name, rating in standing.items()})
    questions = [each for each in presentation.questions if each.field in fields]
    expected = expected_of(rules_of(allocation.seat), allocation, questions, outputs)
    return [(each, standing.get(each.field), expected.get(each.field)) for each in questions]


def keep_attempt(
    *, seat: Membership, allocation: Allocation, reading: Reading, by: User
) -> PracticeAttempt | None:
    """Keeps what was just submitted, compared with the key; ends the round with its last case.

    Call it in the transaction of the submission. None where the case is no practice.
    """
    if not is_practice(allocation) or reading.submitted_at is None:
        return None
    found = answered(allocation, outputs_with_arms(allocation))
    marks = [_mark(*each) for each in found]
    count = _count(allocation)
    attempt = PracticeAttempt(
        allocation=allocation,
        number=count.number,
        shown_at=reading.shown_at,
        submitted_at=reading.submitted_at,
        active_seconds=reading.active_seconds,
        answers={
            question.field: _told(rating, mark)
            for (question, rating, _e), mark in zip(found, marks, strict=True)
        },
        agreed=marks.count(True),
        compared=len(marks) - marks.count(None),
    )
    read_one(ATTEMPT, {**_values(attempt), **_round_ended(seat, attempt, count, by)})
    return attempt


def _mark(question: Question, rating: Rating | None, expected: Expected | None) -> bool | None:
    return agrees(question.criterion, rating.value if rating else "", expected) if expected else None


def _told(rating: Rating | None, mark: bool | None) -> dict[str, Any]:
    value, cannot, reason = (rating.value, rating.cannot_judge, rating.reason) if rating else ("", False, "")
    return {"value": value, "cannot_judge": cannot, "reason": reason, "agrees": mark}


ROUND = """
WITH mine AS (
    SELECT a.id FROM reading_allocation a
    WHERE a.plan_id = %(plan)s AND a.seat_id = %(seat)s AND a.kind = 'practice'
), present AS (
    SELECT count(*) + 1 AS number FROM reading_practiceattempt t WHERE t.allocation_id = %(allocation)s
)
SELECT present.number, (SELECT count(*) FROM mine) - count(t.id) AS open, coalesce(sum(t.agreed), 0) AS agreed,
    coalesce(sum(t.compared), 0) AS compared
FROM present LEFT JOIN (reading_practiceattempt t JOIN mine ON mine.id = t.allocation_id) ON t.number = present.number
GROUP BY present.number
"""

ATTEMPT = f"""
WITH kept AS (
    INSERT INTO reading_practiceattempt
        (allocation_id, number, shown_at, submitted_at, active_seconds, answers, agreed, compared)
    VALUES (%(allocation)s, %(number)s, %(shown_at)s, %(submitted_at)s, %(active_seconds)s, %(answers)s, %(agreed)s,
        %(compared)s)
    RETURNING number
), ended AS (
    INSERT INTO reading_practiceround (plan_id, seat_id, number, agreed, compared, pass_mark, is_passed, at)
    SELECT %(plan)s, %(seat)s, number, %(sum_agreed)s, %(sum_compared)s, %(pass_mark)s::float8, %(passed)s, %(at)s
    FROM kept WHERE %(ends)s
    RETURNING number
), told AS ({RECORD} FROM ended)
SELECT number FROM kept
"""


@dataclass(frozen=True)
class _Count:
    """A round as it stands before a case of it is compared: its number, the cases still open, the sums so far."""

    number: int
    open: int
    agreed: int
    compared: int


def _count(allocation: Allocation) -> _Count:
    parameters = {"plan": allocation.plan_id, "seat": allocation.seat_id, "allocation": allocation.pk}
    return _Count(**{name: int(value) for name, value in (read_one(ROUND, parameters) or {}).items()})


def _values(attempt: PracticeAttempt) -> dict[str, Any]:
    return {
        "allocation": attempt.allocation_id,
        "number": attempt.number,
        "shown_at": attempt.shown_at,
        "submitted_at": attempt.submitted_at,
        "active_seconds": attempt.active_seconds,
        "answers": Jsonb(attempt.answers),
        "agreed": attempt.agreed,
        "compared": attempt.compared,
    }


def _round_ended(seat: Membership, last: PracticeAttempt, count: _Count, by: User) -> dict[str, Any]:
    """The round and its event as they are written if this attempt is its last one."""
    rules, agreed, compared = rules_of(seat), count.agreed + last.agreed, count.compared + last.compared
    passed = rules.is_reached(agreed, compared)
    data = {"round": last.number, "agreed": agreed, "compared": compared, "passed": passed}
    stream = study_stream(seat.study_id, seat.seat)
    return {
        "plan": last.allocation.plan_id,
        "seat": seat.pk,
        "sum_agreed": agreed,
        "sum_compared": compared,
        "pass_mark": rules.pass_mark,
        "passed": passed,
        "at": timezone.now(),
        "ends": count.open == 1,
        **told("practice.end", by=by, stream=stream, subject=seat.pseudonym, data=data),
    }


@dataclass(frozen=True)
class Practice:
    """How far a reader's practice is: cases of this round, rounds that ended, and whether another one may begin."""

    total: int
    done: int
    rounds: int
    last: PracticeRound | None
    is_passed: bool
    tries: int | None
    grants: int = 0
    pass_mark: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether a practice case waits."""
        return self.done < self.total

    @property
    def may_repeat(self) -> bool:
        """Whether another round may begin now."""
        if self.is_open or self.is_passed or not self.total:
            return False
        return self.tries is None or self.rounds < self.tries + self.grants

    @property
    def is_failed(self) -> bool:
        """Whether only the coordinator can help."""
        return bool(self.total) and not (self.is_open or self.is_passed or self.may_repeat)

    @property
    def tries_left(self) -> int | None:
        return None if self.tries is None else max(0, self.tries + self.grants - self.rounds)


NO_PRACTICE = Practice(0, 0, 0, None, is_passed=True, tries=None)


def practice_of(seat: Membership, plan: AllocationPlan | None) -> Practice:
    """Where the reader stands in practice under this plan."""
    if plan is None:
        return NO_PRACTICE
    mine, rules = (
        Allocation.objects.filter(plan=plan, seat=seat, kind=PresentationKind.PRACTICE),
        rules_of(seat),
    )
    counts = mine.aggregate(total=Count("pk"), done=Count("reading__submitted_at"))
    rounds = list(PracticeRound.objects.filter(plan=plan, seat=seat).order_by("number"))
    passed = any(each.is_passed for each in rounds) or not counts["total"]
    return Practice(
        **counts,
        rounds=len(rounds),
        last=rounds[-1] if rounds else None,
        is_passed=passed,
        tries=rules.tries,
        grants=0 if passed else PracticeGrant.objects.filter(plan=plan, seat=seat).count(),
        pass_mark=rules.pass_mark,
    )


@dataclass(frozen=True)
class Standing:
    """Practice of one reader as the board shows it."""

    total: int = 0
    done: int = 0
    rounds: int = 0
    is_passed: bool = False
    share: float | None = None
    tries_over: bool = False

    @property
    def needs_help(self) -> bool:
        """Whether the reader waits for one more round to be allowed."""
        return bool(self.total) and self.done == self.total and not self.is_passed and self.tries_over

    @property
    def words(self) -> str:
        """How far it is, in a few words; empty where there is no practice."""
        if not self.total:
            return ""
        percent = "" if self.share is None else f", {round(100 * self.share)} %"
        if self.is_passed:
            return _("passed") + percent
        if self.done < self.total:
            return f"{self.done} / {self.total}"
        return _("not passed") + percent


def standings(plan: AllocationPlan | None, seats: Sequence[Membership]) -> Mapping[int, Standing]:
    """Practice of these readers under one plan, by primary key of the seat, in at most three queries."""
    if plan is None or not seats:
        return {}
    mine = Allocation.objects.filter(plan=plan, seat__in=seats, kind=PresentationKind.PRACTICE)
    counts = mine.order_by().values("seat").annotate(total=Count("pk"), done=Count("reading__submitted_at"))
    rounds: dict[int, list[PracticeRound]] = {}
    for each in PracticeRound.objects.filter(plan=plan, seat__in=seats).order_by("number"):
        rounds.setdefault(each.seat_id, []).append(each)
    grants = Counter(PracticeGrant.objects.filter(plan=plan, seat__in=rounds).values_list("seat", flat=True))
    tries = rules_of(seats[0]).tries
    return {
        row["seat"]: Standing(
            total=row["total"],
            done=row["done"],
            rounds=len(ended := rounds.get(row["seat"], [])),
            is_passed=any(each.is_passed for each in ended),
            share=ended[-1].share if ended else None,
            tries_over=tries is not None and len(ended) >= tries + grants[row["seat"]],
        )
        for row in counts
    }


@transaction.atomic
def grant_round(*, seat: Membership, by: User) -> PracticeGrant:
    """Allows a reader who did not reach the mark one more round of practice.

    Raises:
        StudyError: where the reader has passed, or has a round left.
    """
    Membership.objects.select_for_update().get(pk=seat.pk)
    plan = AllocationPlan.objects.current(seat.study)
    practice = practice_of(seat, plan)
    if plan is None or not practice.is_failed:
        raise StudyError(
            _("%(reader)s does not need another round of practice.") % {"reader": seat.pseudonym}
        )
    grant = PracticeGrant.objects.create(plan=plan, seat=seat, number=practice.rounds, by=by)
    stream, data = study_stream(seat.study_id), {"after_round": practice.rounds}
    record("practice.grant", by=by, stream=stream, subject=seat.pseudonym, data=data)
    return grant
