"""Short names of questions, and the conditions that go by them. Pure: works on the form of a protocol file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any

from readerstudy.studies.rubrics.documents import KEY_LENGTH

Question = Mapping[str, Any]


def free_key(wanted: str, taken: Collection[str]) -> str:
    """The short name, with a number behind it where another question has it."""
    numbered = (f"{wanted[: KEY_LENGTH - 5].rstrip('-_')}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(key for key in numbered if key not in taken)


def beside(questions: Sequence[Question], taken: Collection[str]) -> list[dict[str, Any]]:
    """The questions as they can stand beside others whose short names are taken; conditions follow."""
    names: dict[str, str] = {}
    for question in questions:
        names[question["key"]] = free_key(question["key"], {*taken, *names.values()})
    return [renamed({**question, "key": names[question["key"]]}, names) for question in questions]


def renamed(question: Question, names: Mapping[str, str]) -> dict[str, Any]:
    """The question with the new names of the questions that its conditions are about."""
    if not question.get("when"):
        return dict(question)
    return {**question, "when": [_condition(each, names) for each in question["when"]]}


def _condition(condition: Question, names: Mapping[str, str]) -> dict[str, Any]:
    if "criterion" not in condition:
        return dict(condition)
    return {**condition, "criterion": names.get(condition["criterion"], condition["criterion"])}
