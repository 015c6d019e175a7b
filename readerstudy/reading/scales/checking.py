"""The one way in: which check belongs to which kind, and when an answer is whole."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from readerstudy.reading.scales import choices, marks, numbers, texts
from readerstudy.reading.scales.base import ANYTHING, LONGEST_REASON, About, Answer, RatingError, refuse
from readerstudy.studies.models import Criterion

CHECKS: dict[str, Callable[[Criterion, str, About], Answer]] = {
    "yes_no": choices.one,
    "single_choice": choices.one,
    "likert": choices.one,
    "comparative": choices.one,
    "grid": choices.one,
    "quality_gate": choices.one,
    "multiple_choice": choices.several,
    "ranking": choices.order,
    "integer": numbers.whole,
    "number": numbers.number,
    "visual_analogue": numbers.number,
    "confidence": numbers.confidence,
    "free_text": texts.free,
    "text_span": texts.spans,
    "edit": texts.edit,
    "box": marks.marks,
    "point": marks.marks,
    "length": marks.marks,
    "polygon": marks.marks,
}
WHOLE: dict[str, Callable[[Criterion, str, About], bool]] = {
    "ranking": choices.is_ordered,
    "edit": texts.is_edited,
}


def check_answer(
    criterion: Criterion, raw: str, *, cannot_judge: bool, reason: str = "", about: About = ANYTHING
) -> Answer:
    """The answer in its stored form; raises `RatingError` for anything outside the scale."""
    reason = reason.replace("\x00", "").strip()
    if len(reason) > LONGEST_REASON:
        refuse(criterion, _("give the reason in at most %(most)d characters."), most=LONGEST_REASON)
    answer = _declined(criterion) if cannot_judge else CHECKS[criterion.kind](criterion, raw, about)
    if needs_reason(criterion, answer) and not reason:
        refuse(criterion, _("say in a few words why."))
    return Answer(answer.value, answer.score, answer.cannot_judge, reason)


def needs_reason(criterion: Criterion, answer: Answer) -> bool:
    """Whether the study wants to know why: of “cannot judge” if it asks, of an image that cannot be read always."""
    if answer.cannot_judge:
        return criterion.asks_reason
    return choices.closes(criterion, answer.value)


def is_whole(criterion: Criterion, value: str, about: About = ANYTHING) -> bool:
    """Whether a stored value answers its question in full; what is begun is stored, but leaves the question open."""
    return bool(value) and WHOLE.get(criterion.kind, _always)(criterion, value, about)


def _declined(criterion: Criterion) -> Answer:
    if not criterion.allows_cannot_judge:
        raise RatingError(_("“%(question)s” has to be judged.") % {"question": criterion.question})
    return Answer(cannot_judge=True)


def _always(_criterion: Criterion, _value: str, _about: About) -> bool:
    return True
