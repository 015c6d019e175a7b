"""Which questions a presentation asks: about the case, the pair, each output, each piece of one. Pure.

A criterion is asked once for each of its subjects. Conditions on strata are settled here, so that a reader's page knows
nothing of strata; conditions on earlier answers become `Need`s, which the page and the server judge by the same rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from readerstudy.reading.parts import FINDING, SENTENCE, STEP, Part, parts_of
from readerstudy.reading.scales.base import options_of
from readerstudy.reading.scales.choices import closes, text_of
from readerstudy.studies.models import Criterion

CASE, OUTPUT, PAIR = "case", "output", "pair"
IN_PARTS = frozenset({SENTENCE, FINDING, STEP})
BEFORE, AFTER = "before", "after"
REFERENCE = "reference"


@dataclass(frozen=True)
class Need:
    """An earlier answer that a question waits for: one of `fields` has to hold one of `values`."""

    fields: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One criterion about one subject: `letter` is an output's, or empty for case and pair; `part` a piece of it."""

    criterion: Criterion
    letter: str = ""
    part: Part | None = None
    needs: tuple[Need, ...] = ()

    @property
    def part_key(self) -> str:
        return self.part.key if self.part else ""

    @property
    def field(self) -> str:
        """Its name in the form."""
        return field_name(self.criterion.key, self.letter, self.part_key)

    @property
    def closing(self) -> tuple[str, ...]:
        """The values that leave out the rest of the case."""
        return tuple(value for value in options_of(self.criterion) if closes(self.criterion, value))


@dataclass(frozen=True)
class Subject:
    """One output of a presentation as far as questions are concerned: the HTML that is shown, what it lists."""

    letter: str
    html: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Presentation:
    """What is on a reader's screen. `reference` is the HTML of the reference standard where the display shows it.

    `only` limits it to these fields; what they wait for beyond them counts as given.
    """

    criteria: tuple[Criterion, ...]
    subjects: tuple[Subject, ...] = ()
    strata: Mapping[str, str] | None = None
    reference: str = ""
    only: frozenset[str] | None = None

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions in the order of the criteria; whether one is asked at the moment, `asked` tells."""
        made: list[Question] = []
        for criterion in self.criteria:
            if self._fits(criterion):
                made += [self._with_needs(criterion, *subject, made) for subject in self._subjects(criterion)]
        if self.only is None:
            return tuple(made)
        return tuple(_within(question, self.only) for question in made if question.field in self.only)

    def of_stage(self, *, revealed: bool) -> tuple[Question, ...]:
        """The questions of a staged case that are open to answers: before the output is revealed, or after."""
        return tuple(each for each in self.questions if (stage_of(each.criterion) == BEFORE) != revealed)

    def _fits(self, criterion: Criterion) -> bool:
        strata = self.strata or {}
        conditions = [each for each in conditions_of(criterion) if "stratum" in each]
        return all(
            str(strata.get(each["stratum"], "")) in [text_of(value) for value in each["is"]]
            for each in conditions
        )

    def _subjects(self, criterion: Criterion) -> Iterator[tuple[str, Part | None]]:
        applies_to = about_of(criterion)
        if applies_to in (CASE, PAIR):
            yield "", None
            return
        for subject in self.subjects:
            if applies_to == OUTPUT:
                yield subject.letter, None
            else:
                for part in self._parts(criterion, applies_to, subject):
                    yield subject.letter, part

    def _parts(self, criterion: Criterion, kind: str, subject: Subject) -> tuple[Part, ...]:
        if is_about_reference(criterion, self.criteria):
            return tuple(replace(part, of_reference=True) for part in parts_of(kind, self.reference))
        return parts_of(kind, subject.html, subject.findings)

    def _with_needs(
        self, criterion: Criterion, letter: str, part: Part | None, earlier: Sequence[Question]
    ) -> Question:
        bare = Question(criterion, letter, part)
        needs = tuple(
            Need(
                tuple(each.field for each in earlier if _bears_on(each, bare, condition["criterion"])),
                tuple(text_of(value) for value in condition["is"]),
            )
            for condition in conditions_of(criterion)
            if "criterion" in condition
        )
        return Question(criterion, letter, part, needs)


def with_dependents(
    questions: Iterable[Question], fields: Iterable[str], keys: frozenset[str]
) -> frozenset[str]:
    """These fields, and of the questions with these keys all that wait for an answer to one of them."""
    found = set(fields)
    for question in questions:
        waits_for = {field for need in question.needs for field in need.fields}
        if question.criterion.key in keys and waits_for & found:
            found.add(question.field)
    return frozenset(found)


def asked(questions: Iterable[Question], answers: Mapping[str, str]) -> set[str]:
    """The fields of the questions that are asked, given the standing answers by field, in reading order.

    An answer to a question that is not asked counts for nothing, and a gate that is closed leaves out all others.
    """
    questions = list(questions)
    gates = [each for each in questions if answers.get(each.field, "") in each.closing]
    if gates:
        return {gate.field for gate in gates}
    fields: set[str] = set()
    for question in questions:
        if all(_is_met(need, fields, answers) for need in question.needs):
            fields.add(question.field)
    return fields


def field_name(key: str, letter: str = "", part: str = "") -> str:
    """The name of a question in the form: "A-correctness", "case-quality", "B-claim.s3"."""
    return f"{letter or CASE}-{key}" + (f".{part}" if part else "")


def about_of(criterion: Criterion) -> str:
    """The subject: "case", "output", "pair", "finding", "sentence" or "step"."""
    return str(criterion.applies_to)


def stage_of(criterion: Criterion) -> str:
    """ "before", "after", or empty where the case is not staged or it does not matter."""
    return str(criterion.stage)


def conditions_of(criterion: Criterion) -> list[dict[str, Any]]:
    """What has to hold for the criterion to be asked, as a protocol file has it."""
    when: list[dict[str, Any]] = criterion.when
    return when


def is_about_reference(criterion: Criterion, criteria: Sequence[Criterion]) -> bool:
    """Whether the pieces are those of the reference standard and not of the output.

    So they are where the criterion's key begins with "reference", or it is asked only after such a criterion.
    """
    if about_of(criterion) not in IN_PARTS:
        return False
    if criterion.key.startswith(REFERENCE):
        return True
    earlier = {each.key: each for each in criteria if about_of(each) in IN_PARTS}
    named = [each["criterion"] for each in conditions_of(criterion) if "criterion" in each]
    return any(key != criterion.key and str(key).startswith(REFERENCE) and key in earlier for key in named)


def _bears_on(earlier: Question, question: Question, key: object) -> bool:
    """The same subject where there is one; else whatever lies within it or around it."""
    if earlier.criterion.key != key:
        return False
    if earlier.letter and question.letter and earlier.letter != question.letter:
        return False
    return not (earlier.part_key and question.part_key) or earlier.part_key == question.part_key


def _within(question: Question, fields: frozenset[str]) -> Question:
    """The question without the conditions that hang on answers which are not among these."""
    needs = (
        Need(tuple(each for each in need.fields if each in fields), need.values) for need in question.needs
    )
    return replace(question, needs=tuple(need for need in needs if need.fields))


def _is_met(need: Need, fields: set[str], answers: Mapping[str, str]) -> bool:
    return any(field in fields and _holds(answers.get(field, ""), need.values) for field in need.fields)


def _holds(answer: str, values: Sequence[str]) -> bool:
    """Whether an answer is one of the values, or an answer of several holds one of them."""
    chosen = json.loads(answer) if answer.startswith("[") else [answer]
    return any(value in chosen for value in values)
