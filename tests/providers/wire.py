"""Small helpers for tests that need calls, images and servers that misbehave in one exact way."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from PIL import Image

from readerstudy.providers import (
    Connection,
    ImagePart,
    InterpretationRequest,
    ProviderError,
    Reply,
    TextPart,
)
from readerstudy.providers.simulated import SimulatedVendor

KEY = "sk-test-7f3a9c2e8b4d6a1f0e5c"
ADAPTERS = ("openai", "responses", "ollama", "anthropic", "gemini", "gemini-legacy")
"""Every adapter and dialect that is held to the contract."""

_WAYS = {
    "openai": ("openai", "/v1", "openai"),
    "responses": ("openai-responses", "/v1", ""),
    "ollama": ("openai", "/ollama/v1", "ollama"),
    "anthropic": ("anthropic", "", ""),
    "gemini": ("gemini", "", ""),
    "gemini-legacy": ("gemini-legacy", "", ""),
}

TEXT = "Clear lungs."
OPENAI_REPLY = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
}
RESPONSES_REPLY = {
    "id": "x",
    "object": "response",
    "model": "m",
    "status": "completed",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": TEXT}]}],
}
ANTHROPIC_REPLY = {
    "id": "x",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "thinking", "thinking": "hidden"}, {"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
GEMINI_REPLY = {"candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": "STOP"}]}
LEGACY_REPLY = {"candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": 1}]}
REPLIES: dict[str, dict[str, Any]] = {
    "openai": OPENAI_REPLY,
    "responses": RESPONSES_REPLY,
    "ollama": OPENAI_REPLY,
    "anthropic": ANTHROPIC_REPLY,
    "gemini": GEMINI_REPLY,
    "gemini-legacy": LEGACY_REPLY,
}

Responder = Callable[[socket.socket, bytes], None]


def png(shade: int = 90, size: int = 48) -> bytes:
    """A small grey PNG."""
    buffer = io.BytesIO()
    Image.new("L", (size, size), shade).save(buffer, "PNG")
    return buffer.getvalue()


def connection_to(adapter: str, url: str, *, key: str = KEY, profile: str = "") -> Connection:
    """A connection to a server that speaks the adapter's wire format under `url`."""
    name, path, dialect = _WAYS[adapter]
    return Connection("Ward vendor", name, url + path, key, simulated=True, profile=profile or dialect)


def request(
    prompt: str = "Describe the findings.",
    *,
    model: str = "sim-alpha",
    images: tuple[ImagePart, ...] | None = None,
    parameters: Mapping[str, Any] | None = None,
    attempt: str = "attempt-1",
    seconds: float = 30.0,
) -> InterpretationRequest:
    """A request with one image unless told otherwise."""
    return InterpretationRequest(
        model=model,
        system="You read images.",
        parts=(
            *((ImagePart("current", "image/png", png()),) if images is None else images),
            TextPart(prompt),
        ),
        parameters=parameters or {},
        attempt_id=attempt,
        deadline_seconds=seconds,
    )


def http(status: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """A whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def ending_of(call: Callable[[], Reply]) -> str | tuple[str, bool]:
    """The outcome of a reply, or retry class and possibly paid of the error; anything else comes through."""
    try:
        return call().outcome.value
    except ProviderError as error:
        return error.retry, error.possibly_paid


@contextmanager
def server(respond: Responder) -> Iterator[str]:
    """A server that reads each request whole and lets `respond` do what it likes; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(opened,), daemon=True).start()

    def converse(opened: socket.socket) -> None:
        with opened:
            respond(opened, _read(opened))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def calls_received(vendor: SimulatedVendor) -> int:
    """How many calls the vendor has counted."""
    return int(vendor.stats()["received"])


def _read(opened: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += opened.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    length = sum(lengths)  # a GET has none
    while len(body) < length:
        body += opened.recv(65536)
    return head + b"\r\n\r\n" + body
