"""Saving ratings and giving the next case, with 64 readers at once, against the web server's own health page.

Starts PostgreSQL and gunicorn as `make demo` does, makes one study with 64 readers, and lets every reader rate four
criteria and submit, case after case. Prints JSON. Run: python -m benchmarks.reading [--cases 6]
"""

from __future__ import annotations

import argparse
import json
import time
import uuid
from pathlib import Path
from typing import Any

from benchmarks.folder import use_folder_of_its_own

READERS, CRITERIA = 64, 4


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=8)
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
    study, people = make_study(cases)
    port = free_port()
    processes = Processes(
        {"DATABASE_URL": database, "READERSTUDY_VAR": str(settings.VAR)}, Path(settings.VAR) / "log"
    )
    processes.start("web", *web_command(port))
    try:
        wait_until(
            lambda: answers(f"http://127.0.0.1:{port}/health/"), seconds=60, what="The web server's start"
        )
        return load(study, people, port, cases)
    finally:
        processes.stop()


def make_study(cases: int) -> tuple[str, list[tuple[str, list[tuple[str, str]]]]]:
    """A running study with one arm, and for each reader a session cookie and (reading key, letter) in order."""
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
    seats = [factories.make_reader(study) for _reader in range(READERS)]
    factories.freeze(study)
    study = start_study(study=study, by=study.created_by)
    people = []
    for seat in seats:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
            str(seat.user.pk),
            settings.AUTHENTICATION_BACKENDS[0],
        )
        session[HASH_SESSION_KEY] = seat.user.get_session_auth_hash()
        session.create()
        outputs = AllocatedOutput.objects.filter(allocation__seat=seat).order_by("allocation__position")
        people.append((session.session_key, list(outputs.values_list("allocation__key", "letter"))))
    return study.key, people


def load(study: str, people: list[Any], port: int, cases: int) -> dict[str, Any]:
    from benchmarks.load import Browser, Timings, run_together

    token = "b" * 32
    browsers = [
        Browser("127.0.0.1", port, f"sessionid={session}; csrftoken={token}", token)
        for session, _readings in people
    ]

    async def idle(browser: Browser, _number: int, timings: Timings) -> None:
        for _request in range(cases * (CRITERIA + 1)):
            started = time.perf_counter()
            status, _body = await browser.ask("GET", "/health/")
            timings.add("health", started, status)

    async def read(browser: Browser, number: int, timings: Timings) -> None:
        for key, letter in people[number][1]:
            for criterion in range(CRITERIA):
                body = (
                    f"output={letter}&criterion=criterion-{criterion}&value=4&token={uuid.uuid4()}".encode()
                )
                started = time.perf_counter()
                status, _body = await browser.ask("POST", f"/read/{study}/case/{key}/rate/", body)
                timings.add("rate", started, status)
            started = time.perf_counter()
            status, _body = await browser.ask(
                "POST", f"/read/{study}/case/{key}/submit/", b"", "HX-Request: true\r\n"
            )
            timings.add("submit", started, status)

    bare, reading = run_together(browsers, idle), run_together(browsers, read)
    rate, submit, health = reading.summary("rate"), reading.summary("submit"), bare.summary("health")
    saved = stored_ratings()
    return {
        "readers": READERS,
        "cases": cases,
        "errors": reading.errors + bare.errors,
        "ratings_stored": saved,
        "ratings_expected": READERS * cases * CRITERIA,
        "rate": rate,
        "submit_and_next_case": submit,
        "bare_health_page": health,
        "requests_per_second": round((rate["requests"] + submit["requests"]) / reading.wall, 1),
        "ratio_to_bare": round(
            (rate["requests"] + submit["requests"]) / reading.wall / health["per_second"], 3
        ),
        "target": "ratings at least 300/s, p95 at most 150 ms, no error",
    }


def stored_ratings() -> int:
    from readerstudy.reading.models import RatingEvent

    return RatingEvent.objects.count()


if __name__ == "__main__":
    main()
