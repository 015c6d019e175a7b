"""Files come in: what is kept, under which name, and what ends at the door."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.models import Fate, Upload
from readerstudy.cases.names import clean_name
from readerstudy.cases.policies import CasesError
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.files import png, receive, sent, zipped
from tests.factories import make_study, make_user

Render = Callable[..., Upload]
Capture = Callable[..., AbstractContextManager[Any]]


def test_a_file_is_kept_under_a_name_that_says_nothing(study: Study) -> None:
    upload = receive(study, png(), "SMITH_JOHN_1957.png")
    assert upload.fate == Fate.RECEIVED
    assert upload.sha256 == hashlib.sha256(png()).hexdigest()
    assert upload.size == len(png())
    folder, _slash, name = upload.stored.partition("/")
    assert folder == "incoming"
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")
    with default_storage.open(upload.stored) as kept:
        assert kept.read() == png()


def test_the_bell_carries_the_row_number_and_nothing_else(
    study: Study, bells: list[Any], django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload = receive(study, png(), "SMITH_JOHN.png")
    assert bells == [("readerstudy.cases.tasks.ingest", ((upload.pk,), {}), {})]


def test_an_empty_file_is_refused_with_a_sentence(study: Study) -> None:
    upload = receive(study, b"")
    assert (upload.fate, upload.reason_code, upload.stored) == (Fate.REFUSED, "empty", "")
    assert upload.reason == "The file is empty. Copy or export it again."


def test_a_file_above_the_cap_is_refused_and_not_kept(study: Study, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    upload = receive(study, b"x" * (1024 * 1024 + 1))
    assert (upload.fate, upload.reason_code, upload.stored) == (Fate.REFUSED, "too_large", "")
    assert upload.reason == "The file is larger than 1 MB, the most this site accepts."
    assert upload.size == 1024 * 1024 + 1
    assert not default_storage.exists("incoming")


def test_the_same_bytes_are_kept_once_whatever_they_are_called(study: Study) -> None:
    first, second = receive(study, png(), "a.png"), receive(study, png(), "b.png")
    assert (first.fate, second.fate) == (Fate.RECEIVED, Fate.DUPLICATE)
    assert second.reason == "The same file is already in this study; it is kept once."
    assert len(default_storage.listdir("incoming")[1]) == 1


def test_another_study_may_have_the_same_file(study: Study) -> None:
    receive(study, png())
    assert receive(make_study(), png()).fate == Fate.RECEIVED


def test_a_refused_file_may_be_tried_again(study: Study, render: Render) -> None:
    assert render(b"not an image", "a.dcm").fate == Fate.REFUSED
    assert receive(study, b"not an image", "a.dcm").fate == Fate.RECEIVED


def test_an_archive_is_known_once_all_its_members_are_in(study: Study, render: Render) -> None:
    content = zipped({"a.png": png()})
    assert render(content, "a.zip").fate == Fate.UNPACKED
    assert receive(study, content, "a.zip").fate == Fate.DUPLICATE


def test_an_archive_with_a_refused_member_may_be_sent_again(study: Study, render: Render) -> None:
    content = zipped({"a.png": png(), "b.txt": b"hello"})
    assert render(content, "a.zip").fate == Fate.UNPACKED
    assert receive(study, content, "a.zip").fate == Fate.RECEIVED


def test_a_locked_study_takes_no_image(study: Study) -> None:
    image_set = actions.open_image_set(study=study, by=study.created_by)
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    study.refresh_from_db()
    with pytest.raises(CasesError, match="locked, so no image can be added"):
        actions.receive_upload(
            study=study, image_set=image_set, name="a.png", content=sent(png()), by=study.created_by
        )
    with pytest.raises(CasesError, match="locked"):
        actions.open_image_set(study=study, by=study.created_by)
    assert not default_storage.exists("incoming")


def test_bytes_do_not_stay_behind_when_the_study_is_locked_meanwhile(study: Study) -> None:
    image_set = actions.open_image_set(study=study, by=study.created_by)
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CasesError):  # `study` still says draft, as in a request that began before the lock
        actions.receive_upload(
            study=study, image_set=image_set, name="a.png", content=sent(png()), by=study.created_by
        )
    assert default_storage.listdir("incoming") == ([], [])


def test_files_sent_one_after_the_other_by_one_person_belong_together(study: Study) -> None:
    first = actions.open_image_set(study=study, by=study.created_by)
    assert actions.open_image_set(study=study, by=study.created_by) == first
    other = make_user()
    actions.attest(study=study, by=other)
    assert actions.open_image_set(study=study, by=other) != first


def test_nobody_uploads_who_has_attested_nothing(study: Study) -> None:
    other, image_set = make_user(), actions.open_image_set(study=study, by=study.created_by)
    with pytest.raises(CasesError, match="Nothing was received"):
        actions.open_image_set(study=study, by=other)
    with pytest.raises(CasesError, match="Nothing was received"):
        actions.receive_upload(
            study=study, image_set=image_set, name="a.png", content=ContentFile(png()), by=other
        )
    assert not Upload.objects.exists()
    assert default_storage.listdir("incoming") == ([], []) if default_storage.exists("incoming") else True


def test_an_attestation_says_who_and_when_once(study: Study) -> None:
    other = make_user()
    first = actions.attest(study=study, by=other)
    assert actions.attest(study=study, by=other) == first
    event = Event.objects.get(verb="upload.attest")
    assert (event.actor, event.data) == (other, {"sentence": first.sentence})


def test_who_sent_what_is_in_the_audit_without_its_name(study: Study) -> None:
    upload = receive(study, png(), "SMITH_JOHN_1957.png")
    event = Event.objects.get(verb="upload.receive")
    assert event.actor == study.created_by
    assert event.data == {
        "upload": upload.pk,
        "fate": "received",
        "bytes": upload.size,
        "sha256": upload.sha256,
    }
    assert "SMITH" not in f"{event.subject}{event.data}"


@pytest.mark.parametrize(
    ("sent_as", "shown_as"),
    [
        ("folder\\SCAN 1.dcm", "folder/SCAN 1.dcm"),
        ("../../etc/passwd", "etc/passwd"),
        ("/absolute/x.png", "absolute/x.png"),
        ("re\u202egnp.exe", "regnp.exe"),
        ("a\x00b\nc.png", "abc.png"),
        ("Bu\u0308cher.png", "Bücher.png"),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("\udcff.png", ".png"),
        ("...", ""),
    ],
)
def test_a_name_is_made_fit_to_show(sent_as: str, shown_as: str) -> None:
    assert clean_name(sent_as) == shown_as


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_twice_at_once_is_kept_once(bells: list[Any]) -> None:
    study = make_study()
    ready, found = threading.Barrier(2), []

    def send() -> None:
        image_set = actions.open_image_set(study=study, by=study.created_by)
        ready.wait()
        upload = actions.receive_upload(
            study=study, image_set=image_set, name="a.png", content=ContentFile(png()), by=study.created_by
        )
        found.append(upload.fate)
        connection.close()

    threads = [threading.Thread(target=send) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [Fate.DUPLICATE, Fate.RECEIVED]
    assert len(default_storage.listdir("incoming")[1]) == 1
