"""What the overview and the admin say of a study's images."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from readerstudy.cases.models import Upload
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Sign, readiness
from tests.cases.files import png, receive
from tests.cases.pages import text_of
from tests.factories import make_case, make_image, make_user


def lines(study: Study) -> dict[str, Sign]:
    words = ("image", "file", "case")
    return {line.text: line.sign for line in readiness(study) if any(word in line.text for word in words)}


def test_the_overview_says_what_the_images_still_need(study: Study) -> None:
    assert lines(study) == {"No image is here yet.": Sign.BAD}
    make_image(make_case(study), slot="prior", confirmed=False)
    receive(study, png())
    receive(study, b"")
    assert lines(study) == {
        "1 file is still being rendered; it belongs to no case yet.": Sign.BAD,
        "1 image is not confirmed to show no name, date or number of a patient.": Sign.BAD,
        "1 file was refused.": Sign.WARN,
        "1 case has no reference standard, so accuracy leaves it out.": Sign.WARN,
        "1 case has its images": Sign.OK,
    }


def test_nothing_is_missing_once_all_is_confirmed_and_labelled(study: Study) -> None:
    make_case(study, label="normal")
    assert set(lines(study).values()) == {Sign.OK}


def test_every_line_leads_to_a_page_that_exists(coordinator: Client, study: Study) -> None:
    make_case(study, confirmed=False)
    receive(study, b"")
    remedies = {line.remedy_url for line in readiness(study) if f"/{study.key}/images/" in line.remedy_url}
    assert len(remedies) == 3
    for remedy in remedies:
        assert coordinator.get(remedy).status_code == 200


def test_the_admin_lists_everything_and_changes_nothing(client: Client, study: Study) -> None:
    make_case(study, label="normal")
    client.force_login(make_user(is_staff=True, is_superuser=True))
    for model in ("imageset", "upload", "case", "referencestandard", "image", "rendition"):
        listing = reverse(f"admin:cases_{model}_changelist")
        assert client.get(listing).status_code == 200
        assert client.get(reverse(f"admin:cases_{model}_add")).status_code == 403
    upload = Upload.objects.get()
    page = text_of(client.get(reverse("admin:cases_upload_change", args=[upload.pk])))
    assert upload.original_name not in page
