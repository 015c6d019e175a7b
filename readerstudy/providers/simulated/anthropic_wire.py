"""Messages as Anthropic writes them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from readerstudy.providers.simulated.call import Call, Rejected, SentImage
from readerstudy.providers.simulated.metadata import detected_type
from readerstudy.providers.simulated.played import REFUSAL_FIELD, Played, Stop

VENDOR = "anthropic"
WITHOUT_SAMPLING = "2026-10-21"
"""From this version of the interface on, temperature and its kin get a 400."""

_STOPS: dict[Stop, str] = {
    Stop.END: "end_turn",
    Stop.NOTHING: "end_turn",
    Stop.LENGTH: "max_tokens",
    Stop.UNKNOWN: "withheld_for_review",
}
_CATEGORIES: dict[Stop, str] = {Stop.PROMPT_BLOCKED: "bio", Stop.REFUSED: "general_harms"}
_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 408: "timeout_error", 413: "request_too_large", 429: "rate_limit_error",
    504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip


def parse(version: str, body: Any) -> Call:
    """Read a request made under a version of the interface.

    Raises:
        Rejected: as the vendor would, with status 400.
    """
    needed = {"model": str, "max_tokens": int, "messages": list}
    if not isinstance(body, dict) or any(
        not isinstance(body.get(name), kind) for name, kind in needed.items()
    ):
        raise Rejected(400, "invalid_request", "The body needs “model”, “max_tokens” and “messages”.")
    if body.get("stream"):
        raise Rejected(400, "invalid_request", "The simulated vendor does not stream.")
    if not version:
        raise Rejected(400, "invalid_request", "The header “anthropic-version” is missing.")
    rest = {name: value for name, value in body.items() if name not in {"model", "messages", "system"}}
    text, images = _content(body["messages"])
    call = Call(VENDOR, body["model"], str(body.get("system") or ""), text, images, rest, _schema(rest))
    if version >= WITHOUT_SAMPLING and call.sampling:
        raise Rejected(400, "invalid_request", f"{call.sampling}: Extra inputs are not permitted")
    return call


def _content(messages: Iterable[Any]) -> tuple[str, tuple[SentImage, ...]]:
    text: list[str] = []
    images: list[SentImage] = []
    for block in (block for message in messages for block in _blocks(message)):
        if block.get("type") == "text":
            text.append(str(block.get("text")))
        else:
            images.append(_image(block))
    return "\n".join(text), tuple(images)


def _blocks(message: Any) -> list[Mapping[str, Any]]:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _image(block: Mapping[str, Any]) -> SentImage:
    source = block.get("source")
    if not isinstance(source, dict) or source.get("type") != "base64":
        raise Rejected(400, "invalid_request", "A block must be text or an image in base64.")
    try:
        data = base64.b64decode(str(source.get("data")), validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(400, "invalid_request", "An image is not valid base64.") from None
    if detected_type(data) != source.get("media_type"):
        raise Rejected(400, "invalid_request", "The image does not have the media type that is named.")
    return SentImage(str(source["media_type"]), data)


def _schema(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    config = parameters.get("output_config")
    form = config.get("format") if isinstance(config, Mapping) else None
    schema = form.get("schema") if isinstance(form, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def completion(call: Call, played: Played, number: int) -> dict[str, Any]:
    """The body of a reply with status 200."""
    stop = _STOPS.get(played.stop, "refusal")
    details = {"type": "refusal", "category": _CATEGORIES.get(played.stop), "explanation": REFUSAL_FIELD}
    text = "The image shows" if played.stop is Stop.FILTERED else played.text
    shown = played.stop is not Stop.NOTHING and text is not None and not (played.reasoning and not text)
    return {
        "id": f"msg_simulated{number}",
        "type": "message",
        "role": "assistant",
        "model": played.served_model,
        "content": [{"type": "text", "text": text}] if shown else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": details if stop == "refusal" else None,
        "usage": {
            "input_tokens": call.input_tokens,
            "output_tokens": played.output_tokens,
            "output_tokens_details": {"thinking_tokens": played.reasoning},
        },
    }


def error(status: int, code: str, message: str) -> dict[str, Any]:
    """The body of an error; the vendor has types in place of codes."""
    kind = "billing_error" if code == "insufficient_quota" else _TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}
