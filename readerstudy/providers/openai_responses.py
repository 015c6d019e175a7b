"""OpenAI's responses interface: the same service as chat completions, with other fields and other signals.

The vendor keeps a response for a month unless told otherwise, so `store` is always false. It has no seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from readerstudy.providers.base import (
    Connection,
    InterpretationRequest,
    Outcome,
    Part,
    Reply,
    TextPart,
)
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import Exchange
from readerstudy.providers.faults import failed_reply, is_policy
from readerstudy.providers.fields import at, count_at, text_at
from readerstudy.providers.openai import PUBLIC_ADDRESS, client_for, completed, data_url, headers_of
from readerstudy.providers.profiles import COMMON_MIMES, schema_format
from readerstudy.providers.stops import RESPONSES_STOPS, outcome_of
from readerstudy.providers.versions import version_of

_MIMES = COMMON_MIMES | {"image/gif"}
_PLAIN = frozenset({"temperature", "top_p", "max_output_tokens", "service_tier"})


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one response.

    Raises:
        ProviderError: if no reply came, the reply says that it failed, or the connection or an image cannot be used.
    """
    from openai.types.responses import Response

    base_url = connection.base_url or PUBLIC_ADDRESS
    check_before(connection, request, mimes=_MIMES)
    sent, dropped = _parameters(request.parameters)
    exchange = Exchange(connection, base_url, seconds=request.deadline_seconds)
    responses = client_for(connection, base_url, exchange).responses
    body, headers = _body(request, sent), headers_of(request)

    def call() -> object:
        return responses.create(model=request.model, input=[], extra_headers=headers, extra_body=body)

    reply = completed(connection, request, exchange, call=call, expected=Response, field="output", read=_read)
    if reply.stop_reason == "failed" and reply.outcome is not Outcome.BLOCKED:
        raise failed_reply(connection, exchange, text_at(exchange.json, "error", "code"))
    return replace(reply, sent=sent, dropped=dropped)


def _parameters(asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {"store": False}
    dropped: dict[str, Any] = {}
    for name, value in asked.items():
        if name in _PLAIN:
            sent[name] = value
        elif name == "reasoning_effort":
            sent["reasoning"] = {"effort": value}
        elif name == "json_schema":
            sent["text"] = {"format": {"type": "json_schema", **schema_format(value)}}
        else:
            dropped[name] = value
    return sent, dropped


def _body(request: InterpretationRequest, sent: Mapping[str, Any]) -> dict[str, Any]:
    instructions = {"instructions": request.system} if request.system else {}
    user = {"role": "user", "content": [_content(part) for part in request.parts]}
    return {"model": request.model, "input": [user], **instructions, **sent}


def _content(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    return {"type": "input_image", "detail": "auto", "image_url": data_url(part.mime, part.data)}


def _read(body: Any) -> Reply:
    text, refusal = _said(body, "output_text", "text"), _said(body, "refusal", "refusal")
    stop = text_at(body, "incomplete_details", "reason") or text_at(body, "status")
    outcome = Outcome.REFUSED if refusal else outcome_of(stop, text, table=RESPONSES_STOPS)
    policy = text_at(body, "error", "code") if is_policy(text_at(body, "error", "code")) else ""
    if policy:
        outcome = Outcome.BLOCKED
    return Reply(
        text=text,
        outcome=outcome,
        stop_reason=stop,
        block_reason=policy or (stop if outcome is Outcome.BLOCKED else ""),
        refusal_text=refusal,
        served_model=text_at(body, "model"),
        request_id=text_at(body, "id"),
        input_tokens=count_at(body, "usage", "input_tokens"),
        output_tokens=count_at(body, "usage", "output_tokens"),
        reasoning_tokens=count_at(body, "usage", "output_tokens_details", "reasoning_tokens"),
        sdk="openai",
        sdk_version=version_of("openai"),
        raw=body,
    )


def _said(body: Any, kind: str, field: str) -> str:
    """All contents of one kind in the model's messages; reasoning is none."""
    return "".join(text_at(content, field) for content in _contents(body) if text_at(content, "type") == kind)


def _contents(body: Any) -> Iterator[Any]:
    for output in at(body, "output"):
        contents = at(output, "content")
        if text_at(output, "type") == "message" and isinstance(contents, list):
            yield from contents
