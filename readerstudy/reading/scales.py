"""What a rating may be: the answer as it came from the reader, checked against its criterion. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.studies.models import Criterion, Kind
from readerstudy.studies.policies import StudyError

LONGEST_TEXT = 5000


class RatingError(StudyError):
    """The rating cannot be taken; the text says what would be. `fields` names the form fields at fault."""

    def __init__(self, sentence: str, fields: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.fields = tuple(fields)


@dataclass(frozen=True)
class Answer:
    """A checked rating: its value as text, its score where a mean makes sense, or the choice not to judge.

    An empty answer takes back an earlier one: the question is open again, and the events show both.
    """

    value: str = ""
    score: float | None = None
    cannot_judge: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.value and not self.cannot_judge


def check_answer(criterion: Criterion, raw: str, *, cannot_judge: bool) -> Answer:
    """The answer in its stored form; raises `RatingError` for anything outside the scale."""
    if cannot_judge:
        if not criterion.allows_cannot_judge:
            raise RatingError(_("“%(question)s” has to be judged.") % {"question": criterion.question})
        return Answer(cannot_judge=True)
    kind = Kind(criterion.kind)
    if kind.has_options:
        return _option(criterion, raw)
    return _number(criterion, raw) if kind == Kind.NUMBER else _text(criterion, raw)


def _option(criterion: Criterion, raw: str) -> Answer:
    if raw not in criterion.values:
        raise RatingError(_("“%(question)s”: choose one of the options.") % {"question": criterion.question})
    return Answer(value=raw, score=float(raw) if criterion.is_scored else None)


def _number(criterion: Criterion, raw: str) -> Answer:
    if not raw.strip():
        return Answer()
    try:
        score = float(raw.replace(",", "."))
    except ValueError:
        score = math.nan
    low = -math.inf if criterion.minimum is None else criterion.minimum
    high = math.inf if criterion.maximum is None else criterion.maximum
    if not math.isfinite(score) or not low <= score <= high:
        raise RatingError(_number_wanted(criterion))
    return Answer(value=f"{score:g}" if abs(score) < 1e6 else repr(score), score=score)


def _number_wanted(criterion: Criterion) -> str:
    words = {"question": criterion.question, "low": criterion.minimum, "high": criterion.maximum}
    if criterion.minimum is not None and criterion.maximum is not None:
        return _("“%(question)s”: write a number from %(low)g to %(high)g.") % words
    return _("“%(question)s”: write a number.") % words


def _text(criterion: Criterion, raw: str) -> Answer:
    text = raw.replace("\x00", "").strip()
    if len(text) > LONGEST_TEXT:
        raise RatingError(
            _("“%(question)s”: write at most %(most)d characters.")
            % {"question": criterion.question, "most": LONGEST_TEXT}
        )
    return Answer(value=text)
