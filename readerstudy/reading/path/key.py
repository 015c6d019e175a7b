"""The expected answers of practice cases: what the protocol says of them, and whether an answer agrees."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.questions import Question
from readerstudy.reading.scales.base import options_of
from readerstudy.studies.models import Criterion
from readerstudy.studies.protocol.adjudicating import turned
from readerstudy.studies.protocol.practice import COMPARED, COMPARISON, answers_of
from readerstudy.studies.rubrics.values import read_number

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class PracticeRules:
    """What the protocol says of practice: its section `phases.practice`; empty where it says nothing."""

    cases: tuple[str, ...] = ()
    pass_mark: float | None = None
    tries: int | None = None
    reference: str = ""
    key: Rows = ()

    @classmethod
    def of(cls, phases: Mapping[str, Any]) -> PracticeRules:
        told = phases.get("practice", {})
        return cls(
            cases=tuple(told.get("cases", ())),
            pass_mark=told.get("pass_mark"),
            tries=told.get("tries"),
            reference=told.get("reference", ""),
            key=tuple(told.get("key", ())),
        )

    def is_reached(self, agreed: int, compared: int) -> bool:
        """Whether so many agreeing answers reach the mark; they do where none is set or nothing is compared."""
        return self.pass_mark is None or compared == 0 or agreed >= self.pass_mark * compared - 1e-9


@dataclass(frozen=True)
class Expected:
    """What is expected of one question: one of `answers`, or all of them of several to choose; and why."""

    answers: tuple[str, ...] = ()
    within: float = 0.0
    explanation: str = ""
    of_reference: bool = False


def expected_of(
    rules: PracticeRules,
    allocation: Allocation,
    questions: Iterable[Question],
    outputs: Sequence[AllocatedOutput],
) -> dict[str, Expected]:
    """What is expected at a practice case, by field; questions of which the key says nothing are left out.

    `outputs` are those on the screen, with their arms.
    """
    rows = [row for row in rules.key if row["case"] == allocation.case.code]
    arms = {output.letter: output.arm.name for output in outputs}
    label = getattr(getattr(allocation.case, "reference", None), "label", "")
    found: dict[str, Expected] = {}
    for question in questions:
        row = _row_of(rows, question, arms.get(question.letter, ""))
        expected = _expected(
            question.criterion, row, label if question.criterion.key == rules.reference else ""
        )
        if expected and question.criterion.kind == COMPARISON and _is_turned(outputs):
            expected = Expected(_turned(question.criterion, expected), expected.within, expected.explanation)
        if expected:
            found[question.field] = expected
    return found


def agrees(criterion: Criterion, value: str, expected: Expected) -> bool | None:
    """Whether an answer is the expected one; None where nothing is compared. No answer agrees with none."""
    if not expected.answers or criterion.kind not in COMPARED:
        return None
    if not value:
        return False
    if criterion.kind == "multiple_choice":
        return set(json.loads(value)) == set(expected.answers)
    return any(_is_near(value, wanted, expected.within) for wanted in expected.answers)


def _row_of(rows: Rows, question: Question, arm: str) -> Mapping[str, Any]:
    """The row that says most of this question: of its arm and piece rather than of any."""
    fitting = [
        row
        for row in rows
        if row["criterion"] == question.criterion.key
        and row.get("arm", arm) == arm
        and row.get("part", question.part_key) == question.part_key
    ]
    return max(fitting, key=lambda row: ("part" in row) + ("arm" in row), default={})


def _expected(criterion: Criterion, row: Mapping[str, Any], label: str) -> Expected | None:
    answers, explanation = answers_of(row), str(row.get("explanation", ""))
    by_reference = _by_reference(criterion, label) if not answers and label else ()
    if not answers and not by_reference and not explanation:
        return None
    return Expected(answers or by_reference, float(row.get("within", 0)), explanation, bool(by_reference))


def _by_reference(criterion: Criterion, label: str) -> tuple[str, ...]:
    """The option that is or is called as the reference standard; of a question without options the number it says."""
    wanted = label.strip().casefold()
    for option in criterion.options:
        if wanted in (str(option["value"]).casefold(), option["label"].strip().casefold()):
            return (str(option["value"]),)
    if options_of(criterion) or read_number(label) is None:
        return ()
    return (label.strip(),)


def _is_near(value: str, wanted: str, within: float) -> bool:
    one, other = read_number(value), read_number(wanted)
    if one is None or other is None:
        return value == wanted
    return abs(one - other) <= within + 1e-9


def _is_turned(outputs: Sequence[AllocatedOutput]) -> bool:
    """Whether the arm that the protocol names first stands as B: the key is written for it as A."""
    if len(outputs) != 2:
        return False
    first = min(outputs, key=lambda output: output.arm.position)
    return first.letter != min(output.letter for output in outputs)


def _turned(criterion: Criterion, expected: Expected) -> tuple[str, ...]:
    """The same answers with A and B exchanged."""
    options = options_of(criterion)
    return tuple(turned(answer, options) for answer in expected.answers if answer in options)
