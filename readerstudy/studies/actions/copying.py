"""A copy of a study as a template: a new draft with its protocol."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.studies.copying import copied_design, copy_parts, values_of
from readerstudy.studies.models import (
    Arm,
    Criterion,
    Design,
    Membership,
    PromptVersion,
    Role,
    Rubric,
    Study,
)


@transaction.atomic
def copy_study(*, study: Study, title: str, by: User) -> Study:
    """Makes a draft with everything of the protocol and none of its cases, outputs, people and ratings."""
    made = Study.objects.create(title=title, created_by=by, copied_from=study, **values_of(study))
    Membership.objects.create(study=made, user=by, role=Role.COORDINATOR)
    _copy_questions(study, made)
    _copy_arms(study, made, _copy_prompts(study, made, by))
    _copy_design(study, made)
    copy_parts(study, made, by)
    record("study.copy", by=by, stream=study_stream(made.pk), subject=made.key, data={"from": study.key})
    return made


def _copy_questions(study: Study, made: Study) -> None:
    rubric = Rubric.objects.create(study=made)
    newest = Rubric.objects.filter(study=study).order_by("-version").values("pk")[:1]
    for criterion in Criterion.objects.filter(rubric__in=newest):
        Criterion.objects.create(rubric=rubric, **values_of(criterion))


def _copy_prompts(study: Study, made: Study, by: User) -> dict[int, PromptVersion]:
    """The prompts in use by the keys of the old ones, without examples: these are cases, and the copy has none."""
    copied: dict[int, PromptVersion] = {}
    numbers: dict[str, int] = {}
    for version in PromptVersion.objects.in_use(study).order_by("name", "number"):
        number = numbers[version.name] = numbers.get(version.name, 0) + 1
        prompt = replace(version.prompt, examples=())
        copied[version.pk] = PromptVersion.objects.create(
            study=made,
            name=version.name,
            number=number,
            note=_("Copied from “%(title)s”") % {"title": study.title[:100]},
            document=prompt.to_json(),
            sha256=prompt.sha256,
            created_by=by,
        )
    return copied


def _copy_arms(study: Study, made: Study, prompts: dict[int, PromptVersion]) -> None:
    for arm in Arm.objects.filter(study=study).order_by("position"):
        fields = values_of(arm) | {"prompt": prompts[arm.prompt_id] if arm.prompt_id else None}
        Arm.objects.create(study=made, **fields)


def _copy_design(study: Study, made: Study) -> None:
    document = copied_design(Design.objects.of(study).document)
    if document:
        Design.objects.create(study=made, document=document)
