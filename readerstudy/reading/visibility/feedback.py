"""What a reader sees after a practice case: the own answers beside the expected ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.reading.models import Rating
from readerstudy.reading.path.key import Expected, agrees
from readerstudy.reading.questions import Question
from readerstudy.reading.visibility.images import ShownImage
from readerstudy.reading.visibility.questions import words_of
from readerstudy.reading.visibility.texts import ShownOutput


@dataclass(frozen=True)
class ShownComparison:
    """One question of a practice case; `agrees` is None where nothing was expected."""

    question: str
    letter: str
    part_text: str
    own: str
    expected: str
    explanation: str
    agrees: bool | None


@dataclass(frozen=True)
class FeedbackPage:
    """Everything on the page after a practice case. `next_url` leads on; it is the last case where `is_last`."""

    study_title: str
    position: int
    total: int
    images: tuple[ShownImage, ...]
    outputs: tuple[ShownOutput, ...]
    case_text: str
    rows: tuple[ShownComparison, ...]
    next_url: str
    is_last: bool

    @property
    def heading(self) -> str:
        return _("Practice case %(position)d of %(total)d") % {"position": self.position, "total": self.total}

    @property
    def compared(self) -> int:
        return sum(row.agrees is not None for row in self.rows)

    @property
    def agreed(self) -> int:
        return sum(row.agrees is True for row in self.rows)


def show_comparisons(
    found: Sequence[tuple[Question, Rating | None, Expected | None]],
) -> tuple[ShownComparison, ...]:
    """The questions that were asked, in their order."""
    return tuple(_shown(question, rating, expected) for question, rating, expected in found)


def _shown(question: Question, rating: Rating | None, expected: Expected | None) -> ShownComparison:
    criterion = question.criterion
    return ShownComparison(
        question=criterion.question,
        letter=question.letter,
        part_text=question.part.text if question.part else "",
        own=words_of(criterion, rating),
        expected=_expected_words(question, expected) if expected else "",
        explanation=expected.explanation if expected else "",
        agrees=agrees(criterion, rating.value if rating else "", expected) if expected else None,
    )


def _expected_words(question: Question, expected: Expected) -> str:
    criterion = question.criterion
    if criterion.kind == "multiple_choice" and expected.answers:
        labels = {str(option["value"]): option["label"] for option in criterion.options}
        return ", ".join(labels.get(answer, answer) for answer in expected.answers)
    words = [words_of(criterion, Rating(value=answer)) for answer in expected.answers]
    told = _(" or ").join(words)
    if told and expected.within:
        return _("%(answer)s, at most %(within)s off") % {"answer": told, "within": f"{expected.within:g}"}
    return told
