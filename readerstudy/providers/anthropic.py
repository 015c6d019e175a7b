"""Anthropic's messages interface, through the optional extra `anthropic`.

The vendor has taken temperature and its kin out of the interface, so they are dropped and recorded. `max_tokens` is
required; where an arm names no limit ours is sent, and recorded like any other.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import (
    Connection,
    InterpretationRequest,
    Part,
    Reply,
    TextPart,
)
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import ATTEMPT_HEADER, Exchange
from readerstudy.providers.faults import malformed
from readerstudy.providers.fields import at, count_at, text_at
from readerstudy.providers.stops import ANTHROPIC_STOPS, outcome_of
from readerstudy.providers.versions import version_of

PUBLIC_ADDRESS = "https://api.anthropic.com"
"""Used where a connection names no address."""

API_VERSION = "2026-10-21"
"""Always named, so that neither a newer SDK nor an environment variable changes the vendor's rules in mid-study."""

DEFAULT_MAX_TOKENS = 4096
"""Tokens; sent where an arm names no limit."""

_MIMES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_TIERS = frozenset({"auto", "standard_only"})


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one message.

    Raises:
        ProviderError: if no reply came, or the connection or an image cannot be used.
        ModuleNotFoundError: if the extra is not installed.
    """
    import anthropic
    from anthropic.types import Message

    check_before(connection, request, mimes=_MIMES)
    sent, dropped = _parameters(request.parameters)
    exchange = Exchange(connection, connection.base_url or PUBLIC_ADDRESS, seconds=request.deadline_seconds)
    call = _call(connection, request, sent, exchange)
    answer, seconds = attempt(
        connection,
        exchange,
        seconds=request.deadline_seconds,
        call=call,
        vendor_errors=(anthropic.AnthropicError,),
    )
    if not isinstance(answer, Message) or not isinstance(at(exchange.json, "content"), list):
        raise malformed(connection, exchange)
    return _reply(exchange, seconds=seconds, sent={**sent, "anthropic-version": API_VERSION}, dropped=dropped)


def _parameters(asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {"max_tokens": DEFAULT_MAX_TOKENS}
    dropped: dict[str, Any] = {}
    output: dict[str, Any] = {}
    for name, value in asked.items():
        if name == "max_output_tokens":
            sent["max_tokens"] = value
        elif name == "stop":
            sent["stop_sequences"] = [value] if isinstance(value, str) else value
        elif name == "json_schema":
            output["format"] = {"type": "json_schema", "schema": value}
        elif name == "reasoning_effort":
            output["effort"] = value
        elif name == "service_tier" and value in _TIERS:
            sent[name] = value
        else:
            dropped[name] = value
    return sent | ({"output_config": output} if output else {}), dropped


def _call(
    connection: Connection, request: InterpretationRequest, sent: Mapping[str, Any], exchange: Exchange
) -> Callable[[], object]:
    import anthropic

    client = anthropic.Anthropic(
        api_key=connection.api_key,
        base_url=connection.base_url or PUBLIC_ADDRESS,
        max_retries=0,
        # Named, because the SDK refuses long outputs where only its own default holds.
        timeout=exchange.client.timeout,
        default_headers={"anthropic-version": API_VERSION},
        open_telemetry=False,
        http_client=exchange.client,
    )
    messages = client.messages
    headers = {ATTEMPT_HEADER: request.attempt_id}
    body = {"model": request.model, "messages": [_message(request)], **_system(request), **sent}

    def call() -> object:
        # `extra_body` goes out as it is, so what we record as sent is what was sent.
        return messages.create(
            model=request.model,
            max_tokens=sent["max_tokens"],
            messages=[],
            extra_headers=headers,
            extra_body=body,
        )

    return call


def _message(request: InterpretationRequest) -> dict[str, Any]:
    return {"role": "user", "content": [_content(part) for part in request.parts]}


def _system(request: InterpretationRequest) -> dict[str, str]:
    return {"system": request.system} if request.system else {}


def _content(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    data = base64.b64encode(part.data).decode("ascii")
    return {"type": "image", "source": {"type": "base64", "media_type": part.mime, "data": data}}


def _reply(
    exchange: Exchange, *, seconds: float, sent: Mapping[str, Any], dropped: Mapping[str, Any]
) -> Reply:
    body = exchange.json
    text, stop = _text(body), text_at(body, "stop_reason")
    return Reply(
        text=text,
        outcome=outcome_of(stop, text, table=ANTHROPIC_STOPS),
        stop_reason=stop,
        block_reason=text_at(body, "stop_details", "category"),
        refusal_text=text_at(body, "stop_details", "explanation"),
        served_model=text_at(body, "model"),
        request_id=exchange.request_id or text_at(body, "id"),
        input_tokens=count_at(body, "usage", "input_tokens"),
        output_tokens=count_at(body, "usage", "output_tokens"),
        reasoning_tokens=count_at(body, "usage", "output_tokens_details", "thinking_tokens"),
        seconds=seconds,
        sdk="anthropic",
        sdk_version=version_of("anthropic"),
        sent=sent,
        dropped=dropped,
        raw=body,
    )


def _text(body: Any) -> str:
    """All text blocks; thinking is none."""
    blocks = at(body, "content")
    return "".join(text_at(block, "text") for block in blocks if text_at(block, "type") == "text")
