"""The one contract every provider keeps: a request in, a reply or our own error out.

An adapter is a module with `interpret(connection, request) -> Reply`. It makes at most one call over
the network, never retries, and lets no vendor's exception out: they do not survive a pickle and may
carry the key in their request headers.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, cast

Retry = Literal["again", "never", "person"]

_ATTEMPT_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Outcome(StrEnum):
    """What a completed call gave. Only `ANSWERED` is ever treated as an ordinary text."""

    ANSWERED = "answered"
    """The vendor ended normally and there is text. The text itself may still be a refusal."""
    REFUSED = "refused"
    """The vendor's refusal field or stop reason says that the model declined."""
    BLOCKED = "blocked"
    """A filter of the vendor stopped the prompt, the image or the output."""
    TRUNCATED = "truncated"
    """The token limit cut the text."""
    EXHAUSTED = "exhausted"
    """The token limit was used up before any text, mostly by reasoning."""
    EMPTY = "empty"
    """The vendor ended normally without text."""
    UNCLASSIFIED = "unclassified"
    """A stop reason outside the known table, or no candidate and no reason."""


class ErrorCode(StrEnum):
    """Why a call gave no reply."""

    CONFIGURATION = "configuration"
    UNSUPPORTED_IMAGE = "unsupported_image"
    NO_RECORDING = "no_recording"
    BAD_REQUEST = "bad_request"
    AUTHENTICATION = "authentication"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    UNPROCESSABLE = "unprocessable"
    REJECTED = "rejected"
    REDIRECTED = "redirected"
    QUOTA = "quota"
    RATE_LIMITED = "rate_limited"
    REQUEST_TIMEOUT = "request_timeout"
    CONFLICT = "conflict"
    VENDOR_FAILURE = "vendor_failure"
    CONNECTION = "connection"
    CUT_REPLY = "cut_reply"
    MALFORMED_REPLY = "malformed_reply"
    NOT_JSON = "not_json"
    DEADLINE = "deadline"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words of the user's turn; never empty."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImagePart:
    """One image of the user's turn: its slot (`current`, `prior`…), MIME type and encoded bytes."""

    slot: str
    mime: str
    data: bytes = field(repr=False)


Part = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class Connection:
    """Where calls go and with which key.

    `base_url` empty means the vendor's own public address. `profile` names the parameter dialect of
    the adapter (see `openai.PROFILES`) or, for Gemini, the API version; empty means that adapter's
    default. `simulated` marks everything that comes back as not made by a model.
    """

    name: str
    adapter: str
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    simulated: bool = False
    profile: str = ""


@dataclass(frozen=True, slots=True)
class InterpretationRequest:
    """One attempt at one interpretation.

    `parts` are the user's turn, in the order in which they are sent; captions of images are text parts.
    `parameters` uses vendor-neutral names (`temperature`, `top_p`, `top_k`, `seed`, `stop`,
    `max_output_tokens`, `presence_penalty`, `frequency_penalty`, `reasoning_effort`, `service_tier`,
    `json_schema`); one that the adapter cannot send is dropped and listed in `Reply.dropped`.
    `attempt_id` travels as a header so that the vendor's log can be matched with ours.
    """

    model: str
    system: str
    parts: tuple[Part, ...] = field(repr=False)
    parameters: Mapping[str, Any]
    attempt_id: str
    deadline_seconds: float

    def __post_init__(self) -> None:
        """Reject what could never become a correct call.

        Raises:
            ValueError: if the attempt id cannot be a header value or the deadline is not a positive number.
        """
        if not _ATTEMPT_ID.fullmatch(self.attempt_id):
            raise ValueError(
                "An attempt id has 1 to 128 letters, digits, dots, colons, dashes or underscores."
            )
        if not (math.isfinite(self.deadline_seconds) and self.deadline_seconds > 0):
            raise ValueError("A deadline is a positive number of seconds.")

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """The images alone, in their order."""
        return tuple(part for part in self.parts if isinstance(part, ImagePart))

    @property
    def text(self) -> str:
        """The words alone, a blank line between parts."""
        return "\n\n".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Reply:
    """A completed call. Token counts are None where the vendor gave none; `raw` is the body as JSON.

    `stop_reason`, `block_reason` and `refusal_text` are the vendor's own words, empty where absent.
    `sent` holds the parameters as they went over the wire, `dropped` those that did not.
    """

    text: str
    outcome: Outcome
    stop_reason: str = ""
    block_reason: str = ""
    refusal_text: str = ""
    served_model: str = ""
    request_id: str = ""
    fingerprint: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    seconds: float | None = None
    sdk: str = ""
    sdk_version: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)
    dropped: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = None

    @property
    def retry(self) -> Retry:
        """`person` where more tokens or a look at an unknown stop reason may help, else `never`."""
        return "person" if self.outcome in {Outcome.EXHAUSTED, Outcome.UNCLASSIFIED} else "never"


class ProviderError(Exception):
    """A call that gave no reply, in a form that can be pickled, stored and shown.

    `retry` is `again` (the same request may succeed later), `never`, or `person` (something outside the
    request must be changed first). `possibly_paid` is true where the vendor may have done the work.
    `retry_after` is the vendor's wish in seconds, None if it named none.
    """

    def __init__(
        self,
        code: ErrorCode | str,
        sentence: str,
        *,
        retry: Retry,
        retry_after: float | None = None,
        possibly_paid: bool = False,
        status: int | None = None,
        raw: Any = None,
    ) -> None:
        super().__init__(sentence)
        self.code = ErrorCode(code)
        self.sentence = sentence
        self.retry: Retry = retry
        self.retry_after = retry_after
        self.possibly_paid = possibly_paid
        self.status = status
        self.raw = raw

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from all fields: the default would forget the keyword-only ones."""
        details = {
            "retry": self.retry,
            "retry_after": self.retry_after,
            "possibly_paid": self.possibly_paid,
            "status": self.status,
            "raw": self.raw,
        }
        return (_rebuild_error, (self.code, self.sentence, details))

    def __repr__(self) -> str:
        """Name what matters for a log line."""
        return f"ProviderError({self.code.value!r}, retry={self.retry!r}, status={self.status})"


def _rebuild_error(code: ErrorCode, sentence: str, details: dict[str, Any]) -> ProviderError:
    return ProviderError(code, sentence, **details)


class Adapter(Protocol):
    """What the module of an adapter offers."""

    def interpret(self, connection: Connection, request: InterpretationRequest) -> Reply:
        """Make one call and return its reply, or raise `ProviderError`."""
        ...


ADAPTERS: dict[str, str] = {
    "openai": "readerstudy.providers.openai",
    "openai-responses": "readerstudy.providers.openai_responses",
    "gemini": "readerstudy.providers.gemini",
    "gemini-legacy": "readerstudy.providers.gemini_legacy",
    "anthropic": "readerstudy.providers.anthropic",
    "replay": "readerstudy.providers.replay",
}
"""Every adapter by the name that connections use. A new one is a module and a line here."""

EXTRAS: dict[str, str] = {"anthropic": "anthropic", "gemini-legacy": "legacy-gemini"}
"""Adapters whose SDK is installed only on demand, with the name of the extra in `pyproject.toml`."""


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Make one attempt through the connection's adapter.

    Adapters whose SDK is an optional extra raise `ModuleNotFoundError` where it is not installed; that is told here.

    Raises:
        ProviderError: if the call gave no reply, whatever the vendor or its SDK did.
    """
    module = ADAPTERS.get(connection.adapter)
    if module is None:
        known = ", ".join(sorted(ADAPTERS))
        raise ProviderError(
            ErrorCode.CONFIGURATION,
            f"The connection “{connection.name}” names a provider that is not known here. Choose one of: {known}.",
            retry="person",
        )
    adapter = cast(Adapter, importlib.import_module(module))
    try:
        return adapter.interpret(connection, request)
    except ModuleNotFoundError as missing:
        absent = missing.name
    raise _not_installed(connection, str(absent))


def _not_installed(connection: Connection, absent: str) -> ProviderError:
    """The sentence for a missing SDK; an exception without the context of the import that failed."""
    extra = EXTRAS.get(connection.adapter)
    what = f"the extra “{extra}” (readerstudy[{extra}])" if extra else f"the Python package “{absent}”"
    return ProviderError(
        ErrorCode.CONFIGURATION,
        f"The worker lacks what “{connection.name}” needs. Ask the site's administrator to install {what}.",
        retry="person",
    )
