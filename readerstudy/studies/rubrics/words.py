"""Questions in words: when one is asked, what counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.studies.rubrics.values import as_text

Question = Mapping[str, Any]


def conditions_in_words(question: Question, earlier: Mapping[str, Question]) -> list[str]:
    """One sentence part for each condition: “Correctness” is Mostly wrong or Several errors."""
    return [_condition(each, earlier) for each in question.get("when", [])]


def answers_of(question: Question) -> list[tuple[str, str]]:
    """Values, as a rating keeps them, and labels of what may be answered; empty where the answers are not listed."""
    if question["kind"] == "yes_no":
        return [("1", _("Yes")), ("0", _("No"))]
    return [(as_text(option["value"]), option["label"]) for option in question.get("options", [])]


def _condition(condition: Question, earlier: Mapping[str, Question]) -> str:
    if "stratum" in condition:
        return _("“%(name)s” of the case is %(values)s") % {
            "name": condition["stratum"],
            "values": _either(condition["is"]),
        }
    question = earlier.get(condition["criterion"])
    labels = dict(answers_of(question)) if question else {}
    values = [labels.get(as_text(value), as_text(value)) for value in condition["is"]]
    name = question["question"] if question else condition["criterion"]
    return _("“%(name)s” is answered %(values)s") % {"name": name, "values": _either(values)}


def _either(values: Sequence[Any]) -> str:
    told = [f"“{value}”" for value in values]
    if len(told) < 2:
        return "".join(told)
    return _("%(some)s or %(last)s") % {"some": ", ".join(told[:-1]), "last": told[-1]}
