"""What the pages of the Questions station show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from readerstudy.studies.models import Criterion, Design, Kind, Study
from readerstudy.studies.models.criterion import Phase, Scope, Stage
from readerstudy.studies.protocol.library import Rubric, rubrics
from readerstudy.studies.question_forms import Around, Editor
from readerstudy.studies.rubrics.documents import to_document
from readerstudy.studies.rubrics.examples import FAMILIES, SENTENCES, Family, example_of
from readerstudy.studies.rubrics.kinds import CASE, TAKES
from readerstudy.studies.rubrics.previews import painted
from readerstudy.studies.rubrics.rules import problems_of
from readerstudy.studies.rubrics.words import answers_of, conditions_in_words

Question = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One question in a list. `conditions` and `endpoints` are in words, `number` is its primary key where stored.

    An answer is its value, where that is a number of a scale, and what readers see.
    """

    question: Question
    kind: str
    about: str
    conditions: list[str]
    answers: list[tuple[str, str]]
    endpoints: list[str]
    number: int | None = None

    @property
    def is_optional(self) -> bool:
        return self.question.get("required") is False


@dataclass(frozen=True, slots=True)
class Section:
    """The questions of a phase and what a reader gets of them."""

    phase: Phase
    lines: list[Line]
    preview: SafeString


@dataclass(frozen=True, slots=True)
class Picture:
    """A kind to choose, with what it is for and how it looks."""

    kind: str
    label: str
    sentence: str
    control: SafeString


@dataclass(frozen=True, slots=True)
class Preview:
    """The control as it would be, or what it still needs."""

    control: SafeString
    problems: list[str]
    conditions: list[str]


def sections_of(study: Study) -> list[Section]:
    """The questions of a study by phase; those after the last case come second."""
    endpoints = Design.objects.of(study).section("endpoints")
    found = {Phase.MAIN: Criterion.objects.of(study), Phase.EXIT: Criterion.objects.exit(study)}
    return [_section(phase, list(rows), endpoints) for phase, rows in found.items()]


def _section(phase: Phase, rows: Sequence[Criterion], endpoints: Sequence[Question]) -> Section:
    questions = [to_document(row) for row in rows]
    named = endpoints if phase == Phase.MAIN else []
    lines = [
        line_of(question, questions, named, row.pk) for question, row in zip(questions, rows, strict=True)
    ]
    return Section(phase, lines, painted(questions) if questions else SafeString())


def line_of(
    question: Question,
    among: Sequence[Question],
    endpoints: Sequence[Question] = (),
    number: int | None = None,
) -> Line:
    """A question of a list in words."""
    about = [Scope(question["applies_to"]).label]
    if question.get("stage"):
        about.append(Stage(question["stage"]).label)
    return Line(
        question=question,
        kind=str(Kind(question["kind"]).label),
        about=", ".join(map(str, about)),
        conditions=conditions_in_words(question, {each["key"]: each for each in among}),
        answers=_shown(question),
        endpoints=[each["name"] for each in endpoints if each.get("criterion") == question["key"]],
        number=number,
    )


def _shown(question: Question) -> list[tuple[str, str]]:
    """Numbers of a scale are read with its words; any other value only names an answer in exports."""
    answers = answers_of(question)
    is_scale = question["kind"] != Kind.YES_NO and all(
        value.lstrip("-").isdecimal() for value, _label in answers
    )
    return [(value if is_scale else "", label) for value, label in answers]


def around(study: Study, phase: Phase, criterion: Criterion | None) -> Around:
    """Where a question stands, or would stand as a new one at the end."""
    rows = list(Criterion.objects.of(study) if phase == Phase.MAIN else Criterion.objects.exit(study))
    earlier = [row for row in rows if criterion is None or row.position < criterion.position]
    strata = {each["name"]: each["levels"] for each in Design.objects.of(study).section("strata")}
    return Around(
        phase=phase,
        earlier=tuple(to_document(row) for row in earlier),
        strata=strata if phase == Phase.MAIN else {},
        taken=frozenset(row.key for row in rows if criterion is None or row.pk != criterion.pk),
    )


def preview_of(editor: Editor) -> Preview:
    """The question as it is written so far."""
    if not editor.head.is_bound:
        editor = Editor(editor.kind, editor.around, editor.sent, editor.was, is_checked=True)
    editor.is_valid()
    question = editor.document()
    question["question"] = question["question"] or _("Your question")
    conditions = conditions_in_words(question, {each["key"]: each for each in editor.around.earlier})
    problems = [told for _path, told in problems_of(question)]
    return Preview(SafeString() if problems else painted([_alone(question)]), problems, conditions)


def _alone(question: Question) -> dict[str, Any]:
    """The question without its conditions: in a preview nothing comes before it."""
    return {name: value for name, value in question.items() if name != "when"}


def pictures(phase: Phase) -> list[tuple[Family, list[Picture]]]:
    """Every kind that can be asked in a phase, by family."""
    found = [
        (
            family,
            [
                _picture(kind, phase)
                for kind in family.kinds
                if phase == Phase.MAIN or TAKES[kind].after_last_case
            ],
        )
        for family in FAMILIES
    ]
    return [(family, kinds) for family, kinds in found if kinds]


def _picture(kind: str, phase: Phase) -> Picture:
    example = {**example_of(kind), "cannot_judge": "no"}
    if phase == Phase.EXIT:
        example["applies_to"] = CASE
    return Picture(kind, str(Kind(kind).label), str(SENTENCES[kind]), painted([example]))


@cache
def ready_rubrics() -> tuple[Rubric, ...]:
    """The newest version of each; the files belong to the product, so they are read once."""
    return tuple(rubrics())


def rubric_preview(rubric: Rubric) -> dict[str, Any]:
    """The questions of a ready rubric in words and as a reader gets them."""
    lines = [line_of(question, rubric.criteria) for question in rubric.criteria]
    return {"lines": lines, "preview": painted([_alone(question) for question in rubric.criteria])}
