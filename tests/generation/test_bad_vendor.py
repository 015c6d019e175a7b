"""Whatever a vendor does, its row ends in the right state with a plain sentence, and no other row is harmed.

The real adapters call the simulated vendor over HTTP; every call is counted on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Generation, RefusalVerdict, Stage, VendorPause
from readerstudy.generation.running.progress import progress_of
from readerstudy.providers.simulated import SimulatedVendor, start
from readerstudy.studies.models import Study
from tests.factories import make_arm, make_case, make_study
from tests.generation.conftest import offers_at

pytestmark = pytest.mark.django_db

TRIES = 2
BOTH = pytest.mark.parametrize("connection", ["simulated-openai", "simulated-gemini"])


@pytest.fixture(scope="module")
def running_vendor() -> Iterator[SimulatedVendor]:
    with start(refusal_rate=0, hedge_rate=0) as vendor:
        yield vendor


@pytest.fixture
def vendor(running_vendor: SimulatedVendor, settings: Any) -> SimulatedVendor:
    running_vendor.reset()
    settings.CONNECTIONS = offers_at(running_vendor.url)
    settings.CALL_DEADLINE_SECONDS = 1
    settings.MAX_ATTEMPTS = TRIES
    return running_vendor


@pytest.fixture
def play(vendor: SimulatedVendor, work: Callable[[], int]) -> Callable[..., Generation]:
    """Makes one output that goes wrong and one that does not, with as many tries as it takes; the first comes back."""

    def run(scenario: str, connection: str) -> Generation:
        study = make_study()
        make_case(study)
        make_arm(study, connection=connection, prompt=f"Describe. [[simulated: {scenario}]]")
        make_arm(study, connection=connection, model="sim-beta")
        actions.queue_generations(study=study, by=study.created_by)
        while Generation.objects.filter(stage=Stage.QUEUED).exists():
            Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
            VendorPause.objects.update(until=timezone.now() - timedelta(seconds=1))
            assert work()
        wrong, right = Generation.objects.filter(arm__study=study).order_by("arm__position")
        assert right.stage == Stage.DONE
        assert right.interpretation.text
        account_for_every_call(vendor, study)
        return wrong

    return run


def account_for_every_call(vendor: SimulatedVendor, study: Study) -> None:
    """The vendor saw each of our attempts once and nothing else."""
    stats = vendor.stats()
    ours = set(Attempt.objects.values_list("key", flat=True))
    assert set(stats["by_attempt"]) <= ours
    assert all(account["received"] == 1 for account in stats["by_attempt"].values())
    assert stats["received"] + stats["unauthorised"] == len(ours)
    assert progress_of(study).total.attempts == len(ours)


@BOTH
@pytest.mark.parametrize(
    ("scenario", "calls", "sentence", "possibly_paid"),
    [
        ("500", TRIES, "failed on its side (HTTP 500)", False),
        ("503", TRIES, "failed on its side (HTTP 503)", False),
        ("529", TRIES, "failed on its side (HTTP 529)", False),
        ("429", TRIES, "takes no more calls for the moment", False),
        ("html", TRIES, "sent a web page or plain text", True),
        ("gateway_page", TRIES, "failed on its side (HTTP 502)", False),
        ("malformed", TRIES, "does not have the agreed form", True),
        ("disconnect", TRIES, "failed before a reply began", True),
        ("reset", TRIES, "failed before a reply began", True),
        ("cut", TRIES, "broke off in the middle", True),
        ("hang", TRIES, "did not finish within 1 seconds", True),
        ("drip", TRIES, "did not finish within 1 seconds", True),
        ("bad_key", 1, "did not accept the API key", False),
        ("400", 1, "rejected the request as not valid", False),
        ("403", 1, "may not use this model", False),
        ("404", 1, "does not know this model", False),
        ("413", 1, "too large", False),
        ("redirect", 1, "redirect to another address", False),
    ],
)
def test_a_failure_is_tried_as_often_as_it_is_worth_and_then_told(
    play: Callable[..., Generation],
    connection: str,
    scenario: str,
    calls: int,
    sentence: str,
    possibly_paid: bool,
) -> None:
    row = play(scenario, connection)
    assert row.stage == Stage.FAILED
    assert sentence in row.failure
    assert row.failure.endswith(".")
    attempts = Attempt.objects.filter(generation=row)
    assert attempts.count() == calls
    assert set(attempts.values_list("outcome", "is_possibly_paid")) == {("failed", possibly_paid)}


@BOTH
@pytest.mark.parametrize("scenario", ["500", "429", "html", "malformed", "disconnect", "hang"])
def test_a_vendor_that_recovers_gives_the_output_after_all(
    play: Callable[..., Generation], connection: str, scenario: str
) -> None:
    row = play(f"{scenario},answer", connection)
    assert row.stage == Stage.DONE
    assert row.failure == ""
    assert Attempt.objects.filter(generation=row).count() == 2
    assert progress_of(row.arm.study).arms[0].counts.retried == 1


@BOTH
@pytest.mark.parametrize(
    ("scenario", "verdict"),
    [
        ("refusal_text", "full_refusal"),
        ("deferral", "deferral"),
        ("refusal_field", "safety_block"),
        ("content_filter", "safety_block"),
        ("prompt_block", "safety_block"),
        ("truncated", "truncated"),
        ("exhausted", "truncated"),
        ("empty", "empty"),
        ("unknown_stop", None),
        ("no_candidates", "error"),
    ],
)
def test_a_refusal_or_an_odd_end_is_an_output_after_one_call(
    play: Callable[..., Generation], connection: str, scenario: str, verdict: str | None
) -> None:
    if (scenario, connection) == ("no_candidates", "simulated-gemini"):
        verdict = None
    row = play(scenario, connection)
    assert row.stage == Stage.DONE
    assert Attempt.objects.filter(generation=row).count() == 1
    stored = RefusalVerdict.objects.get(interpretation__generation=row)
    assert stored.signal
    if verdict is not None:
        assert stored.verdict == verdict


@BOTH
def test_retry_after_is_waited_for(vendor: SimulatedVendor, work: Callable[[], int], connection: str) -> None:
    study = make_study()
    make_case(study)
    make_arm(study, connection=connection, prompt="Describe. [[simulated: 429:7, answer]]")
    actions.queue_generations(study=study, by=study.created_by)
    before = timezone.now()
    assert work() == 1
    row = Generation.objects.get()
    assert row.stage == Stage.QUEUED
    assert 6.5 < (row.due_at - before).total_seconds() < 9
    assert VendorPause.objects.get().until == row.due_at
    assert work() == 0
    assert vendor.stats()["received"] == 1


@BOTH
def test_a_wrong_key_fails_every_row_once_and_mends_with_retry(
    vendor: SimulatedVendor, work: Callable[[], int], settings: Any, connection: str
) -> None:
    settings.CONNECTIONS = offers_at(vendor.url, key="sk-wrong-0123456789")
    study = make_study()
    make_case(study)
    make_case(study)
    make_arm(study, connection=connection)
    actions.queue_generations(study=study, by=study.created_by)
    work()
    failure = progress_of(study).failures[0]
    assert failure.count == 2
    assert "did not accept the API key" in failure.sentence
    assert vendor.stats()["unauthorised"] == 2
    assert not re.search("sk-wrong", str(list(Attempt.objects.values("error", "raw", "sent"))))
    settings.CONNECTIONS = offers_at(vendor.url)
    actions.retry_failed(study=study, by=study.created_by)
    work()
    assert progress_of(study).total.done == 2


def test_a_vendor_that_is_not_there_is_told(settings: Any, work: Callable[[], int]) -> None:
    settings.MAX_ATTEMPTS = 1
    study = make_study()
    make_case(study)
    make_arm(study)
    actions.queue_generations(study=study, by=study.created_by)
    work()
    assert "failed before a reply began" in Generation.objects.get().failure


@BOTH
def test_what_is_sent_is_prompt_clinical_text_and_clean_pixels_and_nothing_else(
    vendor: SimulatedVendor, work: Callable[[], int], connection: str
) -> None:
    study = make_study(title="Secret title")
    case = make_case(study, label="abnormal", clinical_text="Cough for two weeks.", strata={"site": "Hall 9"})
    make_arm(study, name="Secret arm", connection=connection, prompt="Describe the findings.")
    actions.queue_generations(study=study, by=study.created_by)
    work()
    request = vendor.requests()[0]
    assert request["text"].endswith("Describe the findings.\n\nClinical information: Cough for two weeks.")
    assert request["attempt"] == Attempt.objects.get().key
    assert [image["metadata"] for image in request["images"]] == [[]]
    assert len(request["images"]) == 1
    for hidden in ("Secret", "abnormal", "Hall 9", case.code, ".png", study.key):
        assert hidden not in str(request)
