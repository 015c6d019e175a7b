"""What a coordinator does with the queue: fill it, hold it, try again."""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case
from readerstudy.generation.models import Generation, Hold, Stage
from readerstudy.generation.policies import check_can_call
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm, ArmKind, Study
from readerstudy.studies.policies import check_protocol_open

ROWS_AT_ONCE = 1000
CASES_TO_TRY = 3


@transaction.atomic
def queue_generations(*, study: Study, by: User) -> int:
    """Wants every output of case, model arm and replicate that is not there yet; returns how many were added.

    Safe to call twice: a wanted output is wanted once. Raises `StudyError` where models may not be called.
    """
    study = locked(study)
    check_can_call(study)
    return _queue(study, _missing(study, list(_cases(study))), by)


@transaction.atomic
def try_cases(*, study: Study, by: User) -> int:
    """Wants one output of each model arm for three cases, first, middle and last; returns how many were added.

    What these take says what the others will cost. Raises `StudyError` where models may not be called.
    """
    study = locked(study)
    check_can_call(study)
    missing = [row for row in _missing(study, spread(list(_cases(study)))) if row.replicate == 1]
    return _queue(study, missing, by)


def spread(cases: list[Case]) -> list[Case]:
    """Up to three cases that lie as far apart as the list allows."""
    last = len(cases) - 1
    places = {last * step // (CASES_TO_TRY - 1) for step in range(CASES_TO_TRY)} if cases else set()
    return [cases[place] for place in sorted(places)]


@transaction.atomic
def retry_failed(*, study: Study, by: User) -> int:
    """Puts failed rows back into the queue with their patience renewed; what is done stays done."""
    study = locked(study)
    check_protocol_open(study)
    pks = list(Generation.objects.of(study).filter(stage=Stage.FAILED).values_list("pk", flat=True))
    count = Generation.objects.filter(pk__in=pks, stage=Stage.FAILED).update(
        stage=Stage.QUEUED,
        failure="",
        claims_before=models.F("claims"),
        due_at=timezone.now(),
        finished_at=None,
    )
    if count:
        _record("generation.retry", study, by, {"rows": count})
    ring_on_commit()
    return count


@transaction.atomic
def hold_queue(*, study: Study, by: User) -> None:
    """No new call begins for this study until it is released; calls under way finish and are kept."""
    study = locked(study)
    _hold, created = Hold.objects.get_or_create(study=study, ended_at=None, defaults={"by": by})
    if created:
        _record("generation.hold", study, by, {})


@transaction.atomic
def release_queue(*, study: Study, by: User) -> None:
    study = locked(study)
    if Hold.objects.filter(study=study, ended_at=None).update(ended_at=timezone.now()):
        _record("generation.release", study, by, {})
    ring_on_commit()


def ring_on_commit() -> None:
    """Rings for a worker once the rows are there to be seen."""
    from readerstudy.generation.tasks import ring  # the tasks call these actions

    transaction.on_commit(ring)


def _queue(study: Study, missing: list[Generation], by: User) -> int:
    Generation.objects.bulk_create(missing, batch_size=ROWS_AT_ONCE)
    if missing:
        _record("generation.queue", study, by, {"added": len(missing)})
    ring_on_commit()
    return len(missing)


def _cases(study: Study) -> models.QuerySet[Case]:
    return Case.objects.read(study).filter(images__isnull=False).distinct()


def _missing(study: Study, cases: list[Case]) -> list[Generation]:
    """Rows that are not there yet, all arms of a case after each other, so that arms are made side by side."""
    arms = list(Arm.objects.filter(study=study, kind=ArmKind.MODEL))
    have = set(Generation.objects.filter(arm__study=study).values_list("arm_id", "case_id", "replicate"))
    return [
        Generation(arm=arm, case=case, replicate=replicate)
        for case in cases
        for arm in arms
        for replicate in range(1, arm.replicates + 1)
        if (arm.pk, case.pk, replicate) not in have
    ]


def _record(verb: str, study: Study, by: User, data: dict[str, object]) -> None:
    record(verb, by=by, stream=study_stream(study.pk), subject=study.key, data=data)
