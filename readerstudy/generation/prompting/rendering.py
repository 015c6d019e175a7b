"""From a claimed row to what a model is told: the prompt of its arm or trial, filled with the case."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from readerstudy.cases.examples import check_examples_apart
from readerstudy.cases.models import Case, Image, Purpose
from readerstudy.cases.pixels import images_for_vendor
from readerstudy.cases.policies import named
from readerstudy.generation.models import Generation
from readerstudy.generation.policies import GenerationError
from readerstudy.providers import ImagePart
from readerstudy.providers.prompts import Given, Prompt, PromptProblem, Rendered, Scored, render
from readerstudy.providers.prompts.variables import IMAGE_VARIABLES
from readerstudy.studies.models import InputCondition, Study

_AGE = re.compile(r"[0-9]{1,2}-[0-9]{1,2}|90\+")
_SEXES = frozenset({"f", "m", "o", "female", "male", "other"})


def rendered_for(generation: Generation) -> Rendered:
    """What the model is told about the case: prompt, clinical text and clean pixels; nothing else is known here."""
    source = generation.source
    if source.prompt is None:
        raise GenerationError(_("This arm has no prompt. Choose one."))
    return rendered_with(source.prompt.prompt, generation.case, InputCondition(source.input_condition))


def rendered_with(prompt: Prompt, case: Case, condition: InputCondition) -> Rendered:
    """The same for any prompt and case.

    Raises `StudyError` where an image is not confirmed, or an example is missing or shows a picture of the study.
    """
    try:
        return render(prompt, _given(prompt, case, condition), _examples(prompt, case.study, condition))
    except PromptProblem as problem:
        raise GenerationError(str(problem)) from problem


def example_cases(prompt: Prompt, study: Study) -> list[Case]:
    """The cases of a prompt's examples, in the prompt's order.

    Raises `StudyError` where one is no example case of the study, or shows a picture that is read or validated.
    """
    if not prompt.examples:
        return []
    codes = [example.case for example in prompt.examples]
    found = Case.objects.kept(study).filter(purpose=Purpose.EXAMPLE, code__in=codes)
    cases = {case.code: case for case in found.select_related("study")}
    missing = [code for code in codes if code not in cases]
    if missing:
        raise GenerationError(
            _(
                "This prompt names %(cases)s as examples, which are no example cases of this study. Choose others, or "
                "say under Images what the cases are for."
            )
            % {"cases": named(missing)}
        )
    check_examples_apart(study, codes)
    return [cases[code] for code in codes]


def _given(prompt: Prompt, case: Case, condition: InputCondition) -> Given:
    text = case.clinical_text if condition.has_text else ""
    facts = _text_facts(case) if condition.has_text else {}
    if condition.has_images and prompt.variables & IMAGE_VARIABLES.keys():
        facts |= _image_facts(case)
    return Given(_images(case) if condition.has_images else (), text, facts)


def _examples(prompt: Prompt, study: Study, condition: InputCondition) -> list[Scored]:
    """Examples get what the case gets: images where it has images, clinical text where it has that."""
    return [
        Scored(
            images=_images(case) if condition.has_images else (),
            level=example.level,
            rationale=example.rationale,
            clinical_text=case.clinical_text if condition.has_text else "",
        )
        for example, case in zip(prompt.examples, example_cases(prompt, study), strict=True)
    ]


def _text_facts(case: Case) -> dict[str, str]:
    """Age band and sex as the files or the coordinator gave them, and only in a form that can be nothing else."""
    age, sex = str(case.strata.get("age", "")), str(case.strata.get("sex", ""))
    known = {"age_band": age if _AGE.fullmatch(age) else "", "sex": sex if sex.casefold() in _SEXES else ""}
    return {name: value for name, value in known.items() if value}


def _image_facts(case: Case) -> dict[str, str]:
    images = [image for image in Image.objects.filter(case=case) if not image.overlays]
    kinds = sorted(
        {str(image.meta["imaging_modality"]) for image in images if image.meta.get("imaging_modality")}
    )
    days = [image.day for image in images if image.day is not None]
    between = str(max(days) - min(days)) if len(days) > 1 else ""
    told = {"imaging_modality": " and ".join(kinds), "image_count": str(len(images)), "days_between": between}
    return {name: value for name, value in told.items() if value}


def _images(case: Case) -> tuple[ImagePart, ...]:
    return tuple(ImagePart(slot, mime, data) for slot, mime, data in images_for_vendor(case))
