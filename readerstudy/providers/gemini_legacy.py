"""Gemini through google-generativeai, which its vendor has retired: the optional extra `legacy-gemini`.

Kept for studies that must repeat what was done with it. Nothing global is configured: each call has a REST client of
its own, whose session is ours, so that the guarantees of every other adapter hold here too. It has no seed, and asks
the service for numbers in place of words: a stop reason newer than its table stays a bare number, unclassified.
"""

from __future__ import annotations

import functools
import importlib
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2

from readerstudy.providers.attempt import attempt
from readerstudy.providers.base import Connection, InterpretationRequest, Reply, TextPart
from readerstudy.providers.checks import check_before
from readerstudy.providers.exchange import ATTEMPT_HEADER, Exchange
from readerstudy.providers.faults import malformed, misconfigured
from readerstudy.providers.fields import at
from readerstudy.providers.gemini import MIMES, PUBLIC_ADDRESS, read, speaks_gemini
from readerstudy.providers.versions import version_of

_PACKAGE = "google-generativeai"
_FIELDS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop_sequences",
    "max_output_tokens": "max_output_tokens",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_KINDS = {"string", "number", "integer", "boolean", "array", "object"}
_WORDS = {
    **{name: name for name in ("description", "enum", "required", "nullable")},
    "minItems": "min_items",
    "maxItems": "max_items",
    "format": "format_",
}
# Rules that only narrow what we check ourselves afterwards; without them a schema says the same fields.
_LEFT_OUT = {"$schema", "title", "additionalProperties", "minimum", "maximum", "minLength", "maxLength"}

_importing = threading.Lock()


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one `generateContent` call.

    Raises:
        ProviderError: if no reply came, or the connection, a parameter or an image cannot be used.
        ModuleNotFoundError: if the extra is not installed.
    """
    sdk = _sdk("google.generativeai")
    errors, form = _sdk("google.api_core.exceptions"), _sdk("google.protobuf.json_format")
    check_before(connection, request, mimes=MIMES)
    sent, dropped = _parameters(request.parameters)
    exchange = Exchange(connection, connection.base_url or PUBLIC_ADDRESS, seconds=request.deadline_seconds)
    call = _call(sdk, connection, request, sent, exchange)
    answer, seconds = attempt(
        connection,
        exchange,
        seconds=request.deadline_seconds,
        call=call,
        vendor_errors=(errors.GoogleAPIError, form.Error),
    )
    if not isinstance(answer, sdk.types.GenerateContentResponse) or not speaks_gemini(exchange.json):
        raise malformed(connection, exchange)
    reply = _read(sdk, exchange.json)
    return replace(
        reply,
        request_id=reply.request_id or exchange.request_id,
        seconds=seconds,
        sdk=_PACKAGE,
        sdk_version=version_of(_PACKAGE),
        sent=sent,
        dropped=dropped,
    )


@functools.cache
def _sdk(name: str) -> Any:
    """The library, without the warnings about its end: people are told on the page where they choose it."""
    with _importing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def _parameters(asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    sent: dict[str, Any] = {}
    dropped: dict[str, Any] = {}
    for name, value in asked.items():
        schema = _schema(value) if name == "json_schema" else None
        if schema is not None:
            sent |= {"response_schema": schema, "response_mime_type": "application/json"}
        elif name in _FIELDS:
            sent[_FIELDS[name]] = value
        else:
            dropped[name] = value
    if isinstance(sent.get("stop_sequences"), str):
        sent["stop_sequences"] = [sent["stop_sequences"]]
    return sent, dropped


def _schema(node: Any) -> dict[str, Any] | None:
    """A JSON schema in the few words that the library has, or None where they do not say the same."""
    node = _without_null(node) if isinstance(node, Mapping) else {}
    if node.get("type") not in _KINDS:
        return None
    found: dict[str, Any] = {"type_": str(node["type"]).upper()}
    for name, value in node.items():
        if name == "properties":
            found[name] = {field: _schema(inner) for field, inner in value.items()}
        elif name == "items":
            found[name] = _schema(value)
        elif word := _WORDS.get(name):
            found[word] = value
        elif name != "type" and name not in _LEFT_OUT:
            return None
    inner = [found.get("items", found), *found.get("properties", {}).values()]
    return None if None in inner else found


def _without_null(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same schema with the library's own mark for what may be null."""
    kinds = node.get("type")
    if not isinstance(kinds, list) or "null" not in kinds or len(kinds) != 2:
        return node
    kind = next(each for each in kinds if each != "null")
    options = [option for option in node.get("enum", ()) if option is not None]
    return {**node, "type": kind, "nullable": True, **({"enum": options} if options else {})}


def _call(
    sdk: Any,
    connection: Connection,
    request: InterpretationRequest,
    sent: Mapping[str, Any],
    exchange: Exchange,
) -> Callable[[], object]:
    model = _model(sdk, request, sent)
    model._client = _client(connection, exchange)  # its own way in would configure the whole process
    contents = {"role": "user", "parts": [_content(part) for part in request.parts]}
    options = {
        "timeout": request.deadline_seconds + 1,
        "retry": None,
        "metadata": ((ATTEMPT_HEADER, request.attempt_id), ("x-goog-api-key", connection.api_key)),
    }

    def call() -> object:
        return model.generate_content(contents, request_options=options)

    return call


def _model(sdk: Any, request: InterpretationRequest, sent: Mapping[str, Any]) -> Any:
    config = dict(sent)
    try:
        if "response_schema" in sent:
            config["response_schema"] = sdk.protos.Schema(sent["response_schema"])
        sdk.protos.GenerationConfig(config)
    except (TypeError, ValueError, AttributeError):
        config = {}
    if len(config) < len(sent):
        raise misconfigured(
            "A parameter of the arm has a value that Gemini cannot take. Check the arm's parameters."
        )
    return sdk.GenerativeModel(
        request.model, generation_config=config, system_instruction=request.system or None
    )


def _client(connection: Connection, exchange: Exchange) -> Any:
    service = _sdk("google.ai.generativelanguage_v1beta.services.generative_service")
    rest = _sdk("google.ai.generativelanguage_v1beta.services.generative_service.transports.rest")
    nobody = _sdk("google.auth.credentials").AnonymousCredentials()
    scheme, host = _host(connection.base_url or PUBLIC_ADDRESS)
    transport = rest.GenerativeServiceRestTransport(host=host, url_scheme=scheme, credentials=nobody)
    transport._session.close()
    transport._session = _Session(exchange)
    transport._prep_wrapped_messages(rest.DEFAULT_CLIENT_INFO)  # it keeps its methods by their session
    return service.GenerativeServiceClient(transport=transport)


def _host(base_url: str) -> tuple[str, str]:
    """Scheme and host with its port, which the library would put behind the path where it is missing."""
    parts = urlsplit(base_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts.scheme, f"{host}:{parts.port or {'http': 80}.get(parts.scheme, 443)}{parts.path.rstrip('/')}"


class _Session:
    """What the library's transport takes for a session of `requests`, over the wire of the attempt."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def post(
        self, url: str, *, timeout: float, headers: Mapping[str, str], params: Any, data: Any
    ) -> httpx2.Response:
        return self._exchange.client.post(url, headers=dict(headers), params=params, content=data)


def _content(part: Any) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    return {"inline_data": {"mime_type": part.mime, "data": part.data}}


def _read(sdk: Any, body: Any) -> Reply:
    feedback = sdk.protos.GenerateContentResponse.PromptFeedback.BlockReason
    block = _word(feedback, at(body, "promptFeedback", "blockReason"))
    return read(
        body,
        stop=_word(sdk.protos.Candidate.FinishReason, at(body, "candidates", 0, "finishReason")),
        block="" if block == "BLOCK_REASON_UNSPECIFIED" else block,
    )


def _word(names: Any, value: Any) -> str:
    """The vendor's word for a number of its table; a number that is not in it stays a number."""
    if isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return str(names(value).name) if value in set(map(int, names)) else str(value)
