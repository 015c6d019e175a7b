"""`make demo`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy import embedded
from readerstudy.demo.build import is_built
from readerstudy.demo.people import SIGN_INS
from readerstudy.demo.processes import (
    Processes,
    adopt_orphans,
    answers,
    free_port,
    is_free,
    wait_until,
    web_command,
)
from readerstudy.demo.static_files import collect_static_files

START_SECONDS, BUILD_SECONDS = 60, 900
BUILDING = "Building the demonstration study"


class Command(BaseCommand):
    help = "Start PostgreSQL, web, worker, beat and the simulated vendor with a demonstration study; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--reset", action="store_true", help="delete the demonstration and its data")

    def handle(self, *args: Any, port: int, reset: bool, **options: Any) -> None:
        try:
            self._reset() if reset else self._run(port)
        except (embedded.EngineError, TimeoutError) as error:
            raise CommandError(str(error)) from error

    def _reset(self) -> None:
        if settings.EMBEDDED_DATABASE:
            embedded.remove(settings.VAR)
        shutil.rmtree(settings.VAR, ignore_errors=True)
        self.stdout.write("The demonstration and its data are deleted. `make demo` starts over.")

    def _run(self, port: int) -> None:
        if not is_free(port):
            raise CommandError(
                f"Port {port} is taken by another program. Choose another: make demo PORT={port + 1}"
            )
        adopt_orphans()
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # a shell ignores Ctrl-C for what it runs behind itself
            signal.signal(number, _interrupt)
        database = embedded.hold(settings.VAR).url if settings.EMBEDDED_DATABASE else settings.DATABASE_URL
        vendor = free_port()
        environment = {
            "DATABASE_URL": database,
            "READERSTUDY_VAR": str(settings.VAR),
            "SIMULATED_VENDOR_URL": f"http://127.0.0.1:{vendor}",
        }
        processes = Processes(environment, settings.VAR / "log")
        try:
            self._start(processes, port, vendor)
            self._serve(processes)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            processes.stop()

    def _start(self, processes: Processes, port: int, vendor: int) -> None:
        self.stdout.write("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        collect_static_files()
        self.stdout.write("Starting web, worker, beat and the simulated vendor …")
        processes.start("web", *web_command(port))
        processes.start("vendor", "-m", "readerstudy.providers.simulated", "--port", str(vendor))
        processes.start("worker", *_celery("worker", "--without-gossip", "--without-mingle"))
        processes.start("beat", *_celery("beat"))
        address = f"http://127.0.0.1:{port}/"
        _wait_for(processes, f"http://127.0.0.1:{vendor}/__health", "The simulated vendor")
        _wait_for(processes, f"{address}health/", "The web server")
        if not is_built():
            self._build(processes)
        self.stdout.write(f"\nreaderstudy is ready: {address}\n")
        for person in SIGN_INS:
            self.stdout.write(f"  {person.role:<12} {person.email:<34} password: {person.password}")
        self.stdout.write("\nEverything in it is simulated. Ctrl-C ends it and keeps the data.")
        self.stdout.flush()

    def _build(self, processes: Processes) -> None:
        self.stdout.write("Building the demonstration study (the worker calls the simulated vendor) …")
        self.stdout.flush()
        processes.start("build", "manage.py", "build_demo")
        build = processes.children.pop("build")
        try:
            wait_until(
                lambda: build.poll() is not None or bool(processes.ended()),
                seconds=BUILD_SECONDS,
                what=BUILDING,
            )
        finally:
            build.terminate()
            code = build.wait()
        _check_alive(processes)
        if code != 0:
            raise CommandError(f"The demonstration study could not be built. See {processes.logs}/build.log.")

    def _serve(self, processes: Processes) -> None:
        while True:
            _check_alive(processes)
            time.sleep(0.5)


def _celery(*arguments: str) -> tuple[str, ...]:
    return ("-m", "celery", "-A", "readerstudy.celery", "--quiet", *arguments)


def _wait_for(processes: Processes, url: str, what: str) -> None:
    def answered_or_ended() -> bool:
        return answers(url) or processes.ended() is not None

    wait_until(answered_or_ended, seconds=START_SECONDS, what=f"{what}'s start")
    _check_alive(processes)


def _check_alive(processes: Processes) -> None:
    ended = processes.ended()
    if ended:
        raise CommandError(f"The {ended} process ended by itself. See {processes.logs}/{ended}.log.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
