"""Batches, step by step: gather rows, hand them in, look, collect. Each step can be repeated after a crash.

A batch and its attempts are written down before the vendor hears of them, and the batch carries a mark that the vendor
keeps. So a worker that dies while it hands in leaves a batch that is either found there by its mark, or is not there:
then its rows wait again, and its attempts say that they may have been paid for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Batch, BatchState, Generation
from readerstudy.generation.prompting.rendering import rendered_for
from readerstudy.generation.running.calls import check_worth_a_call, request_for
from readerstudy.providers import Connection, ErrorCode, InterpretationRequest, ProviderError, Reply
from readerstudy.providers import batches as vendor
from readerstudy.providers.batches import BatchStage, BatchTicket
from readerstudy.providers.batches import BatchState as Seen
from readerstudy.providers.prompts import Rendered
from readerstudy.providers.refusals import classify_reply
from readerstudy.studies.policies import StudyError

MOST_ROWS = 500
MOST_BYTES = 60_000_000
"""A batch is built in memory; more batches cost nothing."""

ENDS = {
    BatchStage.DONE: BatchState.COLLECTED,
    BatchStage.EXPIRED: BatchState.EXPIRED,
    BatchStage.CANCELLED: BatchState.EXPIRED,
    BatchStage.FAILED: BatchState.FAILED,
}

log = logging.getLogger(__name__)


def run() -> int:
    """Does every step that is due, on this worker alone where several run it; returns how many."""
    steps = 0
    for batch in Batch.objects.due().order_by("look_at"):
        if actions.take_batch(batch):
            batch.refresh_from_db()
            _look_at(batch)
            steps += 1
    while _hand_in_next():
        steps += 1
    return steps


def _hand_in_next() -> bool:
    """Gathers and hands in one batch; False where nothing waits for one."""
    first = _waiting().first()
    if first is None or first.arm is None:
        return False
    arm = first.arm
    same = _waiting().filter(arm__study=arm.study, arm__connection=arm.connection, arm__model=arm.model)
    pairs = list(_rendered(same[:MOST_ROWS]))
    if not pairs:
        return True  # those that were there have failed, each with its sentence
    gathered = actions.gather_batch(pairs)
    if gathered is None:
        return False
    batch, attempts = gathered
    words = {row.pk: rendered for row, rendered in pairs}
    requests = [_request(attempt, words[attempt.generation_id]) for attempt in attempts]
    _hand_in(batch, requests)
    return True


def _waiting() -> Any:
    rows = Generation.objects.for_batches().select_related("arm__study", "arm__prompt", "case")
    return rows.order_by("due_at", "pk")


def _rendered(rows: Any) -> Iterator[tuple[Generation, Rendered]]:
    """Rows with what they send, until a batch is full, but at least one; what cannot be sent fails."""
    size = taken = 0
    for row in rows:
        try:
            check_worth_a_call(row)
            rendered = rendered_for(row)
        except StudyError as error:
            actions.refuse(generation=row, sentence=str(error))
            continue
        size += sum(len(image.data) for image in _images(rendered)) * 4 // 3
        if taken and size > MOST_BYTES:
            return
        taken += 1
        yield row, rendered


def _images(rendered: Rendered) -> Any:
    return [part for part in rendered.parts if hasattr(part, "data")]


def _request(attempt: Attempt, rendered: Rendered) -> InterpretationRequest:
    return request_for(attempt, rendered, attempt.generation.source.parameters)


def _hand_in(batch: Batch, requests: list[InterpretationRequest]) -> None:
    try:
        ticket = vendor.submit(_connection(batch), requests, mark=batch.key)
    except ProviderError as error:
        _ask_whether_it_is_there(batch, error)
    else:
        actions.note_submitted(batch=batch, ticket=ticket)


def _ask_whether_it_is_there(batch: Batch, error: ProviderError) -> None:
    """After handing in failed: the vendor may have taken it all the same."""
    try:
        ticket = vendor.find(_connection(batch), batch.key)
    except ProviderError as second:
        actions.look_later(batch=batch, problem=second.sentence)
        return
    if ticket is not None:
        actions.note_submitted(batch=batch, ticket=ticket)
        return
    _fail_open_attempts(batch, error)
    actions.end_batch(batch=batch, state=BatchState.FAILED, problem=error.sentence)


def _look_at(batch: Batch) -> None:
    try:
        if batch.state == BatchState.SUBMITTING:
            _recover(batch)
        else:
            _follow(batch)
    except ProviderError as error:
        actions.look_later(batch=batch, problem=error.sentence)


def _recover(batch: Batch) -> None:
    """A batch whose worker died while it was handed in."""
    ticket = vendor.find(_connection(batch), batch.key)
    if ticket is not None:
        actions.note_submitted(batch=batch, ticket=ticket)
        return
    sentence = _("The worker ended before the batch was handed in.")
    _fail_open_attempts(batch, _lost(sentence, possibly_paid=True))
    actions.end_batch(batch=batch, state=BatchState.FAILED, problem=sentence)


def _follow(batch: Batch) -> None:
    connection, ticket = _connection(batch), BatchTicket(batch.vendor_id, batch.key)
    seen = vendor.look(connection, ticket)
    if not seen.finished:
        actions.note_seen(batch=batch, seen=seen)
        return
    if _open_attempts(batch).exists():
        _collect(batch, connection, ticket, seen)
    _discard(connection, ticket)
    actions.end_batch(batch=batch, state=ENDS[seen.stage], problem=seen.problem, seen=seen)


def _collect(batch: Batch, connection: Connection, ticket: BatchTicket, seen: Seen) -> None:
    attempts = {attempt.key: attempt for attempt in _open_attempts(batch)}
    asked = {key: attempt.generation.source.parameters for key, attempt in attempts.items()}
    for key, result in vendor.collect(connection, ticket, asked=asked):
        attempt = attempts.pop(key, None)
        if attempt is not None:
            _store(attempt, result)
    _fail_open_attempts(batch, _missing(seen))


def _store(attempt: Attempt, result: Reply | ProviderError) -> None:
    if isinstance(result, Reply):
        actions.store_reply(attempt=attempt, reply=result, judgement=classify_reply(result))
    else:
        actions.store_failure(generation=attempt.generation, attempt=attempt, error=result)


def _missing(seen: Seen) -> ProviderError:
    """What becomes of attempts of which the vendor gave no line."""
    if seen.stage is BatchStage.FAILED:
        return ProviderError(ErrorCode.BAD_REQUEST, seen.problem, retry="person")
    sentence = _("The batch ended without a reply to this call. It is tried again.")
    return _lost(sentence, possibly_paid=seen.stage is BatchStage.DONE)


def _lost(sentence: str, *, possibly_paid: bool) -> ProviderError:
    return ProviderError(ErrorCode.CUT_REPLY, sentence, retry="again", possibly_paid=possibly_paid)


def _open_attempts(batch: Batch) -> Any:
    sources = ("generation__arm__study", "generation__arm__prompt", "generation__case")
    return Attempt.objects.filter(batch=batch, finished_at=None).select_related(*sources, "generation__trial")


def _fail_open_attempts(batch: Batch, error: ProviderError) -> None:
    for attempt in _open_attempts(batch):
        actions.store_failure(generation=attempt.generation, attempt=attempt, error=error)


def _discard(connection: Connection, ticket: BatchTicket) -> None:
    """The vendor keeps files until they are deleted, images among them. What cannot be deleted is only logged."""
    try:
        vendor.discard(connection, ticket)
    except ProviderError as error:
        log.warning("files of batch %s stay at the vendor: %s", ticket.mark, error.code)


def _connection(batch: Batch) -> Connection:
    offer = settings.CONNECTIONS.get(batch.connection)
    if offer is None:
        sentence = _(
            "The provider of this batch is not set up on the worker. Ask the site’s staff to set it up."
        )
        raise ProviderError(ErrorCode.CONFIGURATION, sentence, retry="person")
    found: Connection = offer.connection
    return found
