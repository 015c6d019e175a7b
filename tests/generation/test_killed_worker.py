"""A worker is killed in the middle of 100 calls: 100 outputs, each once, and every call is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from readerstudy.demo.processes import wait_until
from readerstudy.generation import actions, tasks
from readerstudy.generation.models import Attempt, Generation, Interpretation, RefusalVerdict, Stage
from readerstudy.generation.running.progress import progress_of
from tests.engines import Broker, Vendor, open_redis, open_vendor, open_workshop
from tests.factories import make_arm, make_case, make_study

CASES, THREADS, PATIENCE = 50, 8, 120


@pytest.fixture(params=["files", "redis"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param == "files":
        yield Broker(tmp_path)
        return
    with open_redis(tmp_path / "redis") as url:
        yield Broker(tmp_path, url)


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    with open_vendor(tmp_path, "--latency", "0.2", "--refusal-rate", "0.1") as vendor:
        yield vendor


@pytest.fixture
def bells() -> None:
    """These bells are heard: they go to the broker."""


@pytest.mark.django_db(transaction=True)
def test_kill_and_restart_in_the_middle(broker: Broker, vendor: Vendor, tmp_path: Path) -> None:
    study = make_study()
    make_arm(study, connection="simulated-openai")
    make_arm(study, connection="simulated-gemini", model="sim-beta")
    for _number in range(CASES):
        make_case(study)
    environment = {
        "CALL_DEADLINE_SECONDS": 3,
        "LEASE_MARGIN_SECONDS": 1,
        "SWEEP_SECONDS": 1,
        "WORKER_THREADS": THREADS,
    }
    with (
        broker.heard_here(),
        open_workshop(tmp_path, broker, vendor=vendor.url, **environment) as workshop,
    ):
        first = workshop.start_worker()
        workshop.start_beat()
        assert actions.queue_generations(study=study, by=study.created_by) == 2 * CASES
        workshop.kill_when(
            first, is_in_the_middle, seconds=PATIENCE, what="Thirty outputs, and calls under way"
        )
        done_before = Interpretation.objects.count()
        assert done_before < 2 * CASES
        under_way = Generation.objects.filter(stage=Stage.RUNNING).count()
        assert under_way > 0
        workshop.start_worker()
        wait_until(
            lambda: Generation.objects.filter(stage=Stage.DONE).count() == 2 * CASES,
            seconds=PATIENCE,
            what="All outputs",
        )
        stats = vendor.ask("/__stats")
    assert Interpretation.objects.count() == 2 * CASES
    assert RefusalVerdict.objects.count() == 2 * CASES
    assert progress_of(study).total.missing == 0
    check_the_books(stats, under_way)
    assert "Traceback" not in workshop.log()


def is_in_the_middle() -> bool:
    return Interpretation.objects.count() >= 30 and Attempt.objects.filter(outcome="").exists()


def check_the_books(stats: dict[str, Any], under_way: int) -> None:
    """Ours and the vendor's agree, call by call, and what may have been paid twice is marked and bounded."""
    ours = {attempt.key: attempt for attempt in Attempt.objects.all()}
    seen = stats["by_attempt"]
    assert stats["without_attempt_id"] == 0
    assert set(seen) <= set(ours)
    assert all(account["received"] == 1 for account in seen.values())
    used = set(Attempt.objects.filter(interpretation__isnull=False).values_list("key", flat=True))
    assert used <= set(seen)
    assert len(used) == 2 * CASES
    spare = set(ours) - used
    assert all(ours[key].is_possibly_paid for key in spare & set(seen))
    lost = {key for key in spare if ours[key].outcome == "lost"}
    assert 0 < len(lost) <= under_way <= THREADS
    assert stats["answered"] - len(used) <= len(spare)
    assert len(stats["requests_answered_more_than_once"]) <= len(spare)


@pytest.mark.django_db(transaction=True)
def test_bells_that_were_lost_are_rung_again_by_the_sweep(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody rings when the rows are made, as when the web process dies right after its commit."""
    study = make_study()
    make_arm(study)
    make_case(study)
    monkeypatch.setattr(tasks.generate, "apply_async", lambda **_options: None)
    with open_workshop(tmp_path, Broker(tmp_path), vendor=vendor.url, SWEEP_SECONDS=1) as workshop:
        actions.queue_generations(study=study, by=study.created_by)
        workshop.start_worker()
        workshop.start_beat()
        wait_until(lambda: Interpretation.objects.count() == 1, seconds=PATIENCE, what="The output")
