"""What outputs will cost and have cost: said before and after, and never 0 where a price is not known."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Batch, Generation, Price
from readerstudy.generation.running.costs import expected, forecasts_of, spending_of, totals
from readerstudy.generation.running.drift import drifts_of
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.stations import Sign, readiness
from tests.factories import make_arm, make_case, make_study
from tests.generation.conftest import make_wanting_study, only, run_out
from tests.generation.replies import a_reply, answer
from tests.generation.test_budget import price


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def url(study: Study, name: str, *args: Any) -> str:
    return reverse(f"generation:{name}", args=[study.key, *args])


def take() -> Generation:
    row = Generation.objects.claim_next(seconds=60)
    assert row is not None
    return row


def shown(client: Client, study: Study, name: str = "costs", *args: Any) -> str:
    response = client.get(url(study, name, *args))
    assert response.status_code == 200
    return response.content.decode()


def test_before_any_call_sizes_say_what_it_will_take(study: Study, client: Client) -> None:
    first, second = forecasts_of(study)
    assert (first.missing, first.made, first.cost) == (2, 0, None)
    assert first.size.input_tokens > 2 * 255, "at least the images"
    assert first.size.output_tokens == 800
    page = shown(client, study)
    assert "2 arms whose price is unknown" in page
    assert "characters and image sizes" in page
    assert "USD" not in page.replace("such as USD", "").replace("USD or EUR", "")
    asked = price(study)
    money, unknown = expected(forecasts_of(study))
    one = asked.cost(first.size.input_tokens, 800)
    assert unknown == 0
    assert money == [("USD", one + asked.cost(second.size.input_tokens, 800))]


def test_three_cases_that_lie_apart_are_tried_first(db: None) -> None:
    study = make_wanting_study(cases=9, arms=2)
    Arm.objects.filter(study=study).update(replicates=2)
    assert actions.try_cases(study=study, by=study.created_by) == 6
    codes = set(Generation.objects.values_list("case__code", flat=True))
    assert codes == {"C001", "C005", "C009"}
    assert set(Generation.objects.values_list("replicate", flat=True)) == {1}
    assert actions.queue_generations(study=study, by=study.created_by) == 2 * 9 * 2 - 6


@pytest.mark.parametrize("cases", [1, 2])
def test_a_small_study_tries_what_it_has(db: None, cases: int) -> None:
    study = make_wanting_study(cases=cases, arms=1)
    assert actions.try_cases(study=study, by=study.created_by) == cases


def test_what_was_made_makes_the_estimate(db: None) -> None:
    study = make_wanting_study(cases=5, arms=1)
    price(study)
    actions.try_cases(study=study, by=study.created_by)
    for sent, received in ((100, 20), (200, 40), (300, 60)):
        answer(take(), a_reply(input_tokens=sent, output_tokens=received))
    (forecast,) = forecasts_of(study)
    assert (forecast.missing, forecast.made) == (2, 3)
    assert (forecast.size.input_tokens, forecast.size.output_tokens) == (400, 80)
    assert forecast.cost == Decimal("0.012")


def test_spending_is_told_by_arm_with_what_was_paid_in_vain_apart(study: Study, client: Client) -> None:
    price(study)
    actions.queue_generations(study=study, by=study.created_by)
    only(pk=Generation.objects.first().pk)
    dying = take()
    actions.begin_attempt(generation=dying)
    run_out(dying)
    answer(take())
    (spending,) = spending_of(study)
    assert spending.arm == dying.arm
    assert (spending.calls, spending.possibly_paid, spending.unpriced) == (2, 1, 0)
    assert spending.money == (("USD", Decimal("0.003"), spending.money[0][2]),)
    assert spending.money[0][2] > Decimal("0.4")
    assert totals([spending, spending]) == [("USD", Decimal("0.006"), 2 * spending.money[0][2])]
    page = shown(client, study)
    assert "USD 0.0030" in page
    assert "at most USD 0.4" in page
    assert "USD 0.00 spent" in shown(client, study, "outputs")


def test_a_price_that_is_not_known_is_never_nothing(study: Study, client: Client) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    answer(take())
    (spending,) = spending_of(study)
    assert (spending.money, spending.unpriced) == ((), 1)
    assert "price of 1 call unknown" in shown(client, study)
    assert "spent" not in shown(client, study, "outputs")


def test_a_batch_costs_its_discount(study: Study) -> None:
    full = price(study)
    assert full.cost(1_000_000, 100_000) == Decimal(20)
    assert full.cost(1_000_000, 100_000, in_batch=True) == Decimal(10)
    arm = study.arms.first()
    assert arm is not None
    live = next(each for each in forecasts_of(study) if each.arm == arm)
    Arm.objects.filter(pk=arm.pk).update(mode="batch")
    batch = next(each for each in forecasts_of(study) if each.arm == arm)
    assert live.cost is not None
    assert batch.cost == live.cost / 2


def test_a_price_is_entered_on_the_page(study: Study, client: Client) -> None:
    fields = {
        "price-which": "0",
        "price-currency": "eur",
        "price-input_per_million": "2.5",
        "price-output_per_million": "10",
        "price-batch_discount": "50",
        "price-since": "2026-11-01",
    }
    bad = client.post(url(study, "set_price"), {**fields, "price-currency": "€"})
    assert bad.status_code == 422
    assert "A currency has three letters" in bad.content.decode()
    assert client.post(url(study, "set_price"), fields).status_code == 302
    stored = Price.objects.get()
    assert (stored.connection, stored.model, stored.currency) == ("simulated-openai", "sim-alpha", "EUR")
    assert "EUR 2.5" in shown(client, study)


def test_a_study_without_a_model_has_no_price_form(db: None) -> None:
    study = make_study()
    client = Client()
    client.force_login(study.created_by)
    page = shown(client, study)
    assert "price-which" not in page
    assert "No output is missing" in page


# --- Calls ---------------------------------------------------------------------------------------------------------
def test_a_call_shows_all_that_is_known_about_it(study: Study, client: Client) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    reply = a_reply(
        "Clear.",
        fingerprint="fp_1",
        request_id="req_77",
        reasoning_tokens=7,
        sent={"temperature": 0},
        dropped={"seed": 4},
        raw={"choices": ["<script>alert(1)</script>"]},
    )
    answer(take(), reply)
    attempt = Attempt.objects.get()
    assert attempt.characters_per_second == pytest.approx(12)
    assert url(study, "attempt", attempt.pk) in shown(client, study, "attempts")
    page = shown(client, study, "attempt", attempt.pk)
    for fact in (
        "sim-alpha-2026",
        "fp_1",
        "req_77",
        "openai 3",
        "temperature = 0",
        "seed = 4",
        "reasoning: 7",
    ):
        assert fact in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert attempt.key in page


def test_a_batch_has_no_seconds_and_says_so(study: Study, client: Client) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    answer(take(), a_reply(seconds=None))
    attempt = Attempt.objects.get()
    batch = Batch.objects.create(study=study, connection="simulated-openai", key=uuid.uuid4().hex)
    Attempt.objects.update(mode="batch", batch=batch)
    assert attempt.characters_per_second is None
    assert "missing: a batch has no time for each call" in shown(client, study, "attempt", attempt.pk)


def test_the_call_of_another_study_is_not_found(study: Study, client: Client) -> None:
    other = make_wanting_study(cases=1, arms=1)
    actions.queue_generations(study=other, by=other.created_by)
    answer(take())
    assert client.get(url(study, "attempt", Attempt.objects.get().pk)).status_code == 404


def test_calls_are_chosen_by_arm(study: Study, client: Client) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    for _row in range(4):
        answer(take())
    arm = study.arms.first()
    assert arm is not None
    page = client.get(url(study, "attempts") + f"?arm={arm.pk}").content.decode()
    assert "2 calls" in page


# --- Drift -----------------------------------------------------------------------------------------------------------
def test_a_model_that_changes_behind_its_name_is_told(study: Study, client: Client) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    arm = study.arms.first()
    assert arm is not None
    for served in ("sim-alpha-2026-08", "sim-alpha-2026-09"):
        only(arm=arm)
        answer(take(), a_reply(served_model=served))
    (drift,) = drifts_of(study)
    assert drift.arm == arm
    assert drift.models == ("sim-alpha-2026-08", "sim-alpha-2026-09")
    assert "The model behind an arm changed" in shown(client, study, "outputs")
    text = f"“{arm.name}” was served by different models: sim-alpha-2026-08, sim-alpha-2026-09"
    assert [line.sign for line in readiness(study) if line.text == text] == [Sign.WARN]


def test_a_fingerprint_alone_is_told_apart(study: Study) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    only(arm=study.arms.first())
    for fingerprint in ("fp_1", "fp_2"):
        answer(take(), a_reply(fingerprint=fingerprint))
    (drift,) = drifts_of(study)
    assert not drift.is_another_model
    assert any("with different fingerprints" in line.text for line in readiness(study))


def test_different_arms_are_no_drift(study: Study) -> None:
    make_arm(study, model="sim-beta")
    make_case(study)
    actions.queue_generations(study=study, by=study.created_by)
    for number, arm in enumerate(study.arms.all()):
        only(arm=arm)
        answer(take(), a_reply(served_model=f"model-{number}"))
    assert drifts_of(study) == []
