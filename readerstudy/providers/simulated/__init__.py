"""A simulated vendor: an HTTP server of our own that speaks the wire formats of OpenAI
(chat completions, responses, files and batches), Gemini, Anthropic and Ollama.

The demonstration and the tests run the real adapters against it. It is no model: it glances at an image,
writes an invented interpretation, refuses now and then, and can play every fault that vendors have.
Everything that comes from it must be labelled as simulated.

Run it with `python -m readerstudy.providers.simulated --port N`, or `start()` it inside a test.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from readerstudy.providers.simulated.config import Config, ConfigProblem
from readerstudy.providers.simulated.scenarios import ANSWERS, ERRORS, SIGNALS, TRANSPORT, UnknownScenario
from readerstudy.providers.simulated.server import HOST, Server

__all__ = [
    "ANSWERS",
    "ERRORS",
    "SIGNALS",
    "TRANSPORT",
    "Config",
    "ConfigProblem",
    "SimulatedVendor",
    "UnknownScenario",
    "start",
]

T = TypeVar("T")


class SimulatedVendor:
    """A running simulated vendor in a thread of this process. Also a context manager."""

    def __init__(self, config: Config, port: int) -> None:
        self._server = Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="simulated-vendor", daemon=True)
        self._thread.start()
        try:
            self._wait_for(self._server.listen(port))
        except OSError:
            self._end()
            raise

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._server.port

    @property
    def url(self) -> str:
        """The base address for Gemini's wire format; control calls go there too."""
        return f"http://{HOST}:{self.port}"

    @property
    def openai_url(self) -> str:
        """The base address for OpenAI's wire format."""
        return f"{self.url}/v1"

    def stats(self) -> dict[str, Any]:
        """All counters."""
        return self._on_loop(self._server.vendor.ledger.stats)

    def requests(self, *, limit: int = 100, attempt: str = "") -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        return self._on_loop(lambda: self._server.vendor.ledger.recent(limit=limit, attempt=attempt))

    def configure(self, **changes: Any) -> None:
        """Change settings while it runs.

        Raises:
            ConfigProblem: if a setting does not exist or cannot take the value.
        """
        vendor = self._server.vendor
        config = vendor.config.changed(changes)
        self._on_loop(lambda: setattr(vendor, "config", config))

    def script(self, *scenarios: str, match: str = "") -> None:
        """Give the next calls whose model or prompt matches these scenarios, in order.

        Raises:
            UnknownScenario: if one does not exist.
        """
        self._on_loop(lambda: self._server.vendor.choice.add(match, list(scenarios)))

    def reset(self) -> None:
        """Set all counters and scripts back."""
        self._on_loop(self._server.vendor.reset)

    def stop(self) -> None:
        """Drop all connections and end the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._wait_for(self._server.close())
            self._end()

    def __enter__(self) -> SimulatedVendor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _wait_for(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    def _on_loop(self, call: Callable[[], T]) -> T:
        async def run() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)


def start(port: int = 0, **config: Any) -> SimulatedVendor:
    """Start a simulated vendor inside this process; port 0 takes a free one.

    Raises:
        ConfigProblem: if a setting does not exist or cannot take its value.
        OSError: if the port is taken.
    """
    return SimulatedVendor(Config().changed(config), port)
