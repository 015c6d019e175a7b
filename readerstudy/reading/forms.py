"""The form of one rating, and the whole reading page as one plain form."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from readerstudy.reading.models import AllocatedOutput
from readerstudy.reading.scales import Answer, check_answer
from readerstudy.studies.models import Criterion

CANNOT_JUDGE = "__cannot_judge__"
LONGEST_DISPLAY = 4000  # a dozen images with all that was done to each


class RateForm(forms.Form):
    """One rating on its way from the browser. The token is made there, so a repeated request is recognised."""

    output = forms.CharField(max_length=1)
    criterion = forms.SlugField(max_length=40)
    value = forms.CharField(required=False, strip=False)
    cannot_judge = forms.BooleanField(required=False)
    withdraw = forms.BooleanField(required=False)
    token = forms.UUIDField()
    made_at = forms.CharField(required=False, max_length=40)
    display = forms.JSONField(required=False)

    def clean_display(self) -> dict[str, Any]:
        """What the screen showed, if it is plausible; a rating is never refused for it."""
        display = self.cleaned_data["display"]
        return display if isinstance(display, dict) and len(json.dumps(display)) <= LONGEST_DISPLAY else {}

    @property
    def client(self) -> dict[str, Any]:
        return {"made_at": self.cleaned_data["made_at"], **self.cleaned_data["display"]}


def whole_page(
    posted: QueryDict, outputs: Sequence[AllocatedOutput], criteria: Sequence[Criterion]
) -> Iterator[tuple[AllocatedOutput, Criterion, Answer, uuid.UUID]]:
    """The answers of a page sent without JavaScript, each with a fresh token; empty fields are left out.

    Raises `RatingError` for the first answer outside its scale.
    """
    for output in outputs:
        for criterion in criteria:
            raw = posted.get(f"{output.letter}-{criterion.key}", "")
            if raw == "":
                continue
            answer = check_answer(criterion, raw, cannot_judge=raw == CANNOT_JUDGE)
            if not answer.is_empty:
                yield output, criterion, answer, uuid.uuid4()
