"""Kinds that are answered by choosing: one option, several, or an order of them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.reading.scales.base import About, Answer, canonical, options_of, parsed, refuse
from readerstudy.studies.models import Criterion

COUNTED = frozenset({"likert", "yes_no", "comparative", "confidence"})
"""Kinds whose options are numbers of which a mean makes sense."""


def one(criterion: Criterion, raw: str, about: About) -> Answer:
    """One of the options."""
    if raw not in options_of(criterion):
        refuse(criterion, _("choose one of the options."))
    return Answer(value=raw, score=_score(criterion, raw))


def several(criterion: Criterion, raw: str, about: About) -> Answer:
    """Any of the options, stored in the order of the criterion; none of them takes the answer back."""
    chosen = _texts(criterion, raw)
    options = options_of(criterion)
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(options):
        refuse(criterion, _("choose among the options, each at most once."))
    ordered = [value for value in options if value in chosen]
    return Answer(value=canonical(ordered) if ordered else "")


def order(criterion: Criterion, raw: str, about: About) -> Answer:
    """The options from first to last, or the letters of the outputs where the criterion has none.

    An order that is begun and not finished may be stored, so that nothing is lost; `is_ordered` tells it apart.
    """
    ranked = _texts(criterion, raw)
    options = rankable(criterion, about)
    known = not options or set(ranked) <= set(options)
    if len(set(ranked)) != len(ranked) or not known:
        refuse(criterion, _("put the options in order, each once."))
    return Answer(value=canonical(ranked) if ranked else "")


def rankable(criterion: Criterion, about: About) -> list[str]:
    """What is put in order."""
    return options_of(criterion) or list(about.letters)


def is_ordered(criterion: Criterion, value: str, about: About) -> bool:
    """Whether every option has its place."""
    return len(parsed(criterion, value)) >= len(rankable(criterion, about))


def closes(criterion: Criterion, value: str) -> bool:
    """Whether this answer to a quality gate leaves out the rest of the case.

    So does every option that is not acceptable; where the criterion names no acceptable ones, the last option.
    """
    if criterion.kind != "quality_gate" or not value:
        return False
    accepted = [text_of(each) for each in criterion.acceptable]
    return value not in accepted if accepted else value == options_of(criterion)[-1]


def text_of(value: object) -> str:
    """A value of a protocol file as ratings hold it: true is "1", 3 is "3"."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _texts(criterion: Criterion, raw: str) -> list[str]:
    found = parsed(criterion, raw)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        refuse(criterion, _("this answer did not arrive whole. Answer again."))
    return found


def _score(criterion: Criterion, value: str) -> float | None:
    if criterion.kind not in COUNTED:
        return None
    try:
        return float(value)
    except ValueError:  # the options of a confidence scale may be words
        return None
