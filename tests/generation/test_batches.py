"""Calls handed in together: matched by our attempt, part by part, and never handed in twice without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.generation import actions, tasks
from readerstudy.generation.models import Attempt, Batch, Generation, Interpretation, Purse, Stage
from readerstudy.generation.running import batches
from readerstudy.generation.running.progress import progress_of
from readerstudy.providers import ErrorCode, ProviderError
from readerstudy.providers import batches as vendor_side
from readerstudy.providers.simulated import SimulatedVendor, start
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_arm, make_case
from tests.generation.conftest import make_wanting_study, offers_at
from tests.generation.test_budget import budget, price

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker ends here, as by kill -9: nothing after it runs."""


@pytest.fixture(scope="module")
def running_vendor() -> Iterator[SimulatedVendor]:
    with start(refusal_rate=0, hedge_rate=0) as vendor:
        yield vendor


@pytest.fixture
def vendor(running_vendor: SimulatedVendor, settings: Any) -> SimulatedVendor:
    running_vendor.reset()
    running_vendor.configure(batch_delay=0, batch_expires_after=0)
    settings.CONNECTIONS = offers_at(running_vendor.url)
    return running_vendor


@pytest.fixture
def study(vendor: SimulatedVendor) -> Study:
    study = make_wanting_study(cases=4, arms=1)
    Arm.objects.filter(study=study).update(mode="batch")
    actions.queue_generations(study=study, by=study.created_by)
    return study


def look() -> int:
    """A round of the worker, at a time when every batch and row is due."""
    past = timezone.now() - timedelta(seconds=1)
    Batch.objects.open().update(look_at=past)
    Generation.objects.filter(stage=Stage.QUEUED).update(due_at=past)
    return batches.run()


def stages() -> list[str]:
    return sorted(Generation.objects.values_list("stage", flat=True))


def test_a_batch_is_handed_in_followed_and_collected(study: Study) -> None:
    assert Generation.objects.claim_next(seconds=60) is None, "nobody calls these one by one"
    assert batches.run() == 1
    batch = Batch.objects.get()
    assert (batch.state, batch.total) == ("submitted", 4)
    assert batch.vendor_id.startswith("batch_")
    assert stages() == ["running"] * 4
    assert batches.run() == 0, "it is not looked at before its time"
    assert look() == 1
    batch.refresh_from_db()
    assert (batch.state, batch.completed, batch.failed) == ("collected", 4, 0)
    assert Interpretation.objects.count() == 4
    for attempt in Attempt.objects.all():
        assert (attempt.mode, attempt.batch, attempt.seconds) == ("batch", batch, None)
        assert attempt.served_model
        assert attempt.input_tokens
    assert set(Generation.objects.values_list("batch", "lease_until")) == {(None, None)}
    verbs = Event.objects.filter(verb__startswith="batch.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["batch.gather", "batch.submit", "batch.end"]


def test_the_task_of_the_worker_does_it(study: Study) -> None:
    tasks.hand_in_and_collect()
    assert Batch.objects.get().state == "submitted"


def test_each_reply_finds_its_case_though_they_come_out_of_order(
    study: Study, vendor: SimulatedVendor
) -> None:
    look()
    look()
    for attempt in Attempt.objects.select_related("interpretation"):
        assert attempt.request_id == f"sim-line-{attempt.key}"
        assert attempt.interpretation.generation_id == attempt.generation_id


def test_a_batch_that_is_not_done_is_looked_at_again_later(
    study: Study, vendor: SimulatedVendor, settings: Any
) -> None:
    vendor.configure(batch_delay=3600)
    look()
    look()
    batch = Batch.objects.get()
    assert (batch.state, batch.native) == ("submitted", "in_progress")
    assert batch.look_at > timezone.now() + timedelta(seconds=settings.BATCH_LOOK_SECONDS - 5)
    counts = progress_of(study).total
    assert (counts.running, counts.in_batch) == (4, 4)
    assert Generation.objects.at_work().count() == 0


def test_what_expired_goes_into_the_next_batch(study: Study, vendor: SimulatedVendor) -> None:
    vendor.configure(batch_expires_after=3)
    look()
    look()
    first = Batch.objects.get()
    assert (first.state, Interpretation.objects.count()) == ("expired", 3)
    vendor.configure(batch_expires_after=0)
    look()
    look()
    assert Interpretation.objects.count() == 4
    assert Batch.objects.count() == 2
    expired = Attempt.objects.get(outcome="failed")
    assert not expired.is_possibly_paid
    assert expired.generation.attempts.count() == 2
    assert expired.counted_tokens == 0


def test_a_line_that_fails_harms_no_other(vendor: SimulatedVendor) -> None:
    study = make_wanting_study(cases=3, arms=0)
    make_arm(study, mode="batch")
    make_arm(study, mode="batch", prompt="Describe. [[simulated: 400]]")
    actions.queue_generations(study=study, by=study.created_by)
    look()
    look()
    assert stages() == ["done"] * 3 + ["failed"] * 3
    assert Batch.objects.get().state == "collected"


def test_arms_of_different_models_lie_in_different_batches(study: Study) -> None:
    make_arm(study, mode="batch", model="sim-beta")
    actions.queue_generations(study=study, by=study.created_by)
    assert look() == 2
    assert Batch.objects.count() == 2


def test_many_rows_are_handed_in_by_parts(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_ROWS", 3)
    look()
    assert sorted(Batch.objects.values_list("total", flat=True)) == [1, 3]


def test_a_large_batch_is_cut_by_its_bytes(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_BYTES", 6_000)
    look()
    assert Batch.objects.count() > 1
    assert stages() == ["running"] * 4


def test_a_row_too_large_for_any_batch_still_goes_alone(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_BYTES", 1)
    look()
    assert Batch.objects.count() == 4


# --- Deaths -----------------------------------------------------------------------------------------------------------
def test_a_worker_that_dies_before_it_hands_in_costs_nothing_but_is_noted(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(vendor_side, "submit", die)
        with pytest.raises(Killed):
            batches.run()
    assert Batch.objects.get().state == "submitting"
    look()
    assert set(Attempt.objects.filter(number=1).values_list("outcome", "is_possibly_paid")) == {
        ("failed", True)
    }
    look()
    look()
    assert Interpretation.objects.count() == 4
    assert sorted(Batch.objects.values_list("state", flat=True)) == ["collected", "failed"]


def die(*_arguments: Any, **_options: Any) -> Any:
    raise Killed


def test_a_batch_that_the_vendor_took_from_a_dying_worker_is_found_again(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(actions, "note_submitted", die)
        with pytest.raises(Killed):
            batches.run()
    assert Batch.objects.get().state == "submitting"
    look()
    assert Batch.objects.get().state == "submitted"
    look()
    assert Interpretation.objects.count() == 4
    assert Attempt.objects.count() == 4, "nothing was handed in twice"


def test_a_worker_that_dies_while_it_collects_goes_on_where_it_was(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    store, stored = actions.store_reply, []

    def store_two(**given: Any) -> bool:
        if len(stored) == 2:
            raise Killed
        stored.append(given)
        return store(**given)

    with monkeypatch.context() as patch:
        patch.setattr(actions, "store_reply", store_two)
        with pytest.raises(Killed):
            look()
    assert Interpretation.objects.count() == 2
    look()
    assert Interpretation.objects.count() == 4
    assert Attempt.objects.count() == 4


def test_an_answer_that_was_lost_while_handing_in_is_looked_for(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = vendor_side.submit

    def take_and_lose(*arguments: Any, **options: Any) -> Any:
        submit(*arguments, **options)
        raise ProviderError(ErrorCode.CONNECTION, "The connection broke.", retry="again")

    monkeypatch.setattr(vendor_side, "submit", take_and_lose)
    look()
    assert Batch.objects.get().state == "submitted"


def test_a_batch_that_was_refused_fails_with_its_reason(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise ProviderError(ErrorCode.AUTHENTICATION, "The key is not valid.", retry="person")

    monkeypatch.setattr(vendor_side, "submit", refuse)
    look()
    assert Batch.objects.get().state == "failed"
    assert stages() == ["failed"] * 4
    assert set(Generation.objects.values_list("failure", flat=True)) == {"The key is not valid."}
    assert Purse.objects.get().tokens == 0


def test_a_vendor_that_cannot_be_asked_is_asked_later(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    look()

    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise ProviderError(ErrorCode.CONNECTION, "The connection broke.", retry="again")

    with monkeypatch.context() as patch:
        patch.setattr(vendor_side, "look", fail)
        look()
    batch = Batch.objects.get()
    assert (batch.state, batch.problem) == ("submitted", "The connection broke.")
    look()
    assert Interpretation.objects.count() == 4


def test_two_workers_never_look_at_one_batch(study: Study) -> None:
    look()
    seen = Batch.objects.get()
    assert actions.take_batch(seen)
    assert not actions.take_batch(seen)


# --- Money and rules --------------------------------------------------------------------------------------------
def test_a_batch_takes_from_the_budget_only_what_it_allows(study: Study) -> None:
    price(study)
    budget(study, tokens=12_000)
    look()
    assert Batch.objects.get().total == 2
    assert Purse.objects.get().stop == "tokens"
    look()
    for attempt in Attempt.objects.exclude(interpretation=None).select_related("price"):
        assert attempt.price is not None
        assert attempt.cost == attempt.price.cost(
            attempt.input_tokens or 0, attempt.output_tokens or 0, in_batch=True
        )


def test_a_paused_study_hands_nothing_in(study: Study) -> None:
    actions.hold_queue(study=study, by=study.created_by)
    assert look() == 0


def test_a_case_that_was_left_out_is_not_handed_in(study: Study) -> None:
    case = study.cases.first()
    case.left_out_at, case.left_out_by = timezone.now(), study.created_by
    case.save()
    look()
    assert Batch.objects.get().total == 3
    assert stages() == ["failed", "running", "running", "running"]


def test_a_provider_without_batches_is_refused_before_anything_is_queued(vendor: SimulatedVendor) -> None:
    study = make_wanting_study(cases=1, arms=0)
    make_arm(study, name="Gem", connection="simulated-gemini", mode="batch")
    make_case(study)
    with pytest.raises(StudyError, match="“Gem” takes no batches"):
        actions.queue_generations(study=study, by=study.created_by)


def test_live_and_batch_arms_stand_side_by_side(study: Study) -> None:
    make_arm(study, name="Live")
    actions.queue_generations(study=study, by=study.created_by)
    taken = set()
    while row := Generation.objects.claim_next(seconds=60):
        taken.add(row.source.name)
    assert taken == {"Live"}


def test_the_page_lists_batches(study: Study) -> None:
    look()
    client = Client()
    client.force_login(study.created_by)
    shown = client.get(reverse("generation:outputs", args=[study.key])).content.decode()
    assert "4 of them in batches" in shown
    assert "at the vendor" in shown


@pytest.mark.parametrize("state", ["submitted", "collected", "nonsense"])
def test_the_database_refuses_a_batch_that_cannot_be(study: Study, state: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.create(study=study, connection="simulated-openai", key="k", state=state)


def test_a_batch_that_has_ended_does_not_begin_again(study: Study) -> None:
    look()
    look()
    with pytest.raises(ValueError, match="cannot become"):
        actions.end_batch(batch=Batch.objects.get(), state=Batch._meta.get_field("state").choices[4][0])
