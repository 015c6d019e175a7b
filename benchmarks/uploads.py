"""Thousands of small files and one of 2 GB through the real web server, and what its memory does meanwhile.

Starts PostgreSQL and gunicorn as `make demo` does, but no worker. Three connections send small files, one a request,
against the web server's own health page; then one connection sends a large file by tus, 8 MB a request, against a loop
that only hashes and writes the same bytes to the same disk. Memory is the resident set of all web processes together.
Prints JSON. Run: python -m benchmarks.uploads [--files 3000] [--megabytes 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.folder import use_folder_of_its_own
from benchmarks.load import Browser, Timings, run_together

CONNECTIONS = 3
WARM_UP, WARM_CONNECTIONS = 480, 48  # so many that every process of the web server has taken some
MB = 1024 * 1024
PART = 8 * MB
GROWTH_TARGET = 0.10
BOUNDARY = "x-readerstudy"
TOKEN = "b" * 32
TUS = "Tus-Resumable: 1.0.0\r\nAccept: application/json\r\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=3000)
    options.add_argument("--megabytes", type=int, default=2000)
    chosen = options.parse_args()
    folder = use_folder_of_its_own()
    print(json.dumps(measure(folder, files=chosen.files, megabytes=chosen.megabytes), indent=1))


def measure(folder: Path, *, files: int, megabytes: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded
    from readerstudy.demo.processes import Processes, answers, free_port, wait_until, web_command

    database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    study, session = make_study()
    port = free_port()
    processes = Processes({"DATABASE_URL": database, "READERSTUDY_VAR": str(settings.VAR)}, folder / "log")
    processes.start("web", *web_command(port))
    site = Site(port, study, session, processes.children["web"].pid)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/"), seconds=60, what="The web server")
        return {
            "small_files": send_small(site, files),
            "large_file": send_large(site, megabytes, folder),
            "target": "no failed request; memory grows by at most 10 %",
        }
    finally:
        processes.stop()


@dataclass(frozen=True)
class Site:
    """The running web server, and a coordinator's session at a study."""

    port: int
    study: str
    session: str
    group: int

    def browser(self) -> Browser:
        cookie = f"sessionid={self.session}; csrftoken={TOKEN}"
        return Browser("127.0.0.1", self.port, cookie, TOKEN)

    def address(self, name: str) -> str:
        return f"/studies/{self.study}/images/{name}/"

    def memory(self) -> int:
        """Resident bytes of all processes of the web server."""
        return sum(_resident(pid) for pid in _members(self.group))


def make_study() -> tuple[str, str]:
    """A study and its coordinator's session."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from readerstudy.cases.actions import attest
    from tests import factories

    study = factories.make_study(title="Benchmark")
    attest(study=study, by=study.created_by)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(study.created_by.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = study.created_by.get_session_auth_hash()
    session.create()
    return study.key, str(session.session_key)


# --- Memory ----------------------------------------------------------------------------------------------------
def _members(group: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            yield int(folder.name)


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Memory:
    """Resident bytes at the start, at the end, and the most in between."""

    start: int
    samples: list[int] = field(default_factory=list)

    def told(self) -> dict[str, float]:
        end, peak = self.samples[-1], max(self.samples)
        return {
            "start_mb": round(self.start / MB, 1),
            "end_mb": round(end / MB, 1),
            "peak_mb": round(peak / MB, 1),
            "growth": round(end / self.start - 1, 3),
            "is_flat": peak / self.start - 1 <= GROWTH_TARGET,
        }


@contextmanager
def watched(site: Site) -> Iterator[Memory]:
    """Looks at the web server's memory four times a second."""
    memory, ended = Memory(site.memory()), threading.Event()

    def look() -> None:
        while not ended.wait(0.25):
            memory.samples.append(site.memory())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield memory
    finally:
        ended.set()
        looking.join()
        memory.samples.append(site.memory())


# --- Small files -----------------------------------------------------------------------------------------------
def send_small(site: Site, count: int) -> dict[str, Any]:
    run_together(_browsers(site, WARM_CONNECTIONS), _sender(range(WARM_UP), site, WARM_CONNECTIONS))
    with watched(site) as memory:
        sent = run_together(_browsers(site), _sender(range(WARM_UP, WARM_UP + count), site))
    idle = run_together(_browsers(site), _idle(count))
    return {
        "files": count,
        "connections": CONNECTIONS,
        "failed_requests": sent.errors,
        "stored": _stored() - WARM_UP,
        "upload": sent.summary("upload"),
        "bare_health_page": idle.summary("health"),
        "ratio_to_bare": round(idle.wall / sent.wall, 3),
        "web_memory": memory.told(),
    }


def _browsers(site: Site, count: int = CONNECTIONS) -> list[Browser]:
    return [site.browser() for _connection in range(count)]


def _sender(
    numbers: range, site: Site, connections: int = CONNECTIONS
) -> Callable[[Browser, int, Timings], Any]:
    from tests.cases.files import png

    bodies = [_form(f"scans/scan-{number:05d}.png", png(number)) for number in numbers]

    async def work(browser: Browser, connection: int, timings: Timings) -> None:
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        for body in bodies[connection::connections]:
            started = time.perf_counter()
            status, _answer = await browser.ask(
                "POST", site.address("upload"), body, "Accept: application/json\r\n", kind
            )
            timings.add("upload", started, status)

    return work


def _idle(count: int) -> Callable[[Browser, int, Timings], Any]:
    async def work(browser: Browser, _connection: int, timings: Timings) -> None:
        for _request in range(count // CONNECTIONS):
            started = time.perf_counter()
            status, _answer = await browser.ask("GET", "/health/")
            timings.add("health", started, status)

    return work


def _form(path: str, content: bytes) -> bytes:
    line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    head = f'{line}"path"\r\n\r\n{path}\r\n{line}"file"; filename="scan.png"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def _stored() -> int:
    from readerstudy.cases.models import Upload

    return Upload.objects.count()


# --- One large file --------------------------------------------------------------------------------------------
def send_large(site: Site, megabytes: int, folder: Path) -> dict[str, Any]:
    with watched(site) as memory:
        sent = asyncio.run(_send_parts(site, megabytes * MB))
    bare = _write_bare(folder, megabytes * MB)
    return {
        "megabytes": megabytes,
        **sent,
        "bare_seconds": round(bare, 2),
        "ratio_to_bare": round(bare / sent["seconds"], 3),
        "web_memory": memory.told(),
    }


def _parts(size: int) -> Iterator[bytes]:
    """A file of `size` bytes that nobody has seen, made as it is sent."""
    block = os.urandom(PART)
    for start in range(0, size, PART):
        part = start.to_bytes(8, "big") + block[8:]
        yield part[: size - start]


async def _send_parts(site: Site, size: int) -> dict[str, Any]:
    browser, failed, digest = site.browser(), 0, hashlib.sha256()
    await browser.connect()
    url, started, offset = await _begin(site, browser, size), time.perf_counter(), 0
    for part in _parts(size):
        digest.update(part)
        before = time.perf_counter()
        extra, kind = f"{TUS}Upload-Offset: {offset}\r\n", "application/offset+octet-stream"
        status, _answer = await browser.ask("PATCH", url, part, extra, kind)
        failed += status != 204
        offset += len(part)
    seconds, last = time.perf_counter() - started, time.perf_counter() - before
    _status, answer = await browser.ask("GET", url, b"", TUS)
    told = json.loads(answer)
    return {
        "failed_requests": failed,
        "fate": told["fate"],
        "arrived_unchanged": told["sha256"] == digest.hexdigest(),
        "seconds": round(seconds, 2),
        "megabytes_per_second": round(size / MB / seconds, 1),
        "last_request_seconds": round(last, 2),
    }


async def _begin(site: Site, browser: Browser, size: int) -> str:
    from readerstudy.cases.models import Transfer

    status, answer = await browser.ask(
        "POST", site.address("transfers"), b"", f"{TUS}Upload-Length: {size}\r\n"
    )
    if status != 201:
        raise SystemExit(f"The large file was not begun: {answer.decode()}")
    key = await asyncio.to_thread(lambda: Transfer.objects.latest("pk").key)
    return site.address(f"transfers/{key}")


def _write_bare(folder: Path, size: int) -> float:
    """Seconds to hash and write the same amount of bytes, once."""
    path, digest, started = folder / "bare", hashlib.sha256(), time.perf_counter()
    with path.open("wb") as target:
        for part in _parts(size):
            digest.update(part)
            target.write(part)
    seconds = time.perf_counter() - started
    path.unlink()
    return seconds


if __name__ == "__main__":
    main()
