"""From what arrived on the wire to our own error: code, sentence, retry class, possibly paid.

Everything here reads the exchange, not the SDK's exception, because the SDKs disagree about the same
reply: one raises a decode error for a proxy's HTML page, another returns it as a string.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Protocol

import httpx2

from readerstudy.providers.base import Connection, ErrorCode, ProviderError, Retry
from readerstudy.providers.exchange import Exchange, WrongDestination

_LONGEST_WAIT = 86_400.0
_POLICY = re.compile(
    r"content_(policy|filter)|^(bio|cyber)_policy|policy_violation$|^moderation_blocked$|ResponsibleAIPolicy"
)


class Seen(Protocol):
    """What is known of a reply: that of a live call (an `Exchange`), or one line of a batch."""

    @property
    def status(self) -> int | None:
        """The HTTP status, None where none came."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        ...

    @property
    def json(self) -> Any:
        """The body as JSON, None where it is not JSON."""
        ...

    def evidence(self) -> dict[str, Any]:
        """What is worth keeping of a failed call, without the key."""
        ...


class _Fault(NamedTuple):
    code: ErrorCode
    retry: Retry
    sentence: str


_REJECTED = _Fault(
    ErrorCode.REJECTED,
    "never",
    "“{name}” rejected the request (HTTP {status}). Look at the stored reply for its reason, change "
    "the arm, and run it again.",
)

_BY_STATUS: dict[int, _Fault] = {
    400: _Fault(
        ErrorCode.BAD_REQUEST,
        "never",
        "“{name}” rejected the request as not valid (HTTP 400). Check the arm's parameters and the image format; "
        "the stored reply names the reason.",
    ),
    401: _Fault(
        ErrorCode.AUTHENTICATION,
        "never",
        "“{name}” did not accept the API key. Enter a valid key for this connection, then run the "
        "failed calls again.",
    ),
    402: _Fault(
        ErrorCode.QUOTA,
        "never",
        "The account behind “{name}” has no credit left. Raise its limit with the vendor, then run the "
        "failed calls again.",
    ),
    403: _Fault(
        ErrorCode.FORBIDDEN,
        "never",
        "The API key of “{name}” may not use this model. Ask the vendor for access or choose another model.",
    ),
    404: _Fault(
        ErrorCode.NOT_FOUND,
        "never",
        "“{name}” does not know this model or address. Check the model name and the connection's address.",
    ),
    408: _Fault(
        ErrorCode.REQUEST_TIMEOUT,
        "again",
        "“{name}” gave up waiting for the request (HTTP 408). It is tried again; if this goes on, check "
        "the network's upload speed.",
    ),
    409: _Fault(
        ErrorCode.CONFLICT,
        "again",
        "“{name}” reported a conflict with another call (HTTP 409). It is tried again by itself.",
    ),
    413: _Fault(
        ErrorCode.TOO_LARGE,
        "never",
        "The images of this case are too large for “{name}”. Use smaller renditions or fewer images in this arm.",
    ),
    422: _Fault(
        ErrorCode.UNPROCESSABLE,
        "never",
        "“{name}” understood the request but cannot carry it out (HTTP 422). Check the arm's parameters.",
    ),
    429: _Fault(
        ErrorCode.RATE_LIMITED,
        "again",
        "“{name}” takes no more calls for the moment (HTTP 429). It is tried again after the pause it asks for; "
        "lower the rate limit of the connection if this happens often.",
    ),
}
_QUOTA = _BY_STATUS[402]
_VENDOR_FAILURE = _Fault(
    ErrorCode.VENDOR_FAILURE,
    "again",
    "“{name}” failed on its side (HTTP {status}). It is tried again; if this goes on, look at the "
    "vendor's status page.",
)
_REDIRECTED = _Fault(
    ErrorCode.REDIRECTED,
    "never",
    "“{name}” answered with a redirect to another address (HTTP {status}), which is never followed. "
    "Check the connection's address and whether the network asks for a sign-in.",
)
_NO_CONNECTION = _Fault(
    ErrorCode.CONNECTION,
    "again",
    "The connection to “{name}” failed before a reply began. It is tried again; if this goes on, "
    "check the address and the network.",
)
_CUT = _Fault(
    ErrorCode.CUT_REPLY,
    "again",
    "The reply of “{name}” broke off in the middle. It is tried again, and the call may have been paid for.",
)
_MALFORMED = _Fault(
    ErrorCode.MALFORMED_REPLY,
    "again",
    "“{name}” sent a reply that does not have the agreed form. It is tried again, and the call may "
    "have been paid for; if this goes on, check that the address speaks the chosen protocol.",
)
_NOT_JSON = _Fault(
    ErrorCode.NOT_JSON,
    "again",
    "“{name}” sent a web page or plain text where a reply was expected. It is tried again; "
    "if this goes on, a proxy stands in between or the address is wrong.",
)
_DEADLINE = _Fault(
    ErrorCode.DEADLINE,
    "again",
    "“{name}” did not finish within {seconds:g} seconds and was cut off. It is tried again, and the "
    "call may have been paid for; allow more time in the arm if this happens often.",
)


_FAILED_REPLY = _Fault(
    ErrorCode.VENDOR_FAILURE,
    "again",
    "“{name}” began a reply and then failed on its side. It is tried again, and the call may have been paid for; "
    "if this goes on, look at the vendor's status page.",
)
_EXPIRED = _Fault(
    ErrorCode.EXPIRED,
    "again",
    "The batch at “{name}” ended before it came to this request. It is put in again.",
)


def misconfigured(sentence: str, *, code: ErrorCode = ErrorCode.CONFIGURATION) -> ProviderError:
    """The call was not made: a person must change the connection or the arm first."""
    return ProviderError(code, sentence, retry="person")


def past_deadline(connection: Connection, exchange: Exchange, seconds: float) -> ProviderError:
    """The wall-clock deadline cut the call off."""
    return _error(_DEADLINE, connection, exchange, paid=exchange.request_left, seconds=seconds)


def malformed(connection: Connection, exchange: Exchange) -> ProviderError:
    """A reply with status 200 that is not what the protocol says."""
    body = (exchange.body or "").lstrip("\ufeff \t\r\n")
    looks_like_json = body[:1] in {"{", "["} or exchange.json is not None
    return _error(_MALFORMED if looks_like_json else _NOT_JSON, connection, exchange, paid=True)


def from_wire(
    connection: Connection, exchange: Exchange, cause: BaseException, *, seconds: float
) -> ProviderError:
    """Whatever an SDK raised, told from what the wire saw."""
    status = exchange.status
    if isinstance(cause, WrongDestination) or isinstance(cause.__cause__, WrongDestination):
        return misconfigured(
            f"The call for “{connection.name}” would have left for another address and was stopped."
        )
    if _timed_out(cause):
        return _error(_DEADLINE, connection, exchange, paid=exchange.request_left, seconds=seconds)
    if status is None:
        return _error(_NO_CONNECTION, connection, exchange, paid=exchange.request_left)
    if 200 <= status < 300:
        return (
            malformed(connection, exchange)
            if exchange.body is not None
            else _error(_CUT, connection, exchange, paid=True)
        )
    return from_status(connection, exchange, status)


def failed_reply(connection: Connection, seen: Seen, code: str) -> ProviderError:
    """A reply with status 200 whose own words say that it failed, with the vendor's code for why."""
    if code == "rate_limit_exceeded":
        fault = _FAILED_REPLY._replace(code=ErrorCode.RATE_LIMITED)
    elif code in {"", "server_error", "vector_store_timeout"}:
        fault = _FAILED_REPLY
    else:
        fault = _REJECTED
    return _error(fault, connection, seen, paid=fault is not _REJECTED)


def expired(connection: Connection, seen: Seen) -> ProviderError:
    """A request of a batch whose time ran out before its turn came; the vendor does not charge for it."""
    return _error(_EXPIRED, connection, seen, paid=False)


def policy_rejection(seen: Seen) -> str:
    """The vendor's code where HTTP 400 means "the content policy stopped this", else an empty string."""
    if seen.status not in {400, 403}:
        return ""
    error = _error_object(seen.json)
    words = [error.get("code"), error.get("type"), _at(error, "innererror", "code")]
    return next((word for word in words if isinstance(word, str) and is_policy(word)), "")


def is_policy(code: str) -> bool:
    """Whether a vendor's error code says that its content policy stopped the prompt, an image or the output."""
    return bool(_POLICY.search(code))


def from_status(connection: Connection, seen: Seen, status: int) -> ProviderError:
    """The error that an HTTP status and the vendor's words beside it stand for."""
    error = _error_object(seen.json)
    if status == 429 and _quota_is_gone(error):
        fault = _QUOTA
    elif status == 400 and _key_is_wrong(error):
        fault = _BY_STATUS[401]
    elif 300 <= status < 400:
        fault = _REDIRECTED
    elif status >= 500:
        fault = _VENDOR_FAILURE
    else:
        fault = _BY_STATUS.get(status, _REJECTED)
    # A gateway that gave up waiting (504) says nothing about the model behind it, which may have finished.
    return _error(fault, connection, seen, paid=status == 504, wait=_retry_after(seen, error))


def _error(
    fault: _Fault,
    connection: Connection,
    seen: Seen,
    *,
    paid: bool,
    seconds: float = 0.0,
    wait: float | None = None,
) -> ProviderError:
    return ProviderError(
        fault.code,
        fault.sentence.format(name=connection.name, status=seen.status, seconds=seconds),
        retry=fault.retry,
        retry_after=wait if fault.retry == "again" else None,
        possibly_paid=paid,
        status=seen.status,
        raw=seen.evidence(),
    )


def _error_object(body: Any) -> Mapping[str, Any]:
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("error", body)
    return inner if isinstance(inner, Mapping) else {}


def _timed_out(cause: BaseException) -> bool:
    return isinstance(cause, httpx2.TimeoutException) or isinstance(cause.__cause__, httpx2.TimeoutException)


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = error.get("details")
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _quota_is_gone(error: Mapping[str, Any]) -> bool:
    """OpenAI says `insufficient_quota`, Anthropic `billing_error`; Gemini names a quota whose id counts per day."""
    if {"insufficient_quota", "billing_error"} & {str(error.get("code")), str(error.get("type"))}:
        return True
    return any("PerDay" in json.dumps(entry.get("violations", [])) for entry in _details(error))


def _key_is_wrong(error: Mapping[str, Any]) -> bool:
    """Gemini answers 400, not 401, for a key that it does not know."""
    return any(entry.get("reason") == "API_KEY_INVALID" for entry in _details(error))


def _retry_after(seen: Seen, error: Mapping[str, Any]) -> float | None:
    """Seconds to wait: header in seconds or as a date, or Gemini's `retryDelay`. At most one day."""
    waits = [_seconds(seen.headers.get("retry-after"))]
    waits += [_seconds(entry.get("retryDelay")) for entry in _details(error)]
    known = [wait for wait in waits if wait is not None]
    return min(max(known), _LONGEST_WAIT) if known else None


def _seconds(said: Any) -> float | None:
    if not isinstance(said, str):
        return None
    try:
        seconds = float(said.strip().removesuffix("s"))
    except ValueError:
        seconds = _until(said)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return math.nan
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
