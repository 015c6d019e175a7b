"""When a reader passes an attention check, by what it is made of; pure, for the board, the report and the plan.

- A known-bad output is passed where at least one answer about it is below the acceptable level, or where an output that
  cannot be judged is said to be so.
- An identical pair is passed where no comparison is further from a tie than the smallest grade.
- A blank image is passed where the gate of image quality closes the case, or where something cannot be judged.
- A check case has no rule of its own: the protocol says what is expected (`path/checks.py`), or nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from readerstudy.designs.plan import Plan
from readerstudy.reading.models import CheckMadeOf
from readerstudy.reading.scales.choices import closes
from readerstudy.studies.models import Criterion, Kind
from readerstudy.studies.models.criterion import Scope

NEAR_A_TIE = 1.0
"""The smallest grade of a comparison that has more than one on either side."""


@dataclass(frozen=True, slots=True)
class Given:
    """One answer that was given at a check."""

    criterion: Criterion
    value: str
    score: float | None
    cannot_judge: bool


def passes(made_of: str, answers: Iterable[Given]) -> bool | None:
    """Whether these answers pass the check; None where none of them says anything about it."""
    found = [mark for each in answers if (mark := _mark(made_of, each)) is not None]
    if not found:
        return None
    return all(found) if made_of == CheckMadeOf.IDENTICAL else any(found)


def _mark(made_of: str, given: Given) -> bool | None:
    """Whether one answer speaks for an attentive reader; None where it says nothing."""
    criterion = given.criterion
    if made_of == CheckMadeOf.IDENTICAL:
        return _near_a_tie(criterion, given)
    if made_of == CheckMadeOf.KNOWN_BAD:
        return _below(criterion, given) if criterion.applies_to == Scope.OUTPUT else None
    if made_of == CheckMadeOf.BLANK:
        return _refused(criterion, given)
    return None


def _near_a_tie(criterion: Criterion, given: Given) -> bool | None:
    if criterion.kind != Kind.COMPARATIVE or given.score is None:
        return None
    scores = [abs(float(value)) for value in criterion.values if _is_number(value)]
    allowed = NEAR_A_TIE if max(scores, default=0.0) > NEAR_A_TIE else 0.0
    return abs(given.score) <= allowed


def _below(criterion: Criterion, given: Given) -> bool | None:
    if not has_level(criterion):
        return None
    if given.cannot_judge:
        return True
    accepted = criterion.accepts(given.value) if given.value else None
    return None if accepted is None else not accepted


def _refused(criterion: Criterion, given: Given) -> bool | None:
    if given.cannot_judge:
        return True
    if criterion.kind == Kind.QUALITY_GATE and given.value:
        return closes(criterion, given.value)
    return False if given.value else None


def has_level(criterion: Criterion) -> bool:
    """Whether the criterion says which answers are acceptable."""
    return bool(criterion.acceptable) or criterion.acceptable_from is not None


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def obstacle_to_scoring(criteria: Iterable[Criterion], plan: Plan) -> str:
    """Why no answer could tell whether a wanted check was passed, as a sentence; empty where one can."""
    checks, asked = plan.checks, list(criteria)
    if checks is None or not asked:
        return ""
    if checks.known_bad and not any(has_level(each) for each in asked if each.applies_to == Scope.OUTPUT):
        return _(
            "No question about an output says which answers are acceptable, so nobody could fail at a known-bad "
            "output. Say it at one question, or ask for no known-bad outputs."
        )
    if checks.identical and not any(each.kind == Kind.COMPARATIVE for each in asked):
        return _(
            "No question compares two outputs, so nobody could fail at an identical pair. Add a comparison, or ask for "
            "no identical pairs."
        )
    if checks.blank and not any(each.kind == Kind.QUALITY_GATE or each.allows_cannot_judge for each in asked):
        return _(
            "No question lets a reader say that an image shows nothing. Add a gate of image quality, let a question "
            "offer “cannot judge”, or ask for no blank images."
        )
    return ""
