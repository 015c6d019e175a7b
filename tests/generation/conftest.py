"""Studies whose outputs are to be made, a bell that nobody hears, and a worker's turn in this very process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

from readerstudy.generation import tasks
from readerstudy.generation.calls import work_on
from readerstudy.generation.models import Generation
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies.models import Study
from tests.factories import make_arm, make_case, make_study

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(scope="session", autouse=True)
def flush_past_triggers() -> Iterator[None]:
    """Tests with real transactions end by truncating tables, which the append-only triggers refuse."""
    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(self: Any, sql_list: list[str]) -> None:
        off, on = (f"SET session_replication_role = {role};" for role in ("replica", "origin"))
        flush(self, [off, *sql_list, on])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", without_triggers)
        yield


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
