"""Limits of a connection hold for all workers together, and are booked, not asked for again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.generation import actions, tasks
from readerstudy.generation.actions.limits import correct_pace
from readerstudy.generation.models import Gate, Generation, Stage, VendorPause
from readerstudy.generation.models.gates import AHEAD_SECONDS, SPARE
from readerstudy.generation.running import calls
from readerstudy.generation.running.progress import progress_of
from readerstudy.studies.models import Arm, Study
from tests.factories import make_user
from tests.generation.conftest import make_wanting_study, run_out
from tests.generation.replies import answer

Claim = Callable[[], Generation]
NAME = "simulated-openai"


def limit(study: Study, connection: str = NAME, **limits: int | None) -> Gate:
    wanted = dict.fromkeys(("requests_per_minute", "tokens_per_minute", "calls_at_once"))
    return actions.set_limits(connection=connection, **{**wanted, **limits}, by=study.created_by)


@pytest.fixture
def queued(db: None) -> Study:
    study = make_wanting_study(cases=6)
    actions.queue_generations(study=study, by=study.created_by)
    return study


def take() -> Generation | None:
    return Generation.objects.claim_next(seconds=60)


def test_calls_are_spread_evenly(queued: Study) -> None:
    limit(queued, requests_per_minute=60)
    moments = []
    while (row := take()) is not None:
        moments.append(row.begins_at)
    step = 60 * SPARE / 60
    assert moments == pytest.approx([moments[0] + step * n for n in range(len(moments))], abs=0.2)
    assert 2 <= len(moments) < 12, "a thread books a few seconds ahead at most"
    assert Generation.objects.filter(stage=Stage.QUEUED).count() == 12 - len(moments), "the others wait"


def test_the_next_place_says_when_to_ring_again(queued: Study) -> None:
    gate = limit(queued, requests_per_minute=60)
    while take() is not None:
        pass
    gate.refresh_from_db()
    assert Generation.objects.all().next_moment() == gate.request_free_at - timedelta(seconds=AHEAD_SECONDS)


def test_another_connection_is_not_held_back(queued: Study) -> None:
    arms = list(Arm.objects.filter(study=queued))
    Arm.objects.filter(pk=arms[1].pk).update(connection="simulated-gemini")
    limit(queued, requests_per_minute=1)
    taken = []
    while (row := take()) is not None:
        taken.append(row.arm_id)
    assert taken.count(arms[0].pk) == 1
    assert taken.count(arms[1].pk) == 6


def test_tokens_are_booked_as_typical_and_corrected_by_the_reply(queued: Study) -> None:
    gate = limit(queued, tokens_per_minute=60_000)
    row = take()
    assert row is not None
    assert row.paced_tokens == 1000
    booked = Gate.objects.get().token_free_at
    answer(row)  # 120 tokens
    gate.refresh_from_db()
    assert (booked - gate.token_free_at).total_seconds() == pytest.approx(0.88 * SPARE, abs=0.01)
    assert gate.typical_tokens == pytest.approx(912)


def test_a_call_that_took_more_than_expected_keeps_the_gate_closed(queued: Study) -> None:
    limit(queued, tokens_per_minute=6_000)
    row = take()
    assert row is not None
    correct_pace(generation=row, tokens=5_000)
    assert take() is None
    Gate.objects.update(token_free_at=timezone.now())
    assert take() is not None


def test_calls_at_once_are_living_leases(queued: Study) -> None:
    limit(queued, calls_at_once=2)
    first, second = take(), take()
    assert first is not None
    assert second is not None
    assert take() is None
    answer(first)
    third = take()
    assert third is not None
    assert take() is None
    run_out(third)
    assert take() is not None, "a worker that died holds no place"


@pytest.mark.django_db(transaction=True)
def test_however_many_claim_at_once_no_limit_is_passed() -> None:
    study = make_wanting_study(cases=8)
    actions.queue_generations(study=study, by=study.created_by)
    limit(study, calls_at_once=3)
    threads = 8
    together = threading.Barrier(threads)

    def claim(_number: int) -> bool:
        together.wait()
        try:
            return take() is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(claim, range(threads))) <= 3
    assert Generation.objects.at_work().count() <= 3


def test_a_worker_waits_for_the_moment_it_booked(queued: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(calls.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(calls.time, "sleep", slept.append)
    limit(queued, requests_per_minute=60)
    take()
    row = take()
    assert row is not None
    calls._wait_for_place(row)
    assert slept == [pytest.approx(60 * SPARE / 60, abs=0.3)]


def test_a_thread_that_finds_only_a_closed_gate_goes_quietly_while_others_work(
    queued: Study, bells: list[dict[str, Any]]
) -> None:
    limit(queued, calls_at_once=1)
    row = take()
    assert row is not None
    bells.clear()
    tasks.generate()
    assert bells == []
    run_out(row)
    Generation.objects.filter(pk=row.pk).update(stage=Stage.DONE, lease_until=None)
    limit(queued, requests_per_minute=1)
    Gate.objects.update(request_free_at=timezone.now() + timedelta(seconds=8))
    tasks.generate()
    assert [round(bell["countdown"]) for bell in bells] == [6], "the last one rings for the next place"


def test_the_time_left_knows_the_limits(queued: Study) -> None:
    limit(queued, requests_per_minute=4)
    progress = progress_of(queued)
    assert progress.minutes_left == pytest.approx(3)
    limit(queued, requests_per_minute=4, tokens_per_minute=1000)
    assert progress_of(queued).minutes_left == pytest.approx(12)


def test_a_silence_is_never_shortened(queued: Study) -> None:
    late, soon = timezone.now() + timedelta(seconds=60), timezone.now() + timedelta(seconds=5)
    VendorPause.objects.silence(NAME, until=late)
    VendorPause.objects.silence(NAME, until=soon)
    assert VendorPause.objects.get().until == late


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "calls_at_once"])
def test_a_limit_of_zero_is_refused_by_the_database(db: None, name: str) -> None:
    with pytest.raises(IntegrityError, match="above_zero"), transaction.atomic():
        Gate.objects.create(connection=NAME, **{name: 0})


# --- Pages -------------------------------------------------------------------------------------------------------
def test_coordinators_see_the_limits(queued: Study) -> None:
    client = Client()
    client.force_login(queued.created_by)
    page = reverse("generation:limits", args=[queued.key])
    assert "The site’s staff can change them." in client.get(page).content.decode()
    limit(queued, requests_per_minute=77, calls_at_once=5)
    shown = client.get(page).content.decode()
    assert '<td class="numbers">77</td><td class="numbers">—</td><td class="numbers">5</td>' in shown


def test_staff_change_them_and_leave_a_trace(db: None) -> None:
    staff = make_user(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(staff)
    add = reverse("admin:generation_gate_add")
    fields = {"connection": NAME, "requests_per_minute": 60, "tokens_per_minute": "", "calls_at_once": 4}
    assert client.post(add, fields).status_code == 302, client.post(add, fields).content
    gate = Gate.objects.get()
    assert (gate.requests_per_minute, gate.tokens_per_minute, gate.calls_at_once) == (60, None, 4)
    change = reverse("admin:generation_gate_change", args=[gate.pk])
    assert client.post(change, {**fields, "calls_at_once": 0}).status_code == 200
    assert client.post(change, {**fields, "calls_at_once": 9}).status_code == 302
    assert Event.objects.filter(verb="limits.set", actor=staff).count() == 2
    assert Gate.objects.get().calls_at_once == 9
