"""Chat completions as OpenAI and compatible servers write them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from readerstudy.providers.simulated.call import Call, Rejected, SentImage
from readerstudy.providers.simulated.played import REFUSAL_FIELD, Played, Stop

VENDOR = "openai"

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,", re.ASCII)
_STOPS: dict[Stop, str] = {
    Stop.END: "stop",
    Stop.LENGTH: "length",
    Stop.REFUSED: "stop",
    Stop.UNKNOWN: "withheld_for_review",
}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def parse(path: str, body: Any) -> Call:
    """Read a request; a path with `/ollama/` in it is played as that server does.

    Raises:
        Rejected: as the vendor would, with status 400.
    """
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("messages"), list)
        or not isinstance(body.get("model"), str)
    ):
        raise Rejected(400, "invalid_request", "The body needs “model” and “messages”.")
    if body.get("stream"):
        raise Rejected(400, "unsupported_value", "The simulated vendor does not stream.")
    system, text, images = [], [], []
    for message in body["messages"]:
        if not isinstance(message, dict):
            raise Rejected(400, "invalid_request", "Each message must be an object.")
        content = message.get("content")
        if message.get("role") in {"system", "developer"}:
            system.append(str(content))
            continue
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            said, image = _part(part)
            text += said
            images += image
    rest = {name: value for name, value in body.items() if name not in {"model", "messages"}}
    dialect = "ollama" if "/ollama/" in path else ""
    return Call(
        VENDOR, body["model"], "\n".join(system), "\n".join(text), tuple(images), rest, _schema(rest), dialect
    )


def _schema(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    asked = parameters.get("response_format")
    named = asked.get("json_schema") if isinstance(asked, Mapping) else None
    schema = named.get("schema") if isinstance(named, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _part(part: Any) -> tuple[list[str], list[SentImage]]:
    if not isinstance(part, dict):
        raise Rejected(400, "invalid_request", "Each part of a message must be an object.")
    if part.get("type") == "text":
        return [str(part.get("text"))], []
    url = part.get("image_url", {}).get("url") if isinstance(part.get("image_url"), dict) else None
    if part.get("type") != "image_url":
        raise Rejected(400, "invalid_request", "A part must be text or an image.")
    return [], [image_at(url)]


def image_at(url: Any) -> SentImage:
    """The image in a data URL.

    Raises:
        Rejected: if it is none.
    """
    match = _DATA_URL.match(url) if isinstance(url, str) else None
    if match is None:
        raise Rejected(400, "invalid_image_url", "Images are taken as base64 data URLs only.")
    try:
        data = base64.b64decode(url[match.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(400, "invalid_base64_image", "An image is not valid base64.") from None
    return SentImage(match.group(1), data)


def completion(call: Call, played: Played, number: int) -> dict[str, Any]:
    """The body of a reply with status 200."""
    if call.dialect == "ollama":
        return _as_ollama(call, played, number)
    refused = played.stop is Stop.REFUSED
    message = {"role": "assistant", "content": played.text, "refusal": REFUSAL_FIELD if refused else None}
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": _STOPS.get(played.stop, "content_filter"),
        "logprobs": None,
    }
    return {
        "id": f"chatcmpl-simulated{number}",
        "object": "chat.completion",
        "created": 1_700_000_000 + number,
        "model": played.served_model,
        "system_fingerprint": "fp_simulated",
        "choices": [] if played.stop is Stop.NOTHING else [choice],
        "usage": {
            "prompt_tokens": call.input_tokens,
            "completion_tokens": played.output_tokens,
            "total_tokens": call.input_tokens + played.output_tokens,
            "completion_tokens_details": {"reasoning_tokens": played.reasoning},
        },
    }


def _as_ollama(call: Call, played: Played, number: int) -> dict[str, Any]:
    """No refusal field, no filter, reasoning in the message, and a fingerprint that never changes."""
    stop = _STOPS.get(played.stop, "stop")
    message = {
        "role": "assistant",
        "content": played.text or "",
        "reasoning": "The image is gone through first.",
    }
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "stop" if played.stop is Stop.REFUSED else stop,
    }
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000 + number,
        "model": call.model,
        "system_fingerprint": "fp_ollama",
        "choices": [] if played.stop is Stop.NOTHING else [choice],
        "usage": {"prompt_tokens": call.input_tokens, "completion_tokens": played.output_tokens},
    }


def weights(names: tuple[str, ...], build: str) -> Mapping[str, Any]:
    """Ollama's own list of models, with the digests of their weights."""
    entries = [
        {
            "name": f"{name}:latest",
            "model": f"{name}:latest",
            "digest": sha256(f"{name} {build}".encode()).hexdigest(),
        }
        for name in names
    ]
    return {"models": entries}


def azure_filter() -> dict[str, Any]:
    """How a deployment on Azure says that its filter stopped the prompt."""
    inner = {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"violence": {"filtered": True}},
    }
    message = "The response was filtered."
    return {"error": {"message": message, "type": None, "code": "content_filter", "innererror": inner}}


def error(status: int, code: str, message: str) -> dict[str, Any]:
    """The body of an error."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(names: tuple[str, ...]) -> Mapping[str, Any]:
    """The list of models."""
    entries = [
        {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "simulated"} for name in names
    ]
    return {"object": "list", "data": entries}
