"""The simulated vendor without its sockets: requests in, what to do on the wire out."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from readerstudy.providers.simulated import gemini_wire, openai_wire
from readerstudy.providers.simulated.call import Call, Rejected
from readerstudy.providers.simulated.config import Config
from readerstudy.providers.simulated.draw import share
from readerstudy.providers.simulated.faults import PAGE, error, fault
from readerstudy.providers.simulated.glance import Glance, UnreadableImage, glance_at
from readerstudy.providers.simulated.ledger import Entry, Ledger
from readerstudy.providers.simulated.played import play
from readerstudy.providers.simulated.scenarios import ANSWERS, SIGNALS, Choice, UnknownScenario

MODELS = ("sim-alpha-2026-08", "sim-beta-2026-09", "sim-plain-2026-08")
ATTEMPT_HEADER = "x-attempt-id"

_GENERATE = re.compile(r"/models/([^/:]+):generateContent$")
_REMEMBERED_GLANCES = 4096
_LARGE_IMAGE = 150_000
_PLAYED_ON_A_WHOLE_REPLY = {"cut", "drip"}


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request that has arrived in full; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query, the last value of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Rejected: if it is not JSON.
        """
        try:
            return json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            raise Rejected(400, "invalid_json", "The body is not JSON.") from None


@dataclass(frozen=True, slots=True)
class Response:
    """What to send, and how: `way` is `whole`, or a transport scenario that spoils it."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    way: str = "whole"
    entry: Entry | None = None


class Vendor:
    """The state of the simulated vendor. All methods belong to one event loop."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ledger = Ledger()
        self.choice = Choice()
        self._numbers = 0
        self._arrivals: deque[float] = deque()
        self._glances: OrderedDict[str, Glance] = OrderedDict()

    def reset(self) -> None:
        """Counters, scripts and rate window back to the start; the configuration stays."""
        self.ledger = Ledger()
        self.choice = Choice()
        self._arrivals.clear()

    async def answer(self, request: Request) -> Response:
        """Answer a call in either wire format, after the configured latency."""
        vendor, model = _format_of(request.path)
        if not self._key_fits(request):
            self.ledger.counts["unauthorised"] += 1
            return _json(401, error(vendor, 401, "invalid_api_key"))
        try:
            body = request.json()
            call = gemini_wire.parse(model, body) if vendor == gemini_wire.VENDOR else openai_wire.parse(body)
        except Rejected as rejected:
            self.ledger.counts["rejected"] += 1
            return _json(rejected.status, error(vendor, rejected.status, rejected.code, rejected.message))
        attempt = request.headers.get(ATTEMPT_HEADER, "")
        if not attempt:
            self.ledger.counts["without_attempt_id"] += 1
        entry = self.ledger.open(call, attempt)
        try:
            return await self._play(request, call, entry)
        except BaseException:
            self.ledger.close(entry, status=0, answered=False)
            raise

    async def _play(self, request: Request, call: Call, entry: Entry) -> Response:
        wait = self._wait_for_place()
        try:
            chosen = self.choice.choose(call, request.headers, self.config, attempt=entry.attempt)
            entry.scenario = "429" if wait is not None else chosen
        except UnknownScenario as problem:
            entry.scenario = "400"
            return self._booked(entry, _json(400, error(call.vendor, 400, "unknown_scenario", str(problem))))
        await self._pause(call, entry)
        if entry.scenario in ANSWERS | SIGNALS | _PLAYED_ON_A_WHOLE_REPLY:
            return await self._complete(call, entry)
        return self._spoil(call, entry, wait=self.config.retry_after if wait is None else wait)

    async def _complete(self, call: Call, entry: Entry) -> Response:
        if entry.scenario == "prompt_block" and call.vendor == openai_wire.VENDOR:
            refused = fault(call.vendor, "policy_error", wait=0)
            return self._booked(entry, _json(refused.status, refused.body), answered=True)
        try:
            glance = await self._glance(call)
        except UnreadableImage:
            body = error(call.vendor, 400, "invalid_image", "An image cannot be read.")
            return self._booked(entry, _json(400, body))
        spoilt = entry.scenario in _PLAYED_ON_A_WHOLE_REPLY
        played = play("answer" if spoilt else entry.scenario, call, glance, self.config)
        self._numbers += 1
        wire = gemini_wire if call.vendor == gemini_wire.VENDOR else openai_wire
        response = _json(200, wire.completion(call, played, self._numbers), id_=f"sim-{self._numbers}")
        if not spoilt:
            return self._booked(entry, response, answered=True)
        return self._unbooked(entry, response, way=entry.scenario)

    def _spoil(self, call: Call, entry: Entry, *, wait: float) -> Response:
        scenario = entry.scenario
        if scenario == "malformed":
            return self._booked(entry, Response(200, b'{"choices": [{"mess', entry=entry))
        if scenario == "html":
            return self._booked(entry, Response(200, PAGE.encode(), kind="text/html"))
        if scenario == "wrong_shape":
            return self._booked(entry, Response(200, b"{}"))
        if scenario == "redirect":
            return self._booked(
                entry, Response(302, b"", headers={"Location": "http://127.0.0.1:9/elsewhere"})
            )
        if scenario in {"disconnect", "reset", "hang"}:
            return self._unbooked(entry, Response(0, b""), way=scenario)
        found = fault(call.vendor, scenario, wait=wait)
        if isinstance(found.body, str):
            return self._booked(entry, Response(found.status, found.body.encode(), kind="text/html"))
        return self._booked(entry, _json(found.status, found.body, headers=found.headers))

    def _booked(self, entry: Entry, response: Response, *, answered: bool = False) -> Response:
        self.ledger.close(entry, status=response.status, answered=answered)
        return response

    def _unbooked(self, entry: Entry, response: Response, *, way: str) -> Response:
        """A response whose end only the socket will see."""
        return Response(response.status, response.body, response.kind, response.headers, way=way, entry=entry)

    async def _glance(self, call: Call) -> Glance:
        """Look at the first image; a call without one is written about as a chest film."""
        if not call.images:
            return Glance("chest")
        image = call.images[0]
        known = self._glances.get(image.sha256)
        if known is None:
            if len(image.data) > _LARGE_IMAGE:
                known = await asyncio.to_thread(glance_at, image.data)
            else:
                known = glance_at(image.data)
            self._glances[image.sha256] = known
            if len(self._glances) > _REMEMBERED_GLANCES:
                self._glances.popitem(last=False)
        return known

    async def _pause(self, call: Call, entry: Entry) -> None:
        jitter = share(self.config.seed, "latency", call.fingerprint, entry.attempt)
        seconds = self.config.latency + self.config.latency_jitter * jitter
        if seconds > 0:
            await asyncio.sleep(seconds)

    def _wait_for_place(self) -> float | None:
        """None if the call has a place in the rate window, else the seconds until the next one is free."""
        limit, now = self.config.requests_per_minute, time.monotonic()
        while self._arrivals and self._arrivals[0] <= now - self.config.window:
            self._arrivals.popleft()
        if limit and len(self._arrivals) >= limit:
            return max(self._arrivals[0] + self.config.window - now, 0.001)
        self._arrivals.append(now)
        return None

    def _key_fits(self, request: Request) -> bool:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        sent = sent or request.headers.get("x-goog-api-key", "") or request.query.get("key", "")
        return sent == self.config.key if self.config.key else bool(sent)


def is_call(request: Request) -> bool:
    """Whether a request asks for a completion."""
    path = request.path
    return request.method == "POST" and (path.endswith("/chat/completions") or bool(_GENERATE.search(path)))


def _format_of(path: str) -> tuple[str, str]:
    generate = _GENERATE.search(path)
    return (gemini_wire.VENDOR, generate.group(1)) if generate else (openai_wire.VENDOR, "")


def _json(status: int, body: Any, *, headers: Mapping[str, str] | None = None, id_: str = "") -> Response:
    extra = {**(headers or {}), **({"x-request-id": id_} if id_ else {})}
    return Response(status, json.dumps(body).encode(), headers=extra)
