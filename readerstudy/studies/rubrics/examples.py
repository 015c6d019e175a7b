"""A question of every kind: what the choice of kinds shows, and what a new question begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.studies.rubrics.kinds import TAKES


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds that are alike, under one heading."""

    name: str | Promise
    kinds: tuple[str, ...]


FAMILIES = (
    Family(gettext_lazy("Choices"), ("yes_no", "single_choice", "multiple_choice")),
    Family(gettext_lazy("Scales"), ("likert", "comparative", "confidence", "visual_analogue")),
    Family(gettext_lazy("Numbers and order"), ("integer", "number", "ranking")),
    Family(gettext_lazy("Words and text"), ("free_text", "text_span", "grid", "edit")),
    Family(gettext_lazy("On the image"), ("quality_gate", "box", "point", "length", "polygon")),
)
SENTENCES: Mapping[str, str | Promise] = {
    "yes_no": gettext_lazy("One of two answers, by one key."),
    "single_choice": gettext_lazy("One of 2 to 30 answers of your own, with a letter for each."),
    "multiple_choice": gettext_lazy("As many of your answers as apply."),
    "likert": gettext_lazy("Steps with words for each, the digit is the score."),
    "comparative": gettext_lazy("Which of two texts is better, and by how much."),
    "confidence": gettext_lazy("How sure a reader is, in steps or as a number; gives a ROC curve."),
    "visual_analogue": gettext_lazy("A position on a line, with its number."),
    "integer": gettext_lazy("A count, for example of errors."),
    "number": gettext_lazy("A measurement with its unit."),
    "ranking": gettext_lazy("Answers or texts in order, the best first."),
    "free_text": gettext_lazy("Words of the reader, for what no scale can hold."),
    "text_span": gettext_lazy("Passages of the text are marked and labelled."),
    "grid": gettext_lazy("One answer for each finding, sentence or step of a text."),
    "edit": gettext_lazy("The text is corrected; what changed is kept, and whether it matters."),
    "quality_gate": gettext_lazy(
        "Whether the image can be read; where not, the rest of the case is left out."
    ),
    "box": gettext_lazy("Boxes are drawn around findings."),
    "point": gettext_lazy("Findings are pointed at or counted on the image."),
    "length": gettext_lazy("A distance is measured, in millimetres where the image is calibrated."),
    "polygon": gettext_lazy("Findings are outlined."),
}


def start_of(kind: str) -> dict[str, Any]:
    """What a new question of a kind begins with: everything but its words and its short name."""
    example = example_of(kind)
    return {name: value for name, value in example.items() if name not in ("key", "question")}


def example_of(kind: str) -> dict[str, Any]:
    """A question of a kind as a protocol file has it."""
    told: dict[str, Any] = {"key": kind, "kind": kind, "question": _QUESTIONS[kind]()}
    told["applies_to"] = TAKES[kind].about[0]
    told |= _ANSWERS.get(kind, dict)()
    told["direction"] = told.get("direction", "none")
    declines = kind not in {"free_text", "edit", "text_span", "quality_gate"}
    return {**told, "cannot_judge": "yes" if declines else "no"}


def _steps(first: int, labels: Sequence[str]) -> list[dict[str, Any]]:
    return [{"value": first + place, "label": label} for place, label in enumerate(labels)]


def _words(**labels: str) -> list[dict[str, Any]]:
    return [{"value": value, "label": label} for value, label in labels.items()]


_QUESTIONS = {
    "yes_no": lambda: _("Is the main finding named?"),
    "single_choice": lambda: _("Does the text agree with what you see?"),
    "multiple_choice": lambda: _("What is wrong with the text?"),
    "likert": lambda: _("Is what the text says right?"),
    "comparative": lambda: _("Which text is better?"),
    "confidence": lambda: _("How likely is the condition present?"),
    "visual_analogue": lambda: _("How likely is the condition present, from 0 to 100?"),
    "integer": lambda: _("How many findings are missing?"),
    "number": lambda: _("How large is the lesion?"),
    "ranking": lambda: _("Rank the diagnoses, the most likely first."),
    "free_text": lambda: _("Anything to add?"),
    "text_span": lambda: _("Mark what was made up."),
    "grid": lambda: _("Does the image bear out each sentence?"),
    "edit": lambda: _("Correct the text so that you would sign it."),
    "quality_gate": lambda: _("Can this image be read?"),
    "box": lambda: _("Draw a box around each finding."),
    "point": lambda: _("Point at each finding."),
    "length": lambda: _("Measure the longest diameter."),
    "polygon": lambda: _("Outline the lesion."),
}
_ANSWERS: Mapping[str, Any] = {
    "yes_no": lambda: {"direction": "higher", "acceptable": [True], "high_quality": [True]},
    "single_choice": lambda: {
        "options": _words(agrees=_("Agrees with me"), partly=_("Partly"), disagrees=_("Disagrees")),
        "direction": "higher",
        "acceptable": ["agrees"],
        "high_quality": ["agrees"],
    },
    "multiple_choice": lambda: {
        "options": _words(
            finding=_("A finding is not there"), missing=_("A finding is missing"), place=_("Wrong place")
        )
    },
    "likert": lambda: {
        "options": _steps(
            1,
            [
                _("Mostly wrong"),
                _("Several errors"),
                _("Some errors"),
                _("Only small errors"),
                _("Nothing wrong"),
            ],
        ),
        "direction": "higher",
        "acceptable": [4, 5],
        "high_quality": [5],
    },
    "comparative": lambda: {
        "options": _steps(
            -2, [_("A much better"), _("A better"), _("Equal"), _("B better"), _("B much better")]
        )
    },
    "confidence": lambda: {
        "options": _steps(
            1,
            [
                _("Definitely absent"),
                _("Probably absent"),
                _("Undecided"),
                _("Probably present"),
                _("Definitely present"),
            ],
        ),
        "applies_to": "case",
    },
    "visual_analogue": lambda: {"applies_to": "case", "minimum": 0, "maximum": 100},
    "integer": lambda: {
        "minimum": 0,
        "maximum": 30,
        "direction": "lower",
        "acceptable": [0],
        "high_quality": [0],
    },
    "number": lambda: {"applies_to": "case", "minimum": 0, "unit": "mm"},
    "ranking": lambda: {
        "options": _words(tumour=_("Tumour"), vascular=_("Vascular"), infection=_("Infection"))
    },
    "text_span": lambda: {
        "options": _words(made_up=_("Not in the image"), contradicts=_("Against the image")),
        "required": False,
    },
    "free_text": lambda: {"required": False},
    "grid": lambda: {
        "applies_to": "sentence",
        "options": _words(supported=_("Supported"), unsupported=_("Not supported"), wrong=_("Wrong")),
        "direction": "higher",
        "acceptable": ["supported"],
        "high_quality": ["supported"],
    },
    "quality_gate": lambda: {
        "options": _words(adequate=_("Yes"), limited=_("With limits"), not_interpretable=_("No")),
        "direction": "higher",
        "acceptable": ["adequate", "limited"],
        "high_quality": ["adequate"],
    },
    "length": lambda: {"unit": "mm", "minimum": 0},
}
