"""OpenAI's chat completions, and every server that speaks them, by base URL.

Profiles (`profiles.PROFILES`) differ in the name of the token field, the parameters that are known to work and
whether `store` exists. A parameter the profile does not know is dropped and recorded, never silently ignored by
the server.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import (
    Connection,
    InterpretationRequest,
    Outcome,
    Part,
    ProviderError,
    Reply,
    TextPart,
)
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import ATTEMPT_HEADER, Exchange
from readerstudy.providers.faults import malformed, policy_rejection
from readerstudy.providers.fields import at, count_at, text_at
from readerstudy.providers.profiles import Profile, profile_of, schema_format
from readerstudy.providers.stops import OPENAI_STOPS, outcome_of
from readerstudy.providers.versions import version_of
from readerstudy.providers.weights import named_with_weights

if TYPE_CHECKING:
    from openai import OpenAI

PUBLIC_ADDRESS = "https://api.openai.com/v1"
"""Used where a connection names no address."""


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one chat completion.

    Raises:
        ProviderError: if no reply came, or the connection or an image cannot be used.
    """
    from openai.types.chat import ChatCompletion

    base_url = connection.base_url or PUBLIC_ADDRESS
    profile = profile_of(connection, base_url)
    check_before(connection, request, mimes=profile.mimes)
    sent, dropped = parameters(request.parameters, profile)
    exchange = Exchange(connection, base_url, seconds=request.deadline_seconds)
    completions = client_for(connection, base_url, exchange).chat.completions
    body, headers = body_of(request, sent), headers_of(request)

    def call() -> object:
        # `extra_body` goes out as it is, so what we record as sent is what was sent.
        return completions.create(model=request.model, messages=[], extra_headers=headers, extra_body=body)

    reply = completed(
        connection, request, exchange, call=call, expected=ChatCompletion, field="choices", read=read
    )
    if profile.lists_weights:
        reply = replace(reply, served_model=named_with_weights(connection, base_url, reply.served_model))
    fingerprint = "" if reply.fingerprint in profile.constant_fingerprints else reply.fingerprint
    return replace(reply, fingerprint=fingerprint, sent=sent, dropped=dropped)


def parameters(asked: Mapping[str, Any], profile: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters as they go over the wire, and those that the profile does not know."""
    sent: dict[str, Any] = {"store": False} if profile.store else {}
    dropped: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in profile.takes:
            dropped[name] = value
        elif name == "max_output_tokens":
            sent[profile.tokens] = value
        elif name == "json_schema":
            sent["response_format"] = {"type": "json_schema", "json_schema": schema_format(value)}
        else:
            sent[name] = value
    return sent, dropped


def body_of(request: InterpretationRequest, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The body of one chat completion, the same for a live call and for a line of a batch."""
    system = [{"role": "system", "content": request.system}] if request.system else []
    user = {"role": "user", "content": [_content(part) for part in request.parts]}
    return {"model": request.model, "messages": [*system, user], **sent}


def data_url(mime: str, data: bytes) -> str:
    """An image as OpenAI takes it."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def headers_of(request: InterpretationRequest) -> dict[str, str]:
    """Our attempt id, under our own name and the one that OpenAI's log shows."""
    return {ATTEMPT_HEADER: request.attempt_id, "X-Client-Request-Id": request.attempt_id}


def client_for(connection: Connection, base_url: str, exchange: Exchange) -> OpenAI:
    """The SDK's client over our own wire, without retries of its own."""
    import openai

    return openai.OpenAI(
        api_key=connection.api_key,
        base_url=base_url,
        max_retries=0,
        timeout=exchange.client.timeout,
        http_client=exchange.client,
    )


def completed(
    connection: Connection,
    request: InterpretationRequest,
    exchange: Exchange,
    *,
    call: Callable[[], object],
    expected: type,
    field: str,
    read: Callable[[Any], Reply],
) -> Reply:
    """Make the call and read its body; `expected` and the list under `field` say that it speaks the protocol.

    Raises:
        ProviderError: if no reply came. A rejection by the content policy is a reply.
    """
    import openai

    started = time.monotonic()
    try:
        answer, seconds = attempt(
            connection,
            exchange,
            seconds=request.deadline_seconds,
            call=call,
            vendor_errors=(openai.OpenAIError,),
        )
    except ProviderError:
        if not (reason := policy_rejection(exchange)):
            raise
        reply, seconds = rejected(reason, exchange.json), time.monotonic() - started
    else:
        if not isinstance(answer, expected) or not isinstance(at(exchange.json, field), list):
            raise malformed(connection, exchange)
        reply = read(exchange.json)
    return replace(reply, seconds=seconds, request_id=exchange.request_id or reply.request_id)


def read(body: Any) -> Reply:
    """The body of a chat completion as a reply; what only the wire knows is not in it."""
    text = text_at(body, "choices", 0, "message", "content")
    stop = text_at(body, "choices", 0, "finish_reason")
    refusal = text_at(body, "choices", 0, "message", "refusal")
    # The refusal field comes first: the stop reason beside it is still "stop".
    outcome = Outcome.REFUSED if refusal else outcome_of(stop, text, table=OPENAI_STOPS)
    return Reply(
        text=text,
        outcome=outcome,
        stop_reason=stop,
        block_reason=stop if outcome is Outcome.BLOCKED else "",
        refusal_text=refusal,
        served_model=text_at(body, "model"),
        request_id=text_at(body, "id"),
        fingerprint=text_at(body, "system_fingerprint"),
        input_tokens=count_at(body, "usage", "prompt_tokens"),
        output_tokens=count_at(body, "usage", "completion_tokens"),
        reasoning_tokens=count_at(body, "usage", "completion_tokens_details", "reasoning_tokens"),
        sdk="openai",
        sdk_version=version_of("openai"),
        raw=body,
    )


def rejected(reason: str, body: Any) -> Reply:
    """The prompt or an image was stopped by the content policy: a result of the study, not a failure."""
    return Reply(
        text="",
        outcome=Outcome.BLOCKED,
        block_reason=reason,
        sdk="openai",
        sdk_version=version_of("openai"),
        raw=body,
    )


def _content(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": data_url(part.mime, part.data)}}
