"""Gemini through google-genai, the vendor's maintained SDK.

A connection's profile is the API version: the SDK's own default has changed between releases, so it is
always named, and recorded with what was sent.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import (
    Connection,
    InterpretationRequest,
    Outcome,
    Reply,
    TextPart,
)
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import ATTEMPT_HEADER, Exchange, certificates
from readerstudy.providers.faults import malformed, misconfigured
from readerstudy.providers.fields import at, count_at, text_at
from readerstudy.providers.stops import GEMINI_STOPS, outcome_of
from readerstudy.providers.versions import version_of

if TYPE_CHECKING:
    from google.genai import Client, types

PUBLIC_ADDRESS = "https://generativelanguage.googleapis.com"
"""Used where a connection names no address."""

PROFILES: tuple[str, ...] = ("v1beta", "v1")
"""API versions; the first is the default, because it is the one that documents every field we send."""

MIMES = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Types of images that the service takes."""

_TOP_LEVEL = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion"})

_FIELDS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "stop": "stop_sequences",
    "max_output_tokens": "max_output_tokens",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "json_schema": "response_json_schema",
}
_TIERS = frozenset({"flex", "standard", "priority"})
_EFFORTS = frozenset({"minimal", "low", "medium", "high", "xhigh"})


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one `generateContent` call.

    Raises:
        ProviderError: if no reply came, or the connection, a parameter or an image cannot be used.
    """
    from google.genai import errors, types

    version = _version(connection)
    check_before(connection, request, mimes=MIMES)
    sent, dropped = _parameters(request.parameters, version)
    config = _config(request, sent)
    exchange = Exchange(connection, connection.base_url or PUBLIC_ADDRESS, seconds=request.deadline_seconds)
    client = _client(connection, request, exchange, version=version)

    models, contents = client.models, _contents(request)

    def call() -> object:
        return models.generate_content(model=request.model, contents=contents, config=config)

    answer, seconds = attempt(
        connection,
        exchange,
        seconds=request.deadline_seconds,
        call=call,
        vendor_errors=(errors.APIError,),
    )
    if not isinstance(answer, types.GenerateContentResponse) or not speaks_gemini(exchange.json):
        raise malformed(connection, exchange)
    reply = read(
        exchange.json,
        stop=text_at(exchange.json, "candidates", 0, "finishReason"),
        block=text_at(exchange.json, "promptFeedback", "blockReason"),
    )
    return replace(
        reply,
        request_id=reply.request_id or exchange.request_id,
        seconds=seconds,
        sdk="google-genai",
        sdk_version=version_of("google-genai"),
        sent=sent,
        dropped=dropped,
    )


def _version(connection: Connection) -> str:
    version = connection.profile or PROFILES[0]
    if version not in PROFILES:
        known = ", ".join(PROFILES)
        raise misconfigured(
            f"The connection “{connection.name}” names an unknown API version. Choose one of: {known}."
        )
    return version


def _parameters(asked: Mapping[str, Any], version: str) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {"api_version": version}
    dropped: dict[str, Any] = {}
    for name, value in asked.items():
        if name in _FIELDS:
            sent[_FIELDS[name]] = value
        elif name == "reasoning_effort" and value in _EFFORTS:
            sent["thinking_config"] = {"thinking_level": str(value).upper()}
        elif name == "service_tier" and value in _TIERS:
            sent["service_tier"] = value
        else:
            dropped[name] = value
    if isinstance(sent.get("stop_sequences"), str):
        sent["stop_sequences"] = [sent["stop_sequences"]]
    if "response_json_schema" in sent:
        sent["response_mime_type"] = "application/json"
    return sent, dropped


def _config(request: InterpretationRequest, sent: Mapping[str, Any]) -> types.GenerateContentConfig:
    from google.genai import types

    fields = {name: value for name, value in sent.items() if name != "api_version"}
    try:
        config = types.GenerateContentConfig(**fields)
    except ValueError:
        config = None
    if config is None:
        raise misconfigured(
            "A parameter of the arm has a value that Gemini cannot take. Check the arm's parameters."
        )
    config.system_instruction = request.system or None
    # The SDK's own parsing warns about stop reasons newer than itself; we read the body as it came.
    config.should_return_http_response = True
    return config


def _client(
    connection: Connection, request: InterpretationRequest, exchange: Exchange, *, version: str
) -> Client:
    from google import genai
    from google.genai import types

    options = types.HttpOptions(
        base_url=connection.base_url or PUBLIC_ADDRESS,
        api_version=version,
        timeout=round((request.deadline_seconds + 1) * 1000),
        headers={ATTEMPT_HEADER: request.attempt_id},
        httpx_client=exchange.client,
        httpx_async_client=_unused_async_client(),
        async_client_args={"ssl": certificates()},
    )
    # Named even though false: an environment variable could otherwise turn the call to another service.
    return genai.Client(api_key=connection.api_key, vertexai=False, http_options=options)


@functools.cache
def _unused_async_client() -> httpx2.AsyncClient:
    """Given to the SDK so that it does not build one of its own for each call, at 35 ms."""
    return httpx2.AsyncClient(verify=certificates())


def _contents(request: InterpretationRequest) -> types.Content:
    from google.genai import types

    parts = [
        types.Part(text=part.text)
        if isinstance(part, TextPart)
        else types.Part.from_bytes(data=part.data, mime_type=part.mime)
        for part in request.parts
    ]
    return types.Content(role="user", parts=parts)


def read(body: Any, *, stop: str, block: str) -> Reply:
    """A body with its stop and block reasons in the vendor's words; what only the wire knows is not in it."""
    text = _text(body)
    outcome = Outcome.BLOCKED if block else outcome_of(stop, text, table=GEMINI_STOPS)
    return Reply(
        text=text,
        outcome=outcome,
        stop_reason=stop,
        block_reason=block or (stop if outcome is Outcome.BLOCKED else ""),
        served_model=text_at(body, "modelVersion"),
        request_id=text_at(body, "responseId"),
        input_tokens=count_at(body, "usageMetadata", "promptTokenCount"),
        output_tokens=count_at(body, "usageMetadata", "candidatesTokenCount"),
        reasoning_tokens=count_at(body, "usageMetadata", "thoughtsTokenCount"),
        raw=body,
    )


def speaks_gemini(body: Any) -> bool:
    """Whether a body has any of the fields that every reply of the service has."""
    return isinstance(body, dict) and not body.keys().isdisjoint(_TOP_LEVEL)


def _text(body: Any) -> str:
    """All text parts of the first candidate, without the model's thoughts."""
    parts = at(body, "candidates", 0, "content", "parts")
    if not isinstance(parts, list):
        return ""
    return "".join(text_at(part, "text") for part in parts if at(part, "thought") is not True)
