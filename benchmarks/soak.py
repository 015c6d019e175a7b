"""Exactly one output for each wanted one, whatever is killed: ten rounds of 200 calls, and a kill -9 every few seconds.

Worker, web, Redis and PostgreSQL are processes of this benchmark's own; in each round each of them is killed once, in a
random order and at random moments, and started again. The vendor may get so many calls at once and no more, and about
half of the studies have a budget. Then the books are compared: the study's rows, our attempts and the vendor's own
ledger. Prints JSON, and ends with an error where the books do not agree.
Run: python -m benchmarks.soak [--rounds 10] [--calls 200] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.folder import use_folder_of_its_own
from readerstudy.demo.processes import adopt_orphans

VICTIMS = ("worker", "web", "redis", "postgres")
THREADS, AT_ONCE, LATENCY, PATIENCE = 8, 5, 0.3, 300
AMPLE_TOKENS = 10_000_000
DEADLINE_SECONDS, MARGIN_SECONDS, SWEEP_SECONDS = 3, 2, 1
CELERY = ("-m", "celery", "-A", "readerstudy.celery", "--quiet")


@dataclass
class House:
    """All processes, each of which can be killed and started again."""

    folder: Path
    engine: Any
    redis: str
    vendor: str
    web_port: int
    environment: dict[str, str]
    processes: Any
    kills: list[str] = field(default_factory=list)

    def start(self, name: str) -> None:
        port = self.redis.rpartition(":")[2].partition("/")[0]
        commands: dict[str, tuple[str, ...]] = {
            "worker": (*CELERY, "worker", "--without-gossip", "--without-mingle"),
            "beat": (*CELERY, "beat"),
            "web": _web(self.web_port),
            "redis": ("-c", _exec(redis_program(), "--port", port, "--save", "", "--appendonly", "no")),
        }
        if name == "postgres":
            self.engine.start()
        else:
            self.processes.start(name, *commands[name])

    def kill(self, name: str) -> None:
        """As a power cut would; a killed PostgreSQL takes all its servants with it."""
        self.kills.append(name)
        if name == "postgres":
            _kill_engine(self.engine)
            return
        child = self.processes.children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    adopt_orphans()  # a killed PostgreSQL must be reaped, or it counts as running
    folder = use_folder_of_its_own()
    for name in ("httpx2", "django.request"):
        logging.getLogger(name).setLevel(logging.ERROR)
    found = soak(folder, rounds=chosen.rounds, calls=chosen.calls, seed=chosen.seed)
    print(json.dumps(found, indent=1))
    kept = (
        "exactly_once",
        "paid_twice_within_bound",
        "budget_agrees_with_the_attempts",
        "never_above_the_limit",
    )
    return 0 if all(found[law] for law in kept) else 1


def soak(folder: Path, *, rounds: int, calls: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)
    house = open_house(folder)
    try:
        made = [_round(house, calls, dice) for _number in range(rounds)]
        books = _books(house)
    finally:
        house.processes.stop()
    return {
        "rounds": rounds,
        "calls_a_round": calls,
        "seed": seed,
        "seconds_a_round": [round(each, 1) for each in made],
        **books,
    }


def open_house(folder: Path) -> House:
    """Starts everything, with a vendor that outlives all kills."""
    import django

    from readerstudy.demo.processes import Processes, answers, free_port, wait_until

    os.environ["REDIS_URL"] = redis = f"redis://127.0.0.1:{free_port()}/0"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from readerstudy import embedded

    engine = embedded.hold(settings.VAR)
    port = free_port()
    vendor = f"http://127.0.0.1:{port}"
    environment = {
        "DATABASE_URL": engine.url,
        "REDIS_URL": redis,
        "READERSTUDY_VAR": str(folder),
        "SIMULATED_VENDOR_URL": vendor,
        "WORKER_THREADS": str(THREADS),
        "CALL_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "LEASE_MARGIN_SECONDS": str(MARGIN_SECONDS),
        "SWEEP_SECONDS": str(SWEEP_SECONDS),
    }
    house = House(
        folder=folder,
        engine=engine,
        redis=redis,
        vendor=vendor,
        web_port=free_port(),
        environment=environment,
        processes=Processes(environment, folder / "log"),
    )
    house.processes.start(
        "vendor", "-m", "readerstudy.providers.simulated", "--port", str(port), "--latency", str(LATENCY)
    )
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    settings.CELERY_WORKER_CONCURRENCY = THREADS
    for name in ("redis", "web", "worker", "beat"):
        house.start(name)
    from benchmarks.generation import connections

    settings.CONNECTIONS = connections(vendor)
    wait_until(lambda: answers(f"{vendor}/__health"), seconds=60, what="The simulated vendor's start")
    wait_until(lambda: _web_answers(house), seconds=60, what="The web server's start")
    _limit_calls_at_once()
    return house


def _limit_calls_at_once() -> None:
    from readerstudy.generation.actions import set_limits
    from tests.factories import make_user

    limits = {"requests_per_minute": None, "tokens_per_minute": None, "calls_at_once": AT_ONCE}
    set_limits(connection="simulated-openai", **limits, by=make_user(is_staff=True))


def _round(house: House, calls: int, dice: random.Random) -> float:
    """Asks for outputs through the web page, kills everything once, and waits until all are there."""
    from benchmarks.generation import a_study
    from readerstudy.demo.processes import wait_until
    from readerstudy.generation.actions import set_budget
    from readerstudy.generation.models import Generation

    study = a_study(calls)
    if dice.random() < 0.5:
        set_budget(study=study, money=None, currency="", tokens=AMPLE_TOKENS, by=study.created_by)
    started = time.monotonic()
    _press_start(house, study)
    for victim in dice.sample(VICTIMS, len(VICTIMS)):
        time.sleep(dice.uniform(0.2, 2.0))
        house.kill(victim)
        time.sleep(dice.uniform(0.0, 1.0))
        house.start(victim)
        if victim == "web":
            _press_start(house, study)  # what an impatient coordinator does
    rows = Generation.objects.filter(arm__study=study)
    wait_until(
        _patiently(lambda: rows.count() == calls and not rows.exclude(stage="done").exists()),
        seconds=PATIENCE,
        what="A round",
    )
    return time.monotonic() - started


class _Stay(urllib.request.HTTPRedirectHandler):
    """The page that the button leads to is not asked for."""

    def redirect_request(self, *_told: Any) -> None:
        return None


def _press_start(house: House, study: Any) -> None:
    """The coordinator's button, until the page answers: a server that was just killed does not."""
    from readerstudy.demo.processes import wait_until

    wait_until(_patiently(lambda: _press_once(house, study)), seconds=PATIENCE, what="The button")


def _press_once(house: House, study: Any) -> bool:
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    client = Client()
    client.force_login(study.created_by)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = "s" * 32
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.web_port}{reverse('generation:start', args=[study.key])}",
        data=f"csrfmiddlewaretoken={token}".encode(),
        headers={
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        },
    )
    opener = urllib.request.build_opener(_Stay())
    with suppress(urllib.error.HTTPError), opener.open(request, timeout=10):
        pass
    from readerstudy.generation.models import Generation

    return Generation.objects.filter(arm__study=study).exists()


def _books(house: House) -> dict[str, Any]:
    """Ours and the vendor's, call by call."""
    from benchmarks.generation import stats
    from readerstudy.generation.models import Attempt, Generation, Interpretation, Purse

    seen = stats(house.vendor, attempts=True)
    ours = {attempt.key: attempt for attempt in Attempt.objects.all()}
    used = set(Attempt.objects.filter(interpretation__isnull=False).values_list("key", flat=True))
    by_attempt = seen["by_attempt"]
    answered = {key for key, account in by_attempt.items() if account["answered"]}
    twice = answered - used
    wanted = Generation.objects.count()
    bound = len(house.kills) * THREADS
    counted = sum(attempt.counted_tokens for attempt in ours.values())
    return {
        "kills": {name: house.kills.count(name) for name in VICTIMS},
        "wanted": wanted,
        "outputs": Interpretation.objects.count(),
        "calls_the_vendor_received": seen["received"],
        "calls_the_vendor_answered": seen["answered"],
        "calls_without_a_row_of_ours": len(set(by_attempt) - set(ours)),
        "calls_the_vendor_saw_more_than_once": sum(each["received"] > 1 for each in by_attempt.values()),
        "outputs_the_vendor_never_gave": len(used - answered),
        "paid_twice": len(twice),
        "paid_twice_and_not_marked": sum(not ours[key].is_possibly_paid for key in twice if key in ours),
        "marked_as_possibly_paid": sum(attempt.is_possibly_paid for attempt in ours.values()),
        "bound_kills_times_threads": bound,
        "most_calls_at_once": seen["max_in_flight"],
        "never_above_the_limit": seen["max_in_flight"] <= AT_ONCE,
        "paid_twice_within_bound": len(twice) <= bound,
        "budget_agrees_with_the_attempts": sum(Purse.objects.values_list("tokens", flat=True)) == counted,
        "exactly_once": Interpretation.objects.count() == wanted == len(used)
        and not (set(by_attempt) - set(ours))
        and not (used - answered)
        and all(ours[key].is_possibly_paid for key in twice),
    }


def _patiently(condition: Callable[[], bool]) -> Callable[[], bool]:
    """The condition, false while database or web cannot be reached."""
    from django.db import DatabaseError, InterfaceError, connection

    def look() -> bool:
        try:
            return condition()
        except (DatabaseError, InterfaceError, OSError):
            with suppress(Exception):
                connection.close()
            return False

    return look


def _web(port: int) -> tuple[str, ...]:
    from readerstudy.demo.processes import web_command

    return web_command(port)


def _web_answers(house: House) -> bool:
    from readerstudy.demo.processes import answers

    return answers(f"http://127.0.0.1:{house.web_port}/accounts/login/")


def _exec(*command: str) -> str:
    return f"import os; os.execvp({command[0]!r}, {list(command)!r})"


def redis_program() -> str:
    from tests.engines import redis_program

    return redis_program()


def _kill_engine(engine: Any) -> None:
    """kill -9 of the postmaster and of every server it has started, as when the machine goes."""
    number = int((engine.data / "postmaster.pid").read_text().split()[0])
    servants = _children(number)
    for each in (number, *servants):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    while any(Path(f"/proc/{each}").exists() and not _is_zombie(each) for each in (number, *servants)):
        time.sleep(0.05)
    for each in (number, *servants):
        with suppress(ChildProcessError):
            os.waitpid(each, 0)


def _children(number: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == number:
                found.append(int(stat.parent.name))
    return found


def _is_zombie(number: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


if __name__ == "__main__":
    sys.exit(main())
