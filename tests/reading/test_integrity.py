"""What other tools for rating let pass: each probe is one HTTP request by a reader who is signed in.

A rating is one event however often it is sent, lies on its scale, and belongs to the reader and the presentation that
the plan names. Readers read their own cases, rate them, and do nothing else.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from readerstudy.audit.models import Event
from readerstudy.cases.models import Image
from readerstudy.reading.models import Allocation, Rating, RatingEvent, Reading
from readerstudy.studies.models import Criterion, Membership, Study
from tests import factories
from tests.reading.worlds import address, signed_in

pytestmark = pytest.mark.django_db
REFUSED = range(400, 500)
NOT_OF_A_STUDY = (
    "admin",
    "account_",
    "mfa_",
    "api:tokens",
    "api:revoke_token",
)  # the own tokens are one's own
OWN = ("start", "resume", "read", "pause", "tutorial", "screen", "background", "exit", "image", "certificate")


@pytest.fixture
def study() -> Study:
    return factories.make_running_study(cases=2, arms=1, readers=2)


@pytest.fixture
def allocation(study: Study) -> Allocation:
    return mine(study, 0)[0]


@pytest.fixture
def client(allocation: Allocation) -> Client:
    client = signed_in(allocation.seat)
    client.get(address("read", allocation))
    return client


def mine(study: Study, reader: int) -> list[Allocation]:
    return list(Allocation.objects.of(Membership.objects.readers(study)[reader]))


def rating(allocation: Allocation, **changed: str) -> dict[str, str]:
    letter = allocation.outputs.get().letter
    sent = {"output": letter, "criterion": "correctness", "value": "4", "token": str(uuid.uuid4())}
    return {**sent, **changed}


def rate(client: Client, allocation: Allocation, **changed: str) -> HttpResponse:
    return client.post(address("rate", allocation), rating(allocation, **changed))  # type: ignore[return-value]


def test_the_same_rating_twice_is_one_event(client: Client, allocation: Allocation) -> None:
    sent = rating(allocation)
    statuses = [client.post(address("rate", allocation), sent).status_code for _time in range(2)]
    assert statuses == [200, 200]
    assert (RatingEvent.objects.count(), Rating.objects.count()) == (1, 1)


@pytest.mark.parametrize("value", ["0", "6", "-1", "4.5", "1e3", "", " ", "NaN", "Nothing wrong", "4\u200b"])
def test_a_value_outside_the_scale_is_refused(client: Client, allocation: Allocation, value: str) -> None:
    assert rate(client, allocation, value=value).status_code == 422
    assert not RatingEvent.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"criterion": "unknown"},
        {"output": "Z"},
        {"output": ""},
        {"part": "s1"},
        {"token": "1"},
        {"value": "4\x00"},
        {"token": ""},
        {"criterion": ""},
    ],
)
def test_what_nobody_asked_is_refused(
    client: Client, allocation: Allocation, changed: dict[str, str]
) -> None:
    assert rate(client, allocation, **changed).status_code in REFUSED
    assert not RatingEvent.objects.exists()


def test_a_case_with_an_open_question_is_not_done(client: Client, allocation: Allocation) -> None:
    response = client.post(address("submit", allocation), headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "Still open" in response.json()["error"]
    assert not Reading.objects.filter(submitted_at__isnull=False).exists()


@pytest.mark.parametrize(("method", "name"), [("get", "read"), ("post", "rate"), ("post", "submit")])
def test_the_reading_of_another_reader_does_not_exist_and_the_attempt_is_audited(
    study: Study, client: Client, method: str, name: str
) -> None:
    other = mine(study, 1)[0]
    response = getattr(client, method)(address(name, other), rating(other) if method == "post" else {})
    assert response.status_code == 404
    assert not RatingEvent.objects.exists()
    event = Event.objects.get(verb="reading.refuse")
    assert (event.actor, event.subject) == (mine(study, 0)[0].seat.user, other.seat.pseudonym)
    page = signed_in_as(study.created_by).get(reverse("studies:audit", args=[study.key])).content.decode()
    assert "which is somebody else" in page


def signed_in_as(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_the_images_of_another_reader_do_not_exist(study: Study, client: Client) -> None:
    other = mine(study, 1)[0]
    place = [study.key, other.case_key, "current", "preview"]
    assert client.get(reverse("reading:image", args=place)).status_code == 404
    assert Event.objects.filter(verb="reading.refuse").count() == 1


def test_a_reading_that_nobody_has_is_no_attempt(study: Study, client: Client) -> None:
    assert client.get(reverse("reading:read", args=[study.key, "0" * 20])).status_code == 404
    assert not Event.objects.filter(verb="reading.refuse").exists()


def test_a_rating_is_the_rating_of_whoever_is_signed_in(
    study: Study, client: Client, allocation: Allocation
) -> None:
    other = mine(study, 1)[0].seat
    claims = {"by": str(other.user.pk), "seat": str(other.seat), "reader": other.pseudonym}
    assert rate(client, allocation, **claims).status_code == 200
    event = RatingEvent.objects.get()
    assert (event.by, event.allocation.seat) == (allocation.seat.user, allocation.seat)


@pytest.mark.parametrize("letter", ["B", "C", "AA"])
def test_nothing_beyond_the_allocation_is_rated(client: Client, allocation: Allocation, letter: str) -> None:
    """One output is allocated; no other letter leads to any."""
    assert allocation.outputs.get().letter == "A"
    assert rate(client, allocation, output=letter).status_code in REFUSED
    assert not RatingEvent.objects.exists()


def test_done_is_a_state_and_no_toggle(client: Client, allocation: Allocation) -> None:
    rate(client, allocation)
    client.post(address("submit", allocation))
    done = Reading.objects.get(allocation=allocation).submitted_at
    for sent in ({}, {"submit": "0"}, {"submit": "1"}, {"submitted_at": ""}):
        client.post(address("submit", allocation), sent)
        assert Reading.objects.get(allocation=allocation).submitted_at == done


def views(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif entry.name:
            yield space + entry.name, entry


def addresses_of_a_study(study: Study) -> list[str]:
    """Every address under a study that is not one of the reading room."""
    image = Image.objects.of(study)[0]
    known = {"key": study.key, "deed": "copy", "image": image.key, "product": "meta", "form": "svg"}
    found = []
    for name, pattern in views(get_resolver()):
        names = pattern.pattern.regex.groupindex if hasattr(pattern.pattern, "regex") else {}
        if "key" in names and name.split(":")[-1] not in OWN and not name.startswith(NOT_OF_A_STUDY):
            told = {each: known.get(each, "1") for each in names}
            found.append(reverse(name, kwargs=told))
    return found


def test_readers_export_nothing_change_nothing_and_delete_nothing(study: Study, client: Client) -> None:
    before = (Criterion.objects.count(), Allocation.objects.count(), Rating.objects.count())
    addresses = [each for each in addresses_of_a_study(study) if not each.startswith("/read/")]
    assert len(addresses) > 60
    for address_ in addresses:
        for method in ("get", "post", "put", "patch", "delete"):
            response = getattr(client, method)(address_)
            assert response.status_code in REFUSED, f"{method} {address_}: {response.status_code}"
    assert (Criterion.objects.count(), Allocation.objects.count(), Rating.objects.count()) == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("name", ["read", "rate", "submit", "feedback"])
def test_a_reading_knows_reading_rating_and_submitting_alone(
    client: Client, allocation: Allocation, method: str, name: str
) -> None:
    assert getattr(client, method)(address(name, allocation)).status_code in (404, 405)


def test_the_name_of_the_model_occurs_in_no_byte(
    study: Study, client: Client, allocation: Allocation
) -> None:
    """The walk over every address stands in test_blinding.py; these are the three requests of every case."""
    names = {arm.model for arm in study.arms.all()} | {arm.name for arm in study.arms.all()}
    rate(client, allocation)
    for response in (
        client.get(address("read", allocation)),
        rate(client, allocation, value="3"),
        client.post(address("submit", allocation), headers={"HX-Request": "true"}),
    ):
        told = response.content.decode() + str(dict(response.headers))
        assert not [name for name in names if name and name in told]
