"""The washout is a gate of each case and reader, on the server and on the reader's start page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from readerstudy.reading import actions
from readerstudy.reading.models import Allocation, Rating, Reading
from readerstudy.reading.scales import Answer
from readerstudy.reading.washout import gate_of
from readerstudy.studies.models import Criterion, Membership, Study
from readerstudy.studies.policies import StudyError
from tests.reading.plans import SECTIONS, read, running_study, seats_of

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def study(clock: time_machine.Traveller) -> Study:
    return running_study(SECTIONS["crossover"], cases=3, arms=2, readers=1)


@pytest.fixture
def seat(study: Study) -> Membership:
    return seats_of(study)[0]


def client_of(seat: Membership) -> Client:
    client = Client()
    client.force_login(seat.user)
    return client


def start_of(seat: Membership) -> str:
    return client_of(seat).get(reverse("reading:start", args=[seat.study.key])).content.decode()


def read_first_part(seat: Membership) -> None:
    for allocation in Allocation.objects.of(seat).filter(period=1):
        read(allocation)


def test_the_start_page_says_when_the_next_part_opens(
    clock: time_machine.Traveller, seat: Membership
) -> None:
    assert "Begin with the first case" in start_of(seat)
    read_first_part(seat)
    page = start_of(seat)
    assert "The next part opens on 30 Nov 2026, 09:00 UTC." in page
    assert "At least 28 days lie between two readings of a case." in page
    assert "Go on with case" not in page
    clock.move_to(BEGIN + timedelta(days=28))
    assert "Go on with case 4" in start_of(seat)


def test_the_server_refuses_every_way_into_a_case_before_it_opens(
    clock: time_machine.Traveller, seat: Membership
) -> None:
    read_first_part(seat)
    clock.move_to(BEGIN + timedelta(days=27, hours=23))
    client, later = client_of(seat), Allocation.objects.of(seat).filter(period=2)[0]
    here, home = [seat.study.key, later.key], reverse("reading:start", args=[seat.study.key])
    assert client.get(reverse("reading:read", args=here))["Location"] == home
    assert client.get(reverse("reading:resume", args=[seat.study.key]))["Location"] == home
    sent = {"output": later.outputs.get().letter, "criterion": "correctness", "value": "4"}
    answer = client.post(reverse("reading:rate", args=here), {**sent, "token": str(uuid.uuid4())})
    assert answer.status_code == 409
    assert "The next part opens on 30 Nov 2026" in answer.json()["error"]
    client.post(reverse("reading:submit", args=here), {f"{sent['output']}-correctness": "4", "submit": "1"})
    assert not Reading.objects.filter(allocation=later).exists()
    assert not Rating.objects.filter(allocation=later).exists()
    clock.move_to(BEGIN + timedelta(days=28))
    assert client.get(reverse("reading:read", args=here)).status_code == 200
    assert (
        client.post(reverse("reading:rate", args=here), {**sent, "token": str(uuid.uuid4())}).status_code
        == 200
    )


def test_the_last_case_of_a_part_leads_home_and_not_into_the_next(seat: Membership) -> None:
    *others, last = Allocation.objects.of(seat).filter(period=1)
    for allocation in others:
        read(allocation)
    client, here = client_of(seat), [seat.study.key, last.key]
    client.get(reverse("reading:read", args=here))
    letter = last.outputs.get().letter
    answer = client.post(reverse("reading:submit", args=here), {f"{letter}-correctness": "4", "submit": "1"})
    assert answer["Location"] == reverse("reading:start", args=[seat.study.key])


def test_each_case_waits_for_its_own_days(clock: time_machine.Traveller, seat: Membership) -> None:
    first, second, third = Allocation.objects.of(seat).filter(period=1)
    read(first)
    clock.move_to(BEGIN + timedelta(days=10))
    read(second)
    again = {row.case_id: row for row in Allocation.objects.of(seat).filter(period=2)}
    waits = gate_of(again[second.case_id])
    assert waits is not None
    assert waits.opens_at == BEGIN + timedelta(days=38)
    unread = gate_of(again[third.case_id])
    assert unread is not None
    assert unread.opens_at is None
    assert "Read the earlier part first" in unread.sentence
    clock.move_to(BEGIN + timedelta(days=28))
    assert gate_of(again[first.case_id]) is None
    assert gate_of(again[second.case_id]) is not None


def test_an_action_refuses_too(seat: Membership) -> None:
    read_first_part(seat)
    later = Allocation.objects.of(seat).filter(period=2)[0]
    with pytest.raises(StudyError, match="The next part opens on"):
        actions.show_reading(seat=seat, allocation=later)
    with pytest.raises(StudyError, match="The next part opens on"):
        actions.rate(
            seat=seat,
            output=later.outputs.select_related("allocation").get(),
            criterion=Criterion.objects.of(seat.study)[0],
            answer=Answer(value="4", score=4.0),
            token=uuid.uuid4(),
            by=seat.user,
        )


def test_without_periods_nothing_is_asked_of_the_database(
    seat: Membership, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert gate_of(Allocation(period=1)) is None
