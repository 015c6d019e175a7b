"""`generateContent` as Gemini writes it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from readerstudy.providers.simulated.call import Call, Rejected, SentImage
from readerstudy.providers.simulated.played import Played, Stop

VENDOR = "gemini"

_STOPS: dict[Stop, str] = {
    Stop.END: "STOP",
    Stop.LENGTH: "MAX_TOKENS",
    Stop.FILTERED: "SAFETY",
    Stop.IMAGE_SAFETY: "IMAGE_SAFETY",
    Stop.PROHIBITED: "PROHIBITED_CONTENT",
    Stop.RECITATION: "RECITATION",
    Stop.PERSONAL_DATA: "SPII",
    Stop.OTHER: "OTHER",
    Stop.UNKNOWN: "WITHHELD_FOR_REVIEW",
}
_PROMPT_BLOCKS: dict[Stop, str] = {Stop.REFUSED: "SAFETY", Stop.PROMPT_BLOCKED: "PROHIBITED_CONTENT"}
_BLOCK_NUMBERS = {"SAFETY": 1, "PROHIBITED_CONTENT": 4}
_STOP_NUMBERS = {
    "STOP": 1, "MAX_TOKENS": 2, "SAFETY": 3, "RECITATION": 4, "OTHER": 5, "PROHIBITED_CONTENT": 8, "SPII": 9,
    "IMAGE_SAFETY": 11,
}  # fmt: skip
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def parse(model: str, body: Any, *, as_numbers: bool = False) -> Call:
    """Read a request; `as_numbers` is the wish of the older library for numbers in place of words.

    Raises:
        Rejected: as the vendor would, with status 400.
    """
    contents = body.get("contents") if isinstance(body, dict) else None
    if not isinstance(contents, list) or not contents:
        raise Rejected(400, "INVALID_ARGUMENT", "The body needs “contents”.")
    text, images = [], []
    for part in (part for content in contents for part in _parts(content)):
        if "text" in part:
            text.append(str(part["text"]))
        else:
            images.append(_image(part))
    system = "\n".join(
        str(part.get("text", "")) for part in _parts(_either(body, "systemInstruction", "system_instruction"))
    )
    parameters = _either(body, "generationConfig", "generation_config")
    parameters = parameters if isinstance(parameters, dict) else {}
    schema = _either(parameters, "responseJsonSchema", "response_json_schema") or _either(
        parameters, "responseSchema", "response_schema"
    )
    return Call(
        VENDOR,
        model,
        system,
        "\n".join(text),
        tuple(images),
        parameters | ({"serviceTier": body["serviceTier"]} if "serviceTier" in body else {}),
        schema if isinstance(schema, dict) and schema else None,
        "numbers" if as_numbers else "",
    )


def _either(value: dict[str, Any], camel: str, snake: str) -> Any:
    """Protocol buffers in JSON may be named either way, and the vendor's own SDK mixes both."""
    return value.get(camel, value.get(snake))


def _parts(content: Any) -> list[dict[str, Any]]:
    parts = content.get("parts", []) if isinstance(content, dict) else []
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _image(part: dict[str, Any]) -> SentImage:
    inline = _either(part, "inlineData", "inline_data")
    if not isinstance(inline, dict) or not isinstance(inline.get("data"), str):
        raise Rejected(400, "INVALID_ARGUMENT", "A part must be text or inline data.")
    try:
        data = base64.b64decode(inline["data"].replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        raise Rejected(400, "INVALID_ARGUMENT", "An image is not valid base64.") from None
    return SentImage(str(_either(inline, "mimeType", "mime_type") or ""), data)


def completion(call: Call, played: Played, number: int) -> dict[str, Any]:
    """The body of a reply with status 200."""
    usage = {
        "promptTokenCount": call.input_tokens,
        "totalTokenCount": call.input_tokens + played.output_tokens,
    }
    if played.text:
        usage["candidatesTokenCount"] = played.output_tokens
    if played.reasoning:
        usage["thoughtsTokenCount"] = played.reasoning
    body: dict[str, Any] = {
        "modelVersion": played.served_model,
        "responseId": f"simulated{number}",
        "usageMetadata": usage,
    }
    numbers = call.dialect == "numbers"
    if played.stop in _PROMPT_BLOCKS:
        block = _PROMPT_BLOCKS[played.stop]
        return {**body, "promptFeedback": {"blockReason": _BLOCK_NUMBERS[block] if numbers else block}}
    if played.stop is Stop.NOTHING:
        return body
    stop = _STOPS[played.stop]
    candidate: dict[str, Any] = {"index": 0, "finishReason": _STOP_NUMBERS.get(stop, 99) if numbers else stop}
    if played.text is not None:
        candidate["content"] = {"role": "model", "parts": [{"text": played.text}]}
    return {**body, "candidates": [candidate]}


def error(status: int, code: str, message: str, *, wait: float | None = None) -> dict[str, Any]:
    """The body of an error; `code` goes into the details as Google's reasons do."""
    details: list[dict[str, Any]] = []
    if code in {"API_KEY_INVALID"}:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code})
    if code == "quota":
        violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}
        details.append({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]})
    elif wait is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait:g}s"})
    name = _STATUS_NAMES.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": name, "details": details}}
