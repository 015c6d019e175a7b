"""The web processes of the product, over the database of a test, and readers who can sign in to them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from readerstudy.demo.people import SignIn
from readerstudy.demo.processes import Processes, answers, free_port, wait_until, web_command
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Membership
from tests.reading.worlds import ask, make_draft, start

START_SECONDS = 60
PASSWORD = "correct horse battery"
QUESTIONS = ("correctness", "completeness", "clarity", "harm")


@dataclass
class Web:
    """Gunicorn on one port, as `make demo` starts it."""

    processes: Processes
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.processes.start("web", *web_command(self.port))

    def wait(self) -> None:
        wait_until(lambda: answers(f"{self.address}/health/"), seconds=START_SECONDS, what="The web server")

    def kill(self) -> None:
        """Ends it as a power cut would, master and workers at once."""
        child = self.processes.children.pop("web")
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def seat_of(*, cases: int) -> Membership:
    """A reader of a running study with so many cases of four questions, without pauses."""
    study = make_draft(cases=cases)
    set_section(study=study, name="phases", content={"break_cases": 500}, by=study.created_by)
    for key in QUESTIONS:
        ask(study, key, "likert", asks_reason=False)
    seat, _allocations = start(study)
    # the tests' own quick hash is none that the product knows
    seat.user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    seat.user.save(update_fields=["password"])
    return seat


def sign_in_of(seat: Membership) -> SignIn:
    return SignIn("reader", seat.user.email, PASSWORD, seat.user.name)
