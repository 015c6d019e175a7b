"""The Plan station and the deeds of the Readers page: chosen parts, their balance, sample sizes, who takes over."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.models import User
from readerstudy.audit.models import Event
from readerstudy.cases.models import Purpose
from readerstudy.reading import actions
from readerstudy.reading.models import Allocation, Replacement
from readerstudy.studies.models import Design, Membership, Study
from readerstudy.studies.stations import readiness
from tests import factories
from tests.reading.plans import SECTIONS, planned_study, read, running_study, seats_of, set_apart

pytestmark = pytest.mark.django_db
CHOICE = {"plan": "overlap", "readers_per_case": "2", "shared": "25", "outputs": "pairs"}


def coordinator(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def address(name: str, study: Study, *more: object) -> str:
    return reverse(f"reading:{name}", args=[study.key, *more])


def told(response: Any) -> str:
    return " ".join(response.content.decode().split())


def section_of(study: Study) -> Any:
    return Design.objects.of(study).section("allocation")


@pytest.fixture
def study() -> Study:
    return factories.make_ready_study(cases=8, arms=2, readers=4)


def test_a_chosen_plan_is_stored_as_a_section_of_the_protocol(study: Study) -> None:
    page = coordinator(study).get(address("plan", study))
    assert "Every reader reads every case" in told(page)
    answer = coordinator(study).post(address("plan", study), CHOICE)
    assert answer["Location"] == address("plan", study)
    assert section_of(study) == {
        "plan": "overlap",
        "outputs": "pairs",
        "readers_per_case": 2,
        "shared": 0.25,
    }
    assert Event.objects.filter(verb="design.change").exists()


def test_every_part_of_a_section_survives_the_form(study: Study) -> None:
    set_apart(study, Purpose.CHECK, "C008")
    section = {
        "plan": "overlap",
        "outputs": "pairs",
        "readers_per_case": 3,
        "shared": 0.3333,
        "crossover": True,
        "washout_days": 14,
        "repeats": {"share": 0.125, "fewest": 1, "distance": 2},
        "checks": {"codes": ["C008"], "every": 9},
        "seed": 11,
    }
    Design.objects.update_or_create(study=study, defaults={"document": {"allocation": section}})
    form = coordinator(study).get(address("plan", study)).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    posted = {
        name: "on" if value is True else value for name, value in sent.items() if value not in (None, False)
    }
    coordinator(study).post(address("plan", study), posted)
    assert section_of(study) == section


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"readers_per_case": ""}, "This plan needs a number here."),
        ({"readers_per_case": "0"}, "greater than or equal to 1"),
        ({"plan": "unknown"}, "Select a valid choice"),
        ({"checks": "on"}, "No case serves as a check."),
    ],
)
def test_a_plan_without_meaning_is_refused_at_its_field(
    study: Study, change: dict[str, str], sentence: str
) -> None:
    answer = coordinator(study).post(address("plan", study), {**CHOICE, **change})
    assert answer.status_code == 422
    assert sentence in told(answer)
    assert section_of(study) == {}


def test_the_preview_tells_what_a_choice_gives_and_stores_nothing(study: Study) -> None:
    client = coordinator(study)
    part = client.post(address("plan_preview", study), CHOICE, headers={"HX-Request": "true"})
    assert told(part).startswith('<section class="panel plan-gives"')
    assert "Readers of each case: <strong>2</strong>" in told(part)
    assert "20 presentations" in told(part)
    whole = client.post(address("plan_preview", study), {**CHOICE, "readers_per_case": "9"})
    assert "Each case is to be read by 9 readers, and there are 4." in told(whole)
    assert "<html" in told(whole)
    assert section_of(study) == {}


def test_before_there_are_readers_and_cases_the_preview_supposes_some() -> None:
    study = factories.make_study()
    factories.make_arm(study)
    page = told(coordinator(study).get(address("plan", study)))
    assert "no reader is invited; supposed are 2" in page
    assert "no case is there; supposed are 40" in page
    assert "80 presentations" in page


def test_a_plan_that_cannot_be_drawn_is_a_blocker_with_a_remedy(study: Study) -> None:
    section = {"plan": "incomplete_blocks", "readers_per_case": 3, "outputs": "one_arm"}
    Design.objects.update_or_create(study=study, defaults={"document": {"allocation": section}})
    blocking = [line for line in readiness(study) if line.sign == "bad"]
    assert not blocking
    section["readers_per_case"] = 5
    Design.objects.filter(study=study).update(document={"allocation": section})
    (line,) = [line for line in readiness(study) if line.sign == "bad"]
    assert line.text.startswith("Each case is to be read by 5 readers")
    assert line.remedy_url == address("plan", study)


def test_the_balance_is_shown_before_the_lock_and_proved_after_it(study: Study) -> None:
    coordinator(study).post(address("plan", study), CHOICE)
    before = told(coordinator(study).get(address("allocation", study)))
    for words in (
        "Arm by position",
        "Arm by side",
        "Sides by reader and pair",
        "Minutes by reader",
        "Assumed",
    ):
        assert words in before
    study = actions.start_study(study=study, by=study.created_by)
    after = told(coordinator(study).get(address("allocation", study)))
    assert "The seed gives exactly the stored rows again" in after
    assert "Arm 1" in after
    assert 'class="bad"' not in after
    again = coordinator(study).get(address("allocation", study))
    assert "The seed gives exactly the stored rows again" in told(again)
    locked = coordinator(study).post(address("plan", study), CHOICE)
    assert locked.status_code == 422
    assert "This study is locked" in told(locked)
    assert "What it gives" not in told(locked).replace("What it gives is counted", "")


def test_minutes_are_measured_once_there_are_readings(study: Study) -> None:
    study = running_study(SECTIONS["crossed"], cases=12, arms=1, readers=1)
    for allocation in Allocation.objects.of(seats_of(study)[0])[:10]:
        read(allocation)
    page = told(coordinator(study).get(address("allocation", study)))
    assert "is the median of 10 readings" in page


def test_simulated_readers_measure_no_minutes() -> None:
    study = running_study(SECTIONS["crossed"], cases=12, arms=1, readers=1)
    User.objects.filter(memberships__study=study).update(is_simulated=True)
    for allocation in Allocation.objects.of(seats_of(study)[0])[:10]:
        read(allocation)
    assert "Assumed: 60 seconds" in told(coordinator(study).get(address("allocation", study)))


@pytest.mark.parametrize(
    ("topic", "change", "words"),
    [
        ("agreement", {}, ("Cases", "kappa")),
        ("share", {}, ("Wilson",)),
        ("paired", {}, ("McNemar",)),
        ("preference", {}, ("preference",)),
        ("mrmc", {}, ("Power by readers and cases",)),
        (
            "paired",
            {"first_only": "0.6", "second_only": "0.6"},
            ("together they must be above 0 and at most 1",),
        ),
        ("share", {"half_width": "2"}, ("less than or equal to 0.5",)),
    ],
)
def test_each_question_of_the_sample_size_page_is_answered(
    study: Study, topic: str, change: dict[str, str], words: tuple[str, ...]
) -> None:
    client = coordinator(study)
    page = client.get(address("sample_size", study))
    (form,) = [each.form for each in page.context["topics"] if each.asking.key == topic]
    sent = {
        form.add_prefix(name): str(form.get_initial_for_field(field, name))
        for name, field in form.fields.items()
    }
    sent |= {form.add_prefix(name): value for name, value in change.items()}
    answer = told(client.get(address("sample_size", study), {"topic": topic, **sent}))
    for word in words:
        assert word in answer


def test_the_sample_size_page_tells_burden_and_cost(study: Study) -> None:
    factories.make_arm(study, name="Waiting", model="sim-alpha")
    page = told(coordinator(study).get(address("sample_size", study)))
    assert "Reader minutes in all" in page
    assert "Krupinski" in page
    assert "Waiting" in page
    assert "price not known" in page


def test_a_reader_is_replaced_through_the_page() -> None:
    study = running_study(SECTIONS["crossed"], cases=3, arms=1, readers=2)
    leaver = seats_of(study)[0]
    client = coordinator(study)
    assert "Replace R01" in told(client.get(address("readers", study)))
    page = told(client.get(address("replace", study, leaver.pk)))
    assert "3 presentations that R01 has not submitted go to another person." in page
    empty = client.post(address("replace", study, leaver.pk), {"email": "new@example.org", "reason": ""})
    assert empty.status_code == 422
    known = {"email": seats_of(study)[1].user.email, "reason": "ill"}
    refused = client.post(address("replace", study, leaver.pk), known)
    assert refused.status_code == 422
    assert "R02 has cases to read already" in told(refused)
    sent = {"email": "new@example.org", "reason": "withdrew"}
    answer = client.post(address("replace", study, leaver.pk), sent)
    assert answer["Location"] == address("readers", study)
    (message,) = get_messages(answer.wsgi_request)
    assert "R03 takes over 3 presentations of R01" in str(message)
    assert Replacement.objects.get().reason == "withdrew"
    assert Event.objects.filter(verb="reader.replace").exists()
    page = told(client.get(address("readers", study)))
    assert "Replace R01" not in page
    assert "0 / 3" in page


def test_who_left_with_cases_unread_is_listed_until_replaced() -> None:
    from readerstudy.studies.actions import remove_member

    study = running_study(SECTIONS["crossed"], cases=3, arms=1, readers=2)
    leaver = seats_of(study)[0]
    remove_member(membership=leaver, by=study.created_by)
    client = coordinator(study)
    assert "Left with cases unread" in told(client.get(address("readers", study)))
    sent = {"email": "new@example.org", "reason": "left"}
    client.post(address("replace", study, leaver.pk), sent)
    assert "Left with cases unread" not in told(client.get(address("readers", study)))


def test_a_late_reader_gets_cases_by_a_button_once() -> None:
    study = running_study(SECTIONS["crossed"], cases=3, arms=1, readers=1)
    late = factories.make_member(study)
    client = coordinator(study)
    assert "Give cases to R02" in told(client.get(address("readers", study)))
    for _press in range(2):
        client.post(address("join", study, late.pk))
    assert Allocation.objects.filter(seat=late).count() == 3
    assert "Give cases to R02" not in told(client.get(address("readers", study)))


def test_cases_held_back_are_released_by_a_button() -> None:
    study = planned_study(SECTIONS["crossed"], cases=4, arms=1, readers=1)
    set_apart(study, Purpose.LATER, "C003", "C004")
    study = actions.start_study(study=study, by=study.created_by)
    client = coordinator(study)
    assert "Release 2 cases" in told(client.get(address("readers", study)))
    client.post(address("release", study))
    assert Allocation.objects.of(seats_of(study)[0]).count() == 4
    page = told(client.get(address("readers", study)))
    assert "held back" not in page


@pytest.mark.parametrize("who", ["reader", "stranger", "other coordinator"])
def test_nobody_else_changes_who_reads_what(who: str) -> None:
    study = running_study(SECTIONS["crossed"], cases=2, arms=1, readers=1)
    seat: Membership = seats_of(study)[0]
    people = {"reader": seat.user, "stranger": factories.make_user()}
    client = Client()
    client.force_login(people.get(who) or factories.make_study().created_by)
    for name, more in (
        ("plan", ()),
        ("plan_preview", ()),
        ("release", ()),
        ("join", [seat.pk]),
        ("replace", [seat.pk]),
    ):
        assert client.post(address(name, study, *more)).status_code == 404
    foreign = factories.make_reader(factories.make_study())
    for name in ("join", "replace"):
        assert coordinator(study).post(address(name, study, foreign.pk)).status_code == 404
