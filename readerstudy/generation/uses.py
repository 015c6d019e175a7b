"""Which cases models were given, or are about to be."""

from __future__ import annotations

from collections.abc import Collection

from readerstudy.cases.uses import register
from readerstudy.generation.models import Generation
from readerstudy.studies.models import ArmKind


def _given_to_models(cases: Collection[int]) -> set[int]:
    """Outputs made elsewhere do not count: nobody was given our pixels for them."""
    asked = Generation.objects.filter(case__in=cases, arm__kind=ArmKind.MODEL)
    return set(asked.values_list("case_id", flat=True))


register(_given_to_models)
