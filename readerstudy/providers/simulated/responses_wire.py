"""Responses as OpenAI writes them, the younger of its two interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readerstudy.providers.simulated.call import Call, Rejected, SentImage
from readerstudy.providers.simulated.openai_wire import image_at
from readerstudy.providers.simulated.played import REFUSAL_FIELD, Played, Stop

VENDOR = "openai-responses"

_REASONS: dict[Stop, str] = {Stop.LENGTH: "max_output_tokens", Stop.UNKNOWN: "withheld_for_review"}
_COMPLETE = frozenset({Stop.END, Stop.REFUSED, Stop.NOTHING})


def parse(body: Any) -> Call:
    """Read a request.

    Raises:
        Rejected: as the vendor would, with status 400.
    """
    if not isinstance(body, dict) or not isinstance(body.get("model"), str) or "input" not in body:
        raise Rejected(400, "invalid_request", "The body needs “model” and “input”.")
    if body.get("stream"):
        raise Rejected(400, "unsupported_value", "The simulated vendor does not stream.")
    if "seed" in body or "stop" in body:
        raise Rejected(400, "unknown_parameter", "There is no such parameter.")
    text: list[str] = []
    images: list[SentImage] = []
    for content in _contents(body["input"]):
        if content.get("type") == "input_text":
            text.append(str(content.get("text")))
        elif content.get("type") == "input_image":
            images.append(image_at(content.get("image_url")))
        else:
            raise Rejected(400, "invalid_request", "A content must be text or an image.")
    rest = {name: value for name, value in body.items() if name not in {"model", "input", "instructions"}}
    system = str(body.get("instructions") or "")
    return Call(VENDOR, body["model"], system, "\n".join(text), tuple(images), rest, _schema(rest))


def _contents(given: Any) -> list[Mapping[str, Any]]:
    if isinstance(given, str):
        return [{"type": "input_text", "text": given}]
    messages = [message for message in given if isinstance(message, dict)] if isinstance(given, list) else []
    found = [message.get("content") for message in messages]
    return [
        each
        for contents in found
        if isinstance(contents, list)
        for each in contents
        if isinstance(each, dict)
    ]


def _schema(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    text = parameters.get("text")
    form = text.get("format") if isinstance(text, Mapping) else None
    schema = form.get("schema") if isinstance(form, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def completion(call: Call, played: Played, number: int) -> dict[str, Any]:
    """The body of a reply with status 200."""
    complete = played.stop in _COMPLETE
    reason = _REASONS.get(played.stop, "content_filter")
    return {
        "id": f"resp_simulated{number}",
        "object": "response",
        "created_at": 1_700_000_000 + number,
        "status": "completed" if complete else "incomplete",
        "incomplete_details": None if complete else {"reason": reason},
        "error": None,
        "model": played.served_model,
        "output": _output(played, number),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "store": call.parameters.get("store", True),
        "usage": {
            "input_tokens": call.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": played.output_tokens,
            "output_tokens_details": {"reasoning_tokens": played.reasoning},
            "total_tokens": call.input_tokens + played.output_tokens,
        },
    }


def _output(played: Played, number: int) -> list[dict[str, Any]]:
    if played.stop is Stop.NOTHING:
        return []
    reasoning = [{"type": "reasoning", "id": f"rs_{number}", "summary": []}] if played.reasoning else []
    content: list[dict[str, Any]] = []
    if played.stop is Stop.REFUSED:
        content = [{"type": "refusal", "refusal": REFUSAL_FIELD}]
    elif played.text is not None and not (played.reasoning and not played.text):
        content = [{"type": "output_text", "text": played.text, "annotations": []}]
    message = {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }
    return [*reasoning, message] if content else reasoning
