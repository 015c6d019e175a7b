"""What the pages about prompts show: the list, a preview of what a model would get, and what changed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Case, Image
from readerstudy.generation.prompting.extraction import read_by_arm
from readerstudy.generation.prompting.rendering import example_cases, rendered_with
from readerstudy.generation.prompting.trials import marks_of
from readerstudy.generation.running.sizes import sent_tokens, text_tokens
from readerstudy.providers.base import TextPart
from readerstudy.providers.prompts import Prompt
from readerstudy.studies.models import Arm, InputCondition, PromptVersion, Study
from readerstudy.studies.stations import Findings, Line, Sign


@dataclass(frozen=True, slots=True)
class ListedPrompt:
    """One prompt by its newest version, what its validation gave, and the arms that use any version."""

    version: PromptVersion
    mark: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One part of the user's turn: words, or an image by the record it comes from."""

    text: str = ""
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what a model would get for one case, and about how many tokens that is."""

    case: Case
    system: str
    parts: tuple[Shown, ...]
    schema: str
    tokens: int


def listed_prompts(study: Study) -> list[ListedPrompt]:
    versions = list(PromptVersion.objects.newest(study))
    marks = marks_of(versions)
    arms = list(Arm.objects.filter(study=study, prompt__isnull=False).select_related("prompt"))
    return [
        ListedPrompt(
            version,
            marks.get(version.pk, ""),
            tuple(arm for arm in arms if arm.prompt and arm.prompt.name == version.name),
        )
        for version in versions
    ]


def preview_of(prompt: Prompt, case: Case, condition: InputCondition = InputCondition.IMAGE_TEXT) -> Preview:
    """What a model would be told about a case now.

    Raises `StudyError` where it could not be asked.
    """
    rendered = rendered_with(prompt, case, condition)
    shown = [*example_cases(prompt, case.study), case]
    images = iter([image for each in shown for image in _images(each)] if condition.has_images else [])
    parts = tuple(
        Shown(text=part.text) if isinstance(part, TextPart) else Shown(image=next(images))
        for part in rendered.parts
    )
    schema = json.dumps(rendered.schema, indent=2, ensure_ascii=False) if rendered.schema else ""
    return Preview(case, rendered.system, parts, schema, sent_tokens(rendered) + text_tokens(schema))


def diff_of(earlier: Prompt, later: Prompt) -> list[tuple[str, str]]:
    """Lines of both documents as (sign, line); the sign is "-", "+" or empty. Equal parts further away are left out."""
    before, after = (_written(prompt).splitlines() for prompt in (earlier, later))
    lines = difflib.unified_diff(before, after, n=2, lineterm="")
    return [
        (line[0].strip(), line[1:]) if not line.startswith("@@") else ("", "…")
        for line in lines
        if not line.startswith(("---", "+++"))
    ]


def look_at_prompts(study: Study) -> Findings:
    """The Prompts station: how many there are, and replies that could not be read as they asked."""
    count = PromptVersion.objects.newest(study).values("name").count()
    return Findings(str(count) if count else "", tuple(_unparsable(study)))


def _unparsable(study: Study) -> Iterator[Line]:
    for reading in read_by_arm(study):
        if reading.broken:
            text = ngettext(
                "%(n)d of %(read)d replies of “%(arm)s” is not in the form that its prompt asked for",
                "%(n)d of %(read)d replies of “%(arm)s” are not in the form that its prompt asked for",
                reading.broken,
            )
            told: Mapping[str, object] = {"n": reading.broken, "read": reading.read, "arm": reading.arm.name}
            url = f"{reverse('generation:texts', args=[study.key])}?arm={reading.arm.pk}"
            yield Line(Sign.WARN, text % told, _("Read them"), url)


def _written(prompt: Prompt) -> str:
    return yaml.safe_dump(prompt.to_json(), allow_unicode=True, sort_keys=False, width=100)


def _images(case: Case) -> list[Image]:
    return [image for image in Image.objects.filter(case=case).order_by("slot") if not image.overlays]
