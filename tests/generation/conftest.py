"""Studies whose outputs are to be made, a bell that nobody hears, and a worker's turn in this very process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from readerstudy.generation import tasks
from readerstudy.generation.models import Generation
from readerstudy.generation.running.calls import work_on
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies.models import Study
from tests.factories import make_arm, make_case, make_study

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every message that would go to the broker, with its options."""
    rung: list[dict[str, Any]] = []

    def note(args: Any = None, kwargs: Any = None, **options: Any) -> None:
        rung.append({"args": args, "kwargs": kwargs, **options})

    monkeypatch.setattr(tasks.generate, "apply_async", note)
    return rung


@pytest.fixture(autouse=True)
def connections(settings: Any) -> Iterator[dict[str, Offer]]:
    """Two providers that are set up, at an address where nobody answers unless a test gives another."""
    settings.CONNECTIONS = offers_at(UNREACHABLE)
    settings.CALL_DEADLINE_SECONDS = 5
    return settings.CONNECTIONS


def offers_at(address: str, key: str = "simulated") -> dict[str, Offer]:
    openai = Connection("simulated-openai", "openai", f"{address}/v1", key, simulated=True, profile="openai")
    gemini = Connection("simulated-gemini", "gemini", address, key, simulated=True)
    return {
        "simulated-openai": Offer("Simulated vendor (OpenAI format)", openai),
        "simulated-gemini": Offer("Simulated vendor (Gemini format)", gemini),
    }


def run_out(row: Generation) -> None:
    """Lets the lease of a claimed row run out, as when its worker stands still."""
    Generation.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def only(**wanted: Any) -> None:
    """Leaves just these rows due; the others wait until tomorrow."""
    Generation.objects.update(due_at=timezone.now() + timedelta(days=1))
    Generation.objects.filter(**wanted).update(due_at=timezone.now() - timedelta(seconds=1))


def make_wanting_study(*, cases: int = 2, arms: int = 2, **changes: Any) -> Study:
    """A draft with images and arms, and no output yet."""
    study = make_study(**changes)
    for _number in range(arms):
        make_arm(study)
    for _number in range(cases):
        make_case(study)
    return study


@pytest.fixture
def study(db: None) -> Study:
    return make_wanting_study()


@pytest.fixture
def claim(db: None) -> Callable[[], Generation]:
    """Takes the next row as a worker does."""

    def take() -> Generation:
        row = Generation.objects.claim_next(seconds=60)
        assert row is not None
        return row

    return take


@pytest.fixture
def work(db: None) -> Callable[[], int]:
    """A worker that goes on until nothing can be claimed; returns how many rows it took."""

    def run() -> int:
        taken = 0
        while row := Generation.objects.claim_next(seconds=60):
            work_on(row)
            taken += 1
        return taken

    return run
