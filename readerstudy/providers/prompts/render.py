"""From blocks to a system prompt and the parts of the user's turn, the same for every vendor.

Order: the role alone as the system prompt; then task, context, rubric and notes as one text, each example with its
images and its score, the form of the reply, and last the images of the case, each after its caption. The bytes depend
on the prompt and on what the case gives, and on nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readerstudy.providers.base import ImagePart, Part, TextPart
from readerstudy.providers.prompts.document import Output, Prompt, Rubric
from readerstudy.providers.prompts.fields import schema_of, told_of
from readerstudy.providers.prompts.problems import PromptProblem
from readerstudy.providers.prompts.variables import fill


@dataclass(frozen=True, slots=True)
class Given:
    """What a case contributes. `facts` are values of the allowed variables; nothing else of a case is known here."""

    images: tuple[ImagePart, ...] = ()
    clinical_text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """An example that people scored: its images, the level they gave and why; and its clinical text, if told."""

    images: tuple[ImagePart, ...]
    level: str
    rationale: str
    clinical_text: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a model is sent, before any vendor's form. `schema` is a JSON schema of the reply, or None."""

    system: str
    parts: tuple[Part, ...]
    schema: Mapping[str, Any] | None = None

    @property
    def sha256(self) -> str:
        """Hash of the words, the images' hashes and the schema, in their order."""
        told = [self.system, [_fingerprint(part) for part in self.parts], self.schema]
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def render(prompt: Prompt, given: Given, examples: Sequence[Scored] = ()) -> Rendered:
    """The prompt for one case. Examples come in the order of the prompt's own list.

    Raises:
        PromptProblem: if there are more or fewer scored examples than the prompt names.
    """
    if len(examples) != len(prompt.examples):
        raise PromptProblem(
            "examples", "The examples of this prompt could not all be found. Choose them again."
        )
    facts = _facts(prompt, given)
    schema = schema_of(prompt.output.fields, prompt.levels) if prompt.is_json else None
    return Rendered(fill(prompt.role, facts), tuple(_parts(prompt, given, examples, facts)), schema)


def _facts(prompt: Prompt, given: Given) -> dict[str, str]:
    captions = [prompt.captions.get(image.slot, image.slot) for image in given.images]
    told = {"clinical_text": given.clinical_text.strip(), "captions": "; ".join(captions)}
    return {**given.facts, **told}


def _parts(
    prompt: Prompt, given: Given, examples: Sequence[Scored], facts: Mapping[str, str]
) -> Iterator[Part]:
    yield from _text(_instructions(prompt, facts))
    for number, example in enumerate(examples, start=1):
        yield TextPart(f"Example {number}:")
        yield from _images(prompt, example.images, facts)
        yield from _text(_score(example))
    yield from _text(_form(prompt, facts))
    if examples and given.images:
        yield TextPart("The case to assess:")
    yield from _images(prompt, given.images, facts)


def _instructions(prompt: Prompt, facts: Mapping[str, str]) -> str:
    blocks = [
        fill(prompt.task, facts),
        _headed("Context", fill(prompt.context, facts)),
        _clinical(prompt, facts),
        _rubric(prompt.rubric, facts),
        _headed("Notes", fill(prompt.notes, facts)),
    ]
    return _joined(blocks)


def _clinical(prompt: Prompt, facts: Mapping[str, str]) -> str:
    """The clinical text, unless the prompt says itself where it goes."""
    text = facts.get("clinical_text", "")
    is_placed = "clinical_text" in prompt.variables
    return f"Clinical information: {text}" if text and not is_placed else ""


def _rubric(rubric: Rubric, facts: Mapping[str, str]) -> str:
    if not rubric.levels:
        return _headed("Rubric", fill(rubric.rule, facts))
    order = "Levels, from the lowest to the highest" if rubric.is_ordered else "Levels"
    lines = [f"{order}:"]
    for level in rubric.levels:
        lines += [f"- {level.name}", *(f"  - {fill(component, facts)}" for component in level.components)]
    return _joined(["\n".join(lines), _headed("Rule", fill(rubric.rule, facts))])


def _score(example: Scored) -> str:
    clinical = (
        f"Clinical information: {example.clinical_text.strip()}" if example.clinical_text.strip() else ""
    )
    rationale = f"Rationale: {example.rationale}" if example.rationale else ""
    return "\n".join(line for line in (clinical, f"Expected: {example.level}", rationale) if line)


def _form(prompt: Prompt, facts: Mapping[str, str]) -> str:
    output = prompt.output
    form = told_of(output.fields, prompt.levels) if prompt.is_json else _line(output, prompt.levels)
    return _joined([form, fill(output.unable, facts)])


def _line(output: Output, levels: Sequence[str]) -> str:
    if not output.label_line:
        return ""
    if not levels:
        return f"End with one line of the form “{output.label_line}: …”."
    known = " or ".join(f"“{output.label_line}: {level}”" for level in levels)
    return f"End with one line of the form {known}."


def _images(prompt: Prompt, images: Sequence[ImagePart], facts: Mapping[str, str]) -> Iterator[Part]:
    for image in images:
        caption = fill(prompt.captions.get(image.slot, ""), facts)
        if not caption and len(images) > 1:
            caption = f"Image “{image.slot}”:"
        yield from _text(caption)
        yield image


def _headed(heading: str, text: str) -> str:
    return f"{heading}: {text}" if text else ""


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _text(text: str) -> Iterator[Part]:
    if text:
        yield TextPart(text)


def _fingerprint(part: Part) -> dict[str, str]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    return {"image": hashlib.sha256(part.data).hexdigest(), "slot": part.slot, "mime": part.mime}
