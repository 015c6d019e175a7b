"""Going back: what the protocol allows, a reason after the sitting, and a sentence where it is refused."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.reading.actions import sign_completion, stop_session
from readerstudy.reading.models import Allocation, Rating, RatingEvent, Session
from readerstudy.studies.models import Membership
from tests.reading.path_worlds import make_draft, mine, read, start
from tests.reading.worlds import address, signed_in

pytestmark = pytest.mark.django_db
NEVER = "a finished case stays as it is"
EARLIER = "in an earlier sitting, so it stays as it is"
WHY = "Say first why you change it"


def seat_with(going_back: str = "") -> Membership:
    phases = {"going_back": going_back} if going_back else None
    return start(make_draft(practice=None, phases=phases))


def finished(seat: Membership) -> Allocation:
    """The first case, finished with a 4."""
    allocation = mine(seat, practice=False)[0]
    read(seat, allocation)
    return Allocation.objects.get(pk=allocation.pk)


def end_sitting(seat: Membership) -> None:
    stop_session(seat=seat, by=seat.user)


def change(client: Client, allocation: Allocation, value: str = "2", **more: str) -> tuple[int, str]:
    letter = allocation.outputs.get().letter
    sent = {"output": letter, "criterion": "correctness", "value": value, "token": str(uuid.uuid4()), **more}
    response = client.post(address("rate", allocation), sent)
    return response.status_code, response.json().get("error", "")


@pytest.mark.parametrize("going_back", ["", "within_session", "until_end"])
def test_within_the_sitting_a_change_is_a_new_event(going_back: str) -> None:
    seat = seat_with(going_back)
    allocation, client = finished(seat), signed_in(seat)
    assert client.get(address("read", allocation)).status_code == 200
    assert change(client, allocation) == (200, "")
    assert Rating.objects.get().value == "2"
    assert list(RatingEvent.objects.order_by("pk").values_list("value", flat=True)) == ["4", "2"]


def test_where_nobody_goes_back_a_finished_case_neither_opens_nor_changes() -> None:
    seat = seat_with("never")
    allocation, client = finished(seat), signed_in(seat)
    status, sentence = change(client, allocation)
    assert (status, NEVER in sentence) == (409, True)
    response = client.get(address("read", allocation), follow=True)
    assert NEVER in response.content.decode()
    assert 'id="reading"' not in response.content.decode()
    following = client.get(address("read", mine(seat, practice=False)[1])).content.decode()
    assert "data-previous " not in following
    assert RatingEvent.objects.count() == 1


def test_where_nobody_goes_back_the_plain_form_is_refused_and_the_same_form_again_is_not() -> None:
    seat = seat_with("never")
    allocation, client = finished(seat), signed_in(seat)
    name = f"{allocation.outputs.get().letter}-correctness"
    again = client.post(address("submit", allocation), {name: "4", "submit": "1"})
    assert again["Location"] == address("read", mine(seat, practice=False)[1])
    changed = client.post(address("submit", allocation), {name: "1", "submit": "1"}, follow=True)
    assert NEVER in changed.content.decode()
    assert RatingEvent.objects.count() == 1


def test_within_the_session_means_not_in_a_later_one() -> None:
    seat = seat_with("within_session")
    allocation, client = finished(seat), signed_in(seat)
    end_sitting(seat)
    status, sentence = change(client, allocation)
    assert (status, EARLIER in sentence) == (409, True)
    assert EARLIER in client.get(address("read", allocation), follow=True).content.decode()
    assert "data-previous " not in client.get(address("read", mine(seat, practice=False)[1])).content.decode()


def test_half_an_hour_of_nothing_ends_the_sitting() -> None:
    seat = seat_with("within_session")
    allocation, client = finished(seat), signed_in(seat)
    Session.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    assert change(client, allocation)[0] == 409


@pytest.mark.parametrize("going_back", ["", "until_end"])
def test_after_the_sitting_a_change_says_why(going_back: str) -> None:
    seat = seat_with(going_back)
    allocation, client = finished(seat), signed_in(seat)
    end_sitting(seat)
    page = client.get(address("read", allocation)).content.decode()
    assert 'name="changed_because"' in page
    status, sentence = change(client, allocation)
    assert (status, WHY in sentence) == (422, True)
    assert change(client, allocation, changed_because="Misread the side.") == (200, "")
    assert RatingEvent.objects.latest("pk").changed_because == "Misread the side."
    assert (
        Event.objects.filter(verb="rating.give").latest("pk").data["changed_because"] == "Misread the side."
    )


def test_after_the_sitting_the_plain_form_says_why() -> None:
    seat = seat_with()
    allocation, client = finished(seat), signed_in(seat)
    end_sitting(seat)
    name = f"{allocation.outputs.get().letter}-correctness"
    refused = client.post(address("submit", allocation), {name: "1", "submit": "1"})
    assert WHY in refused.content.decode()
    client.post(address("submit", allocation), {name: "1", "submit": "1", "changed_because": "Slipped."})
    assert (Rating.objects.get().value, RatingEvent.objects.latest("pk").changed_because) == ("1", "Slipped.")


def test_the_end_is_the_signature() -> None:
    seat = seat_with()
    allocation, client = finished(seat), signed_in(seat)
    for each in mine(seat, practice=False)[1:]:
        read(seat, each)
    told = {"printed_name": "Dr Example", "password": "correct horse battery", "code": ""}
    sign_completion(seat=seat, **told, by=seat.user)
    status, sentence = change(client, allocation, changed_because="Too late.")
    assert (status, "You have signed" in sentence) == (409, True)


def test_an_open_case_is_none_to_go_back_to() -> None:
    seat = seat_with("never")
    allocation, client = mine(seat, practice=False)[0], signed_in(seat)
    client.get(address("read", allocation))
    end_sitting(seat)
    assert change(client, allocation, "3") == (200, "")
    assert change(client, allocation, "2") == (200, "")


def test_a_rating_is_not_given_after_it_arrived() -> None:
    seat = seat_with()
    finished(seat)
    event = RatingEvent.objects.get()
    event.pk, event.token, event.given_at = None, uuid.uuid4(), event.at + timedelta(seconds=1)
    with pytest.raises(DatabaseError, match="reading_given_before_it_arrived"), transaction.atomic():
        event.save(force_insert=True)
    assert RatingEvent.objects.filter(given_at=F("at")).count() == 1
