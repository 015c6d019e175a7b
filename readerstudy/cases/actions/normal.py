"""Normalised images of a study are wished for, and a worker stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.versions import StoredFile, replace_renditions
from readerstudy.cases.models import Image, RenditionKind
from readerstudy.cases.normal_sets import due_studies, is_due
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study
from readerstudy.studies.policies import can_change_protocol

KEPT = (RenditionKind.FULL, RenditionKind.DISPLAY, RenditionKind.PREVIEW)


def ring_normalising(study: Study) -> bool:
    """Rings a worker for a study whose normalised images are incomplete and can be made now; whether it did."""
    if not is_due(study):
        return False
    _ring(study)
    return True


def ring_due() -> int:
    """Rings for every study whose bell or worker was lost, or whose images changed; returns how many."""
    due = due_studies()
    for study in due:
        _ring(study)
    return len(due)


@transaction.atomic
def store_normal(*, image: Image, files: Sequence[StoredFile], facts: Mapping[str, Any]) -> bool:
    """Makes the image's next version with these normalised files; it stays confirmed, for its pixels are the same.

    False where the study was locked or the image changed since `image` was read; nothing is written then, and the
    caller forgets the files.
    """
    study = locked(image.case.study)
    found = Image.objects.of(study).confirmed().filter(pk=image.pk, version=image.version, order=image.order)
    row = found.select_for_update(of=("self",)).first()
    if row is None or not can_change_protocol(study):
        return False
    replace_renditions(image=row, files=files, keeps=KEPT, meta={**row.meta, "normal": dict(facts)})
    data = {"image": image.key, "version": row.version, "sha256": [file.clean.sha256 for file in files]}
    record("image.normalise", by=None, stream=study_stream(study.pk), subject=image.case.code, data=data)
    return True


def _ring(study: Study) -> None:
    from readerstudy.cases.tasks import normalise  # the task calls these actions

    normalise.delay_on_commit(study.pk)  # type: ignore[attr-defined]  # a task within Django; the stubs lack it
