"""Bells carry nothing, are bounded in number, and are rung again when they were lost."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from readerstudy.generation import actions, tasks
from readerstudy.generation.models import Attempt, Generation, Stage, VendorPause
from readerstudy.generation.running import calls
from readerstudy.generation.running.entrance import lease_seconds
from readerstudy.studies.models import Study
from tests.factories import make_case
from tests.generation.conftest import make_wanting_study
from tests.generation.replies import answer

Bells = list[dict[str, Any]]
ADDRESS = "postgresql://somebody@somewhere"


@pytest.fixture
def queued(study: Study, settings: Any) -> Study:
    settings.CELERY_WORKER_CONCURRENCY = 3
    actions.queue_generations(study=study, by=study.created_by)
    return study


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that takes no time: every claimed row is answered."""
    monkeypatch.setattr(tasks, "work_on", answer)


def test_a_bell_carries_nothing_and_expires(queued: Study, bells: Bells) -> None:
    tasks.ring()
    for bell in bells:
        assert bell["args"] is None
        assert bell["kwargs"] is None
        assert 0 < bell["expires"] <= lease_seconds()


def test_there_are_never_more_bells_than_threads(queued: Study, bells: Bells) -> None:
    assert tasks.ring() == 3
    for _row in range(2):
        Generation.objects.claim_next(seconds=60)
    bells.clear()
    assert tasks.ring() == 1


def test_nothing_rings_where_nothing_waits(study: Study, bells: Bells) -> None:
    assert tasks.ring() == 0
    assert tasks.sweep() == 0
    assert bells == []


def test_a_turn_works_through_the_queue_and_rings_one_other_thread(
    queued: Study, bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_quick(monkeypatch)
    tasks.generate()
    assert set(Generation.objects.values_list("stage", flat=True)) == {Stage.DONE}
    assert len(bells) == 1


def test_a_turn_that_finds_nothing_rings_nobody(queued: Study, bells: Bells) -> None:
    Generation.objects.update(stage=Stage.DONE)
    tasks.generate()
    assert bells == []


def test_a_turn_ends_after_its_time_and_rings_the_next(
    queued: Study, bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0)
    tasks.generate()
    assert not Generation.objects.filter(stage=Stage.DONE).exists()
    assert [bell["countdown"] for bell in bells] == [tasks.SOONEST_SECONDS]


def test_a_row_that_is_due_soon_is_rung_for_and_a_late_one_left_to_the_sweep(
    queued: Study, bells: Bells
) -> None:
    Generation.objects.update(due_at=timezone.now() + timedelta(seconds=10))
    tasks.generate()
    assert [round(bell["countdown"]) for bell in bells] == [10]
    assert bells[0]["expires"] > bells[0]["countdown"]
    bells.clear()
    Generation.objects.update(due_at=timezone.now() + timedelta(seconds=90))
    tasks.generate()
    assert bells == []


def test_nobody_rings_while_a_vendor_asks_for_silence(queued: Study, bells: Bells) -> None:
    VendorPause.objects.create(connection="simulated-openai", until=timezone.now() + timedelta(seconds=90))
    assert tasks.ring() == 0
    tasks.generate()
    assert bells == []


def test_the_sweep_rings_where_bells_were_lost(queued: Study, bells: Bells) -> None:
    assert tasks.sweep() == 3


def test_the_sweep_keeps_quiet_while_calls_begin(queued: Study, bells: Bells) -> None:
    row = Generation.objects.claim_next(seconds=60)
    assert row is not None
    actions.begin_attempt(generation=row)
    assert tasks.sweep() == 0
    Attempt.objects.update(started_at=timezone.now() - timedelta(seconds=60))
    assert tasks.sweep() == 2


def test_the_sweep_rings_for_rows_whose_worker_died(queued: Study, bells: Bells) -> None:
    while Generation.objects.exclude(claims__gt=0).exists():
        Generation.objects.claim_next(seconds=60)
    assert tasks.sweep() == 0
    Generation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert tasks.sweep() == 3


def test_an_unexpected_fault_fails_its_own_row_alone(
    queued: Study, bells: Bells, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interpret(_connection: Any, request: Any) -> None:
        raise RuntimeError(request.text)

    monkeypatch.setattr(calls, "interpret", interpret)
    with caplog.at_level(logging.ERROR):
        tasks.generate()
    rows = Generation.objects.all()
    assert {row.stage for row in rows} == {Stage.FAILED}
    assert {row.failure for row in rows} == {rows[0].failure}
    assert rows[0].failure.startswith("Something unexpected went wrong with this output on our side.")
    assert set(Attempt.objects.values_list("outcome", "is_possibly_paid")) == {("failed", True)}
    logged = caplog.text
    assert "RuntimeError" in logged
    assert "test_bells.py" in logged
    assert "Describe the findings" not in logged


def test_a_lost_database_ends_the_turn_and_fails_no_row(
    queued: Study, bells: Bells, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lose(**_kwargs: Any) -> None:
        raise OperationalError(ADDRESS)

    monkeypatch.setattr(actions, "begin_attempt", lose)
    with caplog.at_level(logging.ERROR):
        tasks.generate()
    assert sorted(Generation.objects.values_list("stage", flat=True)) == ["queued"] * 3 + ["running"]
    assert "a turn at the queue ended early" in caplog.text
    assert ADDRESS not in caplog.text


def test_a_row_that_workers_keep_dying_on_is_given_up(queued: Study, bells: Bells, settings: Any) -> None:
    settings.MAX_ATTEMPTS = 2
    Generation.objects.update(claims=4)
    tasks.generate()
    assert set(Generation.objects.values_list("stage", flat=True)) == {Stage.FAILED}
    assert not Attempt.objects.exists()
    assert Generation.objects.first().failure.startswith("Workers ended again and again")


def test_a_case_left_out_after_it_was_asked_for_costs_no_call(queued: Study, bells: Bells) -> None:
    queued.cases.update(left_out_at=timezone.now(), left_out_by=queued.created_by)
    tasks.generate()
    assert not Attempt.objects.exists()
    assert Generation.objects.filter(failure__startswith="This case was left out").count() == 4


@pytest.mark.django_db
def test_a_provider_that_is_gone_costs_no_call_and_says_so(settings: Any) -> None:
    study = make_wanting_study(cases=1, arms=1)
    actions.queue_generations(study=study, by=study.created_by)
    settings.CONNECTIONS = {}
    tasks.generate()
    row = Generation.objects.get()
    assert row.stage == Stage.FAILED
    assert "is not set up on the worker" in row.failure
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_an_image_nobody_confirmed_is_never_sent(settings: Any) -> None:
    study = make_wanting_study(cases=1, arms=1)
    actions.queue_generations(study=study, by=study.created_by)
    make_case(study).images.first()
    study.cases.first().images.update(confirmed_at=None, confirmed_by=None)
    tasks.generate()
    row = Generation.objects.get()
    assert "Nobody has confirmed yet" in row.failure
    assert not Attempt.objects.exists()
