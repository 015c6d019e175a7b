"""What a worker writes: an attempt before each call, and after it the one interpretation or the failure."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.audit.record import record, study_stream
from readerstudy.generation.actions.extractions import extract
from readerstudy.generation.actions.limits import correct_pace
from readerstudy.generation.actions.money import (
    Charge,
    Reservation,
    charge,
    insert_reserved,
    reserve,
    settle,
    taken_by,
    wanted,
)
from readerstudy.generation.models import (
    Attempt,
    Batch,
    Generation,
    Interpretation,
    Mode,
    RefusalVerdict,
    Stage,
    VendorPause,
)
from readerstudy.generation.prompting.recipes import recipe_sha256
from readerstudy.generation.running import sizes, storable
from readerstudy.providers import ErrorCode, ProviderError, Reply
from readerstudy.providers.base import ImagePart, TextPart
from readerstudy.providers.prompts import Rendered
from readerstudy.providers.refusals import Verdict as Judgement
from readerstudy.statements import change, insert, run

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 120.0
LONGEST_ASKED_SECONDS = 3600.0
NOTHING = Rendered(system="", parts=())
_DONE = """
UPDATE generation_generation
SET stage = 'done', failure = '', lease_until = NULL, batch_id = NULL, finished_at = %(now)s
WHERE id = %(row)s AND stage <> 'done' RETURNING id
"""
NO_CHARGE = Reservation(price=None, tokens=0, cost=None)


def draft_attempt(*, generation: Generation, rendered: Rendered = NOTHING) -> Attempt:
    """The attempt as it will be written if its call is made, with the most that may cost at today's price.

    Made before the call has its place, so that nothing is worked out while it holds one.
    """
    source = generation.source
    taken = NO_CHARGE if source.is_recorded else wanted(source=source, size=most_of(generation, rendered))
    return new_attempt(generation=generation, rendered=rendered, number=1, taken=taken)


def begin_attempt(
    *, generation: Generation, rendered: Rendered = NOTHING, draft: Attempt | None = None
) -> Attempt | None:
    """Writes the attempt before its call is made; earlier ones without an end may have been paid for.

    The hashes of the images in `rendered` say later that readers saw the same bytes. The most the call may cost is
    taken out of the study's budget first. `draft` is what `draft_attempt` made of the same, a moment before.

    Returns None where the worker has lost the row meanwhile or the budget does not allow the call: then none is made.
    """
    if generation.lease_until is None or generation.lease_until <= timezone.now():
        return None
    if draft is not None and generation.claims == 1 and not generation.source.is_recorded:
        draft.started_at = timezone.now()
        if insert_reserved(draft):
            return draft
    return _begin_slowly(generation, rendered)


@transaction.atomic
def _begin_slowly(generation: Generation, rendered: Rendered) -> Attempt | None:
    """Statement by statement: somebody had the row before, a price came meanwhile, or the budget may be used up."""
    is_first = generation.claims == 1
    row = (
        generation if is_first else Generation.objects.held(generation).select_for_update(no_key=True).first()
    )
    if row is None:
        return None
    attempt = draft_attempt(generation=generation, rendered=rendered)
    if not generation.source.is_recorded and not reserve(attempt):
        give_back(generation=generation)
        return None
    if not is_first:
        _close_open_attempts(row, "lost", _("The worker ended before the reply was stored."))
        attempt.number = row.attempts.count() + 1
    insert(attempt)
    return attempt


def new_attempt(
    *,
    generation: Generation,
    rendered: Rendered,
    number: int,
    taken: Reservation,
    batch: Batch | None = None,
) -> Attempt:
    """An attempt that is not yet written."""
    source = generation.source
    return Attempt(
        generation=generation,
        number=number,
        key=uuid.uuid4().hex,
        mode=Mode.LIVE if batch is None else Mode.BATCH,
        batch=batch,
        connection=source.connection,
        words_bytes=_words_bytes(rendered),
        asked_model=source.model,
        recipe_sha256=recipe_sha256(source),
        prompt_sha256="" if source.is_recorded else rendered.sha256,
        images=[_fingerprint(part) for part in rendered.parts if isinstance(part, ImagePart)],
        price=taken.price,
        counted_tokens=taken.tokens,
        cost=taken.cost,
    )


def most_of(generation: Generation, rendered: Rendered) -> sizes.Size:
    """The most a call for this row may take."""
    return sizes.most(rendered, generation.source.parameters)


@transaction.atomic
def store_reply(*, attempt: Attempt, reply: Reply, judgement: Judgement) -> bool:
    """Completes an attempt and makes its text *the* interpretation, unless another attempt came first.

    A reply that comes after its lease is as good as any, as long as it is the first. Returns whether it was.
    """
    generation = attempt.generation
    is_first = run(_DONE, {"row": generation.pk, "now": timezone.now()}) is not None
    charged = _charged(attempt, reply)
    _complete(attempt, reply, is_used=is_first, charged=charged.fields if charged else {})
    told = _store_output(attempt, reply, judgement) if is_first else None
    if charged:  # from here on all other calls of the study wait for this one, so little comes after it
        correct_pace(generation=generation, tokens=charged.tokens)
        settle(charged)
    if told:
        stream = f"{study_stream(generation.source.study_id)}/outputs"
        record(
            "interpretation.store", by=None, stream=stream, subject=f"generation {generation.pk}", data=told
        )
    return is_first


def _store_output(attempt: Attempt, reply: Reply, judgement: Judgement) -> dict[str, Any]:
    """Stores text, verdict and what is read out of the text; returns what its audit event says."""
    text = storable.text(reply.text or reply.refusal_text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    interpretation = Interpretation(generation=attempt.generation, attempt=attempt, text=text, sha256=digest)
    insert(interpretation)
    insert(_verdict(interpretation, judgement))
    extract(interpretation=interpretation)
    return {"attempt": attempt.key, "text_sha256": digest, "verdict": judgement.verdict}


def _verdict(interpretation: Interpretation, judgement: Judgement) -> RefusalVerdict:
    return RefusalVerdict(
        interpretation=interpretation,
        verdict=judgement.verdict,
        declined=judgement.declined,
        signal=storable.text(judgement.signal, 80),
        evidence=storable.text(judgement.evidence, 400),
        is_sure=judgement.is_sure,
    )


@transaction.atomic
def store_failure(*, generation: Generation, attempt: Attempt, error: ProviderError) -> None:
    """Completes a failed attempt; the row waits for another try, or fails with the vendor's sentence.

    What may have been paid for stays counted at the most it may have cost.
    """
    row = Generation.objects.held(generation).select_for_update(no_key=True).first()
    is_free = not error.possibly_paid and attempt.counted_tokens
    charged = charge(attempt=attempt, tokens=sizes.Size(0, 0)) if is_free else None
    _complete_failed(attempt, error, charged.fields if charged else {})
    if charged:
        settle(charged)
    if row is None:
        return
    if error.retry != "again":
        _fail(row, error.sentence)
        return
    if row.tries >= settings.MAX_ATTEMPTS:
        _fail(row, error.sentence[:300] + " " + _("After %(n)d tries it was given up.") % {"n": row.tries})
        return
    due = timezone.now() + timedelta(seconds=wait_seconds(row.tries, error.retry_after))
    Generation.objects.filter(pk=row.pk).update(stage=Stage.QUEUED, due_at=due, lease_until=None, batch=None)
    if error.code == ErrorCode.RATE_LIMITED:
        VendorPause.objects.silence(generation.source.connection, until=due)


@transaction.atomic
def give_up(*, generation: Generation, sentence: str) -> bool:
    """Ends a row that cannot be worked on at all; False where somebody else has it meanwhile."""
    row = Generation.objects.held(generation).select_for_update(no_key=True).first()
    if row is None:
        return False
    _close_open_attempts(row, "failed", sentence)
    _fail(row, sentence)
    return True


@transaction.atomic
def refuse(*, generation: Generation, sentence: str) -> None:
    """Ends a row that nobody has claimed and that cannot be called for."""
    row = (
        Generation.objects.filter(pk=generation.pk, stage=Stage.QUEUED).select_for_update(no_key=True).first()
    )
    if row is not None:
        _fail(row, sentence)


def wait_seconds(tries: int, asked: float | None) -> float:
    """Seconds until the next try: what the vendor asked for, up to an hour; else twice as long each time, up to two
    minutes."""
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_ASKED_SECONDS)
    return min(FIRST_WAIT_SECONDS * 2.0 ** (tries - 1), LONGEST_WAIT_SECONDS)


def _words_bytes(rendered: Rendered) -> int:
    """How many bytes of words are sent: prompt, clinical text and captions, as UTF-8."""
    return len(rendered.system.encode()) + sum(
        len(part.text.encode()) for part in rendered.parts if isinstance(part, TextPart)
    )


def _fingerprint(image: ImagePart) -> dict[str, str]:
    return {"slot": image.slot, "sha256": hashlib.sha256(image.data).hexdigest()}


def _charged(attempt: Attempt, reply: Reply) -> Charge | None:
    """What the vendor counted, for the place of what was reserved; where it counted nothing, that stays."""
    source = attempt.generation.source
    offer = settings.CONNECTIONS.get(source.connection)
    taken = taken_by(reply, offer.connection.adapter if offer else "")
    return None if source.is_recorded or taken is None else charge(attempt=attempt, tokens=taken)


def give_back(*, generation: Generation) -> None:
    """The row waits again as if nobody had claimed it."""
    Generation.objects.held(generation).update(
        stage=Stage.QUEUED, lease_until=None, claims_before=F("claims_before") + 1
    )


def _complete_failed(attempt: Attempt, error: ProviderError, charged: Mapping[str, Any]) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        **charged,
        finished_at=timezone.now(),
        outcome="failed",
        error_code=str(error.code),
        error=storable.text(error.sentence, 400),
        http_status=error.status,
        is_possibly_paid=error.possibly_paid,
        raw=storable.json(error.raw),
    )


def _close_open_attempts(row: Generation, outcome: str, sentence: str) -> None:
    row.attempts.filter(outcome="").update(
        outcome=outcome, error=sentence[:400], is_possibly_paid=True, finished_at=timezone.now()
    )


def _fail(row: Generation, sentence: str) -> None:
    Generation.objects.filter(pk=row.pk).update(
        stage=Stage.FAILED,
        failure=storable.text(sentence, 400),
        lease_until=None,
        batch=None,
        finished_at=timezone.now(),
    )


def _complete(attempt: Attempt, reply: Reply, *, is_used: bool, charged: Mapping[str, Any]) -> None:
    ended = dict(
        charged,
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
        characters=len(reply.text or reply.refusal_text),
        sdk=storable.text(f"{reply.sdk} {reply.sdk_version}".strip(), 60),
        sent=storable.json(reply.sent),
        dropped=storable.json(reply.dropped),
        raw=storable.json(reply.raw),
    )
    change(Attempt, attempt.pk, ended)
