"""Files come in through the page, and everybody who sent one finds out what became of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from readerstudy.cases import actions
from readerstudy.cases.models import Fate, Upload
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.files import huge_png, png, receive, sent, zipped
from tests.cases.pages import JSON, address, messages_of, text_of


def test_a_script_sends_one_file_and_gets_its_fate(coordinator: Client, study: Study) -> None:
    body = {"file": sent(png(), "scan.png"), "path": "ward 3/scan.png"}
    response = coordinator.post(address("upload", study), body, **JSON)
    upload = Upload.objects.get()
    assert response.status_code == 201
    assert json.loads(response.content) == {"id": upload.pk, "fate": "received", "reason": "", "sentence": ""}
    assert upload.original_name == "ward 3/scan.png"


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 422, {"fate": "refused", "error": "The file is empty. Copy or export it again."}),
        (
            png(1),
            201,
            {"fate": "duplicate", "sentence": "The same file is already in this study; it is kept once."},
        ),
    ],
)
def test_a_script_learns_at_once_what_goes_no_further(
    coordinator: Client, study: Study, content: bytes, status: int, told: dict[str, str]
) -> None:
    receive(study, png(1))
    response = coordinator.post(address("upload", study), {"file": sent(content)}, **JSON)
    assert response.status_code == status
    assert told.items() <= response.json().items()


def test_a_script_may_send_several_files_and_learns_of_each(coordinator: Client, study: Study) -> None:
    files = [sent(png(), "a.png"), sent(b"", "b.png")]
    response = coordinator.post(address("upload", study), {"file": files}, **JSON)
    assert [told["fate"] for told in response.json()["files"]] == ["received", "refused"]


def test_the_plain_form_sends_many_files(coordinator: Client, study: Study) -> None:
    files = [sent(png(seed), f"{seed}.png") for seed in range(3)]
    response = coordinator.post(address("upload", study), {"file": files}, follow=True)
    assert messages_of(response) == ["3 files are received."]
    assert response.redirect_chain[0][0] == address("images", study)
    assert Upload.objects.count() == 3


def test_a_form_without_a_file_says_so(coordinator: Client, study: Study) -> None:
    sentence = "No file arrived. Choose at least one file."
    assert messages_of(coordinator.post(address("upload", study), follow=True)) == [sentence]
    response = coordinator.post(address("upload", study), **JSON)
    assert (response.status_code, response.json()["reason"]) == (400, sentence)


def test_a_locked_study_says_that_it_takes_no_image(coordinator: Client, study: Study) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    response = coordinator.post(address("upload", study), {"file": sent(png())}, **JSON)
    assert response.status_code == 409
    assert response.json()["reason"].startswith("This study is locked, so no image can be added.")
    page = text_of(coordinator.get(address("images", study)))
    assert "its images and labels no longer change" in page
    assert "multipart/form-data" not in page


def test_every_bad_file_has_its_sentence_where_its_owner_looks(
    coordinator: Client, study: Study, work: Callable[[], None]
) -> None:
    bad = {
        "broken.zip": (b"PK\x03\x04 no archive", "This is not a zip file."),
        "empty.png": (b"", "The file is empty."),
        "words.dcm": (b"just words", "This is a text file, not an image."),
        "wall.png": (huge_png(), "The image has more pixels than this site accepts."),
    }
    good = receive(study, png(), "good.png")
    for name, (content, _sentence) in bad.items():
        receive(study, content, name)
    work()
    page = text_of(coordinator.get(address("fates", study), {"fate": "refused"}))
    for name, (_content, sentence) in bad.items():
        assert name in page
        assert sentence in page
    assert "good.png" not in page
    good.refresh_from_db()
    assert good.fate == Fate.RENDERED


def test_the_empty_page_says_what_to_do_first(coordinator: Client, study: Study) -> None:
    page = text_of(coordinator.get(address("images", study)))
    assert "Start with the images" in page
    assert "Remove patients’ names and numbers before you upload." in page
    assert "Look at every image" not in page


def test_the_list_of_files_asks_again_only_while_something_is_rendered(
    coordinator: Client, study: Study, work: Callable[[], None]
) -> None:
    receive(study, png())
    part = text_of(coordinator.get(address("fates", study), HTTP_HX_REQUEST="true"))
    assert "every 2s" in part
    assert "<html" not in part
    work()
    part = text_of(coordinator.get(address("fates", study), HTTP_HX_REQUEST="true"))
    assert "every 2s" not in part
    assert "Show the new images" in part


def test_a_name_is_shown_as_text_whatever_it_holds(coordinator: Client, study: Study) -> None:
    receive(study, png(), "<script>alert(1)</script>.png")
    page = text_of(coordinator.get(address("images", study)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_report_holds_every_file_and_no_formula(
    coordinator: Client, study: Study, work: Callable[[], None]
) -> None:
    receive(study, png(), "=HYPERLINK(1).png")
    receive(study, b"", "-empty.png")
    work()
    response = coordinator.get(address("report", study))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [(row["file"], row["fate"], row["case"]) for row in rows] == [
        ("'=HYPERLINK(1).png", "rendered", "C001"),
        ("'-empty.png", "refused", ""),
    ]
    assert rows[1]["reason"] == "The file is empty. Copy or export it again."


def test_erased_names_are_shown_as_numbers(coordinator: Client, study: Study) -> None:
    upload = receive(study, png(), "SMITH_JOHN.png")
    response = coordinator.post(address("erase_names", study), follow=True)
    assert messages_of(response) == ["1 file name is erased."]
    assert "SMITH" not in text_of(response)
    assert f"File {upload.pk} (its name was erased)" in text_of(response)


def test_many_files_are_shown_in_pages(coordinator: Client, study: Study) -> None:
    image_set = actions.open_image_set(study=study, by=study.created_by)
    Upload.objects.bulk_create(
        Upload(image_set=image_set, original_name=f"file{number}.png", fate=Fate.DUPLICATE)
        for number in range(201)
    )
    page = text_of(coordinator.get(address("fates", study)))
    assert "file200.png" in page
    assert "file0.png" not in page
    assert "file0.png" in text_of(coordinator.get(address("fates", study), {"page": 2}))


def test_an_archive_and_its_members_are_all_in_the_list(
    coordinator: Client, study: Study, work: Callable[[], None]
) -> None:
    receive(study, zipped({"one.png": png(1), "two.txt": b"words"}), "all.zip")
    work()
    page = text_of(coordinator.get(address("fates", study)))
    for name in ("all.zip", "one.png", "two.txt"):
        assert name in page


def test_a_worker_that_does_not_run_is_told(coordinator: Client, study: Study) -> None:
    receive(study, png())
    told = "For two minutes nothing has been rendered."
    assert told not in text_of(coordinator.get(address("images", study)))
    Upload.objects.update(received_at=timezone.now() - timedelta(minutes=3))
    assert told in text_of(coordinator.get(address("images", study)))
