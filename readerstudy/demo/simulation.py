"""Simulated readers: they go through the same actions as people, and are labelled wherever their ratings appear.

A simulated reader knows whether the text's classification agrees with the reference, is more or less severe than the
others, and is not always consistent; all of it is drawn from a seed.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from readerstudy.accounts.models import User
from readerstudy.demo.answers import answer_to
from readerstudy.demo.at_checks import at_check
from readerstudy.designs.shuffling import digest
from readerstudy.generation.models import DECLINED, RefusalVerdict
from readerstudy.reading import actions
from readerstudy.reading.adjudication.screen import Bench, bench_of
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.path.key import expected_of
from readerstudy.reading.path.leaving import exit_questions
from readerstudy.reading.path.practice import is_practice, rules_of
from readerstudy.reading.presenting import about, presentation_of
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.questions import Presentation, Question, asked, stage_of
from readerstudy.reading.scales import ANYTHING, check_answer
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.policies import StudyError

CANNOT_JUDGE_SHARE = 0.02
REASON = "Drawn by a simulated reader."
NEUTRAL = 0.55
SAID = "none"


@dataclass(frozen=True)
class Reader:
    """One simulated reader: the seat, how strict, which outputs declined, and whether attention checks are missed."""

    seat: Membership
    seed: int
    severity: float
    declined: frozenset[int]
    is_careless: bool = False

    @classmethod
    def of(cls, seat: Membership, seed: int, *, is_careless: bool = False) -> Reader:
        if not seat.user.is_simulated:
            raise StudyError(f"{seat.pseudonym} is a person. Only simulated readers can be simulated.")
        severity = _draw(seed, seat.seat or 0, "severity").gauss(0, 0.35)
        return cls(seat, seed, severity, _declined(seat.study), is_careless)

    @property
    def user(self) -> User:
        return self.seat.user


def simulate_reader(*, seat: Membership, seed: int, is_careless: bool = False) -> int:
    """Reads everything that is still open for this simulated reader; returns the number of readings submitted.

    A careless one answers at attention checks as if they were ordinary and well-written cases.
    """
    reader = Reader.of(seat, seed, is_careless=is_careless)
    unread = list(Allocation.objects.of(seat).unread().select_related("case__reference", "seat__study"))
    _introduce(reader)
    for allocation in unread:
        _read(reader, allocation)
    _leave(reader)
    return len(unread)


def _introduce(reader: Reader) -> None:
    """What stands before the cases: the protocol's questions about the reader, and its tutorial."""
    seat, frozen = reader.seat, frozen_of(reader.seat.study)
    if frozen.profile:
        actions.tell_background(seat=seat, answers=dict.fromkeys(frozen.profile, SAID), by=reader.user)
    if frozen.tutorial:
        actions.finish_tutorial(seat=seat, by=reader.user)


def _leave(reader: Reader) -> None:
    """Answers the questions after the last case, where the protocol has some."""
    answers: dict[str, str] = {}
    questions = exit_questions(reader.seat)
    if not questions or Allocation.objects.of(reader.seat).unread().exists():
        return
    for question in questions:
        if question.field in asked(questions, answers):
            answers[question.field] = _say(reader, question)
    actions.finish_exit(seat=reader.seat, by=reader.user)


def _say(reader: Reader, question: Question) -> str:
    """Gives one answer after the last case; returns its value, empty where the question was left open."""
    draw = _draw(reader.seed, reader.seat.seat or 0, "exit", question.field)
    token = uuid.UUID(digest(reader.seed, reader.seat.study_id, reader.seat.pk, "exit", question.field)[:32])
    raw = answer_to(question, ANYTHING, draw.random(), draw)
    if not raw:
        return ""
    answer = check_answer(question.criterion, raw, cannot_judge=False, reason=REASON)
    actions.answer_exit(
        seat=reader.seat, criterion=question.criterion, answer=answer, token=token, by=reader.user
    )
    return answer.value


def _read(reader: Reader, allocation: Allocation) -> None:
    """One case: staged ones are answered without the output first."""
    seat, frozen = reader.seat, frozen_of(reader.seat.study)
    actions.show_reading(seat=seat, allocation=allocation)
    presentation = presentation_of(allocation)
    outputs = {
        each.letter: each for each in allocation.outputs.select_related("allocation", "interpretation")
    }
    answers: dict[str, str] = {}
    if frozen.is_staged:
        _answer(reader, allocation, presentation, presentation.of_stage(revealed=False), outputs, answers)
        actions.lock_unaided(seat=seat, allocation=allocation, criteria=frozen.criteria, by=reader.user)
        open_now = presentation.of_stage(revealed=True)
    else:
        open_now = presentation.questions
    _answer(reader, allocation, presentation, open_now, outputs, answers)
    actions.submit_reading(seat=seat, allocation=allocation, criteria=frozen.criteria, by=reader.user)


def _answer(
    reader: Reader,
    allocation: Allocation,
    presentation: Presentation,
    questions: Sequence[Question],
    outputs: dict[str, AllocatedOutput],
    answers: dict[str, str],
) -> None:
    """Answers in order, each question only where the answers before it ask for it."""
    for question in questions:
        if question.field in asked(presentation.questions, answers):
            answers[question.field] = _rate(reader, allocation, question, outputs.get(question.letter))


def _rate(reader: Reader, allocation: Allocation, question: Question, output: AllocatedOutput | None) -> str:
    """Gives one rating; returns its value, empty where the question was left open or not judged."""
    criterion, seat = question.criterion, reader.seat
    draw = _draw(reader.seed, seat.seat or 0, allocation.position, question.field, stage_of(criterion))
    cannot_judge = criterion.allows_cannot_judge and draw.random() < CANNOT_JUDGE_SHARE
    merit = _merit(reader, allocation, output) + draw.gauss(0, 0.22)
    known = about(allocation, question, output)
    raw = "" if cannot_judge else answer_to(question, known, merit, draw)
    if wanted := _expected(reader, allocation, question, output):
        cannot_judge, raw = False, wanted
    if allocation.check_kind:
        cannot_judge, raw = at_check(
            allocation.check_kind,
            question,
            known,
            draw,
            is_careless=reader.is_careless,
            usual=(cannot_judge, raw),
        )
    if not raw and not cannot_judge:
        return ""
    answer = check_answer(criterion, raw, cannot_judge=cannot_judge, reason=REASON, about=known)
    actions.rate(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=criterion,
        part=question.part_key,
        answer=answer,
        token=_token(reader, allocation, question),
        by=reader.user,
    )
    return answer.value


def _expected(
    reader: Reader, allocation: Allocation, question: Question, output: AllocatedOutput | None
) -> str:
    """In practice the answer of the key: simulated readers have no trouble with its mark."""
    if not is_practice(allocation):
        return ""
    outputs = [output] if output else list(allocation.outputs.select_related("arm"))
    expected = expected_of(rules_of(reader.seat), allocation, [question], outputs).get(question.field)
    if expected is None or not expected.answers:
        return ""
    several = question.criterion.kind == "multiple_choice"
    return json.dumps(list(expected.answers)) if several else expected.answers[0]


def _token(reader: Reader, allocation: Allocation, question: Question) -> uuid.UUID:
    parts = (reader.seat.study_id, reader.seat.pk, allocation.pk, question.field)
    return uuid.UUID(digest(reader.seed, *parts)[:32])


def _merit(reader: Reader, allocation: Allocation, output: AllocatedOutput | None) -> float:
    """How good the text seems, on a scale where 0 is poor and 1 is good; of no text, how easy the case is."""
    if output is None:
        return NEUTRAL - reader.severity
    if output.interpretation_id in reader.declined:
        return -0.4 - reader.severity
    reference = getattr(allocation.case, "reference", None)
    if reference is None or "classification:" not in output.interpretation.text.lower():
        return NEUTRAL + 0.1 * output.side - reader.severity
    agrees = f"classification: {reference.label}" in output.interpretation.text.lower()
    return (0.9 if agrees else 0.1) - reader.severity


def _declined(study: Study) -> frozenset[int]:
    standing = RefusalVerdict.objects.filter(interpretation__generation__arm__study=study).standing()
    return frozenset(verdict.interpretation_id for verdict in standing if verdict.verdict in DECLINED)


def _draw(seed: int, *parts: int | str) -> random.Random:
    return random.Random(digest(seed, "simulated reader", *parts))  # noqa: S311  nothing secret is drawn


def simulate_adjudicator(*, adjudicator: Membership, seed: int) -> int:
    """Settles everything that waits for this simulated adjudicator; returns how many cases that were."""
    if not adjudicator.user.is_simulated:
        raise StudyError(f"{adjudicator.user} is a person. Only simulated adjudicators can be simulated.")
    settled = 0
    while adjudication := actions.open_next(adjudicator=adjudicator, by=adjudicator.user):
        adjudication.adjudicator = adjudicator
        bench, answers = bench_of(adjudication), dict[str, str]()
        for question in bench.presentation.questions:
            if question.field in asked(bench.presentation.questions, answers):
                answers[question.field] = _settle(bench, question, seed)
        actions.finish_adjudication(
            adjudication=adjudication, questions=bench.presentation.questions, by=adjudicator.user
        )
        settled += 1
    return settled


def _settle(bench: Bench, question: Question, seed: int) -> str:
    """Gives one answer of an adjudicator; returns its value."""
    adjudication = bench.adjudication
    parts = (adjudication.case.code, adjudication.screen, question.field)
    draw = _draw(seed, "adjudicator", *parts)
    token = uuid.UUID(digest(seed, "adjudicator", adjudication.key, question.field)[:32])
    known = about(bench.allocation, question, bench.output(question.letter), bench.letters)
    raw = answer_to(question, known, draw.random(), draw)
    if not raw:
        return ""
    answer = check_answer(question.criterion, raw, cannot_judge=False, reason=REASON, about=known)
    actions.settle(
        adjudication=adjudication,
        question=question,
        output=bench.rows.get(question.letter),
        answer=answer,
        token=token,
        by=adjudication.adjudicator.user,
    )
    return answer.value
