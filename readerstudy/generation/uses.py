"""Which cases models were given, or are about to be, and which have outputs."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from readerstudy.cases.models import Case, Purpose
from readerstudy.cases.uses import register, register_outputs
from readerstudy.generation.models import Generation
from readerstudy.studies.models import ArmKind, PromptVersion


def _given_to_models(cases: Collection[int]) -> set[int]:
    """People who write are shown our pixels too. Outputs made elsewhere do not count: nobody was given any for them."""
    called = Q(arm__kind__in=(ArmKind.MODEL, ArmKind.HUMAN)) | Q(trial__isnull=False)
    asked = Generation.objects.filter(called, case__in=cases)
    return set(asked.values_list("case_id", flat=True)) | _shown_as_examples(cases)


def _shown_as_examples(cases: Collection[int]) -> set[int]:
    """Examples of prompts with which a model was asked about anything."""
    asked = Q(arms__generations__isnull=False) | Q(trials__generations__isnull=False)
    sent = PromptVersion.objects.filter(asked)
    examples = Case.objects.filter(pk__in=cases, purpose=Purpose.EXAMPLE)
    return {case.pk for case in examples if sent.filter(study=case.study_id).naming([case.code]).exists()}


def _with_outputs(cases: Collection[int]) -> set[int]:
    return set(Generation.objects.filter(case__in=cases).values_list("case_id", flat=True))


register(_given_to_models)
register_outputs(_with_outputs)
