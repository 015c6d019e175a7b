"""A prompt as a document of blocks, and its JSON form, which is what is stored and hashed.

The blocks are those of NERIF (Lee & Zhai 2023, arXiv 2311.12990: problem context, scoring rubric, instructional notes,
few-shot examples already scored by people) framed by a role, a task, the form of the output and captions of images.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any

from readerstudy.providers.prompts.checks import check
from readerstudy.providers.prompts.problems import PromptProblem
from readerstudy.providers.prompts.reading import (
    read_flag,
    read_list,
    read_mapping,
    read_text,
    read_word,
    refuse_unknown,
)
from readerstudy.providers.prompts.variables import words_in


class TaskKind(StrEnum):
    """What a model is asked to do, as reports group it. It changes no word of the prompt."""

    QUESTION = "question"
    CLASSIFY = "classify"
    DETECT = "detect"
    LOCALISE = "localise"
    DIAGNOSE = "diagnose"
    REPORT = "report"
    CHOOSE = "choose"
    COMPARE = "compare"


class Form(StrEnum):
    """How a model is to reply."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a rubric, one class or one choice, with what can be observed where it holds."""

    name: str
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rubric:
    """Levels, from the lowest to the highest where they are ordered, and the rule from components to a level."""

    levels: tuple[Level, ...] = ()
    rule: str = ""
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A case outside the study that people have scored: its code, the level they gave, and why."""

    case: str
    level: str
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """The form of the reply. `label_line` is the word before the colon of a text's own line for the level.

    `unable` is the sentence that says what to do where the task cannot be done.
    """

    form: Form = Form.TEXT
    fields: tuple[str, ...] = ()
    label_line: str = ""
    unable: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told. `role` becomes the system prompt, the rest the user's turn.

    `captions` maps an image's slot to the line before it.
    """

    role: str = ""
    task: str = ""
    kind: TaskKind = TaskKind.QUESTION
    context: str = ""
    rubric: Rubric = field(default_factory=Rubric)
    notes: str = ""
    examples: tuple[Example, ...] = ()
    output: Output = field(default_factory=Output)
    captions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no model could be told.

        Raises:
            PromptProblem: naming the block.
        """
        check(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Prompt:
        """The prompt of a stored document.

        Raises:
            PromptProblem: if a block is unknown, has the wrong form or names a variable that does not exist.
        """
        refuse_unknown(document, {each.name for each in fields(cls)}, "A prompt")
        return cls(
            role=read_text(document, "role"),
            task=read_text(document, "task"),
            kind=read_word(document, "kind", TaskKind, TaskKind.QUESTION),
            context=read_text(document, "context"),
            rubric=_rubric(read_mapping(document, "rubric")),
            notes=read_text(document, "notes"),
            examples=tuple(_example(each) for each in read_list(document, "examples")),
            output=_output(read_mapping(document, "output")),
            captions=_captions(read_mapping(document, "captions")),
        )

    def to_json(self) -> dict[str, Any]:
        """The document; equal prompts give equal JSON.

        Blocks at their default are left out, so that a block that is added to the product later changes no hash.
        """
        return {"role": self.role, "task": self.task, **_told(self)}

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of the rubric's levels, in their order."""
        return tuple(level.name for level in self.rubric.levels)

    @property
    def is_json(self) -> bool:
        return self.output.form == Form.JSON

    @property
    def variables(self) -> frozenset[str]:
        """The variables that its blocks use."""
        components = [component for level in self.rubric.levels for component in level.components]
        told = [self.role, self.task, self.context, self.notes, self.rubric.rule, self.output.unable]
        return frozenset(
            word for text in (*told, *components, *self.captions.values()) for word in words_in(text)
        )


def _told(block: Any) -> dict[str, Any]:
    """The fields of a block that are not at their default, as JSON."""
    values = {each: getattr(block, each.name) for each in fields(block)}
    return {each.name: _plain(value) for each, value in values.items() if value != _default(each)}


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return value if isinstance(value, str | bool) else _told(value)


def _rubric(told: Mapping[str, Any]) -> Rubric:
    refuse_unknown(told, {"levels", "rule", "is_ordered"}, "The rubric")
    levels = tuple(_level(each) for each in read_list(told, "levels", block="rubric"))
    return Rubric(levels, read_text(told, "rule", block="rubric"), read_flag(told, "is_ordered", "rubric"))


def _level(told: Any) -> Level:
    if isinstance(told, str):
        return Level(told.strip())
    if not isinstance(told, Mapping):
        raise PromptProblem("rubric", "A level of the rubric is a name with its components.")
    refuse_unknown(told, {"name", "components"}, "A level of the rubric")
    components = [str(each).strip() for each in read_list(told, "components", block="rubric")]
    return Level(read_text(told, "name", block="rubric"), tuple(each for each in components if each))


def _example(told: Any) -> Example:
    if not isinstance(told, Mapping):
        raise PromptProblem("examples", "An example is a case with its level and rationale.")
    refuse_unknown(told, {"case", "level", "rationale"}, "An example")
    texts = {name: read_text(told, name, block="examples") for name in ("case", "level", "rationale")}
    return Example(**texts)


def _output(told: Mapping[str, Any]) -> Output:
    refuse_unknown(told, {"form", "fields", "label_line", "unable"}, "The output")
    return Output(
        form=read_word(told, "form", Form, Form.TEXT, block="output"),
        fields=tuple(str(each) for each in read_list(told, "fields", block="output")),
        label_line=read_text(told, "label_line", block="output"),
        unable=read_text(told, "unable", block="output"),
    )


def _captions(told: Mapping[str, Any]) -> dict[str, str]:
    return {str(slot): str(line).strip() for slot, line in sorted(told.items()) if str(line).strip()}
