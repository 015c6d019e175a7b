"""What simulated readers answer at attention checks: attentive ones see them, careless ones do not."""

from __future__ import annotations

import random

from readerstudy.demo.answers import answer_to
from readerstudy.reading.models import CheckMadeOf
from readerstudy.reading.questions import Question
from readerstudy.reading.scales import About
from readerstudy.reading.scales.base import options_of
from readerstudy.reading.scales.choices import closes

GOOD, POOR = 1.0, 0.0
Said = tuple[bool, str]
"""Whether the answer is “cannot judge”, and else the raw answer."""


def at_check(
    made_of: str, question: Question, about: About, draw: random.Random, *, is_careless: bool, usual: Said
) -> Said:
    """What is said; `usual` is what an ordinary case would get."""
    if made_of == CheckMadeOf.CASE:
        return usual
    if is_careless:
        return False, _extreme(question) or answer_to(question, about, GOOD, draw)
    if made_of == CheckMadeOf.BLANK:
        return _at_blank(question, about, draw)
    if made_of == CheckMadeOf.IDENTICAL:
        tie = _tie(question)
        return (False, tie) if tie else usual
    return False, answer_to(question, about, POOR, draw)


def _at_blank(question: Question, about: About, draw: random.Random) -> Said:
    """A gate of image quality is closed; all else cannot be judged, where the question offers it."""
    closing = [value for value in options_of(question.criterion) if closes(question.criterion, value)]
    if closing:
        return False, closing[-1]
    if question.criterion.allows_cannot_judge:
        return True, ""
    return False, answer_to(question, about, POOR, draw)


def _graded(question: Question) -> list[str]:
    """The options of a comparison from the nearest to a tie to the furthest; none of other questions."""
    if question.criterion.kind != "comparative":
        return []
    return sorted(
        (value for value in options_of(question.criterion) if _is_number(value)),
        key=lambda value: abs(float(value)),
    )


def _tie(question: Question) -> str:
    return next(iter(_graded(question)), "")


def _extreme(question: Question) -> str:
    return next(iter(reversed(_graded(question))), "")


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
