"""The lock on a study's row under which every change of a protocol runs."""

from __future__ import annotations

from readerstudy.studies.models import Study


def locked(study: Study) -> Study:
    """The study as it is now, with its row locked until the transaction ends."""
    return Study.objects.select_for_update().get(pk=study.pk)
