"""A prompt version is tried with a model on the validation cases, through the same queue as any output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case, Image, Purpose
from readerstudy.generation.actions.queue import ROWS_AT_ONCE, ring_on_commit
from readerstudy.generation.leaving.departures import check_may_leave
from readerstudy.generation.models import Generation, Trial
from readerstudy.generation.policies import GenerationError
from readerstudy.generation.prompting.rendering import example_cases
from readerstudy.studies.actions import locked
from readerstudy.studies.models import InputCondition, PromptVersion, Study
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def start_trial(
    *,
    prompt: PromptVersion,
    connection: str,
    model: str,
    by: User,
    parameters: Mapping[str, Any] | None = None,
    input_condition: str = InputCondition.IMAGE_TEXT,
) -> Trial:
    """Asks a model about every validation case with this version of the prompt.

    Raises `StudyError` where the study is locked, the provider is not set up or may not get the study's data, there is
    no validation case or one of its images is not confirmed, or an example cannot be used.
    """
    study = locked(prompt.study)
    check_protocol_open(study)
    offer = settings.CONNECTIONS.get(connection)
    if offer is None:
        raise GenerationError(_("This provider is not set up on this site. Choose another."))
    check_may_leave(study, connection)
    example_cases(prompt.prompt, study)
    trial = Trial.objects.create(
        study=study,
        prompt=prompt,
        connection=connection,
        model=model,
        parameters=dict(parameters or {}),
        input_condition=input_condition,
        is_simulated=offer.simulated,
        created_by=by,
    )
    rows = [Generation(trial=trial, case=case) for case in _validation_cases(study)]
    Generation.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    data = {"number": prompt.number, "model": model, "connection": connection, "cases": len(rows)}
    record("trial.start", by=by, stream=study_stream(study.pk), subject=prompt.name, data=data)
    ring_on_commit()
    return trial


def _validation_cases(study: Study) -> list[Case]:
    kept = Case.objects.kept(study).filter(purpose=Purpose.VALIDATION)
    cases = list(kept.filter(images__isnull=False).distinct())
    if not cases:
        raise GenerationError(
            _("No case is set apart for trying prompts. Say under Images, Purposes, which ones are.")
        )
    if Image.objects.filter(case__in=cases).unconfirmed().exists():
        raise GenerationError(
            _(
                "An image of a validation case is not confirmed yet. Look at it under Images before a model gets it."
            )
        )
    return cases
