"""The words in braces that a prompt may hold, and what they stand for.

The list is closed: whatever would give the answer away (reference label, stratum, file name, code, arm) has no name
here, so no prompt can ask for it. Values are put in once and never looked at again, so that a text with braces of its
own stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from readerstudy.providers.prompts.problems import PromptProblem

TEXT_VARIABLES: Mapping[str, str] = {
    "clinical_text": "the clinical text of the case",
    "age_band": "the patient’s age in bands of ten years",
    "sex": "the patient’s sex",
}
"""Told only where the model is given the clinical text."""

IMAGE_VARIABLES: Mapping[str, str] = {
    "imaging_modality": "how the images were made, such as CT or DX",
    "image_count": "the number of images of the case",
    "captions": "the captions of the images, in their order",
    "days_between": "days between the earliest and the latest image",
}
"""Told only where the model is given the images."""

VARIABLES: Mapping[str, str] = {**TEXT_VARIABLES, **IMAGE_VARIABLES}
NOT_GIVEN = "not given"

_WORD = re.compile(r"\{\s*([^\W\d][^{}\"\n]{0,60}?)\s*\}")


def words_in(text: str) -> list[str]:
    """The words in braces, in order. Braces around anything but a word, as in a sample of JSON, are left alone."""
    return _WORD.findall(text)


def check_words(block: str, text: str) -> None:
    """Refuse a text with an unknown word in braces.

    Raises:
        PromptProblem: naming the block and the word.
    """
    for word in words_in(text):
        if word not in VARIABLES:
            known = ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise PromptProblem(
                block,
                f"In “{block}”, {{{word}}} is no variable that a prompt may use. Remove it, or use one of: {known}.",
            )


def refuse_words(block: str, text: str) -> None:
    """Refuse any word in braces: this text belongs to an example or a level, not to the case at hand.

    Raises:
        PromptProblem: naming the block and the word.
    """
    for word in words_in(text):
        raise PromptProblem(
            block,
            f"In “{block}”, {{{word}}} would stand there as it is. Variables cannot be used in this block.",
        )


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with each variable replaced by its fact, or by “not given”."""
    return _WORD.sub(lambda found: _fact(found, facts), text)


def _fact(found: re.Match[str], facts: Mapping[str, str]) -> str:
    word = found[1]
    return (facts.get(word) or NOT_GIVEN) if word in VARIABLES else found[0]
