"""The page of cases and slots, and the attestation before the first upload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from readerstudy.cases.models import Attestation, Case, Upload
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Role, Study
from tests.cases.files import png, receive, sent
from tests.cases.pages import address, text_of
from tests.factories import make_member


@pytest.fixture
def two(study: Study, work: Callable[[], None]) -> None:
    receive(study, png(1), "a.png")
    receive(study, png(2), "b.png")
    work()


def test_a_table_places_images_and_the_page_shows_the_cases(
    coordinator: Client, study: Study, two: None
) -> None:
    table = sent(b"file,case,slot\na.png,Case 17,current\nb.png,Case 17,prior\nz.png,Case 18,\n", "t.csv")
    response = coordinator.post(address("places", study), {"table": table}, follow=True)
    assert "2 images are placed. 1 row names a file that is not here yet" in text_of(response)
    page = text_of(coordinator.get(address("places", study)))
    assert "Case 17" in page
    assert "current, prior" in page
    assert "3 files have their place from a table." in page


def test_a_table_with_problems_lists_them_and_changes_nothing(
    coordinator: Client, study: Study, two: None
) -> None:
    table = sent(b"file,case,slot\na.png,x,!!\na.png,y,prior\nb.png,,\n", "t.csv")
    response = coordinator.post(address("places", study), {"table": table})
    assert response.status_code == 422
    page = text_of(response)
    assert "2 things in this table are wrong" in page
    assert "Line 2: The slot of this row is no name" in page
    assert "Line 4: This row needs a file and a case." in page
    assert Case.objects.of(study).count() == 2


def test_no_file_is_a_sentence(coordinator: Client, study: Study) -> None:
    assert "Choose a CSV file first." in text_of(coordinator.post(address("places", study)))


def test_a_locked_study_has_no_form_for_a_table(coordinator: Client, study: Study) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    page = text_of(coordinator.get(address("places", study)))
    assert "no longer change their cases" in page
    assert "Place the images" not in page


def test_before_the_first_upload_a_coordinator_attests(client: Client, study: Study) -> None:
    seat = make_member(study, role=Role.COORDINATOR)
    client.force_login(seat.user)
    page = text_of(client.get(address("images", study)))
    assert "I attest that names, dates and numbers of patients were removed" in page
    assert 'name="file"' not in page
    refused = client.post(address("upload", study), {"file": sent(png())}, follow=True)
    assert "Nothing was received." in text_of(refused)
    assert not Upload.objects.exists()
    untold = client.post(address("attest", study), follow=True)
    assert "Tick the sentence first." in text_of(untold)
    client.post(address("attest", study), {"attested": "1"})
    assert Attestation.objects.filter(study=study, by=seat.user).exists()
    assert 'name="file"' in text_of(client.get(address("images", study)))
