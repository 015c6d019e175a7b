"""HTTP/1.1 for the simulated vendor on 127.0.0.1: routes, the control plane, and spoilt transport."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import socket
import struct
from collections.abc import Mapping
from http.client import responses as PHRASES
from typing import Any

from readerstudy.providers.simulated import openai_wire
from readerstudy.providers.simulated.call import Rejected
from readerstudy.providers.simulated.config import Config, ConfigProblem
from readerstudy.providers.simulated.scenarios import UnknownScenario
from readerstudy.providers.simulated.vendor import MODELS, Request, Response, Vendor, is_call

HOST = "127.0.0.1"

_LONGEST_HEAD = 64 * 1024
_LONGEST_BODY = 256 * 1024 * 1024


class Server:
    """One listening socket with its vendor. Use it from the event loop that `serve` runs in."""

    def __init__(self, config: Config) -> None:
        self.vendor = Vendor(config)
        self.port = 0
        self._started_with = config
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> None:
        """Start to listen; port 0 takes a free one.

        Raises:
            OSError: if the port is taken.
        """
        self._listening = await asyncio.start_server(
            self._connected, HOST, port, limit=_LONGEST_HEAD, backlog=1024
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every open connection."""
        if self._listening is not None:
            self._listening.close()
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None  # noqa: S101 - a coroutine always runs in a task
        self._open.add(this)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while await self._serve_one(reader, writer):
                    pass
        finally:
            self._open.discard(this)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; False when the connection is done."""
        try:
            request = await _read(reader)
        except Rejected as rejected:
            body = json.dumps({"error": {"message": rejected.message}}).encode()
            await _send(writer, Response(rejected.status, body))
            return False
        if is_call(request):
            return await self._send_call(await self.vendor.answer(request), reader, writer)
        if (handled := await self.vendor.batches.answer(request)) is not None:
            await _send(writer, handled)
            return True
        await _send(writer, self._control(request))
        return request.headers.get("connection", "").lower() != "close"

    async def _send_call(
        self, response: Response, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if response.way == "whole":
            await _send(writer, response)
            self._close_entry(response, answered=False)
            return True
        try:
            await getattr(self, f"_send_{response.way}")(response, reader, writer)
        finally:
            self._close_entry(response, answered=False)
        return False

    def _close_entry(self, response: Response, *, answered: bool) -> None:
        if response.entry is not None:
            self.vendor.ledger.close(response.entry, status=response.status, answered=answered)

    async def _send_cut(
        self, response: Response, _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(_head(response) + response.body[: len(response.body) // 2])
        await writer.drain()

    async def _send_drip(
        self, response: Response, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(_head(response))
        for position in range(len(response.body)):
            writer.write(response.body[position : position + 1])
            await writer.drain()
            if await self._client_left(reader, self.vendor.config.drip):
                return
        self._close_entry(response, answered=True)

    async def _send_hang(self, _: Response, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await self._client_left(reader, self.vendor.config.hang)

    async def _send_disconnect(self, *_: object) -> None:
        """Close without a word."""

    async def _send_reset(self, _: Response, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _client_left(self, reader: asyncio.StreamReader, seconds: float) -> bool:
        """Wait, but no longer than the client does."""
        try:
            await asyncio.wait_for(reader.read(1), seconds)
        except TimeoutError:
            return False
        self.vendor.ledger.counts["client_left"] += 1
        return True

    def _control(self, request: Request) -> Response:
        try:
            body = self._route(request)
        except (ConfigProblem, UnknownScenario, Rejected) as problem:
            return Response(400, json.dumps({"error": {"message": str(problem)}}).encode())
        if body is None:
            missing = openai_wire.error(404, "not_found", "There is nothing at this address.")
            return Response(404, json.dumps(missing).encode())
        return Response(200, json.dumps(body).encode())

    def _route(self, request: Request) -> Mapping[str, Any] | None:
        path = request.path.rstrip("/")
        routes = {
            ("GET", "/__health"): self._health,
            ("GET", "/__stats"): self._stats,
            ("GET", "/__requests"): self._requests,
            ("GET", "/__config"): self._show_config,
            ("POST", "/__config"): self._change_config,
            ("POST", "/__reset"): self._reset,
            ("POST", "/__script"): self._script,
        }
        if (found := routes.get((request.method, path))) is not None:
            return found(request)
        if request.method == "GET" and path.endswith("/models"):
            return openai_wire.models(MODELS)
        if request.method == "GET" and path.endswith("/api/tags"):
            names = sorted({*MODELS, *self.vendor.ledger.by["model"]})
            return openai_wire.weights(tuple(names), self.vendor.config.build)
        return None

    def _health(self, _: Request) -> dict[str, Any]:
        return {"ok": True, "simulated": True}

    def _stats(self, request: Request) -> dict[str, Any]:
        return self.vendor.ledger.stats(attempts=request.query.get("attempts") != "0")

    def _requests(self, request: Request) -> dict[str, Any]:
        limit = request.query.get("limit", "100")
        if not limit.isdecimal():
            raise ConfigProblem("“limit” must be a whole number.")
        return {
            "requests": self.vendor.ledger.recent(limit=int(limit), attempt=request.query.get("attempt", ""))
        }

    def _show_config(self, _: Request) -> dict[str, Any]:
        return {
            name: value for name, value in dataclasses.asdict(self.vendor.config).items() if name != "key"
        }

    def _change_config(self, request: Request) -> dict[str, Any]:
        self.vendor.config = self.vendor.config.changed(_object(request))
        return self._show_config(request)

    def _reset(self, request: Request) -> dict[str, Any]:
        if _object(request).get("config"):
            self.vendor.config = self._started_with
        self.vendor.reset()
        return {"ok": True}

    def _script(self, request: Request) -> dict[str, Any]:
        body = _object(request)
        scenarios = body.get("scenarios")
        if not isinstance(scenarios, list):
            raise UnknownScenario("“scenarios” must be a list of names.")
        self.vendor.choice.add(str(body.get("match", "")), [str(name) for name in scenarios])
        return {"ok": True}


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise ConfigProblem("The body must be a JSON object.")
    return body


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    length = headers.get("content-length", "0")
    if len(parts) != 3 or not length.isdecimal() or "transfer-encoding" in headers:
        raise Rejected(400, "bad_request", "This is not a request that can be read.")
    if int(length) > _LONGEST_BODY:
        raise Rejected(413, "too_large", "The request is too large.")
    return Request(parts[0], parts[1], headers, await reader.readexactly(int(length)))


def _head(response: Response) -> bytes:
    phrase = PHRASES.get(response.status, "Unknown")
    lines = [
        f"HTTP/1.1 {response.status} {phrase}",
        f"Content-Type: {response.kind}",
        f"Content-Length: {len(response.body)}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send(writer: asyncio.StreamWriter, response: Response) -> None:
    writer.write(_head(response) + response.body)
    await writer.drain()
