"""Providers' cards: staff write them, coordinators read them, and patient data leave only where one allows it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.accounts.models import User
from readerstudy.audit.models import Event
from readerstudy.generation import actions
from readerstudy.generation.leaving.departures import DepartureError, check_may_leave, obstacle_to_leaving
from readerstudy.generation.models import VendorCard
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies.models import Role, Study
from tests.factories import make_arm, make_case, make_member, make_study, make_user

pytestmark = pytest.mark.django_db

ALLOWED: dict[str, Any] = {
    "agreement": "processing",
    "reference": "Contract 17",
    "signed_on": date(2026, 1, 5),
    "expires_on": None,
    "region": "EU",
    "retention": "not at all",
    "training": "excluded",
    "contact": "Data protection",
    "allows_patient_data": True,
}


@pytest.fixture
def staff() -> User:
    return make_user(is_staff=True)


@pytest.fixture(autouse=True)
def vendor(settings: Any, connections: dict[str, Offer]) -> None:
    """One real provider beside the simulated ones."""
    real = Offer("Real vendor", Connection("real", "openai", "http://127.0.0.1:9", "key"))
    settings.CONNECTIONS = {**connections, "real": real}


def save(by: User, **changes: Any) -> VendorCard:
    return actions.save_card(connection="real", fields={**ALLOWED, **changes}, by=by)


def test_patient_data_wait_for_a_card(staff: User) -> None:
    study = make_study(contains_patient_data=True)
    with pytest.raises(DepartureError, match="nobody has filled in the card of “Real vendor”"):
        check_may_leave(study, "real")
    save(staff)
    check_may_leave(study, "real")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"allows_patient_data": False}, "does not allow to send them"),
        ({"expires_on": timezone.localdate() - timedelta(days=1)}, "ended on"),
        ({"expires_on": timezone.localdate()}, ""),
        ({"agreement": "own", "region": "our house"}, ""),
    ],
)
def test_the_newest_version_of_the_card_decides(staff: User, changes: dict[str, Any], told: str) -> None:
    study = make_study(contains_patient_data=True)
    save(staff)
    save(staff, **changes)
    assert told in obstacle_to_leaving(study, "real")
    assert bool(obstacle_to_leaving(study, "real")) == bool(told)


def test_a_study_without_patient_data_and_the_simulated_vendor_need_no_card() -> None:
    check_may_leave(make_study(contains_patient_data=False), "real")
    check_may_leave(make_study(contains_patient_data=True), "simulated-openai")


def test_a_new_study_counts_as_one_with_patient_data() -> None:
    from readerstudy.studies.actions import create_study

    assert create_study(title="New", by=make_user()).contains_patient_data
    assert not create_study(title="Demo", by=make_user(), is_demo=True).contains_patient_data


def test_the_overview_names_the_obstacle_and_leads_to_the_cards() -> None:
    study = make_study(contains_patient_data=True)
    make_arm(study, connection="real", is_simulated=False)
    make_case(study)
    client = Client()
    client.force_login(study.created_by)
    shown = client.get(reverse("studies:detail", args=[study.key])).content.decode()
    assert "nobody has filled in the card of “Real vendor”" in shown
    assert reverse("providers:cards") in shown


def test_outputs_are_neither_queued_nor_called_for_without_a_card(staff: User) -> None:
    study = make_study(contains_patient_data=True)
    make_arm(study, connection="real", is_simulated=False)
    make_case(study)
    with pytest.raises(Exception, match="nobody has filled in the card"):
        actions.queue_generations(study=study, by=study.created_by)
    save(staff)
    assert actions.queue_generations(study=study, by=study.created_by) == 1


def test_each_call_asks_again(staff: User, work: Any) -> None:
    from readerstudy.generation.models import Attempt, Generation

    study = make_study(contains_patient_data=True)
    make_arm(study, connection="real", is_simulated=False)
    make_case(study)
    save(staff)
    actions.queue_generations(study=study, by=study.created_by)
    save(staff, expires_on=timezone.localdate() - timedelta(days=1))
    work()
    assert "ended on" in Generation.objects.get().failure
    assert not Attempt.objects.exists()


# --- The page ------------------------------------------------------------------------------------------------------
def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("who", "listed", "edited"),
    [("staff", 200, 200), ("coordinator", 200, 404), ("reader", 404, 404), ("writer", 404, 404)],
)
def test_staff_edit_and_coordinators_read(staff: User, who: str, listed: int, edited: int) -> None:
    person = staff if who == "staff" else make_member(make_study(), Role(who)).user
    client = client_of(person)
    assert client.get(reverse("providers:cards")).status_code == listed
    assert client.get(reverse("providers:edit_card", args=["real"])).status_code == edited
    assert client.get(reverse("providers:edit_card", args=["unknown"])).status_code == 404


def test_nobody_gets_in_without_signing_in() -> None:
    assert Client().get(reverse("providers:cards")).status_code == 302


def test_a_card_is_written_as_the_next_version_with_who_and_when(staff: User) -> None:
    client, address = client_of(staff), reverse("providers:edit_card", args=["real"])
    fields = {**ALLOWED, "signed_on": "2026-01-05", "expires_on": "", "allows_patient_data": "on"}
    assert client.post(address, fields).status_code == 302
    assert client.post(address, {**fields, "region": "EU, Ireland"}).status_code == 302
    assert list(VendorCard.objects.order_by("number").values_list("number", "region")) == [
        (1, "EU"),
        (2, "EU, Ireland"),
    ]
    assert VendorCard.objects.of("real").entered_by == staff  # type: ignore[union-attr]
    assert Event.objects.filter(verb="card.save", actor=staff).count() == 2
    assert "Patient data may be sent." in client.get(reverse("providers:cards")).content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"agreement": "terms"}, "only where an agreement binds the provider"),
        ({"training": "unknown"}, "only where training on them is excluded"),
        ({"expires_on": "2025-12-31"}, "before the day of signing"),
        ({"region": ""}, "required"),
    ],
)
def test_a_card_that_cannot_be_is_refused(staff: User, changes: dict[str, str], told: str) -> None:
    fields = {**ALLOWED, "signed_on": "2026-01-05", "expires_on": "", "allows_patient_data": "on", **changes}
    response = client_of(staff).post(reverse("providers:edit_card", args=["real"]), fields)
    assert response.status_code == 422
    assert told in response.content.decode()
    assert not VendorCard.objects.exists()


# --- The database --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"agreement": "terms"},
        {"training": "allowed"},
        {"agreement": "handshake"},
        {"expires_on": date(2025, 1, 1)},
    ],
)
def test_the_database_refuses_impossible_cards(staff: User, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        save(staff, **changes)


@pytest.mark.parametrize(
    "deed", ["UPDATE generation_vendorcard SET region = 'x'", "DELETE FROM generation_vendorcard"]
)
def test_cards_never_change(staff: User, deed: str) -> None:
    save(staff)
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


def test_a_locked_study_keeps_its_word_on_patient_data() -> None:
    from tests.factories import make_running_study

    study = make_running_study(cases=1, arms=1, readers=1)
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        Study.objects.filter(pk=study.pk).update(contains_patient_data=not study.contains_patient_data)
