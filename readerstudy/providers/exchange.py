"""The wire of one attempt: an HTTP client of our own that every SDK is given.

It sends to one origin only, follows no redirect, keeps the body as it arrived, knows whether the request
had left (so whether it may have been paid for), and can be cut off from another thread.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from readerstudy.providers.base import Connection
from readerstudy.providers.fields import storable

Sent = TypeVar("Sent")

ATTEMPT_HEADER = "X-Attempt-Id"

_HEADERS_THAT_MAY_LEAVE = frozenset(
    {
        "host", "accept", "accept-encoding", "connection", "content-type", "content-length",
        "anthropic-version", "x-client-request-id", ATTEMPT_HEADER.lower(),
    }
)  # fmt: skip
# They leave only with the connection's own key in them: SDKs also read keys from the environment.
_HEADERS_OF_KEYS = frozenset({"authorization", "x-goog-api-key", "x-api-key"})
# Below WARNING these write requests and headers to the log: images of patients, and a key that a vendor echoes.
_TALKATIVE = ("httpx2", "httpcore2", "openai", "google_genai", "google", "anthropic")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_BODY_IN_AN_ERROR = 20_000
# Local servers take any word as a key, and scrubbing “none” or “ollama” would change what a model wrote.
_SHORTEST_SECRET = 16


class WrongDestination(httpx2.TransportError):
    """A request was about to leave for another address than the connection's own."""


@functools.cache
def certificates() -> ssl.SSLContext:
    """Load the trusted certificates once: a new context for each call would cost 20 ms."""
    return httpx2.create_ssl_context()


class Exchange:
    """One HTTP call and what is known about it. `status`, `headers` and `body` fill as the reply arrives."""

    def __init__(self, connection: Connection, base_url: str, *, seconds: float) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body: str | None = None
        self.request_left = False
        self._secret = connection.api_key
        self._origin = _origin(base_url)
        self._sockets: list[socket.socket] = []
        self._cut = False
        self._lock = threading.Lock()
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self.client = httpx2.Client(
            verify=certificates(),
            # A proxy is the hospital's way out and wanted; a loopback address never goes through one.
            trust_env=urlsplit(base_url).hostname not in _LOOPBACK,
            follow_redirects=False,
            # Per socket read, so only a backstop a little behind the deadline around the whole call.
            timeout=httpx2.Timeout(seconds + 1),
            event_hooks={"request": [self._before], "response": [self._after]},
        )

    def abort(self) -> None:
        """Break the call off from another thread: shut every socket it has opened or will open."""
        with self._lock:
            self._cut = True
            sockets, self._sockets = self._sockets, []
        for opened in sockets:
            _shut(opened)

    @functools.cached_property
    def json(self) -> Any:
        """The body as JSON with the key taken out, or None where it is not JSON; asked for once it has arrived."""
        if self.body is None:
            return None
        try:
            # NaN and Infinity are no JSON, although Python reads them.
            return storable(json.loads(self.scrub(self.body), parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            return None

    @property
    def request_id(self) -> str:
        """The vendor's id of this call, from the headers that vendors and gateways use."""
        for name in ("x-request-id", "request-id", "x-goog-request-id"):
            if value := self.headers.get(name):
                return self.scrub(value)
        return ""

    def evidence(self) -> dict[str, Any]:
        """What is worth keeping of a failed call: status, id and body, without the key."""
        body = self.json
        if body is None and self.body is not None:
            body = storable(self.scrub(self.body)[:_LONGEST_BODY_IN_AN_ERROR])
        return {"status": self.status, "request_id": self.request_id, "body": body}

    def scrub(self, text: str) -> str:
        """Take the key out of a text, also in the half-masked form in which vendors echo it."""
        if len(self._secret) < _SHORTEST_SECRET:
            return text
        text = text.replace(self._secret, "[key]")
        return re.sub(re.escape(self._secret[:4]) + r"[\w.-]*\*[\w.*-]*", "[key]", text)

    def _before(self, request: httpx2.Request) -> None:
        if _origin(str(request.url)) != self._origin:
            raise WrongDestination("The address of the request is not the address of the connection.")
        for name in list(request.headers):
            if not self._may_leave(name.lower(), request.headers[name]):
                del request.headers[name]
        request.headers["User-Agent"] = "readerstudy"
        request.extensions["trace"] = self._trace

    def _may_leave(self, name: str, value: str) -> bool:
        return name in _HEADERS_THAT_MAY_LEAVE or (name in _HEADERS_OF_KEYS and self._secret in value)

    def _after(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        response.read()
        self.body = response.text

    def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._remember(details["return_value"])
        elif event.endswith("send_request_body.complete"):
            self.request_left = True

    def _remember(self, stream: Any) -> None:
        opened = stream.get_extra_info("socket")
        if not isinstance(opened, socket.socket):
            return
        with self._lock:
            self._sockets.append(opened)
            cut = self._cut
        if cut:
            _shut(opened)


def send(exchange: Exchange, call: Callable[[], Sent]) -> Sent:
    """Run the SDK's call and close the client after it, in whatever thread this is."""
    try:
        return call()
    finally:
        exchange.client.close()


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _shut(opened: socket.socket) -> None:
    with contextlib.suppress(OSError):  # already closed is as good as shut
        opened.shutdown(socket.SHUT_RDWR)
