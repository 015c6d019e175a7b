"""The simulated vendor without its sockets: requests in, what to do on the wire out."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from readerstudy.providers.simulated import anthropic_wire, gemini_wire, openai_wire, responses_wire
from readerstudy.providers.simulated.batches import Batches
from readerstudy.providers.simulated.call import Call, Rejected
from readerstudy.providers.simulated.config import Config
from readerstudy.providers.simulated.draw import share
from readerstudy.providers.simulated.faults import PAGE, error, fault
from readerstudy.providers.simulated.glance import Glance, UnreadableImage, glance_at
from readerstudy.providers.simulated.ledger import Entry, Ledger
from readerstudy.providers.simulated.played import Played, play
from readerstudy.providers.simulated.scenarios import ANSWERS, SIGNALS, Choice, UnknownScenario
from readerstudy.providers.simulated.traffic import Request, Response, as_json

__all__ = ["MODELS", "Request", "Response", "Vendor", "is_call"]

MODELS = ("sim-alpha-2026-08", "sim-beta-2026-09", "sim-plain-2026-08")
ATTEMPT_HEADER = "x-attempt-id"

_GENERATE = re.compile(r"/models/([^/:]+):generateContent$")
_ENDINGS = {
    "/chat/completions": openai_wire.VENDOR,
    "/responses": responses_wire.VENDOR,
    "/messages": anthropic_wire.VENDOR,
}
_REMEMBERED_GLANCES = 4096
_LARGE_IMAGE = 150_000
_PLAYED_ON_A_WHOLE_REPLY = {"cut", "drip"}
_IN_A_LINE = {"quota", "bad_key", "policy_error", "azure_filter"}
# Vendors that answer a rejected prompt with an error; the others have a signal for it in the reply.
_REJECTS_WITH_400 = {openai_wire.VENDOR, responses_wire.VENDOR}


class Vendor:
    """The state of the simulated vendor. All methods belong to one event loop."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.ledger = Ledger()
        self.choice = Choice()
        self._numbers = 0
        self.batches = Batches(self)
        self._answered = 0
        self._arrivals: deque[float] = deque()
        self._glances: OrderedDict[str, Glance] = OrderedDict()

    def reset(self) -> None:
        """Counters, scripts, files, batches and rate window back to the start; the configuration stays."""
        self.ledger = Ledger()
        self.choice = Choice()
        self.batches = Batches(self)
        self._arrivals.clear()
        self._answered = 0

    async def answer(self, request: Request) -> Response:
        """Answer a call in any wire format, after the configured latency."""
        vendor = _vendor_of(request.path)
        if not self.key_fits(request):
            self.ledger.counts["unauthorised"] += 1
            return as_json(401, error(vendor, 401, "invalid_api_key"))
        try:
            call = _parse(vendor, request)
        except Rejected as rejected:
            self.ledger.counts["rejected"] += 1
            return as_json(rejected.status, error(vendor, rejected.status, rejected.code, rejected.message))
        attempt = request.headers.get(ATTEMPT_HEADER, "")
        if not attempt:
            self.ledger.counts["without_attempt_id"] += 1
        entry = self.ledger.open(call, attempt)
        try:
            return await self._play(request, call, entry)
        except BaseException:
            self.ledger.close(entry, status=0, answered=False)
            raise

    def key_fits(self, request: Request) -> bool:
        """Whether a request carries the key that is accepted."""
        return request.key == self.config.key if self.config.key else bool(request.key)

    async def complete_line(self, call: Call, attempt: str) -> tuple[int, dict[str, Any]]:
        """One line of a batch: status and body. What only happens to connections becomes a 500."""
        entry = self.ledger.open(call, attempt)
        try:
            entry.scenario = self.choice.choose(call, {}, self.config, attempt=attempt)
        except UnknownScenario:
            entry.scenario = "400"
        if entry.scenario in ANSWERS | SIGNALS:
            response = await self._complete(call, entry)
        else:
            name = entry.scenario if entry.scenario[0].isdigit() or entry.scenario in _IN_A_LINE else "500"
            found = fault(call.vendor, name, wait=0)
            response = self._booked(entry, as_json(found.status, found.body))
        return response.status, json.loads(response.body)

    async def _play(self, request: Request, call: Call, entry: Entry) -> Response:
        wait = self._wait_for_place()
        try:
            chosen = self.choice.choose(call, request.headers, self.config, attempt=entry.attempt)
            entry.scenario = "429" if wait is not None else chosen
        except UnknownScenario as problem:
            entry.scenario = "400"
            return self._booked(
                entry, as_json(400, error(call.vendor, 400, "unknown_scenario", str(problem)))
            )
        await self._pause(call, entry)
        if self._refuses_sampling(call):
            entry.scenario = "400"
            told = f"Unsupported value: “{call.sampling}” is not supported with this model."
            return self._booked(entry, as_json(400, error(call.vendor, 400, "unsupported_value", told)))
        if entry.scenario in ANSWERS | SIGNALS | _PLAYED_ON_A_WHOLE_REPLY:
            return await self._complete(call, entry)
        return self._spoil(call, entry, wait=self.config.retry_after if wait is None else wait)

    async def _complete(self, call: Call, entry: Entry) -> Response:
        if entry.scenario == "prompt_block" and call.vendor in _REJECTS_WITH_400:
            refused = fault(call.vendor, "policy_error", wait=0)
            return self._booked(entry, as_json(refused.status, refused.body), answered=True)
        try:
            glance = await self._glance(call)
        except UnreadableImage:
            body = error(call.vendor, 400, "invalid_image", "An image cannot be read.")
            return self._booked(entry, as_json(400, body))
        spoilt = entry.scenario in _PLAYED_ON_A_WHOLE_REPLY
        scenario = "answer" if spoilt else entry.scenario
        played = play(scenario, call, glance, self.config, answered=self._answered)
        self._numbers += 1
        response = as_json(200, _completion(call, played, self._numbers), id_=f"sim-{self._numbers}")
        if not spoilt:
            self._answered += 1
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
        return self._booked(entry, as_json(found.status, found.body, headers=found.headers))

    def _booked(self, entry: Entry, response: Response, *, answered: bool = False) -> Response:
        self.ledger.close(entry, status=response.status, answered=answered)
        return response

    def _unbooked(self, entry: Entry, response: Response, *, way: str) -> Response:
        """A response whose end only the socket will see."""
        return Response(response.status, response.body, response.kind, response.headers, way=way, entry=entry)

    async def _glance(self, call: Call) -> Glance:
        """Look at the last image, as examples come before it; a call without one is about a chest film."""
        if not call.images:
            return Glance("chest")
        image = call.images[-1]
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
        if entry.scenario == "slow":
            await asyncio.sleep(self.config.slow)
        jitter = share(self.config.seed, "latency", call.fingerprint, entry.attempt)
        seconds = self.config.latency + self.config.latency_jitter * jitter
        if seconds > 0:
            await asyncio.sleep(seconds)

    def _wait_for_place(self) -> float | None:
        """None if the call has a place in the rate window, else the seconds until the next one is free."""
        if 0 < self.config.max_concurrency < self.ledger.in_flight:
            return self.config.retry_after
        limit, now = self.config.requests_per_minute, time.monotonic()
        while self._arrivals and self._arrivals[0] <= now - self.config.window:
            self._arrivals.popleft()
        if limit and len(self._arrivals) >= limit:
            return max(self._arrivals[0] + self.config.window - now, 0.001)
        self._arrivals.append(now)
        return None

    def _refuses_sampling(self, call: Call) -> bool:
        return bool(self.config.no_sampling and self.config.no_sampling in call.model and call.sampling)


def is_call(request: Request) -> bool:
    """Whether a request asks for a completion."""
    known = request.path.endswith(tuple(_ENDINGS)) or bool(_GENERATE.search(request.path))
    return request.method == "POST" and known


def _vendor_of(path: str) -> str:
    return next((vendor for end, vendor in _ENDINGS.items() if path.endswith(end)), gemini_wire.VENDOR)


def _parse(vendor: str, request: Request) -> Call:
    body = request.json()
    if vendor == openai_wire.VENDOR:
        return openai_wire.parse(request.path, body)
    if vendor == responses_wire.VENDOR:
        return responses_wire.parse(body)
    if vendor == anthropic_wire.VENDOR:
        return anthropic_wire.parse(request.headers.get("anthropic-version", ""), body)
    named = _GENERATE.search(request.path)
    numbers = "enum-encoding=int" in request.query.get("$alt", "")
    return gemini_wire.parse(named.group(1) if named else "", body, as_numbers=numbers)


def _completion(call: Call, played: Played, number: int) -> dict[str, Any]:
    wires: dict[str, Callable[[Call, Played, int], dict[str, Any]]] = {
        openai_wire.VENDOR: openai_wire.completion,
        responses_wire.VENDOR: responses_wire.completion,
        gemini_wire.VENDOR: gemini_wire.completion,
        anthropic_wire.VENDOR: anthropic_wire.completion,
    }
    return wires[call.vendor](call, played, number)
