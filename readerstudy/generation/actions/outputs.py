"""What a coordinator says about outputs: a verdict of their own, and outputs made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case
from readerstudy.generation.actions.queue import ROWS_AT_ONCE, ring_on_commit
from readerstudy.generation.imports import plan_import
from readerstudy.generation.models import (
    DECLINED,
    Generation,
    Interpretation,
    RecordedOutput,
    RefusalVerdict,
    Verdict,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.providers.replay import Recording
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm
from readerstudy.studies.policies import check_protocol_open


@transaction.atomic
def overrule(*, interpretation: Interpretation, verdict: Verdict, by: User) -> RefusalVerdict:
    """A person's verdict: a new row that wins over the automatic one, also where both say the same."""
    study = locked(interpretation.generation.source.study)
    check_protocol_open(study)
    row = RefusalVerdict.objects.create(
        interpretation=interpretation, verdict=verdict, declined=verdict in DECLINED, signal="person", by=by
    )
    subject = f"interpretation {interpretation.pk}"
    record(
        "verdict.overrule", by=by, stream=study_stream(study.pk), subject=subject, data={"verdict": verdict}
    )
    return row


@transaction.atomic
def import_outputs(*, arm: Arm, recordings: Sequence[Recording], by: User) -> int:
    """Stores outputs made elsewhere and queues them through the same steps as any other; returns how many.

    Raises `StudyError` where the study is locked or the file does not fit the cases (any more).
    """
    study = locked(arm.study)
    check_protocol_open(study)
    plan = plan_import(arm, recordings)
    if plan.problems or not plan.matches:
        raise GenerationError(
            _("Nothing was written, because the outputs no longer fit the cases. Import the file again.")
        )
    cases = {case.code: case for case in Case.objects.of(study)}
    outputs = [
        RecordedOutput(
            arm=arm,
            case=cases[match.code],
            text=match.recording.text,
            finish_reason=match.recording.finish_reason[:60],
            model=match.recording.model[:120],
        )
        for match in plan.matches
    ]
    RecordedOutput.objects.bulk_create(outputs, batch_size=ROWS_AT_ONCE)
    Generation.objects.bulk_create(
        [Generation(arm=arm, case=output.case) for output in outputs], batch_size=ROWS_AT_ONCE
    )
    record(
        "outputs.import", by=by, stream=study_stream(study.pk), subject=arm.name, data={"rows": len(outputs)}
    )
    ring_on_commit()
    return len(outputs)
