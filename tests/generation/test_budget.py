"""A budget is never passed: a call takes the most it may cost before it is made, and gives back the rest after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Budget, Generation, Price, Purse, Stage
from readerstudy.generation.running.sizes import Size, image_tokens, most, text_tokens
from readerstudy.providers.prompts import Rendered
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.stations import readiness
from tests.factories import make_running_study
from tests.generation.conftest import run_out
from tests.generation.replies import a_reply, an_error, answer, fail

Claim = Callable[[], Generation]
MOST = 4096
"""What a call without a limit is taken to write; these tests send no words, so it is all that is reserved."""


def price(study: Study, **fields: Any) -> Price:
    wanted: dict[str, Any] = {
        "connection": "simulated-openai",
        "model": "sim-alpha",
        "currency": "USD",
        "input_per_million": Decimal(10),
        "output_per_million": Decimal(100),
        "batch_discount": 50,
        "since": date(2026, 11, 1),
    }
    return actions.set_price(study=study, fields={**wanted, **fields}, by=study.created_by)


def budget(
    study: Study, *, money: str | None = None, tokens: int | None = None, currency: str = ""
) -> Budget:
    limit = Decimal(money) if money is not None else None
    currency = currency or ("USD" if money is not None else "")
    return actions.set_budget(study=study, money=limit, currency=currency, tokens=tokens, by=study.created_by)


@pytest.fixture
def queued(study: Study) -> Study:
    actions.queue_generations(study=study, by=study.created_by)
    return study


def take() -> Generation | None:
    return Generation.objects.claim_next(seconds=60)


def begin() -> Attempt | None:
    row = take()
    return actions.begin_attempt(generation=row) if row else None


def purse(study: Study) -> Purse:
    return Purse.objects.get(study=study)


def test_a_call_takes_the_most_it_may_cost_and_gives_back_what_it_did_not(queued: Study) -> None:
    price(queued)
    budget(queued, money="10")
    row = take()
    assert row is not None
    attempt = actions.begin_attempt(generation=row)
    assert attempt is not None
    assert purse(queued).tokens == MOST
    assert purse(queued).money == Decimal("0.4096")
    reply = a_reply(input_tokens=100, output_tokens=20)
    from readerstudy.providers.refusals import classify_reply

    actions.store_reply(attempt=attempt, reply=reply, judgement=classify_reply(reply))
    assert (purse(queued).tokens, purse(queued).money) == (120, Decimal("0.003"))
    attempt.refresh_from_db()
    assert (attempt.counted_tokens, attempt.cost) == (120, Decimal("0.003"))


def test_tokens_stop_before_they_are_passed_and_the_rest_stays_queued(queued: Study) -> None:
    budget(queued, tokens=2 * MOST + 1)
    assert begin() is not None
    assert begin() is not None
    assert begin() is None
    assert purse(queued).stop == "tokens"
    assert purse(queued).tokens == 2 * MOST
    waiting = Generation.objects.filter(stage=Stage.QUEUED)
    assert waiting.count() == 2
    assert {row.tries for row in waiting} == {0}, "nobody tried"
    assert take() is None, "no worker asks again and again"


def test_money_stops_in_the_same_way(queued: Study) -> None:
    price(queued)
    budget(queued, money="0.5")
    assert begin() is not None
    assert begin() is None
    assert purse(queued).stop == "money"


def test_the_whole_queue_never_passes_the_budget_and_raising_it_lets_the_rest_go(queued: Study) -> None:
    """Each output takes 120 tokens, but 4,096 are reserved: a budget of 4,300 is enough for two."""
    budget(queued, tokens=MOST + 204)
    while row := take():
        attempt = actions.begin_attempt(generation=row)
        if attempt is None:
            break
        answered(attempt)
        assert purse(queued).tokens <= MOST + 204
    assert Generation.objects.filter(stage=Stage.DONE).count() == 2
    assert purse(queued).stop == "tokens"
    budget(queued, tokens=100_000)
    while row := take():
        answer(row)
    assert Generation.objects.filter(stage=Stage.DONE).count() == 4
    assert purse(queued).tokens == 480


def answered(attempt: Attempt) -> None:
    from readerstudy.providers.refusals import classify_reply

    reply = a_reply()
    actions.store_reply(attempt=attempt, reply=reply, judgement=classify_reply(reply))


def test_what_a_reply_gives_back_lets_another_call_begin(queued: Study) -> None:
    budget(queued, tokens=MOST + 200)
    first = begin()
    assert first is not None
    assert begin() is None
    answered(first)
    assert purse(queued).stop == ""
    assert begin() is not None


def test_a_call_that_failed_before_it_was_paid_gives_all_back(queued: Study) -> None:
    row = take()
    assert row is not None
    fail(row, an_error(retry="never"))
    assert purse(queued).tokens == 0


def test_a_call_whose_worker_died_stays_counted(queued: Study) -> None:
    row = take()
    assert row is not None
    actions.begin_attempt(generation=row)
    run_out(row)
    while row := take():
        answer(row)
    assert purse(queued).tokens == MOST + 4 * 120
    row = take()
    assert row is None


def test_a_call_that_may_have_been_paid_stays_counted(queued: Study) -> None:
    price(queued)
    row = take()
    assert row is not None
    fail(row, an_error(retry="never", possibly_paid=True))
    attempt = Attempt.objects.get()
    assert (attempt.counted_tokens, attempt.cost, attempt.is_possibly_paid) == (MOST, Decimal("0.4096"), True)


def test_a_budget_in_money_needs_every_price(study: Study) -> None:
    budget(study, money="5")
    with pytest.raises(StudyError, match="the price of “sim-alpha” in it is not known"):
        actions.queue_generations(study=study, by=study.created_by)
    price(study, currency="EUR")
    with pytest.raises(StudyError, match="budget in USD"):
        actions.queue_generations(study=study, by=study.created_by)
    price(study)
    assert actions.queue_generations(study=study, by=study.created_by) == 4


def test_a_price_that_is_missing_later_stops_the_queue_until_it_is_entered(queued: Study) -> None:
    budget(queued, money="5")
    assert begin() is None
    assert purse(queued).stop == "price"
    price(queued)
    assert begin() is not None


def test_a_price_entered_later_counts_for_the_calls_before(queued: Study) -> None:
    row = take()
    assert row is not None
    answer(row)
    begin()
    attempt = Attempt.objects.order_by("pk").first()
    assert attempt is not None
    assert attempt.cost is None
    budget(queued, money="5")
    price(queued)
    costs = list(Attempt.objects.order_by("pk").values_list("cost", flat=True))
    assert costs == [Decimal("0.003"), Decimal("0.4096")], "the second is under way: the most it may cost"
    assert purse(queued).money == Decimal("0.4126")


def test_the_newest_price_counts_and_earlier_calls_keep_theirs(queued: Study) -> None:
    price(queued)
    row = take()
    assert row is not None
    answer(row)
    price(queued, input_per_million=Decimal(1000), output_per_million=Decimal(1000))
    row = take()
    assert row is not None
    answer(row)
    costs = list(Attempt.objects.order_by("pk").values_list("cost", flat=True))
    assert costs == [Decimal("0.003"), Decimal("0.12")]


def test_reasoning_that_the_vendor_counts_apart_is_paid_for(queued: Study) -> None:
    Arm.objects.update(connection="simulated-gemini")
    row = take()
    assert row is not None
    answer(row, a_reply(input_tokens=100, output_tokens=20, reasoning_tokens=30))
    assert purse(queued).tokens == 150


def test_prices_and_budgets_are_append_only(queued: Study) -> None:
    price(queued)
    budget(queued, tokens=5)
    for table in (Price.objects, Budget.objects):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            table.all().delete()
    verbs = list(Event.objects.filter(verb__in=["price.set", "budget.set"]).values_list("verb", flat=True))
    assert verbs == ["price.set", "budget.set"]


def test_a_locked_study_keeps_its_budget(db: None) -> None:
    with pytest.raises(StudyError, match="locked"):
        budget(make_running_study(), tokens=5)


def test_sizes_are_guessed_high() -> None:
    words = "The lungs are clear. " * 100
    size = most(Rendered(system=words, parts=()), {"max_output_tokens": 300})
    assert size == Size(2 * text_tokens(words), 300)
    assert most(Rendered("", ()), {}).output_tokens == MOST
    assert image_tokens(512, 512) == 85 + 170
    assert image_tokens(4096, 4096) == 85 + 4 * 170


# --- What a coordinator sees --------------------------------------------------------------------------------------
def test_the_page_says_that_the_budget_stops_it_and_how_to_go_on(queued: Study) -> None:
    client = Client()
    client.force_login(queued.created_by)
    costs = reverse("generation:costs", args=[queued.key])
    response = client.post(reverse("generation:set_budget", args=[queued.key]), {"budget-tokens": "5"})
    assert response["Location"] == costs
    assert begin() is None
    shown = client.get(reverse("generation:outputs", args=[queued.key])).content.decode()
    assert "No new call begins: the budget in tokens is used up." in shown
    assert 'hx-trigger="every' not in shown
    assert any("Making outputs has stopped" in line.text for line in readiness(queued))
    client.post(reverse("generation:set_budget", args=[queued.key]), {"budget-tokens": ""})
    assert begin() is not None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"money": "5"}, "Say in which currency the limit is."),
        ({"money": "5", "currency": "dollars"}, "A currency has three letters"),
        ({"tokens": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_budget_is_said_beside_its_field(study: Study, fields: dict[str, str], sentence: str) -> None:
    client = Client()
    client.force_login(study.created_by)
    typed = {f"budget-{name}": value for name, value in fields.items()}
    response = client.post(reverse("generation:set_budget", args=[study.key]), typed)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Budget.objects.exists()
