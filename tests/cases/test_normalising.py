"""Normalised images: alike in all but the picture, made once, complete whatever happens, and never a step back."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import connection, connections, transaction
from django.test import Client
from PIL import Image as Picture

from readerstudy.audit.models import Event
from readerstudy.cases import normalising, tasks
from readerstudy.cases.actions import confirm_images, keep_files, leave_out, mask_images
from readerstudy.cases.actions.normal import ring_due, store_normal
from readerstudy.cases.actions.rules import save_image_rules
from readerstudy.cases.actions.versions import replace_renditions
from readerstudy.cases.models import Fate, Image, Rendition, RenditionKind, ShownAs, Upload
from readerstudy.cases.normal_sets import Progress, alone_with, due_studies, is_due, progress
from readerstudy.cases.normalising import normalise_study
from readerstudy.cases.rendering import clean_files
from readerstudy.demo.processes import wait_until
from readerstudy.imaging.rendition import render
from readerstudy.reading.actions import start_study
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Sign, blockers, readiness
from tests.cases.files import dicom, receive
from tests.cases.pages import address, text_of
from tests.engines import Broker, open_workshop
from tests.factories import make_case, make_image, make_ready_study, make_study

SIDE = 256
KINDS = (RenditionKind.NORMAL, RenditionKind.NORMAL_PREVIEW)


def grey(seed: int, width: int, height: int) -> bytes:
    return _png(np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8))


def colour(seed: int, width: int, height: int) -> bytes:
    return _png(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def flat(level: int, width: int, height: int) -> bytes:
    return _png(np.full((height, width), level, dtype=np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def want_normal(study: Study, *, side: int = SIDE) -> None:
    save_image_rules(study=study, changes={"shown_as": ShownAs.NORMAL, "side": side}, by=study.created_by)


def confirm_all(study: Study) -> None:
    confirm_images(images=Image.objects.of(study), by=study.created_by)


def rows(study: Study, kind: RenditionKind) -> list[Rendition]:
    found = Rendition.objects.current().filter(image__in=Image.objects.of(study), kind=kind)
    return list(found.order_by("image__case__position"))


def content(row: Rendition) -> bytes:
    with default_storage.open(row.stored) as file:
        return bytes(file.read())


def decoded(row: Rendition) -> np.ndarray:
    return np.asarray(Picture.open(io.BytesIO(content(row))))


Put = Callable[..., Image]


@pytest.fixture
def put(bells: list[Any], tmp_path: Path) -> Put:
    """Puts a confirmed image into a study as a worker would, but without a child process."""
    numbers = itertools.count()

    def run(study: Study, file: bytes, *, confirmed: bool = True) -> Image:
        image = make_case(study, confirmed=confirmed).images.get()
        path, folder = (tmp_path / f"{name}-{next(numbers)}" for name in ("in", "out"))
        path.write_bytes(file)
        meta = dict(render(path, folder).meta)
        files = keep_files(clean_files(folder, meta), {"decoder": meta["decoder"]})
        replace_renditions(image=image, files=files, keeps=[], meta=meta)
        return image

    return run


@pytest.fixture
def mixed(study: Study, put: Put) -> Study:
    """Three confirmed grey images of different size, shape and depth, to be normalised."""
    for file in (grey(1, 300, 200), flat(90, 64, 640), dicom(3)):
        put(study, file)
    want_normal(study)
    return study


def test_every_image_becomes_one_size_one_depth_one_format_and_one_file_size(mixed: Study) -> None:
    assert normalise_study(mixed.pk) == 3
    assert progress(mixed) == Progress(3, 3)
    for kind, name, mode in (
        (RenditionKind.NORMAL, "PNG", "L"),
        (RenditionKind.NORMAL_PREVIEW, "WEBP", "RGB"),
    ):
        found = rows(mixed, kind)
        pictures = [Picture.open(io.BytesIO(content(row))) for row in found]
        assert {(picture.format, picture.size, picture.mode) for picture in pictures} == {
            (name, (SIDE, SIDE), mode)
        }
        assert len({row.size for row in found}) == 1
        assert {len(content(row)) for row in found} == {row.size for row in found}
        assert len({row.sha256 for row in found}) == 3


def test_the_picture_is_fitted_whole_into_the_middle_of_a_black_square(mixed: Study) -> None:
    normalise_study(mixed.pk)
    tall = decoded(rows(mixed, RenditionKind.NORMAL)[1])  # 64 by 640 becomes 26 by 256
    columns = np.flatnonzero(tall.any(axis=0))
    assert (columns.min(), columns.max() + 1) == (115, 141)
    assert tall.any(axis=1).all()
    assert set(np.unique(tall)) == {0, 90}


def test_the_recipe_says_how_each_was_made(mixed: Study) -> None:
    normalise_study(mixed.pk)
    for kind in KINDS:
        for row in rows(mixed, kind):
            told, image = row.recipe["normal"], row.image
            source = image.renditions.get(version=2, kind="full")
            assert (told["side"], told["colour"], told["padded_to"]) == (SIDE, False, row.size)
            assert (told["sha256_in"], told["sha256_out"]) == (source.sha256, row.sha256)
            assert row.sha256 == hashlib.sha256(content(row)).hexdigest()
            assert told["bytes_before_padding"] < told["padded_to"]
            assert told["placed"].keys() == {"scale", "left", "top"}
            assert row.recipe["decoder"] == source.recipe["decoder"]
            assert image.meta["normal"]["placed"] == told["placed"]


def test_everything_else_stays_the_confirmation_too(mixed: Study) -> None:
    kept = ("full", "display", "preview")
    before = {(row.image_id, row.kind): row.sha256 for row in Rendition.objects.filter(kind__in=kept)}
    yes = {image.pk: (image.confirmed_at, image.confirmed_by) for image in Image.objects.of(mixed)}
    normalise_study(mixed.pk)
    now = Rendition.objects.current().filter(kind__in=kept)
    assert {(row.image_id, row.kind): row.sha256 for row in now} == before
    assert all(default_storage.exists(row.stored) for row in now)
    assert {image.pk: (image.confirmed_at, image.confirmed_by) for image in Image.objects.of(mixed)} == yes
    assert {image.version for image in Image.objects.of(mixed)} == {3}


def test_each_image_is_in_the_audit_trail_with_keys_and_hashes_alone(mixed: Study) -> None:
    normalise_study(mixed.pk)
    events = Event.objects.filter(verb="image.normalise").order_by("pk")
    assert [event.subject for event in events] == ["C001", "C002", "C003"]
    assert {event.actor for event in events} == {None}
    assert events[0].data["sha256"] == [rows(mixed, kind)[0].sha256 for kind in KINDS]


def test_a_second_turn_does_nothing(mixed: Study) -> None:
    normalise_study(mixed.pk)
    before = list(Rendition.objects.values_list("pk", flat=True))
    assert normalise_study(mixed.pk) == 0
    assert list(Rendition.objects.values_list("pk", flat=True)) == before
    assert due_studies() == []


def test_one_image_in_colour_makes_all_of_them_rgb(mixed: Study, put: Put) -> None:
    normalise_study(mixed.pk)
    put(mixed, colour(4, 100, 90))
    assert progress(mixed) == Progress(0, 4)
    assert normalise_study(mixed.pk) == 4
    found = rows(mixed, RenditionKind.NORMAL)
    assert {Picture.open(io.BytesIO(content(row))).mode for row in found} == {"RGB"}
    assert len({row.size for row in found}) == 1


def test_a_larger_file_that_comes_later_makes_the_others_as_large(study: Study, put: Put) -> None:
    put(study, flat(50, 100, 100))
    put(study, flat(60, 100, 100))
    want_normal(study)
    normalise_study(study.pk)
    small = {row.size for row in rows(study, RenditionKind.NORMAL)}
    put(study, grey(9, 256, 256))
    assert progress(study) == Progress(2, 3)
    assert normalise_study(study.pk) == 3
    sizes = {row.size for row in rows(study, RenditionKind.NORMAL)}
    assert len(sizes) == 1
    assert min(sizes) > max(small)


def test_a_smaller_one_that_comes_later_leaves_the_others_as_they_are(mixed: Study, put: Put) -> None:
    normalise_study(mixed.pk)
    put(mixed, flat(120, 30, 30))
    assert normalise_study(mixed.pk) == 1
    assert progress(mixed) == Progress(4, 4)
    assert [image.version for image in Image.objects.of(mixed)] == [3, 3, 3, 3]


def test_another_side_makes_all_anew_and_forgets_the_old_bytes(mixed: Study) -> None:
    normalise_study(mixed.pk)
    old = [row.stored for kind in KINDS for row in rows(mixed, kind)]
    want_normal(mixed, side=300)
    assert progress(mixed) == Progress(0, 3)
    assert normalise_study(mixed.pk) == 3
    assert {(row.width, row.height) for row in rows(mixed, RenditionKind.NORMAL)} == {(300, 300)}
    assert not set(old) & {row.stored for kind in KINDS for row in rows(mixed, kind)}


@pytest.mark.django_db(transaction=True)
def test_replaced_bytes_are_gone_from_storage(put: Put) -> None:
    study = make_study()
    put(study, grey(1, 40, 30))
    want_normal(study)
    normalise_study(study.pk)
    old = [row.stored for kind in KINDS for row in rows(study, kind)]
    want_normal(study, side=300)
    normalise_study(study.pk)
    assert not any(default_storage.exists(name) for name in old)
    assert all(default_storage.exists(row.stored) for row in Rendition.objects.current())


def test_what_is_laid_over_an_image_is_not_normalised(study: Study, bells: list[Any]) -> None:
    case = make_case(study)
    make_image(case, slot="current-overlay")
    want_normal(study)
    assert normalise_study(study.pk) == 1
    assert {row.image.slot for row in Rendition.objects.filter(kind__in=KINDS)} == {"current"}


def test_a_stack_becomes_its_middle_slice_with_that_slices_own_values(
    study: Study, work: Callable[[], None]
) -> None:
    """Slices of one series, each with a slope of its own, that arrive out of order."""
    common = {
        "SeriesInstanceUID": "1.2.3",
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "WindowCenter": 128,
        "WindowWidth": 256,
        "RescaleIntercept": 0,
    }
    for number in (2, 0, 1):
        pixels = np.full((24, 32), 40, dtype=np.uint16).tobytes()
        own = {
            "ImagePositionPatient": [0, 0, 5 * number],
            "RescaleSlope": 1 + number,
            "InstanceNumber": number,
        }
        receive(study, dicom(number, modality="CT", PixelData=pixels, **common, **own), f"{number}.dcm")
    work()
    confirm_all(study)
    want_normal(study)
    assert normalise_study(study.pk) == 1
    row = rows(study, RenditionKind.NORMAL)[0]
    assert row.recipe["normal"]["frame"] == row.image.stored_frame(1)
    middle = decoded(row)[SIDE // 2, SIDE // 2]
    assert middle == round((40 * 2 - 0) / 255 * 255)


def test_a_slice_that_joins_a_stack_makes_its_image_stale(study: Study, work: Callable[[], None]) -> None:
    common = {"SeriesInstanceUID": "1.2.3", "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    receive(study, dicom(1, modality="CT", ImagePositionPatient=[0, 0, 5], **common), "1.dcm")
    work()
    confirm_all(study)
    want_normal(study)
    assert normalise_study(study.pk) == 1
    receive(study, dicom(2, modality="CT", ImagePositionPatient=[0, 0, 9], **common), "2.dcm")
    work()
    confirm_all(study)
    assert progress(study) == Progress(0, 1)
    assert normalise_study(study.pk) == 1
    assert progress(study) == Progress(1, 1)


@pytest.mark.parametrize("what", ["a file", "a yes", "a mask"])
def test_nothing_is_made_while_something_waits_that_would_change_the_set(
    study: Study, bells: list[Any], what: str
) -> None:
    case = make_case(study)
    want_normal(study)
    if what == "a file":
        receive(study, grey(1, 9, 9))
    elif what == "a yes":
        make_case(study, confirmed=False)
    else:
        mask_images(images=case.images.all(), boxes=[[0, 0, 4, 4]], by=study.created_by)
    assert not is_due(study)
    assert normalise_study(study.pk) == 0
    assert ring_due() == 0


def test_a_case_that_is_left_out_no_longer_counts(study: Study, bells: list[Any]) -> None:
    make_case(study)
    left = make_case(study)
    leave_out(study=study, cases=[left], by=study.created_by)
    want_normal(study)
    assert normalise_study(study.pk) == 1
    assert progress(study) == Progress(1, 1)


def test_studies_without_the_wish_have_no_progress_and_no_work(study: Study) -> None:
    make_case(study)
    assert progress(study) is None
    assert normalise_study(study.pk) == 0


def test_one_worker_at_a_time_normalises_a_study(mixed: Study) -> None:
    other = connections.create_connection("default")
    name = f"readerstudy.normalise:{mixed.pk}"
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        assert normalise_study(mixed.pk) == 0
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    other.close()
    with alone_with(mixed) as is_mine:
        assert is_mine
    assert normalise_study(mixed.pk) == 3


def test_an_end_in_the_middle_leaves_whole_images_and_the_next_turn_makes_the_rest(
    mixed: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Image] = []

    def die_at_the_second(**given: Any) -> bool:
        calls.append(given["image"])
        if len(calls) == 2:
            raise MemoryError
        return store_normal(**given)

    with monkeypatch.context() as patch:
        patch.setattr(normalising, "store_normal", die_at_the_second)
        with pytest.raises(MemoryError):
            normalise_study(mixed.pk)
    assert progress(mixed) == Progress(1, 3)
    assert len(rows(mixed, KINDS[0])) == len(rows(mixed, KINDS[1])) == 1
    assert normalise_study(mixed.pk) == 2
    assert progress(mixed) == Progress(3, 3)
    assert len({row.size for row in rows(mixed, RenditionKind.NORMAL)}) == 1


def test_an_image_that_changes_meanwhile_is_left_alone_and_its_files_are_forgotten(
    mixed: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    def change_first(**given: Any) -> bool:
        if not kept:
            Image.objects.filter(pk=given["image"].pk).update(confirmed_at=None, confirmed_by=None)
            kept.extend(file.stored for file in given["files"])
        return store_normal(**given)

    monkeypatch.setattr(normalising, "store_normal", change_first)
    assert normalise_study(mixed.pk) == 2
    assert progress(mixed) == Progress(2, 3)
    assert not any(default_storage.exists(name) for name in kept)


def test_lost_bytes_of_one_image_do_not_keep_the_others(
    mixed: Study, caplog: pytest.LogCaptureFixture
) -> None:
    lost = rows(mixed, RenditionKind.FULL)[0]
    default_storage.delete(lost.stored)
    assert normalise_study(mixed.pk) == 2
    assert f"image {lost.image_id} could not be normalised: FileNotFoundError" in caplog.text
    assert lost.stored not in caplog.text
    assert progress(mixed) == Progress(2, 3)


def test_a_study_that_is_locked_meanwhile_gets_nothing(db: None, bells: list[Any]) -> None:
    study = make_ready_study()
    images = list(Image.objects.of(study).select_related("case__study"))
    start_study(study=study, by=study.created_by)
    assert not store_normal(image=images[0], files=[], facts={})
    assert not is_due(study)


def test_the_sweep_rings_for_what_is_missing_and_the_task_makes_it(
    mixed: Study, bells: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    bells.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.sweep() == 1
    assert [(name, args[0]) for name, args, _options in bells] == [
        ("readerstudy.cases.tasks.normalise", (mixed.pk,))
    ]
    tasks.normalise(mixed.pk)
    assert progress(mixed) == Progress(3, 3)
    assert tasks.sweep() == 0


def station(study: Study) -> dict[str, Sign]:
    return {line.text: line.sign for line in readiness(study) if "normalised" in line.text}


def test_the_station_keeps_the_study_from_starting_until_all_are_there(mixed: Study) -> None:
    sentence = "0 of 3 images are normalised. The others follow once every image is confirmed."
    assert station(mixed) == {sentence: Sign.BAD}
    assert any("normalised" in line.text for line in blockers(mixed))
    normalise_study(mixed.pk)
    assert station(mixed) == {"3 images are normalised": Sign.OK}


def test_the_rules_page_says_how_far_it_is(client: Client, mixed: Study) -> None:
    client.force_login(mixed.created_by)
    page = text_of(client.get(address("rules", mixed)))
    assert "0 of 3 images are normalised." in page
    assert "the study cannot start before" in page
    normalise_study(mixed.pk)
    page = text_of(client.get(address("rules", mixed)))
    assert "3 of 3 images are normalised." in page
    assert "the study cannot start before" not in page


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_costs_no_image_and_the_next_one_goes_on(tmp_path: Path, settings: Any) -> None:
    """The worker waits at the last image, whose row we hold, when it is killed; all others are stored by then."""
    settings.MEDIA_ROOT = tmp_path / "media"
    broker = Broker(tmp_path)
    study = make_study()
    images = [make_case(study).images.get() for _number in range(4)]
    with broker.heard_here(), open_workshop(tmp_path, broker, SWEEP_SECONDS=1) as workshop:
        with transaction.atomic():
            Image.objects.select_for_update().get(pk=images[-1].pk)
            first = workshop.start_worker()
            _wish_from_elsewhere(study)
            wait_until(lambda: progress(study) == Progress(3, 4), seconds=60, what="The third image")
            workshop.kill(first)
        assert progress(study) == Progress(3, 4)
        workshop.start_worker()
        workshop.start_beat()
        wait_until(lambda: progress(study) == Progress(4, 4), seconds=60, what="The last image")
    assert [image.version for image in Image.objects.of(study)] == [2, 2, 2, 2]
    assert len({row.size for row in rows(study, RenditionKind.NORMAL)}) == 1
    assert not Upload.objects.exclude(fate=Fate.RENDERED).exists()


def _wish_from_elsewhere(study: Study) -> None:
    """The wish, committed while this test holds a row: another session writes it."""
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_imagerules (study_id, shown_as, side, keeps_age_and_sex, keeps_originals)"
            " VALUES (%s, 'normal', %s, false, false)",
            [study.pk, SIDE],
        )
    other.close()
    assert connection.in_atomic_block
    tasks.normalise.delay(study.pk)
