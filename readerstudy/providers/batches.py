"""Many requests handed in at once at a lower price, answered within a day: OpenAI's batch interface.

A batch has no time per call, so `Reply.seconds` is None in everything that comes back. Results arrive in any
order and are matched by the attempt id, which goes out as `custom_id`. The caller writes the attempts and the mark
down *before* it submits, and after a crash asks `find` for the mark instead of submitting twice.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import Connection, ErrorCode, InterpretationRequest, ProviderError, Reply
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import Exchange
from readerstudy.providers.faults import (
    expired,
    failed_reply,
    from_status,
    malformed,
    misconfigured,
    policy_rejection,
)
from readerstudy.providers.fields import at, count_at, storable, text_at
from readerstudy.providers.openai import (
    PUBLIC_ADDRESS,
    body_of,
    client_for,
    parameters,
    read,
    rejected,
)
from readerstudy.providers.profiles import PROFILES, profile_of

if TYPE_CHECKING:
    from openai import OpenAI

MOST_REQUESTS = 50_000
"""The vendor's limit of requests in one batch."""

MOST_BYTES = 200_000_000
"""The vendor's limit of bytes in one batch; `size_of` says what a request takes of it."""


class BatchStage(StrEnum):
    """Where a batch is. The last four are ends; each may come with results of a part."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


FINISHED = frozenset({BatchStage.DONE, BatchStage.EXPIRED, BatchStage.CANCELLED, BatchStage.FAILED})


@dataclass(frozen=True, slots=True)
class BatchTicket:
    """A batch that the vendor has taken: the vendor's id of it, and the caller's own mark."""

    batch_id: str
    mark: str


@dataclass(frozen=True, slots=True)
class BatchState:
    """What the vendor says about a batch. Counts are requests; `native` is the vendor's own word for the stage.

    `problem` is a sentence where the whole batch failed, with the vendor's reason; else it is empty.
    """

    stage: BatchStage
    native: str
    total: int
    completed: int
    failed: int
    problem: str = ""
    input_file: str = ""
    output_file: str = ""
    error_file: str = ""

    @property
    def finished(self) -> bool:
        """Nothing more will come, so that `collect` gives all there is."""
        return self.stage in FINISHED


_ENDPOINT: Final = "/v1/chat/completions"
_MARK = "readerstudy"
_MARK_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_EXPIRED_CODES = frozenset({"batch_expired", "batch_cancelled"})
_LISTED = 100

_STAGES: dict[str, BatchStage] = {
    "validating": BatchStage.WAITING,
    "in_progress": BatchStage.RUNNING,
    "finalizing": BatchStage.RUNNING,
    "cancelling": BatchStage.RUNNING,
    "completed": BatchStage.DONE,
    "expired": BatchStage.EXPIRED,
    "cancelled": BatchStage.CANCELLED,
    "failed": BatchStage.FAILED,
}
"""A word that is not in it counts as running: the batch is looked at again, never given up by mistake."""


def can_batch(connection: Connection) -> bool:
    """Whether this connection takes batches: chat completions of OpenAI itself, not of servers like it."""
    if connection.adapter != "openai":
        return False
    return profile_of(connection, connection.base_url or PUBLIC_ADDRESS) is PROFILES["openai"]


def size_of(connection: Connection, request: InterpretationRequest) -> int:
    """The bytes that a request takes of `MOST_BYTES`.

    Raises:
        ProviderError: if the connection or an image cannot be used.
    """
    return len(_line(connection, request))


def submit(
    connection: Connection, requests: Sequence[InterpretationRequest], *, mark: str, seconds: float = 300
) -> BatchTicket:
    """Hand a batch in: its lines as a file, then the batch itself. All requests name one model.

    `mark` is the caller's own key of this batch, written down before; `seconds` is the deadline of each of both calls.

    Raises:
        ProviderError: if the batch was not taken, or is not known to be: then `find` tells.
        ValueError: if there are no requests, too many, or the mark has another form than 1 to 64 plain characters.
    """
    _check_batch(connection, requests, mark)
    lines = b"".join(_line(connection, request) for request in requests)
    if len(lines) > MOST_BYTES:
        raise ValueError("A batch has at most 200,000,000 bytes. Hand in fewer requests at once.")
    upload = _ask(
        connection,
        lambda client: client.files.create(file=(f"{mark}.jsonl", lines), purpose="batch"),
        seconds=seconds,
    )
    taken = _ask(connection, lambda client: _create(client, text_at(upload, "id"), mark), seconds=seconds)
    return BatchTicket(text_at(taken, "id"), mark)


def find(connection: Connection, mark: str, *, seconds: float = 60) -> BatchTicket | None:
    """The batch that carries a mark, among the last hundred, or None: after a crash between `submit` and its return.

    Raises:
        ProviderError: if the vendor could not be asked.
    """
    listed = _ask(
        connection, lambda client: client.batches.list(limit=_LISTED), seconds=seconds, field="data"
    )
    for batch in at(listed, "data"):
        if text_at(batch, "metadata", _MARK) == mark:
            return BatchTicket(text_at(batch, "id"), mark)
    return None


def look(connection: Connection, ticket: BatchTicket, *, seconds: float = 60) -> BatchState:
    """Where a batch is now.

    Raises:
        ProviderError: if the vendor could not be asked or does not know it.
    """
    return _state(
        connection,
        _ask(connection, lambda client: client.batches.retrieve(ticket.batch_id), seconds=seconds),
    )


def cancel(connection: Connection, ticket: BatchTicket, *, seconds: float = 60) -> BatchState:
    """Ask the vendor to stop; what is done already is still collected, and paid for.

    Raises:
        ProviderError: if the vendor could not be asked, or the batch has ended.
    """
    return _state(
        connection, _ask(connection, lambda client: client.batches.cancel(ticket.batch_id), seconds=seconds)
    )


def collect(
    connection: Connection,
    ticket: BatchTicket,
    *,
    asked: Mapping[str, Mapping[str, Any]] | None = None,
    seconds: float = 300,
) -> Iterator[tuple[str, Reply | ProviderError]]:
    """Every result there is, with its attempt id, in the vendor's order. An attempt that is missing has none.

    `asked` are the parameters of each attempt as they were asked for, so that replies can say what was sent.

    Raises:
        ProviderError: if the vendor could not be asked. An error of one line is a result like any other.
    """
    state = look(connection, ticket, seconds=seconds)
    for file in filter(None, (state.output_file, state.error_file)):
        for line in _lines_of(connection, file, seconds=seconds):
            attempt_id = text_at(line, "custom_id")
            if attempt_id:
                yield attempt_id, _result(connection, line, (asked or {}).get(attempt_id, {}))


def discard(connection: Connection, ticket: BatchTicket, *, seconds: float = 60) -> None:
    """Delete the batch's files at the vendor, its images first of all. Call it when everything is collected and stored.

    Raises:
        ProviderError: if the vendor could not be asked. What is deleted already counts as deleted.
    """
    state = look(connection, ticket, seconds=seconds)
    for file in filter(None, (state.input_file, state.output_file, state.error_file)):
        try:
            _ask(connection, functools.partial(_delete, file), seconds=seconds)
        except ProviderError as error:
            if error.code != ErrorCode.NOT_FOUND:
                raise


def _delete(file: str, client: OpenAI) -> object:
    return client.files.delete(file)


def _check_batch(connection: Connection, requests: Sequence[InterpretationRequest], mark: str) -> None:
    if not can_batch(connection):
        raise misconfigured(
            f"“{connection.name}” takes no batches. Choose OpenAI, or make these outputs one by one."
        )
    if not _MARK_FORM.fullmatch(mark):
        raise ValueError("A mark has 1 to 64 letters, digits, dots, colons, dashes or underscores.")
    if not 0 < len(requests) <= MOST_REQUESTS:
        raise ValueError("A batch has 1 to 50,000 requests.")
    if len({request.model for request in requests}) > 1:
        raise ValueError("A batch is for one model.")
    if len({request.attempt_id for request in requests}) < len(requests):
        raise ValueError("Each request of a batch has an attempt id of its own.")


def _line(connection: Connection, request: InterpretationRequest) -> bytes:
    profile = PROFILES["openai"]
    check_before(connection, request, mimes=profile.mimes)
    sent, _dropped = parameters(request.parameters, profile)
    line = {
        "custom_id": request.attempt_id,
        "method": "POST",
        "url": _ENDPOINT,
        "body": body_of(request, sent),
    }
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _create(client: OpenAI, file_id: str, mark: str) -> object:
    return client.batches.create(
        input_file_id=file_id,
        endpoint=_ENDPOINT,
        completion_window="24h",
        metadata={_MARK: mark},
    )


def _ask(
    connection: Connection, call: Callable[[OpenAI], object], *, seconds: float, field: str = "id"
) -> Any:
    """The JSON of one call under the deadline."""
    exchange = _exchanged(connection, call, seconds=seconds)
    if at(exchange.json, field) is None:
        raise malformed(connection, exchange)
    return exchange.json


def _exchanged(connection: Connection, call: Callable[[OpenAI], object], *, seconds: float) -> Exchange:
    import openai

    base_url = connection.base_url or PUBLIC_ADDRESS
    exchange = Exchange(connection, base_url, seconds=seconds)
    client = client_for(connection, base_url, exchange)
    attempt(
        connection, exchange, seconds=seconds, call=lambda: call(client), vendor_errors=(openai.OpenAIError,)
    )
    return exchange


def _state(connection: Connection, batch: Any) -> BatchState:
    native = text_at(batch, "status")
    stage = _STAGES.get(native, BatchStage.RUNNING)
    return BatchState(
        stage=stage,
        native=native,
        total=count_at(batch, "request_counts", "total") or 0,
        completed=count_at(batch, "request_counts", "completed") or 0,
        failed=count_at(batch, "request_counts", "failed") or 0,
        problem=_problem(connection, batch) if stage is BatchStage.FAILED else "",
        input_file=text_at(batch, "input_file_id"),
        output_file=text_at(batch, "output_file_id"),
        error_file=text_at(batch, "error_file_id"),
    )


def _problem(connection: Connection, batch: Any) -> str:
    reason = text_at(batch, "errors", "data", 0, "code") or "no reason given"
    return (
        f"“{connection.name}” did not accept the batch ({reason}). Check the arm's model and parameters, "
        "then put its outputs in again."
    )


def _lines_of(connection: Connection, file_id: str, *, seconds: float) -> Iterator[Any]:
    exchange = _exchanged(connection, lambda client: client.files.content(file_id), seconds=seconds)
    for line in exchange.scrub(exchange.body or "").split("\n"):
        try:
            yield storable(json.loads(line, parse_constant=lambda _: None)) if line.strip() else {}
        except (ValueError, RecursionError):
            yield {}  # a line that cannot be read has no id either; its attempt counts as without a result


@dataclass(frozen=True, slots=True)
class _Recalled:
    """The response of one line, for the same rules that read a live exchange."""

    status: int | None
    json: Any
    request_id: str
    headers: Mapping[str, str]

    def evidence(self) -> dict[str, Any]:
        return {"status": self.status, "request_id": self.request_id, "body": self.json}


def _result(connection: Connection, line: Any, asked: Mapping[str, Any]) -> Reply | ProviderError:
    seen = _Recalled(
        status=count_at(line, "response", "status_code"),
        json=at(line, "response", "body") or {"error": at(line, "error")},
        request_id=text_at(line, "response", "request_id"),
        headers={},
    )
    if text_at(line, "error", "code") in _EXPIRED_CODES:
        return expired(connection, seen)
    reason = policy_rejection(seen)
    if not reason and seen.status not in {None, 200}:
        return from_status(connection, seen, seen.status)
    if not reason and not isinstance(at(seen.json, "choices"), list):
        return failed_reply(connection, seen, "")
    reply = rejected(reason, seen.json) if reason else read(seen.json)
    sent, dropped = parameters(asked, PROFILES["openai"])
    return replace(reply, request_id=seen.request_id or reply.request_id, sent=sent, dropped=dropped)
