"""Sample texts for trying a study out before any output is made: written by nobody, about no image in particular."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

FINDINGS = (
    "The lungs are clear on both sides.",
    "There is a dense opacity in the right lower zone.",
    "The heart is not enlarged.",
    "A small pleural effusion blunts the left angle.",
    "There is a round nodule of about 12 mm in the left upper zone.",
    "The mediastinum is central.",
    "No fracture is seen.",
    "The optic disc has a sharp margin.",
    "A few dot haemorrhages lie below the macula.",
    "Hard exudates form a ring near the fovea.",
)
IMPRESSIONS = (
    "Pneumonia of the right lower lobe is the most likely diagnosis.",
    "No acute disease.",
    "Findings are suspicious; a CT scan is advised.",
    "Moderate non-proliferative retinopathy.",
)
QUESTIONS = ("How long has this been going on?", "Is there any fever?", "Do you take any medicine?")
REPLIES = ("For about three days.", "Yes, in the evenings.", "Only for blood pressure.")
DIAGNOSES = (
    "pneumonia",
    "pleural effusion",
    "heart failure",
    "tuberculosis",
    "lung cancer",
    "pulmonary embolism",
)


def sample_text(layout: str, *seed: object) -> str:
    """A text of the form that a display shows; the same for the same seed."""
    draw = random.Random("\x1f".join(str(each) for each in seed))  # noqa: S311  no secret
    return _FORMS.get(layout, _report)(draw)


def _report(draw: random.Random) -> str:
    sentences = draw.sample(FINDINGS, 4)
    diagnoses = draw.sample(DIAGNOSES, 3)
    differential = "\n".join(f"{place}. {name}" for place, name in enumerate(diagnoses, start=1))
    return f"{' '.join(sentences)}\n\nImpression: {draw.choice(IMPRESSIONS)}\n\nMost likely first:\n\n{differential}"


def _steps(draw: random.Random) -> str:
    steps = draw.sample(FINDINGS, 4)
    lines = [f"Step {place}. {sentence}" for place, sentence in enumerate(steps, start=1)]
    return "\n\n".join([*lines, f"Answer: {draw.choice(IMPRESSIONS)}"])


def _findings(draw: random.Random) -> str:
    return "\n".join(f"- {sentence}" for sentence in draw.sample(FINDINGS, 4))


def _transcript(draw: random.Random) -> str:
    turns = []
    for question, reply in zip(draw.sample(QUESTIONS, 2), draw.sample(REPLIES, 2), strict=True):
        turns += [f"Doctor: {question}", f"Patient: {reply}"]
    return "\n\n".join([*turns, f"Doctor: {draw.choice(FINDINGS)} {draw.choice(IMPRESSIONS)}"])


_FORMS: Mapping[str, Callable[[random.Random], str]] = {
    "steps": _steps,
    "transcript": _transcript,
    "against_reference": _findings,
}
