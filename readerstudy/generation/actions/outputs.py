"""What a coordinator says about outputs: a verdict of their own, and outputs made elsewhere."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases import store
from readerstudy.cases.models import Case
from readerstudy.generation.actions.queue import ROWS_AT_ONCE, ring_on_commit
from readerstudy.generation.bringing.imports import (
    MOST_BYTES,
    content_of,
    plan_import,
    read_outputs,
    stored_name,
)
from readerstudy.generation.models import (
    DECLINED,
    ArrivedFile,
    FrozenOutput,
    Generation,
    Interpretation,
    RecordedOutput,
    RefusalVerdict,
    Verdict,
)
from readerstudy.generation.policies import GenerationError
from readerstudy.providers.recordings import Recording
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Arm
from readerstudy.studies.policies import check_protocol_open

KEPT_FOR = timedelta(days=1)


@transaction.atomic
def overrule(*, interpretation: Interpretation, verdict: Verdict, by: User) -> RefusalVerdict:
    """A person's verdict: a new row that wins over the automatic one, also where both say the same."""
    study = locked(interpretation.generation.source.study)
    check_protocol_open(study)
    if FrozenOutput.objects.filter(interpretation=interpretation).exists():
        raise GenerationError(_("This output is frozen, so its verdict no longer changes."))
    row = RefusalVerdict.objects.create(
        interpretation=interpretation, verdict=verdict, declined=verdict in DECLINED, signal="person", by=by
    )
    subject = f"interpretation {interpretation.pk}"
    record(
        "verdict.overrule", by=by, stream=study_stream(study.pk), subject=subject, data={"verdict": verdict}
    )
    return row


@transaction.atomic
def receive_outputs(*, arm: Arm, content: File[Any], ending: str, by: User) -> ArrivedFile:
    """Keeps a file of outputs until it was looked at; of its name only the ending is kept.

    Files that nobody confirmed within a day are forgotten on this occasion.
    """
    check_protocol_open(locked(arm.study))
    _forget_old_files()
    measured = store.measure(content, most=MOST_BYTES)
    if not measured.sha256:
        raise GenerationError(
            _("This file is larger than 50 MB. Split it and import the parts one after another.")
        )
    file = ArrivedFile(
        key=uuid.uuid4().hex, arm=arm, by=by, ending=ending, sha256=measured.sha256, size=measured.size
    )
    content.seek(0)
    default_storage.save(stored_name(file), content)
    file.save()
    return file


def import_file(*, file: ArrivedFile, by: User) -> int:
    """Stores the outputs of a file that was looked at, and forgets the file; returns how many.

    Raises `StudyError` where the file is gone or no longer the same, and where `import_outputs` does.
    """
    try:
        content = content_of(file)
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise GenerationError(_("This file is no longer there. Choose it again."))
    found = read_outputs(content, f"outputs.{file.ending}")
    count = import_outputs(arm=file.arm, recordings=found.recordings, by=by, file_sha256=file.sha256)
    forget_file(file=file)
    return count


def forget_file(*, file: ArrivedFile) -> None:
    """Deletes what arrived; a second call does nothing."""
    default_storage.delete(stored_name(file))
    ArrivedFile.objects.filter(pk=file.pk).delete()


@transaction.atomic
def import_outputs(*, arm: Arm, recordings: Sequence[Recording], by: User, file_sha256: str = "") -> int:
    """Stores outputs made elsewhere and queues them through the same steps as any other; returns how many.

    Each keeps who brought it, when, and the hash of its file. Raises `StudyError` where the study is locked, models are
    called for this arm, or the file does not fit the cases (any more).
    """
    study = locked(arm.study)
    check_protocol_open(study)
    check_is_recorded(arm)
    plan = plan_import(arm, recordings)
    if plan.problems or not plan.matches:
        raise GenerationError(
            _("Nothing was written, because the outputs no longer fit the cases. Import the file again.")
        )
    cases = {case.code: case for case in Case.objects.read(study)}
    outputs = [
        RecordedOutput(
            arm=arm, case=cases[match.code], by=by, file_sha256=file_sha256, **_columns(match.recording)
        )
        for match in plan.matches
    ]
    store_recorded(outputs)
    data = {"rows": len(outputs), "file_sha256": file_sha256}
    record("outputs.import", by=by, stream=study_stream(study.pk), subject=arm.name, data=data)
    return len(outputs)


def store_recorded(outputs: Sequence[RecordedOutput]) -> None:
    """Writes outputs that nobody is called for and queues them; the caller holds the study and records it."""
    RecordedOutput.objects.bulk_create(outputs, batch_size=ROWS_AT_ONCE)
    Generation.objects.bulk_create(
        [Generation(arm=each.arm, case=each.case, replicate=each.replicate) for each in outputs],
        batch_size=ROWS_AT_ONCE,
    )
    ring_on_commit()


def check_is_recorded(arm: Arm) -> None:
    """Raises `GenerationError` where the outputs of this arm come from a model that is called."""
    if not arm.is_recorded:
        raise GenerationError(
            _("The texts of “%(arm)s” come from a model that is called. Choose an arm of another source.")
            % {"arm": arm.name}
        )


def _columns(recording: Recording) -> dict[str, Any]:
    return {
        "replicate": recording.replicate,
        "text": recording.text,
        "finish_reason": recording.finish_reason[:60],
        "model": recording.model[:120],
        "label": recording.label,
        "confidence": recording.confidence,
        "boxes": [dict(box) for box in recording.boxes],
    }


def _forget_old_files() -> None:
    for file in ArrivedFile.objects.filter(arrived_at__lt=timezone.now() - KEPT_FOR):
        forget_file(file=file)
