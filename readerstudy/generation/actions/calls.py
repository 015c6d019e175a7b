"""What a worker writes: an attempt before each call, and after it the one interpretation or the failure."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.record import record, study_stream
from readerstudy.generation import storable
from readerstudy.generation.models import (
    Attempt,
    Generation,
    Interpretation,
    RefusalVerdict,
    Stage,
    VendorPause,
)
from readerstudy.generation.recipes import recipe_sha256
from readerstudy.providers import ErrorCode, ProviderError, Reply
from readerstudy.providers.base import ImagePart
from readerstudy.providers.prompts import Rendered
from readerstudy.providers.refusals import Verdict as Judgement

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 120.0
NOTHING = Rendered(system="", parts=())


@transaction.atomic
def begin_attempt(*, generation: Generation, rendered: Rendered = NOTHING) -> Attempt | None:
    """Writes the attempt before its call is made; earlier ones without an end may have been paid for.

    The hashes of the images in `rendered` say later that readers saw the same bytes.

    Returns None where the worker has lost the row meanwhile, so that no call is made.
    """
    if generation.lease_until is None or generation.lease_until <= timezone.now():
        return None
    number = 1
    if generation.claims > 1:  # somebody had it before
        row = Generation.objects.held(generation).select_for_update(no_key=True).first()
        if row is None:
            return None
        _close_open_attempts(row, "lost", _("The worker ended before the reply was stored."))
        number = row.attempts.count() + 1
    return Attempt.objects.create(
        generation=generation,
        number=number,
        key=uuid.uuid4().hex,
        asked_model=generation.source.model,
        recipe_sha256=recipe_sha256(generation.source),
        prompt_sha256="" if generation.source.is_recorded else rendered.sha256,
        images=[_fingerprint(part) for part in rendered.parts if isinstance(part, ImagePart)],
    )


@transaction.atomic
def store_reply(*, attempt: Attempt, reply: Reply, judgement: Judgement) -> bool:
    """Completes an attempt and makes its text *the* interpretation, unless another attempt came first.

    A reply that comes after its lease is as good as any, as long as it is the first. Returns whether it was.
    """
    generation = attempt.generation
    unmade = Generation.objects.filter(pk=generation.pk).exclude(stage=Stage.DONE)
    is_first = bool(unmade.update(stage=Stage.DONE, failure="", lease_until=None, finished_at=timezone.now()))
    _complete(attempt, reply, is_used=is_first)
    if not is_first:
        return False
    text = storable.text(reply.text or reply.refusal_text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    interpretation = Interpretation.objects.create(
        generation=generation, attempt=attempt, text=text, sha256=digest
    )
    RefusalVerdict.objects.create(
        interpretation=interpretation,
        verdict=judgement.verdict,
        declined=judgement.declined,
        signal=storable.text(judgement.signal, 80),
        evidence=storable.text(judgement.evidence, 400),
    )
    data = {"attempt": attempt.key, "text_sha256": digest, "verdict": judgement.verdict}
    stream = f"{study_stream(generation.source.study_id)}/outputs"
    record("interpretation.store", by=None, stream=stream, subject=f"generation {generation.pk}", data=data)
    return True


@transaction.atomic
def store_failure(*, generation: Generation, attempt: Attempt, error: ProviderError) -> None:
    """Completes a failed attempt; the row waits for another try, or fails with the vendor's sentence."""
    Attempt.objects.filter(pk=attempt.pk).update(
        finished_at=timezone.now(),
        outcome="failed",
        error_code=str(error.code),
        error=storable.text(error.sentence, 400),
        http_status=error.status,
        is_possibly_paid=error.possibly_paid,
        raw=storable.json(error.raw),
    )
    row = Generation.objects.held(generation).select_for_update(no_key=True).first()
    if row is None:
        return
    if error.retry != "again":
        _fail(row, error.sentence)
        return
    if row.tries >= settings.MAX_ATTEMPTS:
        _fail(row, error.sentence[:300] + " " + _("After %(n)d tries it was given up.") % {"n": row.tries})
        return
    due = timezone.now() + timedelta(seconds=wait_seconds(row.tries, error.retry_after))
    Generation.objects.filter(pk=row.pk).update(stage=Stage.QUEUED, due_at=due, lease_until=None)
    if error.code == ErrorCode.RATE_LIMITED:
        pause = VendorPause(connection=generation.source.connection, until=due)
        VendorPause.objects.bulk_create(
            [pause], update_conflicts=True, unique_fields=["connection"], update_fields=["until"]
        )


@transaction.atomic
def give_up(*, generation: Generation, sentence: str) -> bool:
    """Ends a row that cannot be worked on at all; False where somebody else has it meanwhile."""
    row = Generation.objects.held(generation).select_for_update(no_key=True).first()
    if row is None:
        return False
    _close_open_attempts(row, "failed", sentence)
    _fail(row, sentence)
    return True


def wait_seconds(tries: int, asked: float | None) -> float:
    """Seconds until the next try: what the vendor asked for, else twice as long each time; never over two minutes."""
    wanted = asked if asked is not None else FIRST_WAIT_SECONDS * 2 ** (tries - 1)
    return min(max(wanted, 0.0), LONGEST_WAIT_SECONDS)


def _fingerprint(image: ImagePart) -> dict[str, str]:
    return {"slot": image.slot, "sha256": hashlib.sha256(image.data).hexdigest()}


def _close_open_attempts(row: Generation, outcome: str, sentence: str) -> None:
    row.attempts.filter(outcome="").update(
        outcome=outcome, error=sentence[:400], is_possibly_paid=True, finished_at=timezone.now()
    )


def _fail(row: Generation, sentence: str) -> None:
    Generation.objects.filter(pk=row.pk).update(
        stage=Stage.FAILED,
        failure=storable.text(sentence, 400),
        lease_until=None,
        finished_at=timezone.now(),
    )


def _complete(attempt: Attempt, reply: Reply, *, is_used: bool) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        finished_at=timezone.now(),
        outcome=str(reply.outcome),
        error="",
        is_possibly_paid=not is_used,
        served_model=storable.text(reply.served_model, 120),
        fingerprint=storable.text(reply.fingerprint, 120),
        request_id=storable.text(reply.request_id, 120),
        stop_reason=storable.text(reply.stop_reason, 60),
        block_reason=storable.text(reply.block_reason, 120),
        input_tokens=storable.count(reply.input_tokens),
        output_tokens=storable.count(reply.output_tokens),
        reasoning_tokens=storable.count(reply.reasoning_tokens),
        seconds=reply.seconds,
        sdk=storable.text(f"{reply.sdk} {reply.sdk_version}".strip(), 60),
        sent=storable.json(reply.sent),
        dropped=storable.json(reply.dropped),
        raw=storable.json(reply.raw),
    )
