"""Cases by disagreement, the answers of all readers, and the very screen that one saw: read-only."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.models import InterimLook
from readerstudy.reading.models import Allocation, RatingEvent, Reading
from readerstudy.studies.models import Membership, Role, Study
from tests import factories
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
READER_ONLY = ("reading:rate", "reading:submit", "reading:stop")


@pytest.fixture(scope="module")
def study(rated_study: Study) -> Study:
    return rated_study


def client_of(study: Study, role: Role) -> Client:
    client = Client()
    client.force_login(Membership.objects.filter(study=study, role=role).order_by("seat", "pk")[0].user)
    return client


def screen_of(study: Study, code: str = "C001", seat: int = 1) -> tuple[Allocation, str]:
    allocation = Allocation.objects.filter(plan__study=study, case__code=code, seat__seat=seat).first()
    assert allocation is not None
    return allocation, reverse("analysis:screen", args=[study.key, allocation.key])


def test_cases_stand_in_the_order_of_disagreement(study: Study) -> None:
    page = client_of(study, Role.RESEARCHER).get(reverse("analysis:cases", args=[study.key]))
    codes = re.findall(r"/report/cases/(C\d+)/", page.content.decode())
    report = Study.objects.get(pk=study.pk).reports.latest("pk")
    assert codes == [each["case"] for each in report.content["disagreement"]["cases"]]


def test_a_case_has_the_answers_of_every_reader_beside_each_other(study: Study) -> None:
    page = client_of(study, Role.RESEARCHER).get(reverse("analysis:case", args=[study.key, "C006"]))
    text = page.content.decode()
    for reader in ("R01", "R02", "R03"):
        assert f"Screen 1 of {reader}" in text
    assert "Alpha" in text
    assert "cannot judge" in text  # the first reader about the last case's second arm
    found = page.context["found"]
    rows = {(row.question, row.arm): row.answers for row in found.rows}
    assert [column.reader for column in found.columns] == ["R01", "R02", "R03"]
    assert rows["Correctness", "Beta"][0] == ("cannot judge",)
    assert len(rows["Correctness", "Beta"]) == 3


def test_the_screen_shows_the_answers_and_lets_nothing_be_changed(study: Study) -> None:
    allocation, address = screen_of(study)
    before = RatingEvent.objects.count(), Reading.objects.get(allocation=allocation).active_seconds
    response = client_of(study, Role.COORDINATOR).get(address)
    page = response.content.decode()
    assert "What R01 saw and answered. Nothing can be changed here." in page
    assert page.count('<fieldset disabled class="rd-questions"') == page.count("</fieldset>") >= 1
    assert "checked" in page
    assert 'type="submit" name="submit"' not in page
    for name in ("outbox.js", "reading.js"):
        assert f'src="/static/js/{name}' not in page
    for path in READER_ONLY[:2]:
        assert reverse(path, args=[study.key, allocation.key]) not in page
    assert client_of(study, Role.COORDINATOR).post(address).status_code == 405
    assert (RatingEvent.objects.count(), Reading.objects.get(allocation=allocation).active_seconds) == before


def test_the_screen_is_the_readers_own_but_for_what_changes_something(study: Study) -> None:
    """Text, letters, questions and answers are the same bytes that the reader gets."""
    allocation, address = screen_of(study)
    theirs = (
        client_of(study, Role.READER)
        .get(reverse("reading:read", args=[study.key, allocation.key]))
        .content.decode()
    )
    shown = client_of(study, Role.RESEARCHER).get(address).content.decode()

    def outputs(page: str) -> list[str]:
        return re.findall(r'<div class="written shown".*?</div>', page, re.DOTALL)

    def checked(page: str) -> list[str]:
        return re.findall(r'<input[^>]*type="radio"[^>]*checked[^>]*>', page)

    assert outputs(shown) == outputs(theirs) != []
    assert checked(shown) == checked(theirs) != []


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.COORDINATOR, 200), (Role.RESEARCHER, 200), (Role.ADJUDICATOR, 404), (Role.READER, 404)],
)
def test_who_sees_what_single_readers_answered(study: Study, role: Role, status: int) -> None:
    client, (_allocation, address) = client_of(study, role), screen_of(study)
    pages = [
        reverse("analysis:cases", args=[study.key]),
        reverse("analysis:case", args=[study.key, "C001"]),
        address,
    ]
    assert {client.get(page).status_code for page in pages} == {status}


def test_screens_of_another_study_are_not_found(study: Study) -> None:
    other = factories.make_study()
    client = Client()
    client.force_login(other.created_by)
    allocation, _address = screen_of(study)
    assert client.get(reverse("analysis:screen", args=[other.key, allocation.key])).status_code == 404
    assert client.get(reverse("analysis:case", args=[other.key, "C001"])).status_code == 404


def test_while_blinded_arms_stand_under_codes(db: None) -> None:
    study = worlds.make_open_study(readers=1, questions=("correctness",), named=False)
    worlds.read_everything(Membership.objects.readers(study).get(), worlds.known_rating)
    client = client_of(study, Role.RESEARCHER)
    _allocation, address = screen_of(study)
    for page in (reverse("analysis:case", args=[study.key, "C001"]), address):
        text = client.get(page).content.decode()
        assert "Alpha" not in text
        assert "Beta" not in text
    assert InterimLook.objects.of(study).filter(view="case C001").count() == 1
