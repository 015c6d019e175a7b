"""Studies to ask the API about; no provider answers and no bell is heard."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.cache import cache

from readerstudy.cases import tasks as cases_tasks
from readerstudy.generation import tasks as generation_tasks
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.api.programs import Program, coordinator_of, rate_some

NOBODY_ANSWERS = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """Requests of earlier tests count for nothing."""
    cache.clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """No test here is about passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def providers(settings: Any) -> None:
    """The provider that the factories' arms name is set up, at an address where nobody answers."""
    openai = Connection("simulated-openai", "openai", NOBODY_ANSWERS, "simulated", simulated=True)
    settings.CONNECTIONS = {"simulated-openai": Offer("Simulated vendor", openai)}


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the messages that would go to the broker."""
    rung: list[str] = []

    def note(name: str, *_args: Any, **_options: Any) -> None:
        rung.append(name)

    for task in (cases_tasks.ingest, generation_tasks.generate):
        monkeypatch.setattr(task, "apply_async", partial(note, str(task.name)))
    return rung


@pytest.fixture
def study(db: None) -> Study:
    """A draft with everything it needs, and a researcher beside coordinator and readers."""
    study = factories.make_ready_study(cases=2, arms=2, readers=2)
    factories.make_member(study, Role.RESEARCHER)
    return study


@pytest.fixture
def running(db: None) -> Study:
    """A study that is being read, with some ratings of its first reader."""
    study = factories.make_running_study(cases=2, arms=2, readers=2)
    factories.make_member(study, Role.RESEARCHER)
    rate_some(study)
    return study


@pytest.fixture
def coordinator(study: Study) -> Program:
    return coordinator_of(study)
