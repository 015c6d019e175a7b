"""What a prompt must keep to so that a model can be told it and its reply can be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from readerstudy.providers.prompts.fields import FIELDS, LABEL_FIELDS
from readerstudy.providers.prompts.problems import PromptProblem
from readerstudy.providers.prompts.variables import check_words, refuse_words

if TYPE_CHECKING:
    from readerstudy.providers.prompts.document import Output, Prompt, Rubric

LONGEST_BLOCK = 20_000
LONGEST_LEVEL = 80
MOST_EXAMPLES = 24
MOST_LEVELS = 40


def check(prompt: Prompt) -> None:
    """Look at every block.

    Raises:
        PromptProblem: for the first thing that is wrong, naming the block.
    """
    _check_texts(prompt)
    _check_levels(prompt.rubric)
    _check_examples(prompt)
    _check_output(prompt.output, bool(prompt.rubric.levels))


def _check_texts(prompt: Prompt) -> None:
    for block in ("role", "task", "context", "notes"):
        _check_text(block, getattr(prompt, block))
    _check_text("rubric", prompt.rubric.rule)
    _check_text("output", prompt.output.unable)
    for level in prompt.rubric.levels:
        for component in level.components:
            _check_text("rubric", component)
    for line in prompt.captions.values():
        _check_text("captions", line)


def _check_text(block: str, text: str) -> None:
    if len(text) > LONGEST_BLOCK:
        raise PromptProblem(block, f"“{block}” is longer than {LONGEST_BLOCK} characters. Shorten it.")
    check_words(block, text)


def _check_levels(rubric: Rubric) -> None:
    names = [level.name for level in rubric.levels]
    if len(names) > MOST_LEVELS:
        raise PromptProblem("rubric", f"A rubric has at most {MOST_LEVELS} levels.")
    for name in names:
        if not name.strip() or len(name) > LONGEST_LEVEL or "\n" in name:
            raise PromptProblem("rubric", f"Each level needs a name of at most {LONGEST_LEVEL} characters.")
        refuse_words("rubric", name)
    twice = [name for name, count in Counter(fold(name) for name in names).items() if count > 1]
    if twice:
        raise PromptProblem("rubric", f"Two levels are called “{twice[0]}”. Give them different names.")
    if names and len(names) < 2:
        raise PromptProblem("rubric", "A rubric needs at least two levels, or none.")


def _check_examples(prompt: Prompt) -> None:
    if len(prompt.examples) > MOST_EXAMPLES:
        raise PromptProblem("examples", f"A prompt has at most {MOST_EXAMPLES} examples.")
    known = set(prompt.levels)
    cases = [example.case for example in prompt.examples]
    for number, example in enumerate(prompt.examples, start=1):
        if not example.case:
            raise PromptProblem("examples", f"Example {number} names no case. Choose one.")
        if cases.count(example.case) > 1:
            raise PromptProblem("examples", f"The case {example.case} is an example twice. Remove one.")
        if not example.level:
            raise PromptProblem("examples", f"Example {number} has no expected level. Write one.")
        if known and example.level not in known:
            raise PromptProblem(
                "examples",
                f"Example {number}: “{example.level}” is no level of the rubric. Choose one of its levels.",
            )
        refuse_words("examples", example.level)
        refuse_words("examples", example.rationale)


def _check_output(output: Output, has_levels: bool) -> None:
    if output.form == "text":
        if output.fields:
            raise PromptProblem("output", "A free text has no fields. Choose JSON, or remove the fields.")
        if len(output.label_line) > LONGEST_LEVEL or ":" in output.label_line or "\n" in output.label_line:
            raise PromptProblem("output", "The word before the label is short and has no colon of its own.")
        refuse_words("output", output.label_line)
        return
    if not output.fields:
        raise PromptProblem("output", "JSON needs at least one field. Choose one.")
    if output.label_line:
        raise PromptProblem("output", "JSON has no line for the label. Use the field “label” instead.")
    unknown = [name for name in output.fields if name not in FIELDS]
    if unknown:
        raise PromptProblem("output", f"“{unknown[0]}” is no field. Choose from: {', '.join(FIELDS)}.")
    labels = [name for name in output.fields if name in LABEL_FIELDS]
    if len(set(output.fields)) < len(output.fields) or len(labels) > 1:
        raise PromptProblem(
            "output", "One field for the label is enough. Keep one of label, level and choice."
        )
    if labels and not has_levels:
        raise PromptProblem("output", f"The field “{labels[0]}” needs the levels of a rubric. Write them.")


def fold(label: str) -> str:
    """The form in which labels are compared."""
    return " ".join(label.strip(_SURROUNDINGS).split()).casefold()


_SURROUNDINGS = " \t\u00a0_*`.。;,!\"'“”„«»‘’()[]<>"
