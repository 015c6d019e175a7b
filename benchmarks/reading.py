"""The reading room with 64 readers at once: how much it takes, and how long a reader waits, beside the bare page.

Starts PostgreSQL and gunicorn as `make demo` does. Every reader opens a first case and then sends what the page's
script sends: each answer by itself, then the submission that brings the next case. Four runs: the health page alone;
64 readers as fast as they can, and 16; and 64 readers who together give 300 ratings a second, each wait counted from
the moment at which the request was due. Each case that comes has to be the one that the allocation names. Prints JSON.
Run: python -m benchmarks.reading [--cases 32]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from benchmarks.folder import use_folder_of_its_own

if TYPE_CHECKING:
    from benchmarks.load import Browser, Timings

READERS, FEWER_READERS, CRITERIA = 64, 16, 4
CASES_AT_FULL_SPEED = 8
RATINGS_A_SECOND = 300
KEY = re.compile(rb'data-key="([^"]+)"')
SCREEN = {
    "zoom": 0.412,
    "center": 20000,
    "width": 24000,
    "frame": 0,
    "full": True,
    "ratio": 1,
    "pane": [780, 640],
}
DISPLAY = json.dumps({"ratio": 1, "width": 1366, "height": 768, "images": [SCREEN]})
CLOCK = json.dumps(
    {"active": 12.5, "shown": "2026-11-22T12:00:00.000Z", "submitted": "2026-11-22T12:00:12.500Z"}
)


@dataclass
class Seat:
    """One reader: the session, what the allocation holds (key and letter, in order), and what came differently."""

    session: str
    readings: list[tuple[str, str]]
    astray: int = 0


@dataclass
class Room:
    """A running study with its readers."""

    study: str
    seats: list[Seat] = field(default_factory=list)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=32, help="of each reader at the steady rate")
    chosen = options.parse_args()
    use_folder_of_its_own()
    print(json.dumps(measure(cases=chosen.cases), indent=1))


def measure(*, cases: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded
    from readerstudy.demo.processes import Processes, answers, free_port, wait_until, web_command

    database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    rooms = {
        "full": make_room(CASES_AT_FULL_SPEED, READERS),
        "fewer": make_room(CASES_AT_FULL_SPEED, FEWER_READERS),
        "steady": make_room(cases, READERS),
    }
    port = free_port()
    processes = Processes(
        {"DATABASE_URL": database, "READERSTUDY_VAR": str(settings.VAR)}, Path(settings.VAR) / "log"
    )
    processes.start("web", *web_command(port))
    try:
        wait_until(
            lambda: answers(f"http://127.0.0.1:{port}/health/"), seconds=60, what="The web server's start"
        )
        return {**load(rooms, port), **memory_of(processes.children["web"].pid)}
    finally:
        processes.stop()


def make_room(cases: int, readers: int) -> Room:
    """A running study with one arm, and for each reader a session and (reading key, letter) in order."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from readerstudy.reading.actions import start_study
    from readerstudy.reading.models import AllocatedOutput
    from tests import factories

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    study = factories.make_study(title="Benchmark")
    arm = factories.make_arm(study)
    for number in range(CRITERIA):
        factories.make_criterion(study, key=f"criterion-{number}")
    for _case in range(cases):
        factories.make_output(arm, factories.make_case(study), text="The lungs are clear. " * 12)
    seats = [factories.make_reader(study) for _reader in range(readers)]
    factories.freeze(study)
    study = start_study(study=study, by=study.created_by)
    room = Room(study.key)
    for seat in seats:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
            str(seat.user.pk),
            settings.AUTHENTICATION_BACKENDS[0],
        )
        session[HASH_SESSION_KEY] = seat.user.get_session_auth_hash()
        session.create()
        outputs = AllocatedOutput.objects.filter(allocation__seat=seat).order_by("allocation__position")
        room.seats.append(Seat(session.session_key, list(outputs.values_list("allocation__key", "letter"))))
    return room


def load(rooms: dict[str, Room], port: int) -> dict[str, Any]:
    from benchmarks.load import run_together

    bare = run_together(browsers_of(rooms["full"], port), look_at_health)
    runs = {}
    for name, room in rooms.items():
        timetable = Timetable() if name == "steady" else None
        walk = Walk(room, timetable)
        runs[name] = run_together(browsers_of(room, port), walk.read)
    steady, full, health = runs["steady"], runs["full"], bare.summary("health")
    rates = full.summary("rate")["per_second"] + full.summary("submit")["per_second"]
    return {
        "readers": READERS,
        "errors": bare.errors + sum(run.errors for run in runs.values()),
        "cases_that_came_out_of_order_or_twice": sum(
            seat.astray for room in rooms.values() for seat in room.seats
        ),
        "ratings_stored": stored_ratings(),
        "ratings_expected": sum(
            CRITERIA * len(seat.readings) for room in rooms.values() for seat in room.seats
        ),
        "bare_health_page": health,
        "full_speed": {name: full.summary(name) for name in ("rate", "submit")},
        "full_speed_16_readers": {name: runs["fewer"].summary(name) for name in ("rate", "submit")},
        "full_speed_ratio_to_bare": round(rates / health["per_second"], 3),
        "steady": {name: steady.summary(name) for name in ("rate", "submit")},
        "steady_p95_ms": p95_of(steady),
        "last_tenth_to_first": growth(steady),
        "target": "at least 300 ratings/s, p95 at most 150 ms, no error; last tenth at most 1.1; memory under 300 MiB",
    }


class Timetable:
    """When each request is due, so that all readers together give so many ratings a second."""

    def __init__(self) -> None:
        self.pause = READERS / RATINGS_A_SECOND * CRITERIA / (CRITERIA + 1)
        self.begun = 0.0

    async def wait(self, reader: int, request: int) -> float:
        """Returns when the request was due, on the clock of `time.perf_counter`."""
        self.begun = self.begun or time.perf_counter()
        due = self.begun + (request + reader / READERS) * self.pause
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due


class Walk:
    """The way of every reader through a room, with or without a timetable."""

    def __init__(self, room: Room, timetable: Timetable | None) -> None:
        self.room, self.timetable = room, timetable

    async def read(self, browser: Browser, number: int, timings: Timings) -> None:
        seat, request = self.room.seats[number], 0
        base = f"/read/{self.room.study}/case"
        status, body = await browser.ask("GET", f"{base}/{seat.readings[0][0]}/")
        timings.add("first case", time.perf_counter(), status)
        for at, (key, letter) in enumerate(seat.readings):
            seat.astray += shown_key(body) != key
            for criterion in range(CRITERIA):
                due = await self._due(number, request)
                answer = rating(letter, criterion)
                status, _body = await browser.ask("POST", f"{base}/{key}/rate/", answer)
                timings.add("rate", due, status)
                request += 1
            due = await self._due(number, request)
            status, body = await browser.ask(
                "POST", f"{base}/{key}/submit/", submission(), "HX-Request: true\r\n"
            )
            timings.add("submit" if at + 1 < len(seat.readings) else "last submit", due, status)
            request += 1

    async def _due(self, reader: int, request: int) -> float:
        return await self.timetable.wait(reader, request) if self.timetable else time.perf_counter()


def rating(letter: str, criterion: int) -> bytes:
    """What the page's script sends for one answer."""
    body = {"output": letter, "criterion": f"criterion-{criterion}", "part": "", "value": "4"}
    return urlencode(
        {**body, "made_at": "2026-11-22T12:00:03.125Z", "display": DISPLAY, "token": uuid.uuid4()}
    ).encode()


def submission() -> bytes:
    """What the page's script sends at the end of a case."""
    return urlencode({"token": uuid.uuid4(), "submit": "1", "stage": "", "clock": CLOCK}).encode()


def shown_key(body: bytes) -> str:
    found = KEY.search(body)
    return found[1].decode() if found else ""


async def look_at_health(browser: Browser, _number: int, timings: Timings) -> None:
    for _request in range(CASES_AT_FULL_SPEED * (CRITERIA + 1)):
        started = time.perf_counter()
        status, _body = await browser.ask("GET", "/health/")
        timings.add("health", started, status)


def browsers_of(room: Room, port: int) -> list[Browser]:
    from benchmarks.load import Browser

    token = "b" * 32
    return [
        Browser("127.0.0.1", port, f"sessionid={seat.session}; csrftoken={token}", token)
        for seat in room.seats
    ]


def p95_of(run: Timings) -> float:
    """Of ratings and submissions together, in milliseconds."""
    values = sorted([*run.seconds["rate"], *run.seconds["submit"]])
    return round(values[int(len(values) * 0.95)] * 1000, 1)


def growth(run: Timings) -> float:
    """The median wait of the last tenth of submissions to that of the first."""
    waits = run.seconds["submit"]
    tenth = max(1, len(waits) // 10)
    first, last = sorted(waits[:tenth]), sorted(waits[-tenth:])
    return round(last[tenth // 2] / first[tenth // 2], 3)


def memory_of(web: int) -> dict[str, Any]:
    """Proportional memory of the web server with all its workers, in MiB, as Linux counts it."""
    workers = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    total = sum(proportional_kib(process) for process in (str(web), *workers))
    return {"workers": len(workers), "memory_mib": round(total / 1024)}


def proportional_kib(process: str) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def stored_ratings() -> int:
    from readerstudy.reading.models import RatingEvent

    return RatingEvent.objects.count()


if __name__ == "__main__":
    main()
