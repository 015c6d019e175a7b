"""What the demonstration asks and compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from readerstudy.cases.models import Recipients
from readerstudy.providers.prompts import Example, Level, Output, Prompt, Rubric, TaskKind

TITLE = "What two models write about chest radiographs and fundus photographs"
QUESTION = (
    "How well do the interpretations of two multimodal models agree with what doctors see in the same images?"
)
INSTRUCTIONS = (
    "You will see an image and a text that was written about it. Judge the text, not the image: is it right, is "
    "anything missing, could it do harm, would you sign it?\n\n"
    "Some texts decline to interpret the image. Rate them like any other. Choose “cannot judge” when the image does "
    "not let you decide."
)
PROMPT_NAME = "Short report"
ROLE = "You are an experienced radiologist and ophthalmologist."
TASK = "Describe the findings in this image as a short report. Name the most likely diagnosis."
LEVELS = (
    Level("normal", ("Every structure that can be assessed has an ordinary shape, size and density.",)),
    Level(
        "abnormal",
        ("A structure is displaced, enlarged, missing or of unusual density.", "A focal lesion can be seen."),
    ),
)
RULE = "The level is “abnormal” if at least one of its components can be seen, else “normal”."
NOTES = "Compare both sides, and look at the borders of the image as well as at its centre."
RATIONALES = {
    "abnormal": "A hazy opacity in the right middle zone hides the vessels behind it.",
    "normal": "Both lungs are clear and the costophrenic angles are sharp.",
}
APPROVAL = "What is left says nothing about the model behind it."
UNABLE = "If you cannot do a part of this, say which part and why."

ARMS: tuple[dict[str, Any], ...] = (
    {
        "name": "Model Alpha",
        "connection": "simulated-openai",
        "model": "sim-alpha-2026-08",
        "parameters": {"temperature": 0.0, "max_output_tokens": 600},
    },
    {
        "name": "Model Beta",
        "connection": "simulated-gemini",
        "model": "sim-beta-2026-09",
        "parameters": {"temperature": 0.0, "max_output_tokens": 600},
    },
)

CRITERIA: tuple[dict[str, Any], ...] = (
    {
        "key": "correctness",
        "question": "Correctness",
        "kind": "likert",
        "help": "Are the findings that the text names really there, and in the right place?",
        "options": [
            {"value": "1", "label": "Mostly wrong"},
            {"value": "2", "label": "Several errors that matter"},
            {"value": "3", "label": "One error that matters"},
            {"value": "4", "label": "Only small errors"},
            {"value": "5", "label": "Nothing wrong"},
        ],
        "direction": "higher",
        "acceptable_from": 4,
    },
    {
        "key": "completeness",
        "question": "Completeness",
        "kind": "likert",
        "help": "Does the text mention everything that you would mention?",
        "options": [
            {"value": "1", "label": "Key findings missing"},
            {"value": "2", "label": "Much is missing"},
            {"value": "3", "label": "Something important is missing"},
            {"value": "4", "label": "Only details are missing"},
            {"value": "5", "label": "Nothing missing"},
        ],
        "direction": "higher",
        "acceptable_from": 4,
    },
    {
        "key": "harm",
        "question": "Potential harm",
        "kind": "likert",
        "help": "If somebody acted on this text alone, how badly could the patient be harmed?",
        "options": [
            {"value": "1", "label": "None"},
            {"value": "2", "label": "Slight"},
            {"value": "3", "label": "Moderate"},
            {"value": "4", "label": "Serious"},
            {"value": "5", "label": "Severe"},
        ],
        "direction": "lower",
        "acceptable_from": 2,
    },
    {
        "key": "would-sign",
        "question": "Would you sign this text?",
        "kind": "yes_no",
        "options": [{"value": "1", "label": "Yes"}, {"value": "0", "label": "No"}],
        "direction": "higher",
        "acceptable_from": 1,
    },
)

ADJUDICATION: dict[str, Any] = {
    "by": "panel",
    "rules": [
        {"criterion": "correctness", "trigger": "gap", "limit": 4},
        {"criterion": "harm", "trigger": "at_least", "limit": 5},
    ],
}


def nerif_prompt(examples: Iterable[tuple[str, str]]) -> Prompt:
    """A prompt in the manner of NERIF, with these example cases and the levels that people gave them."""
    return Prompt(
        role=ROLE,
        task=TASK,
        kind=TaskKind.REPORT,
        rubric=Rubric(LEVELS, RULE, is_ordered=True),
        notes=NOTES,
        examples=tuple(Example(case, level, RATIONALES[level]) for case, level in examples),
        output=Output(label_line="Classification", unable=UNABLE),
    )


DRAWN = {
    "source": "Phantoms that this program draws, and sample files that pydicom carries",
    "licence": "Free to use; they show no patient.",
    "recipients": Recipients.ANY,
}
"""The terms of the demonstration's images."""
