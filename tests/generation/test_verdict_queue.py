"""The confirmation queue: what is in it, what a person sees, and that nothing there tells the arm."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.models import User
from readerstudy.generation import actions
from readerstudy.generation.models import Interpretation, RefusalVerdict, Verdict
from readerstudy.generation.verdicts.agreement import agreement_of
from readerstudy.generation.verdicts.confirmation import Queue, key_of, queue_of
from readerstudy.studies.models import Role, Study
from tests.factories import freeze, make_arm, make_case, make_member, make_output, make_study

pytestmark = pytest.mark.django_db
REFUSAL = "I am sorry. I cannot interpret this image. Please see a doctor."
SECRETS = (
    "Acme",
    "Zebra",
    "acme-vision-4",
    "zebra-med-2026",
    "simulated-openai",
    "simulated-gemini",
    "served-",
)


@pytest.fixture
def study() -> Study:
    """Ten cases, two arms; the second arm refuses each third case."""
    study = make_study()
    arms = [
        make_arm(study, name="Acme", model="acme-vision-4"),
        make_arm(study, name="Zebra", model="zebra-med-2026", connection="simulated-gemini"),
    ]
    for number in range(10):
        case = make_case(study)
        make_output(arms[0], case, text=f"Clear lungs, {number}.")
        refuses = number % 3 == 0
        output = make_output(
            arms[1],
            case,
            text=REFUSAL if refuses else "Clear.",
            verdict="full_refusal" if refuses else "answer",
        )
        type(output.attempt).objects.filter(pk=output.attempt_id).update(served_model="served-zebra")
    return study


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def page(client: Client, study: Study, name: str = "verdicts", *args: Any) -> str:
    response = client.get(reverse(f"generation:{name}", args=[study.key, *args]))
    assert response.status_code == 200
    return response.content.decode()


def judge(study: Study, entry_interpretation: int, verdict: str, by: User) -> None:
    row = Interpretation.objects.get(pk=entry_interpretation)
    actions.overrule(interpretation=row, verdict=Verdict(verdict), by=by)


def choose(study: Study, **changes: Any) -> Queue:
    actions.choose_sampling(study=study, changes=changes, by=study.created_by)
    return queue_of(study)


# --- What is in it -------------------------------------------------------------------------------------------
def test_every_flagged_output_and_a_sample_of_the_others(study: Study) -> None:
    queue = queue_of(study)
    assert (len(queue.flagged), len(queue.sample), queue.unflagged) == (4, 16, 16), (
        "at least twenty, so all here"
    )
    queue = choose(study, share=25, fewest=2)
    assert (len(queue.flagged), len(queue.sample)) == (4, 4)
    assert len(choose(study, share=0, fewest=3).sample) == 3
    assert len(choose(study, share=0, fewest=0).sample) == 0


def test_order_and_sample_stay_while_outputs_come_in(study: Study) -> None:
    before = choose(study, share=50, fewest=0)
    order = [entry.key for entry in before.entries]
    make_output(study.arms.first(), make_case(study))
    after = queue_of(study)
    kept = [entry.key for entry in after.entries if entry.key in order]
    assert kept == [key for key in order if key in kept]
    assert len(set(order) - set(kept)) <= 1, "a sample shifts at its edge only"


def test_the_order_follows_the_secret_seed_and_not_the_arms(study: Study) -> None:
    rows = Interpretation.objects.in_bulk()
    one = [rows[entry.interpretation].generation.arm_id for entry in queue_of(study).entries]
    assert one != sorted(one)
    Study.objects.filter(pk=study.pk).update(seed=study.seed + 1)
    study.refresh_from_db()
    assert [rows[entry.interpretation].generation.arm_id for entry in queue_of(study).entries] != one


def test_two_people_each_judge_once_and_do_not_wait_for_each_other(study: Study) -> None:
    second = make_member(study, Role.COORDINATOR).user
    queue = choose(study, people=2)
    first_entry = queue.entries[0]
    judge(study, first_entry.interpretation, "answer", study.created_by)
    queue = queue_of(study)
    assert first_entry not in queue.waiting_for(study.created_by)
    assert first_entry in queue.waiting_for(second)
    assert first_entry in queue.open()
    judge(study, first_entry.interpretation, "answer", second)
    assert first_entry not in queue_of(study).open()


# --- What a person sees --------------------------------------------------------------------------------------
def test_nothing_on_the_page_tells_the_arm(client: Client, study: Study) -> None:
    for entry in queue_of(study).entries:
        shown = page(client, study, "judge_again", entry.key)
        assert not [secret for secret in SECRETS if secret in shown]
        assert re.fullmatch(r"[0-9a-f]{24}", entry.key), "no row number, which would tell when it was made"


def test_the_same_text_from_either_arm_is_the_same_page(client: Client, study: Study) -> None:
    """Two arms said the same about one case: the pages differ by the opaque key alone."""
    case = make_case(study)
    pair = [make_output(arm, case, text="Exactly this.") for arm in study.arms.order_by("position")]
    choose(study, share=100)
    pages = []
    for output in pair:
        key = key_of(study, output.pk)
        shown = page(client, study, "judge_again", key).replace(key, "KEY")
        pages.append(
            re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken(?:&quot;|"): ?(?:&quot;|"))\w{64}', "", shown)
        )
    assert pages[0] == pages[1]


def test_the_words_a_verdict_rests_on_are_marked_and_the_verdict_is_hidden(
    client: Client, study: Study, forge: Callable[[str], None]
) -> None:
    forge("UPDATE generation_refusalverdict SET evidence = 'cannot interpret' WHERE declined")
    key = queue_of(study).flagged[0].key
    marked = "I <mark>cannot interpret</mark> this image."
    shown = page(client, study, "judge_again", key)
    assert marked in shown
    assert "Automatic verdict" not in shown
    choose(study, telling="verdict")
    shown = page(client, study, "judge_again", key)
    assert marked in shown
    assert "Automatic verdict: refusal" in shown
    choose(study, telling="nothing")
    assert "<mark>" not in page(client, study, "judge_again", key)


def test_hostile_text_is_shown_as_text(client: Client, study: Study) -> None:
    hostile = make_output(study.arms.first(), make_case(study), text="<script>alert(1)</script>\u202e")
    choose(study, share=100)
    shown = page(client, study, "judge_again", key_of(study, hostile.pk))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩" in shown


def test_one_button_stores_the_verdict_and_undo_leads_back(client: Client, study: Study) -> None:
    first = queue_of(study).waiting_for(study.created_by)[0]
    give = reverse("generation:give_verdict", args=[study.key, first.key])
    assert client.post(give, {"verdict": "deferral"}).url == reverse("generation:verdicts", args=[study.key])
    row = RefusalVerdict.objects.get(by=study.created_by)
    assert (row.interpretation_id, row.verdict, row.declined) == (first.interpretation, "deferral", True)
    shown = page(client, study)
    assert reverse("generation:judge_again", args=[study.key, first.key]) in shown
    assert first.key not in shown.split("verdict-keys")[1].split("</form>")[0], "the next one is another"
    again = page(client, study, "judge_again", first.key)
    assert re.search(r'value="deferral"[^>]*aria-pressed="true"', again)
    client.post(give, {"verdict": "answer"})
    standing = RefusalVerdict.objects.filter(interpretation=first.interpretation).standing().get()
    assert standing.verdict == "answer"
    assert client.post(give, {"verdict": "nonsense"}).status_code == 302
    assert RefusalVerdict.objects.filter(by=study.created_by).count() == 2


def test_an_unknown_key_and_an_output_outside_the_queue_are_not_found(client: Client, study: Study) -> None:
    choose(study, share=0, fewest=0)
    outside = Interpretation.objects.exclude(text=REFUSAL).first()
    assert outside is not None
    for key in ("nothing", key_of(study, outside.pk)):
        url = reverse("generation:give_verdict", args=[study.key, key])
        assert client.post(url, {"verdict": "answer"}).status_code == 404


def test_a_frozen_output_is_judged_no_more(client: Client, study: Study) -> None:
    freeze(study)
    entry = queue_of(study).entries[0]
    given = RefusalVerdict.objects.count()
    response = client.post(
        reverse("generation:give_verdict", args=[study.key, entry.key]), {"verdict": "answer"}, follow=True
    )
    assert "This output is frozen" in response.content.decode()
    assert RefusalVerdict.objects.count() == given
    assert "Verdicts are settled" in page(client, study)
    assert queue_of(study).open() == []


def test_the_choice_is_stored_and_bounds_are_kept(client: Client, study: Study) -> None:
    url = reverse("generation:choose_verdicts", args=[study.key])
    wrong = {"share": 101, "fewest": 1, "people": 3, "telling": "span"}
    assert client.post(url, wrong).status_code == 200
    assert not hasattr(study, "sampling")
    client.post(url, {"share": 5, "fewest": 1, "people": 2, "telling": "nothing"})
    study.refresh_from_db()
    assert (study.sampling.share, study.sampling.people, study.sampling.telling) == (5, 2, "nothing")


# --- Agreement -----------------------------------------------------------------------------------------------
def test_agreement_weighs_the_sample_for_all_that_was_not_drawn(study: Study) -> None:
    queue = choose(study, share=50, fewest=0)
    for entry in queue.flagged:
        judge(study, entry.interpretation, "full_refusal", study.created_by)
    for number, entry in enumerate(queue.sample):
        judge(study, entry.interpretation, "full_refusal" if number == 0 else "answer", study.created_by)
    whole = agreement_of(study).whole
    assert (whole.flagged, whole.flagged_judged, whole.unflagged, whole.sampled_judged) == (4, 4, 16, 8)
    # The table the sample stands for: 4 both refused, 2 missed, 14 both answered, of 20.
    observed, expected = 18 / 20, (4 / 20) * (6 / 20) + (16 / 20) * (14 / 20)
    assert whole.declined.value == pytest.approx((observed - expected) / (1 - expected))
    assert whole.missed.value == pytest.approx(1 / 8)
    assert whole.missed_count == pytest.approx(2)
    assert whole.cried_wolf.value == 0
    assert whole.declined.ci is not None
    assert whole.declined.ci[0] < whole.declined.value < whole.declined.ci[1]
    assert agreement_of(study) == agreement_of(study), "the same seed gives the same interval"


def test_agreement_is_told_for_each_arm_and_between_people(client: Client, study: Study) -> None:
    second = make_member(study, Role.COORDINATOR).user
    queue = choose(study, people=2)
    for entry in queue.entries:
        flagged = "full_refusal" if entry.is_flagged else "answer"
        judge(study, entry.interpretation, flagged, study.created_by)
        judge(study, entry.interpretation, flagged, second)
    found = agreement_of(study)
    assert found.between_people.value == 1
    acme, zebra = found.arms
    assert acme.ten_way.value is None, "where nobody ever said anything else, kappa has no value"
    assert acme.ten_way.reason is not None
    assert zebra.ten_way.value == 1
    assert [(pair.automatic, pair.human, pair.count) for pair in zebra.pairs] == [
        ("answer", "answer", 6),
        ("full_refusal", "full_refusal", 4),
    ]
    shown = page(client, study, "agreement")
    assert "Zebra" in shown
    assert "1.00" in shown


def test_agreement_of_nothing_is_a_sentence(client: Client, study: Study) -> None:
    assert agreement_of(study).whole.ten_way.value is None
    assert "Nobody has judged an output yet." in page(client, study, "agreement")
