"""The page of the questions after the last case as one plain form; its tokens make a repeated request the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.http import QueryDict

from readerstudy.reading.forms import CANNOT_JUDGE
from readerstudy.reading.models import AllocationPlan, ExitEvent, Rating
from readerstudy.reading.path.leaving import exit_questions, standing_exit
from readerstudy.reading.plain import raw_of
from readerstudy.reading.questions import Question
from readerstudy.reading.scales import ANYTHING, Answer, check_answer
from readerstudy.reading.visibility import Entry, entries_of, show_question
from readerstudy.studies.models import Membership

NUMBERED = "@token"


class ExitForm:
    """The questions with the answers that stand."""

    def __init__(self, seat: Membership, plan: AllocationPlan) -> None:
        self._seat, self._plan = seat, plan
        self.questions = exit_questions(seat)
        self.error = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The controls; every question shows, because nothing hides one without a script."""
        standing = standing_exit(self._seat, self._plan)
        shown = [
            show_question(
                each, _rating(standing.get(each.criterion.pk)), is_asked=True, order=str(self._seat.pk)
            )
            for each in self.questions
        ]
        return entries_of(shown)

    @property
    def tokens(self) -> list[tuple[str, uuid.UUID]]:
        """For each question the name of its hidden field and a fresh token."""
        return [(each.field + NUMBERED, uuid.uuid4()) for each in self.questions]

    def given(self, posted: QueryDict) -> Iterator[dict[str, Any]]:
        """What was answered anew: criterion, answer and token of each. Raises `RatingError` outside the scale."""
        standing = standing_exit(self._seat, self._plan)
        for question in self.questions:
            answer = _answer(question, posted)
            if answer is None or _same(answer, standing.get(question.criterion.pk)):
                continue
            yield {"criterion": question.criterion, "answer": answer, "token": _token(posted, question)}


def _answer(question: Question, posted: QueryDict) -> Answer | None:
    cannot = CANNOT_JUDGE in posted.getlist(question.field)
    raw = "" if cannot else raw_of(posted, question, ANYTHING)
    if not raw and not cannot:
        return None
    reason = posted.get(f"{question.field}@reason", "")
    answer = check_answer(question.criterion, raw, cannot_judge=cannot, reason=reason)
    return None if answer.is_empty else answer


def _same(answer: Answer, event: ExitEvent | None) -> bool:
    if event is None:
        return False
    stored = (event.value, event.cannot_judge, event.reason)
    return (answer.value, answer.cannot_judge, answer.reason) == stored


def _token(posted: QueryDict, question: Question) -> uuid.UUID:
    """The token of the page; a fresh one where it did not arrive."""
    try:
        return uuid.UUID(posted.get(question.field + NUMBERED, ""))
    except ValueError:
        return uuid.uuid4()


def _rating(event: ExitEvent | None) -> Rating | None:
    """The answer in the form in which questions show one."""
    if event is None:
        return None
    return Rating(value=event.value, cannot_judge=event.cannot_judge, reason=event.reason, at=event.at)
