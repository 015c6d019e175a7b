"""Two windows or two devices: the answer given last stands, both are kept, and the page is told."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from readerstudy.reading.models import Allocation, Rating, RatingEvent
from tests.reading.worlds import address, ask, make_draft, signed_in, start

pytestmark = pytest.mark.django_db


class Window:
    """A page on which one question is answered; it knows the token of the answer that it saw."""

    def __init__(self, client: Client, allocation: Allocation, *, knows: str = "") -> None:
        self.client, self.allocation, self.basis = client, allocation, knows

    def answer(self, value: str, *, seconds_ago: float = 0, token: str = "") -> dict[str, Any]:
        token = token or str(uuid.uuid4())
        about = {"output": self.allocation.outputs.get().letter, "criterion": "likert", "token": token}
        told = {"value": value, "based_on": self.basis, "age": str(seconds_ago * 1000)}
        response = self.client.post(address("rate", self.allocation), {**about, **told})
        assert response.status_code == 200
        self.basis = token
        elsewhere: dict[str, Any] = response.json().get("elsewhere", {})
        return elsewhere


@pytest.fixture
def allocation() -> Allocation:
    study = make_draft()
    ask(study, "likert")
    return start(study)[1][0]


@pytest.fixture
def windows(allocation: Allocation) -> tuple[Window, Window]:
    client = signed_in(allocation.seat)
    return Window(client, allocation), Window(client, allocation)


def standing() -> str:
    return Rating.objects.get().value


def test_one_window_that_changes_its_mind_meets_nobody(windows: tuple[Window, Window]) -> None:
    one, _other = windows
    assert [one.answer(value) for value in "352"] == [{}, {}, {}]
    assert standing() == "2"


def test_the_later_answer_stands_and_is_told_of_the_earlier(windows: tuple[Window, Window]) -> None:
    one, other = windows
    one.answer("3", seconds_ago=60)
    met = other.answer("4")
    assert (met["stands"], met["answer"]["value"], met["token"]) == (False, "3", one.basis)
    assert standing() == "4"


def test_an_earlier_answer_that_arrives_late_is_kept_and_does_not_stand(
    windows: tuple[Window, Window],
) -> None:
    one, other = windows
    other.answer("4", seconds_ago=60)
    met = one.answer("3", seconds_ago=3600)
    assert (met["stands"], met["answer"]["value"], met["token"]) == (True, "4", other.basis)
    assert standing() == "4"
    assert set(RatingEvent.objects.values_list("value", flat=True)) == {"3", "4"}


def test_what_was_seen_is_replaced_whatever_the_clocks_say(windows: tuple[Window, Window]) -> None:
    one, other = windows
    one.answer("3")
    other.basis = one.basis
    assert other.answer("5", seconds_ago=3600) == {}
    assert standing() == "5"


def test_the_same_request_again_tells_what_stands_now(windows: tuple[Window, Window]) -> None:
    one, other = windows
    token = str(uuid.uuid4())
    one.answer("3", seconds_ago=60, token=token)
    other.answer("4")
    met = one.answer("3", seconds_ago=90, token=token)
    assert (met["stands"], met["answer"]["value"]) == (True, "4")
    assert RatingEvent.objects.count() == 2


def test_a_page_says_which_answer_it_shows(windows: tuple[Window, Window], allocation: Allocation) -> None:
    one, _other = windows
    one.answer("3")
    page = one.client.get(address("read", allocation)).content.decode()
    assert f'data-basis="{one.basis}"' in page
