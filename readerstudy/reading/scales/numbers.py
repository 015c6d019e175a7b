"""Kinds that are answered by a number."""

from __future__ import annotations

import math
import re
from typing import NoReturn

from django.utils.translation import gettext as _

from readerstudy.reading.scales.base import About, Answer, number_text, options_of, refuse
from readerstudy.reading.scales.choices import one
from readerstudy.studies.models import Criterion

DEFAULTS = {"visual_analogue": (0.0, 100.0), "confidence": (1.0, 5.0)}
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)


def number(criterion: Criterion, raw: str, about: About) -> Answer:
    """Any number within the bounds."""
    if not raw.strip():
        return Answer()
    score = _parsed(raw)
    if score is None:
        _say_what_is_wanted(criterion)
    within(criterion, score)
    return Answer(value=number_text(score), score=score)


def whole(criterion: Criterion, raw: str, about: About) -> Answer:
    """A whole number within the bounds."""
    answer = number(criterion, raw, about)
    if answer.score is not None and not answer.score.is_integer():
        _say_what_is_wanted(criterion)
    return answer


def confidence(criterion: Criterion, raw: str, about: About) -> Answer:
    """One of the options where there are any, else a number, from 1 to 5 unless the criterion says otherwise."""
    return one(criterion, raw, about) if options_of(criterion) else number(criterion, raw, about)


def within(criterion: Criterion, score: float) -> None:
    """Refuses a number outside the bounds."""
    low, high = bounds_of(criterion)
    if (low is not None and score < low) or (high is not None and score > high):
        _say_what_is_wanted(criterion)


def bounds_of(criterion: Criterion) -> tuple[float | None, float | None]:
    """The lowest and the highest value; what the criterion leaves open has the usual value of its kind, if any."""
    low, high = DEFAULTS.get(criterion.kind, (None, None))
    return (
        low if criterion.minimum is None else criterion.minimum,
        high if criterion.maximum is None else criterion.maximum,
    )


def _parsed(raw: str) -> float | None:
    text = raw.strip().replace("−", "-")
    if not NUMBER.fullmatch(text):
        return None
    score = float(text.replace(",", "."))
    return score + 0.0 if math.isfinite(score) else None  # -0 is 0


def _say_what_is_wanted(criterion: Criterion) -> NoReturn:
    low, high = bounds_of(criterion)
    is_whole = criterion.kind == "integer"
    if criterion.kind == "length":
        refuse(criterion, _("draw a length from %(low)s to %(high)s."), low=_end(low), high=_end(high))
    if low is not None and high is not None:
        sentence = (
            _("write a whole number from %(low)g to %(high)g.")
            if is_whole
            else _("write a number from %(low)g to %(high)g.")
        )
        refuse(criterion, sentence, low=low, high=high)
    refuse(criterion, _("write a whole number.") if is_whole else _("write a number."))


def _end(bound: float | None) -> str:
    return "…" if bound is None else number_text(bound)
