"""The form of one rating, and the whole reading page as one plain form."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from readerstudy.reading.models import AllocatedOutput, Allocation, Rating
from readerstudy.reading.plain import raw_of
from readerstudy.reading.presenting import about
from readerstudy.reading.questions import Question
from readerstudy.reading.ratings import Clock, Given
from readerstudy.reading.scales import LONGEST_REASON, Answer, check_answer

CANNOT_JUDGE = "__cannot_judge__"
LONGEST_DISPLAY = 4000  # a dozen images with all that was done to each
LONGEST_CLOCK = 1000
LONGEST_SECONDS = 7 * 24 * 3600


class RateForm(forms.Form):
    """One rating on its way from the browser. The token is made there, so a repeated request is recognised."""

    output = forms.CharField(required=False, max_length=1)
    criterion = forms.SlugField(max_length=40)
    part = forms.SlugField(required=False, max_length=60)
    value = forms.CharField(required=False, strip=False)
    cannot_judge = forms.BooleanField(required=False)
    reason = forms.CharField(required=False)
    withdraw = forms.BooleanField(required=False)
    token = forms.UUIDField()
    made_at = forms.CharField(required=False, max_length=40)
    age = forms.FloatField(required=False)
    based_on = forms.UUIDField(required=False)
    changed_because = forms.CharField(required=False, max_length=LONGEST_REASON)
    display = forms.JSONField(required=False)

    def clean_display(self) -> dict[str, Any]:
        """What the screen showed, if it is plausible; a rating is never refused for it."""
        display = self.cleaned_data["display"]
        return display if isinstance(display, dict) and len(json.dumps(display)) <= LONGEST_DISPLAY else {}

    @property
    def given(self) -> Given:
        """How the answer came about, as its page tells it."""
        sent = self.cleaned_data
        knew = str(sent["based_on"] or "") if "based_on" in self.data else None
        client = {"made_at": sent["made_at"], **sent["display"]}
        return Given(knew, (sent["age"] or 0) / 1000, sent["changed_because"], client)

    def answer_to(
        self,
        question: Question,
        allocation: Allocation,
        output: AllocatedOutput | None,
        letters: Sequence[str] | None = None,
    ) -> Answer:
        """The answer in its stored form; raises `RatingError` for anything outside the scale."""
        sent = self.cleaned_data
        if sent["withdraw"]:
            return Answer()
        return check_answer(
            question.criterion,
            sent["value"],
            cannot_judge=sent["cannot_judge"],
            reason=sent["reason"],
            about=about(allocation, question, output, letters),
        )


class SubmitForm(forms.Form):
    """What comes with a submission beside the answers: which stage was on the screen, and the browser's clock."""

    stage = forms.CharField(required=False, max_length=10)
    clock = forms.JSONField(required=False)

    def clean_clock(self) -> Clock:
        """Times that are plausible; a submission is never refused for them."""
        told = self.cleaned_data["clock"]
        if not isinstance(told, dict) or len(json.dumps(told)) > LONGEST_CLOCK:
            return Clock()
        active = told.pop("active", None)
        plausible = type(active) in (int, float) and math.isfinite(active) and 0 <= active <= LONGEST_SECONDS
        return Clock(float(active) if plausible else None, told)


@dataclass(frozen=True)
class PlainAnswer:
    """One answer of a page that was sent without JavaScript."""

    question: Question
    output: AllocatedOutput | None
    answer: Answer
    token: uuid.UUID

    def repeats(self, standing: Rating | None) -> bool:
        """Whether the page sent back what stands already."""
        if standing is None:
            return False
        known = (standing.value, standing.cannot_judge, standing.reason)
        return (self.answer.value, self.answer.cannot_judge, self.answer.reason) == known


def carries_answers(posted: QueryDict) -> bool:
    """Whether a page was sent with its answers: their fields alone have a hyphen in their names."""
    return any("-" in name for name in posted)


def whole_page(
    posted: QueryDict,
    allocation: Allocation,
    questions: Sequence[Question],
    outputs: Mapping[str, AllocatedOutput],
) -> Iterator[PlainAnswer]:
    """The answers of a page sent without JavaScript, each with a fresh token; empty fields are left out.

    Raises `RatingError` for the first answer outside its scale.
    """
    for question in questions:
        if not any(name.split("@")[0] == question.field for name in posted):
            continue
        output = outputs.get(question.letter)
        known = about(allocation, question, output, sorted(outputs))
        cannot = CANNOT_JUDGE in posted.getlist(question.field)
        raw = "" if cannot else raw_of(posted, question, known)
        if raw == "" and not cannot:
            continue
        reason = posted.get(f"{question.field}@reason", "")
        answer = check_answer(question.criterion, raw, cannot_judge=cannot, reason=reason, about=known)
        if not answer.is_empty:
            yield PlainAnswer(question, output, answer, uuid.uuid4())
