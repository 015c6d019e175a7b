"""Building a protocol in the browser: what is taken, what is refused with which sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies import prompt_marks, stations
from readerstudy.studies.models import Arm, Criterion, Membership, PromptVersion, Study
from readerstudy.studies.stations import Station
from tests import factories

pytestmark = pytest.mark.django_db


def question(**answers: Any) -> dict[str, Any]:
    return {
        "question": "Correctness",
        "direction": "higher",
        "applies_to": "output",
        "cannot_judge": "yes",
        **answers,
    }


def ask(study: Study) -> str:
    return reverse("studies:new_question", args=[study.key, "yes_no"])


def test_whoever_makes_a_study_coordinates_it(client: Client) -> None:
    response = client.post(reverse("studies:create"), {"title": "Fundus study"})
    study = Study.objects.get(title="Fundus study")
    assert response["Location"] == reverse("studies:detail", args=[study.key])
    assert Membership.objects.get(study=study).role == "coordinator"


def test_an_empty_form_keeps_what_was_typed_and_marks_the_field(client: Client) -> None:
    page = client.post(reverse("studies:create"), {"title": "", "question": "Is it right?"}).content.decode()
    assert "This field is required" in page
    assert "Is it right?" in page


def test_two_questions_get_two_short_names(client: Client, study: Study) -> None:
    for _time in range(2):
        client.post(ask(study), question())
    page = client.post(ask(study), question(key="correctness")).content.decode()
    assert "“correctness” stands here twice" in page
    assert [row.key for row in Criterion.objects.of(study)] == ["correctness", "correctness-2"]


def test_an_arm_keeps_only_the_parameters_that_were_set(client: Client, study: Study, settings: Any) -> None:
    from readerstudy.providers.connections import read_connections

    settings.CONNECTIONS = read_connections(lambda name: "k" if name == "OPENAI_API_KEY" else "")
    answers = {
        "name": "One",
        "kind": "model",
        "connection": "openai",
        "model": "gpt-x",
        "prompt": factories.make_prompt(study).pk,
        "input_condition": "image",
        "replicates": "2",
        "temperature": "0",
    }
    client.post(reverse("studies:add_arm", args=[study.key]), answers)
    arm = Arm.objects.get(study=study)
    assert arm.parameters == {"temperature": 0.0}
    assert (arm.input_condition, arm.replicates) == ("image", 2)
    assert not arm.is_simulated


def arm_answers(study: Study, **changes: Any) -> dict[str, Any]:
    prompt = changes.pop("prompt", None) or factories.make_prompt(study, name="P")
    told = {"name": "One", "kind": "model", "connection": "simulated-openai", "model": "sim-alpha"}
    return {**told, "prompt": prompt.pk, **changes}


@pytest.fixture
def provider(settings: Any) -> None:
    """One simulated provider is set up."""
    connection = Connection("simulated-openai", "openai", "http://127.0.0.1:9/v1", "k", simulated=True)
    settings.CONNECTIONS = {"simulated-openai": Offer("Simulated", connection)}


def test_an_arm_sends_every_parameter_that_was_chosen_and_no_other(
    client: Client, study: Study, provider: None
) -> None:
    chosen = {
        "top_p": "0.5",
        "max_output_tokens": "300",
        "seed": "7",
        "reasoning_effort": "low",
        "service_tier": "flex",
    }
    client.post(reverse("studies:add_arm", args=[study.key]), arm_answers(study, temperature="", **chosen))
    assert Arm.objects.get(study=study).parameters == {
        "top_p": 0.5,
        "max_output_tokens": 300,
        "seed": 7,
        "reasoning_effort": "low",
        "service_tier": "flex",
    }


@pytest.mark.parametrize(("kind", "keeps_prompt"), [("imported", True), ("human", False)])
def test_an_arm_that_nobody_is_called_for_keeps_nothing_of_a_call(
    client: Client, study: Study, provider: None, kind: str, keeps_prompt: bool
) -> None:
    answers = arm_answers(study, kind=kind, temperature="1", replicates="")
    client.post(reverse("studies:add_arm", args=[study.key]), answers)
    arm = Arm.objects.get(study=study)
    assert (arm.connection, arm.model, arm.parameters, arm.is_simulated) == ("", "", {}, False)
    assert (arm.prompt is not None) == keeps_prompt


@pytest.mark.parametrize("replicates", ["101", "-1"])
def test_an_impossible_number_of_replicates_is_said_at_its_field(
    client: Client, study: Study, provider: None, replicates: str
) -> None:
    page = client.post(
        reverse("studies:add_arm", args=[study.key]), arm_answers(study, replicates=replicates)
    )
    assert page.context["form"].errors
    assert not Arm.objects.filter(study=study).exists()


def test_a_prompt_is_chosen_with_its_version_and_what_is_known_of_it(
    client: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = factories.make_prompt(study, name="P"), factories.make_prompt(study, name="P")
    monkeypatch.setattr(prompt_marks, "_finders", [lambda _versions: {first.pk: "validated on 9 cases"}])
    page = client.get(reverse("studies:add_arm", args=[study.key])).content.decode()
    assert "P (1) · validated on 9 cases" in page
    assert f"P ({second.number}) · newest, not validated" in page


def test_an_arm_is_copied_to_another_model(client: Client, study: Study, provider: None) -> None:
    arm = factories.make_arm(study, name="One", parameters={"seed": 7}, input_condition="image")
    form = client.get(reverse("studies:add_arm", args=[study.key]) + f"?like={arm.pk}").context["form"]
    assert form["model"].value() == "sim-alpha"
    assert form["seed"].value() == 7
    assert form["name"].value() is None
    assert form["prompt"].value() == arm.prompt_id
    other = factories.make_arm(factories.make_study())
    form = client.get(reverse("studies:add_arm", args=[study.key]) + f"?like={other.pk}").context["form"]
    assert form["model"].value() is None


def test_the_grid_of_models_and_prompts_is_filled_cell_by_cell(client: Client, study: Study) -> None:
    first = factories.make_prompt(study, name="P")
    alpha = factories.make_arm(study, model="m-alpha", prompt=first, parameters={"seed": 7})
    factories.make_arm(study, model="m-beta", prompt=factories.make_prompt(study, name="Q"))
    page = client.get(reverse("studies:arms", args=[study.key])).content.decode()
    second = PromptVersion.objects.get(study=study, name="Q")
    address = reverse("studies:cross_arm", args=[study.key, alpha.pk, second.pk])
    assert address in page
    assert page.count("/cross/") == 2
    client.post(address)
    made = Arm.objects.get(study=study, model="m-alpha", prompt=second)
    assert (made.name, made.parameters, made.position) == ("m-alpha · Q (1)", {"seed": 7}, 2)
    client.post(address)
    assert Arm.objects.filter(name="m-alpha · Q (1) 2").exists()
    page = client.get(reverse("studies:arms", args=[study.key])).content.decode()
    assert page.count("/cross/") == 1


def test_the_grid_takes_only_arms_and_prompts_of_its_own_study(client: Client, study: Study) -> None:
    arm, elsewhere = factories.make_arm(study), factories.make_study()
    pairs = [(arm.pk, factories.make_prompt(elsewhere).pk), (factories.make_arm(elsewhere).pk, arm.prompt_id)]
    for numbers in pairs:
        assert client.post(reverse("studies:cross_arm", args=[study.key, *numbers])).status_code == 404
    assert Arm.objects.filter(study=study).count() == 1


def test_one_model_with_one_prompt_has_no_grid(client: Client, study: Study) -> None:
    factories.make_arm(study)
    assert client.get(reverse("studies:arms", args=[study.key])).context["grid"] is None


def test_a_model_without_provider_is_refused(client: Client, study: Study) -> None:
    page = client.post(
        reverse("studies:add_arm", args=[study.key]), {"name": "One", "kind": "model"}
    ).content.decode()
    assert "A model that we call needs this." in page
    assert not Arm.objects.filter(study=study).exists()


def test_a_wrong_address_invites_nobody(client: Client, study: Study) -> None:
    emails = "good@example.org\nnot an address"
    page = client.post(
        reverse("reading:readers", args=[study.key]), {"emails": emails, "role": "reader"}
    ).content.decode()
    assert "Nobody was invited" in page
    assert Membership.objects.filter(study=study).count() == 1


def test_inviting_twice_gives_one_membership_and_mails_a_link(
    client: Client, study: Study, mailoutbox: Any
) -> None:
    for _time in range(2):
        client.post(
            reverse("reading:readers", args=[study.key]), {"emails": "doc@example.org", "role": "reader"}
        )
    assert Membership.objects.filter(study=study, role="reader").count() == 1
    assert len(mailoutbox) == 2
    assert "/people/invitation/" in mailoutbox[-1].body


def test_the_overview_says_exactly_what_is_missing(client: Client, study: Study) -> None:
    page = client.get(reverse("studies:detail", args=[study.key])).content.decode()
    for sentence in ("No arm is defined", "Readers have no question to answer", "No reader is invited"):
        assert sentence in page
    assert "disabled" in page


def test_a_page_and_its_navigation_share_one_look_at_every_station(
    client: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def watched(station: Station) -> Station:
        return replace(station, look=lambda of: looked.append(station.url_name) or station.look(of))  # type: ignore[func-returns-value]

    every = [watched(station) for station in stations._stations]
    monkeypatch.setattr(stations, "_stations", every)
    for name, arguments in (("studies:detail", []), ("studies:deed", ["lock"])):
        looked.clear()
        assert client.get(reverse(name, args=[study.key, *arguments])).status_code == 200
        assert sorted(looked) == sorted(station.url_name for station in every)


def test_every_deed_is_in_the_audit_trail(client: Client, study: Study) -> None:
    client.post(ask(study), question())
    verbs = set(Event.objects.of_study(study.pk).values_list("verb", flat=True))
    assert {"study.create", "criterion.add"} <= verbs
    assert "criterion.add" in client.get(reverse("studies:audit", args=[study.key])).content.decode()


def test_a_locked_study_shows_its_protocol_and_refuses_to_change_it() -> None:
    study = factories.make_running_study()
    client = Client()
    client.force_login(study.created_by)
    response = client.post(ask(study), question(question="Late"), follow=True)
    assert "its protocol can no longer change" in response.content.decode()
    assert not Criterion.objects.of(study).filter(question="Late").exists()


def test_the_settings_keep_what_leaves_and_what_readers_are_shown() -> None:
    study = factories.make_study()
    client = Client()
    client.force_login(study.created_by)
    address = reverse("studies:settings", args=[study.key])
    sent = {"title": study.title, "consent_text": "Yes.", "refusal_policy": "worst", "show_boxes": "on"}
    assert client.post(address, sent).status_code == 302
    study.refresh_from_db()
    assert (study.refusal_policy, study.show_boxes, study.contains_patient_data) == ("worst", True, False)
