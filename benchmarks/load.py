"""A small HTTP client for load on loopback: many keep-alive connections in one thread, nothing parsed but lengths."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

NO_CONTENT = 204
FORM = "application/x-www-form-urlencoded"


@dataclass
class Browser:
    """One reader's connection: a session cookie, a CSRF token, one request at a time."""

    host: str
    port: int
    cookie: str
    token: str
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def ask(
        self, method: str, path: str, body: bytes = b"", extra: str = "", kind: str = FORM
    ) -> tuple[int, bytes]:
        """Sends one request and reads its whole answer."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nCookie: {self.cookie}\r\n"
            f"X-CSRFToken: {self.token}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{extra}\r\n"
        )
        self.writer.write(head.encode() + body)
        status, length = await self._headers()
        if length is None:
            return status, await self._chunks()
        return status, await self.reader.readexactly(length)

    async def _headers(self) -> tuple[int, int | None]:
        block = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lengths = [line.split(":")[1] for line in block if line.lower().startswith("content-length:")]
        status = int(block[0].split()[1])
        return status, 0 if status == NO_CONTENT else int(lengths[0]) if lengths else None

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += (await self.reader.readexactly(size + 2))[:size]
        await self.reader.readline()
        return body


@dataclass
class Timings:
    """Seconds of every request by what it was, and the wall time of the whole run."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    wall: float = 0.0

    def add(self, what: str, started: float, status: int) -> None:
        self.seconds.setdefault(what, []).append(time.perf_counter() - started)
        self.errors += status >= 400

    def summary(self, what: str) -> dict[str, float]:
        values = sorted(self.seconds[what])
        return {
            "requests": len(values),
            "per_second": round(len(values) / self.wall, 1),
            "p50_ms": round(values[len(values) // 2] * 1000, 1),
            "p95_ms": round(values[int(len(values) * 0.95)] * 1000, 1),
            "p99_ms": round(values[int(len(values) * 0.99)] * 1000, 1),
        }


def run_together(
    browsers: list[Browser], work: Callable[[Browser, int, Timings], Coroutine[Any, Any, None]]
) -> Timings:
    """Lets every browser do its work at once and measures it."""

    async def everybody() -> Timings:
        timings = Timings()
        await asyncio.gather(*(browser.connect() for browser in browsers))
        started = time.perf_counter()
        await asyncio.gather(*(work(browser, number, timings) for number, browser in enumerate(browsers)))
        timings.wall = time.perf_counter() - started
        return timings

    return asyncio.run(everybody())
