"""How many outputs people confirm, and what they see beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.generation.models import Sampling
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def choose_sampling(*, study: Study, changes: Mapping[str, Any], by: User) -> Sampling:
    """Stores the study's choice for the confirmation of verdicts; `changes` maps field names to values."""
    study = locked(study)
    check_protocol_open(study)
    row, _made = Sampling.objects.update_or_create(study=study, defaults=dict(changes))
    record("verdicts.sampling", by=by, stream=study_stream(study.pk), subject=study.key, data=dict(changes))
    return row
