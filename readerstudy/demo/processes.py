"""The processes of one machine: web, worker, beat and the simulated vendor, started and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PARENT_DEATH_SIGNAL, CHILD_SUBREAPER = 1, 36  # of Linux's prctl(2)
GRACE_SECONDS = 10
WEB_THREADS = 4


@dataclass
class Processes:
    """Children that live as long as this process and end with it, however it ends."""

    environment: Mapping[str, str]
    logs: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str) -> None:
        """Starts `python …` in a session of its own, so that Ctrl-C reaches it through us alone."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  no threads yet
            )

    def ended(self) -> str | None:
        """The name of a child that is no longer there, if any."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def stop(self) -> None:
        """Ends all children: asked first, killed after ten seconds."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def web_command(port: int) -> tuple[str, ...]:
    """Gunicorn as `make demo` and the benchmarks run it.

    Many processes with few threads: with 32 threads each, waiting for the interpreter's lock cost a third of the
    ratings per second.
    """
    workers = max(4, 2 * (os.cpu_count() or 2))
    return (
        "-m", "gunicorn", "readerstudy.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", str(workers), "--threads", str(WEB_THREADS), "--preload", "--log-level", "warning",
    )  # fmt: skip


def adopt_orphans() -> None:
    """Makes this process inherit the children of its children, so that none is left when it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Waits for a condition; raises `TimeoutError` that names what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {seconds:g} seconds.")
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a web address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310  our own loopback address
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
