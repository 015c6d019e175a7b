"""A worker's turn, run for real: the decoding child, storage and PostgreSQL are the product's own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.cases import actions, rendering, store, tasks
from readerstudy.cases.actions.versions import add_renditions, forget_files
from readerstudy.cases.models import Case, Fate, Image, Rendition, RenditionKind, Upload
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.files import dicom, huge_png, png, receive, zipped
from tests.factories import make_case

Render = Callable[..., Upload]
Capture = Callable[..., AbstractContextManager[Any]]


def test_an_image_becomes_a_case_with_clean_files(render: Render) -> None:
    upload = render(dicom(), "SMITH_JOHN.dcm")
    assert upload.fate == Fate.RENDERED
    case = upload.image.case
    assert (case.code, upload.image.slot, upload.image.confirmed_at) == ("C001", "current", None)
    assert (upload.image.meta["width"], upload.image.meta["height"]) == (32, 24)
    kinds = {(each.kind, each.mime): each for each in upload.image.renditions.all()}
    assert set(kinds) == {("full", "image/png"), ("display", "image/png"), ("preview", "image/webp")}
    for rendition in kinds.values():
        content = default_storage.open(rendition.stored).read()
        assert hashlib.sha256(content).hexdigest() == rendition.sha256
        assert rendition.stored == f"renditions/{rendition.sha256[:2]}/{rendition.sha256}"
        assert (rendition.width, rendition.height, rendition.size) == (32, 24, len(content))
        assert rendition.recipe["decoder"].startswith("pydicom")


def test_what_came_in_is_deleted_once_it_is_rendered_or_refused(render: Render) -> None:
    assert [render(png()).stored, render(b"text", "a.dcm").stored] == ["", ""]
    assert default_storage.listdir("incoming") == ([], [])


def test_cases_are_numbered_in_the_order_in_which_files_came(study: Study, work: Callable[[], None]) -> None:
    uploads = [receive(study, png(seed)) for seed in range(3)]
    work()
    pks = [upload.pk for upload in uploads]
    codes = Upload.objects.filter(pk__in=pks).order_by("pk").values_list("image__case__code", flat=True)
    assert list(codes) == ["C001", "C002", "C003"]


def test_image_keys_cannot_be_guessed(study: Study, work: Callable[[], None]) -> None:
    receive(study, png(1))
    receive(study, png(2))
    work()
    keys = list(Image.objects.values_list("key", flat=True))
    assert len(set(keys)) == 2
    assert all(len(key) == 32 for key in keys)


def test_equal_files_of_two_images_are_stored_once(study: Study, work: Callable[[], None]) -> None:
    receive(study, dicom(1, PatientID="one"))
    receive(study, dicom(1, PatientID="two"))
    work()
    names = list(Rendition.objects.values_list("stored", flat=True))
    assert len(names) == 6
    assert len(set(names)) == 3


def test_a_file_cut_short_by_a_killed_worker_is_written_again(tmp_path: Path, study: Study) -> None:
    content, path = png(), tmp_path / "clean.png"
    digest = hashlib.sha256(content).hexdigest()
    path.write_bytes(content[:50])
    store.keep_rendition(path, sha256=digest)
    path.write_bytes(content)
    assert default_storage.open(store.keep_rendition(path, sha256=digest)).read() == content


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"PK\x03\x04 but not really", "scans.zip", "This is not a zip file."),
        (b"just words", "scans.zip", "This is not a zip file."),
        (b"just words", "scan.dcm", "This is a text file, not an image."),
        (huge_png(), "wall.png", "The image has more pixels than this site accepts."),
        (png()[:200], "half.png", "The image could not be decoded"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing.svg", "SVG drawings are not accepted."),
        (b"%PDF-1.7", "letter.pdf", "This is a document, not an image."),
    ],
    ids=["broken zip", "zip by name", "text as dcm", "40000 x 40000", "half", "svg", "pdf"],
)
def test_a_bad_file_is_refused_in_a_plain_sentence_and_the_next_one_is_rendered(
    study: Study, work: Callable[[], None], content: bytes, name: str, reason: str
) -> None:
    bad, good = receive(study, content, name), receive(study, png(7), "good.png")
    work()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert bad.fate == Fate.REFUSED
    assert bad.reason.startswith(reason)
    assert good.fate == Fate.RENDERED


def test_a_zip_becomes_one_upload_for_each_member(study: Study, render: Render) -> None:
    content = zipped({"a/one.png": png(1), "a/two.dcm": dicom(2), "notes.txt": b"hello", "__MACOSX/x": b"x"})
    archive = render(content, "all.zip")
    assert archive.fate == Fate.UNPACKED
    fates = {member.original_name: member.fate for member in archive.members.all()}
    assert fates == {"a/one.png": "rendered", "a/two.dcm": "rendered", "notes.txt": "refused"}
    assert Case.objects.of(study).count() == 2
    assert default_storage.listdir("incoming") == ([], [])


def test_a_member_that_is_already_here_is_kept_once(study: Study, render: Render) -> None:
    render(png(1))
    archive = render(zipped({"same.png": png(1), "new.png": png(2), "new again.png": png(2)}), "all.zip")
    fates = {member.original_name: member.fate for member in archive.members.all()}
    assert fates == {"same.png": "duplicate", "new.png": "rendered", "new again.png": "duplicate"}


def test_an_archive_within_an_archive_and_an_empty_member_say_so(render: Render) -> None:
    archive = render(zipped({"inner.zip": zipped({"a.png": png()}), "empty.png": b""}), "outer.zip")
    reasons = {member.original_name: member.reason for member in archive.members.all()}
    assert reasons["inner.zip"].startswith("This is an archive.")
    assert reasons["empty.png"].startswith("The file is empty.")


def test_a_zip_that_unpacks_to_too_much_leaves_nothing_behind(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = rendering.ArchiveLimits(max_total_bytes=1000)
    monkeypatch.setattr(rendering, "archive_limits", lambda: small)
    archive = render(zipped({"a.png": png(1), "b.png": png(2)}), "all.zip")
    assert archive.fate == Fate.REFUSED
    assert archive.reason.startswith("The unpacked files are larger together")
    assert not archive.members.exists()
    assert default_storage.listdir("incoming") == ([], [])


def test_two_bells_for_one_upload_render_it_once(study: Study, work: Callable[[], None]) -> None:
    upload = receive(study, png())
    work()
    tasks.ingest(upload.pk)
    assert Image.objects.count() == 1
    upload.refresh_from_db()
    assert upload.tries == 1


def test_one_claim_wins(study: Study) -> None:
    upload = receive(study, png())
    first = actions.take_upload(upload.pk, seconds=60)
    assert first is not None
    assert actions.take_upload(upload.pk, seconds=60) is None


def test_the_upload_of_a_dead_worker_is_taken_again_after_its_lease(
    study: Study, work: Callable[[], None]
) -> None:
    upload = receive(study, png())
    actions.take_upload(upload.pk, seconds=60)
    work()
    assert not Image.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        work()
    assert Image.objects.count() == 1


def test_a_worker_that_lost_its_lease_stores_nothing(study: Study, work: Callable[[], None]) -> None:
    upload = receive(study, png())
    slow = actions.take_upload(upload.pk, seconds=60)
    assert slow is not None
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        work()
    assert not actions.keep_hold(slow, seconds=60)
    assert not actions.refuse_upload(upload=slow, code="damaged", reason="Too late.")
    assert actions.unpack_archive(upload=slow, arrivals=[]) is None
    assert actions.store_renditions(upload=slow, meta={}, files=[]) is None
    assert (Image.objects.count(), Case.objects.count()) == (1, 1)


def test_a_lease_is_prolonged_only_by_who_holds_it(study: Study) -> None:
    upload = receive(study, png())
    held = actions.take_upload(upload.pk, seconds=60)
    assert held is not None
    assert actions.keep_hold(held, seconds=600)
    with time_machine.travel(timezone.now() + timedelta(seconds=300)):
        assert not Upload.objects.waiting().exists()


def test_an_upload_that_keeps_killing_its_worker_is_given_up_with_a_reason(study: Study) -> None:
    upload, now = receive(study, png()), timezone.now()
    for turn in range(3):
        with time_machine.travel(now + timedelta(minutes=5 * turn)):
            assert actions.take_upload(upload.pk, seconds=60) is not None
    with time_machine.travel(now + timedelta(minutes=15)):
        assert actions.take_upload(upload.pk, seconds=60) is None
    upload.refresh_from_db()
    assert (upload.fate, upload.reason_code) == (Fate.REFUSED, "gave_up")
    assert upload.reason.startswith("Rendering this file was interrupted again and again")


def test_bytes_that_are_gone_from_storage_say_so(study: Study, work: Callable[[], None]) -> None:
    upload = receive(study, png())
    default_storage.delete(upload.stored)
    work()
    upload.refresh_from_db()
    assert upload.reason == "The uploaded bytes are no longer in storage. Upload the file again."


def test_a_study_locked_before_rendering_refuses_the_file(study: Study, work: Callable[[], None]) -> None:
    upload = receive(study, png())
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    work()
    upload.refresh_from_db()
    assert (upload.fate, upload.reason_code) == (Fate.REFUSED, "study_locked")
    assert not Case.objects.exists()


def test_a_study_locked_while_a_file_is_rendered_refuses_it_too(study: Study) -> None:
    held = {
        name: actions.take_upload(receive(study, png(seed)).pk, seconds=60)
        for seed, name in enumerate(("image", "archive"))
    }
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    assert held["image"] is not None
    assert held["archive"] is not None
    assert actions.store_renditions(upload=held["image"], meta={}, files=[]) is None
    assert actions.unpack_archive(upload=held["archive"], arrivals=[]) is None
    assert set(Upload.objects.values_list("reason_code", flat=True)) == {"study_locked"}


def test_every_end_of_an_upload_is_in_the_audit(study: Study, render: Render) -> None:
    render(zipped({"SMITH.png": png(), "JONES.txt": b"x"}), "SMITH.zip")
    events = Event.objects.order_by("pk").values_list("verb", flat=True)
    assert list(events)[1:] == ["upload.receive", "upload.unpack", "image.render", "upload.refuse"]
    written = "".join(f"{event.subject}{event.data}" for event in Event.objects.all())
    assert "SMITH" not in written
    assert "JONES" not in written


def test_a_turn_ends_and_rings_for_the_rest(
    study: Study,
    bells: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    first, second = receive(study, png(1)), receive(study, png(2))
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.ingest(first.pk)
    assert bells[-1][1] == ((second.pk,), {})
    assert Image.objects.get().uploads.get() == first


def test_a_bell_is_dropped_while_every_place_is_taken(study: Study, bells: list[Any]) -> None:
    upload = receive(study, png())
    for _place in range(tasks.AT_ONCE):
        assert tasks._places.acquire(blocking=False)
    try:
        tasks.ingest(upload.pk)
    finally:
        for _place in range(tasks.AT_ONCE):
            tasks._places.release()
    upload.refresh_from_db()
    assert upload.fate == Fate.RECEIVED
    assert bells == []


def test_the_sweep_rings_for_lost_uploads_only(study: Study, bells: list[Any]) -> None:
    waiting, working = receive(study, png(1)), receive(study, png(2))
    actions.take_upload(working.pk, seconds=60)
    assert tasks.sweep() == 1
    assert [bell[1] for bell in bells] == [((waiting.pk,), {})]


def test_the_sweep_deletes_what_killed_processes_left_in_storage(study: Study, bells: list[Any]) -> None:
    refused = receive(study, png())
    Upload.objects.filter(pk=refused.pk).update(fate=Fate.REFUSED, reason="For the test.")
    waiting = receive(study, png(2))
    stray = store.keep_incoming(ContentFile(b"no row knows these bytes"))
    tasks.sweep()
    assert not default_storage.exists(refused.stored)
    assert default_storage.exists(stray)
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        tasks.sweep()
    assert not default_storage.exists(stray)
    assert default_storage.exists(waiting.stored)


def test_stray_clean_files_are_deleted_and_used_ones_kept(render: Render, tmp_path: Path) -> None:
    render(png(1))
    used = set(Rendition.objects.values_list("stored", flat=True))
    (tmp_path / "stray").write_bytes(b"stored by a worker that was killed")
    stray = store.keep_rendition(tmp_path / "stray", sha256="ab" * 32)
    prefixes = {name.split("/")[1] for name in [stray, *used]}
    for hours, there in ((0, True), (3, False)):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            for prefix in prefixes:
                actions.forget_stray_renditions(prefix)
        assert default_storage.exists(stray) == there
    assert all(default_storage.exists(name) for name in used)


def test_bytes_deleted_before_their_row_was_written_are_stored_again(study: Study, tmp_path: Path) -> None:
    image = make_case(study).images.get()
    path = tmp_path / "clean"
    path.write_bytes(b"a clean file")
    digest = hashlib.sha256(b"a clean file").hexdigest()
    clean = actions.CleanFile(RenditionKind.FULL, 7, path, "image/png", 1, 1, digest)
    files = actions.keep_files([clean], {})
    forget_files(files)
    assert not default_storage.exists(files[0].stored)
    with transaction.atomic():
        add_renditions(image, files)
    assert default_storage.exists(image.renditions.get(frame=7).stored)


def test_the_sweep_deletes_what_killed_web_processes_left(tmp_path: Path, settings: Any, db: None) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    for name in ("tmpabc.upload.dcm", "somebody else's.txt"):
        (tmp_path / name).write_bytes(b"half")
    tasks.sweep()
    assert (tmp_path / "tmpabc.upload.dcm").exists(), "it may still be arriving"
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        tasks.sweep()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["somebody else's.txt"]


def test_a_workroom_of_a_dead_worker_is_cleared_and_that_of_a_living_one_kept(own_workroom: Path) -> None:
    dead = own_workroom / "dead"
    dead.mkdir(parents=True)
    (dead / "upload-1").write_bytes(b"pixels")
    dead.with_suffix(".lock").touch()
    with rendering.workroom() as living:
        assert not dead.exists()
        with rendering.workroom():
            assert living.exists()
    assert list(own_workroom.iterdir()) == []


def test_a_workroom_is_open_to_its_owner_alone() -> None:
    with rendering.workroom() as room:
        assert os.stat(room).st_mode & 0o077 == 0
