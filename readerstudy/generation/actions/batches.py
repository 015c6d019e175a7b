"""What is written about a batch: before it is handed in, when the vendor has it, and when it ends."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from readerstudy.audit.record import record, study_stream
from readerstudy.generation.actions.calls import most_of, new_attempt
from readerstudy.generation.actions.money import reserve, wanted
from readerstudy.generation.models import TRANSITIONS, Attempt, Batch, BatchState, Generation, Stage
from readerstudy.generation.running import storable
from readerstudy.providers.batches import BatchState as Seen
from readerstudy.providers.batches import BatchTicket
from readerstudy.providers.prompts import Rendered

SUBMISSION_SECONDS = 900
"""Longer than handing in can take; a batch that is older and still being handed in has lost its worker."""
LEASE_DAYS = 30
"""Rows in a batch have no worker whose death would free them; their batch does."""

Pair = tuple[Generation, Rendered]


@transaction.atomic
def gather_batch(pairs: Sequence[Pair]) -> tuple[Batch, list[Attempt]] | None:
    """Writes down a batch and its attempts before the vendor hears of them: rows of one study, connection and model.

    Takes as many of the rows as nobody took meanwhile and as the budget allows; None where that is not one.
    """
    free = _lock_free([row.pk for row, _rendered in pairs])
    first = pairs[0][0]
    source = first.source
    batch = Batch(study=source.study, connection=source.connection, key=uuid.uuid4().hex)
    attempts = []
    for row, rendered in pairs:
        if row.pk not in free:
            continue
        taken = wanted(source=row.source, size=most_of(row, rendered), in_batch=True)
        number = row.attempts.count() + 1
        attempt = new_attempt(generation=row, rendered=rendered, number=number, taken=taken, batch=batch)
        if not reserve(attempt):
            break
        attempts.append(attempt)
    if not attempts:
        return None
    _write(batch, attempts)
    return batch, attempts


def _lock_free(pks: Sequence[int]) -> set[int]:
    rows = Generation.objects.for_batches().filter(pk__in=pks)
    locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return set(locked.values_list("pk", flat=True))


def _write(batch: Batch, attempts: list[Attempt]) -> None:
    now = timezone.now()
    batch.total, batch.look_at = len(attempts), now + timedelta(seconds=SUBMISSION_SECONDS)
    batch.save(force_insert=True)
    for attempt in attempts:
        attempt.batch = batch
    Attempt.objects.bulk_create(attempts)
    Generation.objects.filter(pk__in=[attempt.generation_id for attempt in attempts]).update(
        stage=Stage.RUNNING,
        batch=batch,
        lease_until=now + timedelta(days=LEASE_DAYS),
        claims=models.F("claims") + 1,
    )
    _record("batch.gather", batch, {"calls": len(attempts)})


def take_batch(batch: Batch) -> bool:
    """Makes this worker the one that looks at the batch now; False where another does."""
    until = timezone.now() + timedelta(seconds=SUBMISSION_SECONDS)
    mine = Batch.objects.open().filter(pk=batch.pk, looks=batch.looks)
    return bool(mine.update(look_at=until, looks=batch.looks + 1))


@transaction.atomic
def note_submitted(*, batch: Batch, ticket: BatchTicket) -> None:
    row = _locked(batch)
    if row.state == BatchState.SUBMITTED:
        return
    _move(row, BatchState.SUBMITTED)
    row.vendor_id, row.submitted_at = storable.text(ticket.batch_id, 120), timezone.now()
    row.look_at = timezone.now() + timedelta(seconds=settings.BATCH_LOOK_SECONDS)
    row.save()
    _record("batch.submit", row, {"vendor_id": row.vendor_id})


def note_seen(*, batch: Batch, seen: Seen) -> None:
    """What the vendor says of a batch that is not over; it is looked at again later."""
    Batch.objects.filter(pk=batch.pk, state=BatchState.SUBMITTED).update(
        native=storable.text(seen.native, 40),
        completed=seen.completed,
        failed=seen.failed,
        look_at=timezone.now() + timedelta(seconds=settings.BATCH_LOOK_SECONDS),
    )


def look_later(*, batch: Batch, problem: str) -> None:
    """The vendor could not be asked; the batch stays as it is."""
    until = timezone.now() + timedelta(seconds=settings.BATCH_LOOK_SECONDS)
    Batch.objects.open().filter(pk=batch.pk).update(look_at=until, problem=storable.text(problem, 400))


@transaction.atomic
def end_batch(*, batch: Batch, state: BatchState, problem: str = "", seen: Seen | None = None) -> None:
    """Call it when every attempt of the batch has its end."""
    row = _locked(batch)
    if row.state == state:
        return
    _move(row, state)
    row.ended_at, row.problem = timezone.now(), storable.text(problem, 400)
    if seen is not None:
        row.native, row.completed = storable.text(seen.native, 40), seen.completed
        row.failed = seen.failed
    row.save()
    _record("batch.end", row, {"state": str(state), "completed": row.completed, "failed": row.failed})


def _locked(batch: Batch) -> Batch:
    return Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)


def _move(batch: Batch, then: BatchState) -> None:
    if then not in TRANSITIONS[batch.state]:
        raise ValueError(f"A batch that is {batch.state} cannot become {then}.")
    batch.state = then


def _record(verb: str, batch: Batch, data: dict[str, object]) -> None:
    stream = f"{study_stream(batch.study_id)}/outputs"
    record(verb, by=None, stream=stream, subject=f"batch {batch.key}", data=data)
