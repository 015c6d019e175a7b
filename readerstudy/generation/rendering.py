"""From a claimed row to what a model is told: the prompt of its arm or trial, filled with the case."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.cases.pixels import images_for_vendor
from readerstudy.generation.models import Generation
from readerstudy.generation.policies import GenerationError
from readerstudy.providers import ImagePart
from readerstudy.providers.prompts import Given, Rendered, render
from readerstudy.studies.models import InputCondition


def rendered_for(generation: Generation) -> Rendered:
    """What the model is told about the case: prompt, clinical text and clean pixels; nothing else is known here."""
    source = generation.source
    if source.prompt is None:
        raise GenerationError(_("This arm has no prompt. Choose one."))
    condition = InputCondition(source.input_condition)
    given = Given(
        images=_images(generation) if condition.has_images else (),
        clinical_text=generation.case.clinical_text if condition.has_text else "",
    )
    return render(source.prompt.prompt, given)


def _images(generation: Generation) -> tuple[ImagePart, ...]:
    return tuple(ImagePart(slot, mime, data) for slot, mime, data in images_for_vendor(generation.case))
