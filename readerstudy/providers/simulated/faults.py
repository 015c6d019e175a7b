"""The error replies of every wire format, by scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from readerstudy.providers.simulated import anthropic_wire, gemini_wire, openai_wire

PAGE = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Network sign-in</h1></body></html>"

_MESSAGES = {
    400: "The request is not valid.",
    401: "The API key is not valid.",
    403: "This key may not use this model.",
    404: "There is no such model.",
    413: "The request is too large.",
    429: "Too many requests.",
    503: "The model is overloaded.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A reply that is no completion. `body` is JSON, or a page where it is a string."""

    status: int
    body: dict[str, Any] | str
    headers: dict[str, str] = field(default_factory=dict)


def fault(vendor: str, scenario: str, *, wait: float) -> Fault:
    """The fault that a scenario stands for."""
    if scenario == "gateway_page":
        return Fault(502, PAGE)
    if scenario == "quota":
        return Fault(
            429, error(vendor, 429, "quota" if vendor == gemini_wire.VENDOR else "insufficient_quota")
        )
    if scenario == "bad_key":
        return _bad_key(vendor)
    if scenario == "policy_error":
        return Fault(
            400, error(vendor, 400, "content_policy_violation", "The content policy does not allow this.")
        )
    if scenario == "azure_filter":
        return Fault(400, openai_wire.azure_filter())
    if scenario == "late_429":
        moment = datetime.now(UTC) + timedelta(seconds=wait + 1)
        return Fault(
            429,
            error(vendor, 429, "rate_limit_exceeded"),
            {"Retry-After": format_datetime(moment, usegmt=True)},
        )
    number, _, asked = scenario.partition(":")
    status = int(number)
    if status not in {429, 503, 529}:
        return Fault(status, error(vendor, status, f"simulated_{status}"))
    if asked == "silent":  # neither a header nor a detail says how long
        return Fault(status, error(vendor, status, "rate_limit_exceeded"))
    pause = float(asked) if asked else wait
    return Fault(
        status, error(vendor, status, "rate_limit_exceeded", wait=pause), {"Retry-After": f"{pause:g}"}
    )


def error(
    vendor: str, status: int, code: str, message: str = "", *, wait: float | None = None
) -> dict[str, Any]:
    """The body of an error in the vendor's form."""
    message = message or _MESSAGES.get(
        status, "Something went wrong." if status >= 500 else "The request failed."
    )
    if vendor == gemini_wire.VENDOR:
        return gemini_wire.error(status, code, message, wait=wait)
    if vendor == anthropic_wire.VENDOR:
        return anthropic_wire.error(status, code, message)
    return openai_wire.error(status, code, message)


def _bad_key(vendor: str) -> Fault:
    if vendor == gemini_wire.VENDOR:
        return Fault(
            400, error(vendor, 400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key.")
        )
    return Fault(401, error(vendor, 401, "invalid_api_key", "Incorrect API key provided."))
