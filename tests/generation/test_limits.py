"""Limits of a connection hold for all workers together, and are booked, not asked for again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.generation import actions, tasks
from readerstudy.generation.actions.limits import correct_pace
from readerstudy.generation.models import Gate, Generation, Place, Stage, Taken, VendorPause
from readerstudy.generation.models.gates import AHEAD_SECONDS, SPARE
from readerstudy.generation.running import calls, entrance
from readerstudy.generation.running.calls import work_on
from readerstudy.generation.running.progress import progress_of
from readerstudy.providers import Reply
from readerstudy.studies.models import Arm, Study
from tests.factories import make_user
from tests.generation.conftest import make_wanting_study, run_out
from tests.generation.replies import a_reply, answer

NAME = "simulated-openai"
T = TypeVar("T")


def limit(study: Study, connection: str = NAME, **limits: int | None) -> Gate:
    wanted = dict.fromkeys(("requests_per_minute", "tokens_per_minute", "calls_at_once"))
    return actions.set_limits(connection=connection, **{**wanted, **limits}, by=study.created_by)


@pytest.fixture
def queued(db: None) -> Study:
    study = make_wanting_study(cases=6)
    actions.queue_generations(study=study, by=study.created_by)
    return study


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits for booked moments, which nobody waits here."""
    waits: list[float] = []
    monkeypatch.setattr(entrance, "time", _Clock(waits))
    return waits


class _Clock:
    monotonic = staticmethod(time.monotonic)

    def __init__(self, waits: list[float]) -> None:
        self.sleep = waits.append


def take() -> Generation | None:
    return Generation.objects.claim_next(seconds=60)


def admitted() -> entrance.Admission | None:
    with entrance.entrance(NAME) as admission:
        return admission


def taken(gate: Gate, seconds: float = 60) -> Taken:
    place = Place.objects.take(gate, seconds=seconds)
    assert place is not None
    return place


# --- So many a minute --------------------------------------------------------------------------------------------
def test_calls_are_spread_evenly(queued: Study, slept: list[float]) -> None:
    limit(queued, requests_per_minute=60)
    while admitted() is not None:
        pass
    step = 60 * SPARE / 60
    assert slept == pytest.approx([step * n for n in range(1, len(slept) + 1)], abs=0.2)
    assert len(slept) == AHEAD_SECONDS // step, "a thread books a few seconds ahead at most"
    assert take() is None, "the others wait"


def test_the_next_moment_says_when_to_ring_again(queued: Study) -> None:
    gate = limit(queued, requests_per_minute=60)
    while admitted() is not None:
        pass
    gate.refresh_from_db()
    assert Generation.objects.all().next_moment() == gate.request_free_at - timedelta(seconds=AHEAD_SECONDS)


def test_another_connection_is_not_held_back(queued: Study) -> None:
    arms = list(Arm.objects.filter(study=queued))
    Arm.objects.filter(pk=arms[1].pk).update(connection="simulated-gemini")
    limit(queued, requests_per_minute=1)
    assert admitted() is not None
    found = []
    while (row := take()) is not None:
        found.append(row.arm_id)
    assert found == [arms[1].pk] * 6


def test_a_row_whose_moment_is_far_ahead_waits_as_if_nobody_had_claimed_it(queued: Study) -> None:
    limit(queued, requests_per_minute=1)
    row = take()
    assert row is not None
    assert admitted() is not None
    assert not work_on(row)
    row.refresh_from_db()
    assert (row.stage, row.tries, row.lease_until) == (Stage.QUEUED, 0, None)
    assert not row.attempts.exists()


def test_tokens_are_booked_as_typical_and_corrected_by_the_reply(queued: Study) -> None:
    gate = limit(queued, tokens_per_minute=60_000)
    row, admission = take(), admitted()
    assert row is not None
    assert admission is not None
    assert admission.tokens == 1000
    row.paced_tokens = admission.tokens
    booked = Gate.objects.get().token_free_at
    answer(row)  # 120 tokens
    gate.refresh_from_db()
    assert (booked - gate.token_free_at).total_seconds() == pytest.approx(0.88 * SPARE, abs=0.01)
    assert gate.typical_tokens == pytest.approx(912)


def test_a_call_that_took_more_than_expected_keeps_the_gate_closed(queued: Study) -> None:
    limit(queued, tokens_per_minute=6_000)
    row, admission = take(), admitted()
    assert row is not None
    assert admission is not None
    row.paced_tokens = admission.tokens
    correct_pace(generation=row, tokens=5_000)
    assert take() is None
    Gate.objects.update(token_free_at=timezone.now())
    assert take() is not None


# --- So many at once ---------------------------------------------------------------------------------------------
def test_a_limit_is_so_many_places_and_a_worker_that_died_holds_none(queued: Study) -> None:
    gate = limit(queued, calls_at_once=2)
    first, second = taken(gate), taken(gate)
    assert Place.objects.take(gate, seconds=60) is None
    Place.objects.leave(first)
    third = taken(gate)
    assert Place.objects.take(gate, seconds=60) is None
    Place.objects.filter(pk=second.place).update(taken_until=timezone.now())
    assert taken(gate).place == second.place
    Place.objects.leave(second)
    assert Place.objects.take(gate, seconds=60) is None, "who lost a place cannot leave it for its new holder"
    assert Place.objects.keep(second, seconds=60) is None
    kept = Place.objects.keep(third, seconds=90)
    assert kept is not None
    assert kept.until > third.until


def test_a_lower_limit_holds_for_every_call_after_it(queued: Study) -> None:
    gate = limit(queued, calls_at_once=3)
    held = [taken(gate) for _place in range(3)]
    gate = limit(queued, calls_at_once=1)
    for place in held[1:]:
        Place.objects.leave(place)
    assert Place.objects.take(gate, seconds=60) is None
    Place.objects.leave(held[0])
    assert taken(gate).number == 1
    assert taken(limit(queued, calls_at_once=2)).number == 2


def test_a_call_holds_its_place_only_while_it_is_out(queued: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(queued, calls_at_once=1)
    free = Place.objects.filter(taken_until__lte=Now())
    seen = []

    def interpret(_connection: Any, _request: Any) -> Reply:
        seen.append(free.exists())
        return a_reply()

    def store(**told: Any) -> bool:
        seen.append(free.exists())
        return store_reply(**told)

    store_reply = actions.store_reply
    monkeypatch.setattr(calls, "interpret", interpret)
    monkeypatch.setattr(actions, "store_reply", store)
    row = take()
    assert row is not None
    assert work_on(row)
    assert seen == [False, True], "taken while it is out, free while its reply is stored"


def test_a_row_without_a_place_waits_as_if_nobody_had_claimed_it(
    queued: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "AHEAD_SECONDS", 0.01)
    taken(limit(queued, calls_at_once=1))
    row = take()
    assert row is not None
    assert not work_on(row)
    row.refresh_from_db()
    assert (row.stage, row.tries, row.attempts.count()) == (Stage.QUEUED, 0, 0)


def test_a_place_goes_from_thread_to_thread_and_its_time_is_prolonged(
    queued: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, line = limit(queued, calls_at_once=1), entrance.Line(waiting=1)
    held = taken(gate, seconds=entrance.lease_seconds())
    line.leave(held)
    with monkeypatch.context() as patched:
        patched.setattr(Place.objects, "keep", None)  # not asked, because it lasts
        assert line.take(gate) == held
    short = replace(held, ends=time.monotonic() + 1)
    line.leave(short)
    prolonged = line.take(gate)
    assert prolonged is not None
    assert (prolonged.place, prolonged.until > held.until) == (held.place, True)
    line.waiting = 0
    line.leave(prolonged)
    assert Place.objects.filter(taken_until__lte=Now()).exists(), "nobody waits, so the database has it again"


def test_what_was_left_for_a_thread_that_has_gone_is_given_back(queued: Study) -> None:
    gate, line = limit(queued, calls_at_once=2), entrance.Line(waiting=1)
    first, second = taken(gate), taken(gate)
    line.leave(first)
    line.leave(second)
    assert line.left == [first], "as many as there are threads that wait"
    line._go()
    assert line.left == []
    assert Place.objects.filter(taken_until__lte=Now()).count() == 2


def test_a_place_above_a_lowered_limit_is_not_handed_on(queued: Study) -> None:
    gate, line = limit(queued, calls_at_once=2), entrance.Line(waiting=1)
    first, second = taken(gate), taken(gate)
    gate = limit(queued, calls_at_once=1)
    line.leave(second)
    Place.objects.leave(first)
    found = line.take(gate)
    assert found is not None
    assert found.number == 1


def together(work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What so many threads give that begin in one moment, each with a connection of its own."""
    begin = threading.Barrier(threads)

    def run(number: int) -> T:
        begin.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


@dataclass
class Out:
    """How many calls are out at this moment, and how many at most were."""

    now: int = 0
    most: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Out for as long as the database needs for an answer, so that others come meanwhile."""
        with self.counting:
            self.now += 1
            self.most = max(self.most, self.now)
        assert Place.objects.filter(taken_until__gt=Now()).exists()
        yield
        with self.counting:
            self.now -= 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_ask_in_one_moment_exactly_three_get_a_place_each_its_own() -> None:
    gate = limit(make_wanting_study(), calls_at_once=3)
    found = together(lambda _number: Place.objects.take(gate, seconds=60))
    places = [taken.place for taken in found if taken is not None]
    assert len(places) == 3
    assert len(set(places)) == 3


@pytest.mark.django_db(transaction=True)
def test_however_many_ask_at_once_no_limit_is_passed() -> None:
    """Two processes' lines, eight threads, three places; each thread calls four times."""
    gate = limit(make_wanting_study(), calls_at_once=3)
    lines, out = (entrance.Line(), entrance.Line()), Out()

    def call(number: int) -> int:
        made = 0
        while made < 4:
            place = lines[number % 2].take(gate)
            if place is None:
                continue
            with out.call():
                made += 1
            lines[number % 2].leave(place)
        return made

    assert sum(together(call)) == 32
    assert 2 <= out.most <= 3
    assert Place.objects.filter(taken_until__lte=Now()).count() == 3, "all places are free again"


@pytest.mark.django_db(transaction=True)
def test_however_many_work_at_once_no_more_calls_are_out_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the claim of a row to its stored reply: eight threads, eight rows, three calls at once."""
    study, out = make_wanting_study(cases=4), Out()
    actions.queue_generations(study=study, by=study.created_by)
    limit(study, calls_at_once=3)

    def interpret(_connection: Any, _request: Any) -> Reply:
        with out.call():
            return a_reply()

    def work(_number: int) -> None:
        while Generation.objects.filter(stage=Stage.QUEUED).exists():
            row = take()
            if row is not None:
                work_on(row)

    monkeypatch.setattr(calls, "interpret", interpret)
    together(work)
    assert 1 <= out.most <= 3
    assert Generation.objects.filter(stage=Stage.DONE).count() == 8
    assert [row.attempts.count() for row in Generation.objects.all()] == [1] * 8


def test_half_as_many_rows_again_and_one_are_claimed(queued: Study) -> None:
    limit(queued, calls_at_once=4)
    rows = []
    while (row := take()) is not None:
        rows.append(row)
    assert len(rows) == 7
    run_out(rows[0])
    assert take() is not None, "a worker that died keeps nobody from claiming"


def test_a_thread_that_finds_only_a_closed_gate_goes_quietly_while_others_work(
    queued: Study, bells: list[dict[str, Any]]
) -> None:
    limit(queued, calls_at_once=1)
    rows = [take(), take()]
    assert None not in rows
    bells.clear()
    tasks.generate()
    assert bells == []
    Generation.objects.filter(stage=Stage.RUNNING).update(stage=Stage.DONE, lease_until=None)
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
