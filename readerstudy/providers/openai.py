"""OpenAI's chat completions, and every server that speaks them, by base URL.

Two profiles differ in the name of the token field, the parameters that are known to work and whether
`store` exists. A parameter the profile does not know is dropped and recorded, never silently ignored by the server.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import (
    Connection,
    ErrorCode,
    InterpretationRequest,
    Outcome,
    Part,
    ProviderError,
    Reply,
    TextPart,
)
from readerstudy.providers.exchange import ATTEMPT_HEADER, Exchange
from readerstudy.providers.faults import malformed, misconfigured, policy_rejection
from readerstudy.providers.fields import at, count_at, text_at
from readerstudy.providers.stops import OPENAI_STOPS, outcome_of

PUBLIC_ADDRESS = "https://api.openai.com/v1"
"""Used where a connection names no address."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A dialect. `takes` are our parameter names that it knows, `tokens` its name of the output limit."""

    tokens: str
    takes: frozenset[str]
    mimes: frozenset[str]
    store: bool


_COMMON = frozenset(
    {
        "temperature",
        "top_p",
        "seed",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "json_schema",
        "max_output_tokens",
    }
)
_COMMON_MIMES = frozenset({"image/png", "image/jpeg", "image/webp"})

PROFILES: dict[str, Profile] = {
    "openai": Profile(
        tokens="max_completion_tokens",
        takes=_COMMON | {"reasoning_effort", "service_tier"},
        mimes=_COMMON_MIMES | {"image/gif"},
        store=True,
    ),
    "compatible": Profile(tokens="max_tokens", takes=_COMMON, mimes=_COMMON_MIMES, store=False),
}


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one chat completion.

    Raises:
        ProviderError: if no reply came, or the connection or an image cannot be used.
    """
    import openai
    from openai.types.chat import ChatCompletion

    base_url = connection.base_url or PUBLIC_ADDRESS
    profile = _profile(connection, base_url)
    _check(connection, request, profile)
    sent, dropped = _parameters(request.parameters, profile)
    exchange = Exchange(connection, base_url, seconds=request.deadline_seconds)
    call = _call(connection, request, sent, base_url=base_url, exchange=exchange)
    started = time.monotonic()
    try:
        answer, seconds = attempt(
            connection, request, exchange, call=call, vendor_errors=(openai.OpenAIError,)
        )
    except ProviderError:
        if reason := policy_rejection(exchange):
            seconds = time.monotonic() - started
            return _rejected(reason, exchange, seconds=seconds, sent=sent, dropped=dropped)
        raise
    if not isinstance(answer, ChatCompletion) or not isinstance(at(exchange.json, "choices"), list):
        raise malformed(connection, exchange)
    return _reply(exchange, seconds=seconds, sent=sent, dropped=dropped)


def _profile(connection: Connection, base_url: str) -> Profile:
    name = connection.profile or (
        "openai" if urlsplit(base_url).hostname == "api.openai.com" else "compatible"
    )
    if name not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        raise misconfigured(
            f"The connection “{connection.name}” names an unknown profile. Choose one of: {known}."
        )
    return PROFILES[name]


def _check(connection: Connection, request: InterpretationRequest, profile: Profile) -> None:
    if not connection.api_key:
        raise misconfigured(
            f"The connection “{connection.name}” has no API key. Enter one; for a local server any word will do."
        )
    if any(image.mime not in profile.mimes for image in request.images):
        raise misconfigured(
            f"“{connection.name}” does not take images of this type. Use PNG, JPEG or WebP renditions.",
            code=ErrorCode.UNSUPPORTED_IMAGE,
        )


def _parameters(asked: Mapping[str, Any], profile: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {"store": False} if profile.store else {}
    dropped: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in profile.takes:
            dropped[name] = value
        elif name == "max_output_tokens":
            sent[profile.tokens] = value
        elif name == "json_schema":
            schema = {"name": "interpretation", "schema": value, "strict": True}
            sent["response_format"] = {"type": "json_schema", "json_schema": schema}
        else:
            sent[name] = value
    return sent, dropped


def _messages(request: InterpretationRequest) -> list[dict[str, Any]]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return [*system, {"role": "user", "content": [_content(part) for part in request.parts]}]


def _content(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    url = f"data:{part.mime};base64,{base64.b64encode(part.data).decode('ascii')}"
    return {"type": "image_url", "image_url": {"url": url}}


def _call(
    connection: Connection,
    request: InterpretationRequest,
    sent: Mapping[str, Any],
    *,
    base_url: str,
    exchange: Exchange,
) -> Callable[[], object]:
    import openai

    client = openai.OpenAI(
        api_key=connection.api_key,
        base_url=base_url,
        max_retries=0,
        timeout=exchange.client.timeout,
        http_client=exchange.client,
    )
    headers = {ATTEMPT_HEADER: request.attempt_id, "X-Client-Request-Id": request.attempt_id}
    body = {"model": request.model, "messages": _messages(request), **sent}

    completions = client.chat.completions  # imports on first use, which must not count as the call's time

    def call() -> object:
        # `extra_body` goes out as it is, so what we record as sent is what was sent.
        return completions.create(model=request.model, messages=[], extra_headers=headers, extra_body=body)

    return call


def _reply(
    exchange: Exchange, *, seconds: float, sent: Mapping[str, Any], dropped: Mapping[str, Any]
) -> Reply:
    body = exchange.json
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
        request_id=exchange.request_id or text_at(body, "id"),
        fingerprint=text_at(body, "system_fingerprint"),
        input_tokens=count_at(body, "usage", "prompt_tokens"),
        output_tokens=count_at(body, "usage", "completion_tokens"),
        reasoning_tokens=count_at(body, "usage", "completion_tokens_details", "reasoning_tokens"),
        seconds=seconds,
        sdk="openai",
        sdk_version=metadata.version("openai"),
        sent=sent,
        dropped=dropped,
        raw=body,
    )


def _rejected(
    reason: str, exchange: Exchange, *, seconds: float, sent: Mapping[str, Any], dropped: Mapping[str, Any]
) -> Reply:
    """The prompt or an image was stopped by the content policy: a result of the study, not a failure."""
    return Reply(
        text="",
        outcome=Outcome.BLOCKED,
        block_reason=reason,
        request_id=exchange.request_id,
        seconds=seconds,
        sdk="openai",
        sdk_version=metadata.version("openai"),
        sent=sent,
        dropped=dropped,
        raw=exchange.json,
    )
