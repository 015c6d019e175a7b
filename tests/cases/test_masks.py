"""Boxes are burned into pixels: what lay under them is gone, what lay beside them is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.models import Image, Mask, Rendition, RenditionKind, ShownAs
from readerstudy.cases.pixels import images_for_vendor, open_for_reader
from readerstudy.cases.policies import CasesError
from readerstudy.imaging import remake as remaking
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.boxes import (
    BOX,
    Burn,
    Render,
    colour_png,
    confirm,
    fresh,
    inside,
    mask_it,
    names_of,
    opened,
    outside,
    pixels_of,
    rendered,
    slice_of,
    tiff_of,
)
from tests.cases.files import dicom, png, receive
from tests.factories import make_arm, make_case, make_output, make_study


# --- What becomes of the pixels ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "black"),
    [
        (dicom(1), 0),
        (dicom(1, PhotometricInterpretation="MONOCHROME1"), 65535),
        (png(1, side=32), 0),
        (colour_png(1), 0),
    ],
    ids=["16-bit grey", "low values are bright", "8-bit grey", "colour"],
)
def test_pixels_in_the_box_are_black_and_all_others_are_the_same(
    render: Render, burn: Burn, content: bytes, black: int
) -> None:
    image = rendered(render(content))
    before = pixels_of(image)
    mask_it(image)
    burn()
    after = pixels_of(fresh(image))
    assert np.array_equal(outside(after), outside(before))
    assert np.all(inside(after) == black)
    assert not np.array_equal(before, after)


def test_the_display_image_and_the_preview_show_the_box(render: Render, burn: Burn) -> None:
    image = rendered(render(colour_png(2)))
    before = pixels_of(image, "preview")
    mask_it(image)
    burn()
    masked = fresh(image)
    assert inside(pixels_of(masked, "preview"), [4, 4, 8, 7]).max() < 40
    assert inside(before, [4, 4, 8, 7]).max() > 100
    assert np.all(inside(pixels_of(masked, "overlay")) == 0), "the 8-bit image that models get"


def test_the_bytes_without_the_box_are_gone_from_storage(render: Render, burn: Burn) -> None:
    image = rendered(render(dicom(3)))
    before = names_of(image)
    assert all(default_storage.exists(name) for name in before)
    mask_it(image)
    assert all(default_storage.exists(name) for name in before), "a wish alone deletes nothing"
    burn()
    assert not any(default_storage.exists(name) for name in before)
    assert all(default_storage.exists(row.stored) for row in image.renditions.filter(version=2))


def test_bytes_that_another_image_needs_stay(render: Render, burn: Burn) -> None:
    """The same file in two studies is stored once."""
    image, other_study = rendered(render(dicom(4))), make_study()
    twin = make_case(other_study).images.get()
    row = image.renditions.get(kind=RenditionKind.FULL)
    Rendition.objects.create(image=twin, kind=RenditionKind.FULL, frame=7, **_same_file(row))
    mask_it(image)
    burn()
    assert default_storage.exists(row.stored)
    assert fresh(image).version == 2


def _same_file(row: Rendition) -> dict[str, Any]:
    names = ("stored", "mime", "width", "height", "size", "sha256")
    return {name: getattr(row, name) for name in names}


def test_the_new_rows_say_how_they_were_made(render: Render, burn: Burn) -> None:
    image = rendered(render(dicom(5)))
    old = image.renditions.get(kind=RenditionKind.FULL)
    mask_it(image, BOX, [20, 10, 24, 14])
    burn()
    rows = {row.kind: row for row in image.renditions.filter(version=2)}
    assert set(rows) == {"full", "display", "preview"}
    wanted = {"boxes": [BOX, [20, 10, 24, 14]], "from_version": 1, "sha256_in": old.sha256}
    for row in rows.values():
        assert row.recipe["mask"] == wanted
        assert row.recipe["decoder"] == old.recipe["decoder"]
    assert fresh(image).meta["masks"] == [BOX, [20, 10, 24, 14]]


def test_every_frame_of_a_file_with_many_is_masked(render: Render, burn: Burn) -> None:
    image = rendered(render(tiff_of(3), "pages.tif"))
    before = [pixels_of(image, frame=frame) for frame in range(3)]
    mask_it(image)
    burn()
    masked = fresh(image)
    for frame in range(3):
        after = pixels_of(masked, frame=frame)
        assert np.all(inside(after) == 0)
        assert np.array_equal(outside(after), outside(before[frame]))
    assert pixels_of(masked, "preview").shape == (24, 32, 3)


# --- Stacks of files -------------------------------------------------------------------------------------------
@pytest.fixture
def stack(study: Study, work: Callable[[], None]) -> Image:
    """Three slices that came out of order, one of them with a scale of its own."""
    for number, slope in ((3, 1.0), (1, 1.0), (2, 2.0)):
        receive(study, slice_of(number, RescaleSlope=slope, RescaleIntercept=-10.0), f"{number}.dcm")
        work()
    return Image.objects.get()


def test_every_slice_of_a_stack_is_masked_and_keeps_its_place(stack: Image, burn: Burn) -> None:
    before = [pixels_of(stack, frame=frame) for frame in range(3)]
    assert stack.order
    mask_it(stack)
    burn()
    masked = fresh(stack)
    assert (masked.order, masked.frame_values) == (stack.order, stack.frame_values)
    assert (masked.meta["scale"], masked.meta["offset"]) == (stack.meta["scale"], stack.meta["offset"])
    for frame in range(3):
        after = pixels_of(masked, frame=frame)
        assert np.all(inside(after) == 0)
        assert np.array_equal(outside(after), outside(before[frame]))
    shown = masked.stored_frame(masked.key_frame)
    kinds = Rendition.objects.current().filter(image=masked).exclude(kind=RenditionKind.FULL)
    assert sorted(kinds.values_list("kind", "frame")) == [("display", shown), ("preview", shown)]


def test_a_slice_that_joins_a_masked_stack_is_masked_too(
    stack: Image, burn: Burn, study: Study, work: Callable[[], None]
) -> None:
    mask_it(stack)
    burn()
    receive(study, slice_of(4), "4.dcm")
    work()
    with pytest.raises(CasesError, match="still to be burned"):
        confirm(stack)
    burn()
    masked = fresh(stack)
    assert masked.frames == 4
    assert all(np.all(inside(pixels_of(masked, frame=frame)) == 0) for frame in range(4))
    assert masked.meta["masks"] == [BOX]
    assert confirm(masked) == 1


def test_a_slice_that_joins_while_the_worker_is_at_it_is_not_forgotten(
    stack: Image, burn: Burn, study: Study, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    remake, joined = remaking.remake, list[int]()

    def join_first(*args: Any, **options: Any) -> Any:
        if not joined:
            joined.append(1)
            receive(study, slice_of(4), "4.dcm")
            work()
        return remake(*args, **options)

    monkeypatch.setattr(remaking, "remake", join_first)
    mask_it(stack)
    burn()
    masked = fresh(stack)
    assert masked.version == 2
    assert [np.all(inside(pixels_of(masked, frame=frame)) == 0) for frame in range(4)] == [True] * 4


# --- Nobody gets anything else -----------------------------------------------------------------------------------
def test_readers_and_vendors_get_masked_bytes_after_a_new_yes_and_nothing_before(
    render: Render, burn: Burn
) -> None:
    image = rendered(render(dicom(6)))
    confirm(image)
    mask_it(image)
    for moment in ("waiting", "masked"):
        if moment == "masked":
            burn()
        unseen = fresh(image)
        assert open_for_reader(unseen, product="full", frame=0, shown_as=ShownAs.FULL) is None
        with pytest.raises(CasesError, match="Nobody has confirmed"):
            images_for_vendor(unseen.case)
    confirm(image)
    for product in ("full", "preview"):
        stored = open_for_reader(fresh(image), product=product, frame=0, shown_as=ShownAs.FULL)
        assert stored is not None
        assert stored.sha256 in image.renditions.filter(version=2).values_list("sha256", flat=True)
    ((_slot, _mime, content),) = images_for_vendor(fresh(image).case)
    assert np.all(inside(opened(content)) == 0)


def test_an_image_cannot_be_confirmed_while_boxes_wait(render: Render, burn: Burn) -> None:
    image = rendered(render(dicom(7)))
    mask_it(image)
    with pytest.raises(CasesError, match="Boxes are still to be burned into an image of case C001"):
        confirm(image)
    burn()
    assert confirm(image) == 1


def test_a_wish_takes_the_yes_back(render: Render) -> None:
    image = rendered(render(dicom(8)))
    confirm(image)
    mask_it(image)
    assert fresh(image).confirmed_at is None
    assert fresh(image).confirmed_by is None


def test_two_wishes_are_burned_in_at_once(render: Render, burn: Burn) -> None:
    image = rendered(render(dicom(9)))
    mask_it(image, BOX)
    mask_it(image, BOX, [20, 10, 24, 14])
    burn()
    masked = fresh(image)
    assert masked.version == 2
    assert np.all(inside(pixels_of(masked), [20, 10, 24, 14]) == 0)
    assert Mask.objects.done().count() == 2


# --- What the trail says -------------------------------------------------------------------------------------------
def test_wish_and_deed_are_in_the_trail(render: Render, burn: Burn, study: Study) -> None:
    image = rendered(render(dicom(10)))
    mask_it(image)
    burn()
    wish, deed = (Event.objects.get(verb=verb) for verb in ("image.mask", "image.masked"))
    told = {"images": [image.key], "cases": ["C001"], "boxes": [BOX]}
    assert (wish.actor, wish.subject, wish.data) == (study.created_by, "C001 current", told)
    assert deed.actor is None
    assert {name: deed.data[name] for name in told} == told
    assert (deed.data["version"], deed.data["files_in"], deed.data["files_out"]) == (2, 1, 3)
    assert deed.data["sha256_in"] != deed.data["sha256_out"]


# --- What is refused -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("boxes", "sentence"),
    [
        ([], "No box is drawn"),
        ([[0, 0, 33, 4]], "Box 1 does not lie inside the image of case C001, which is 32 × 24 pixels"),
        ([[0, 0, 4, 4], [0, 0, 4, 25]], "Box 2 does not lie inside"),
        ([[-1, 0, 4, 4]], "Box 1 does not lie inside"),
        ([[0, 0, 1, 4]], "Box 1 is too small"),
        ([[0, 4, 4, 4]], "Box 1 is too small"),
        ([[4, 0, 0, 4]], "Box 1 is too small"),
        ([[0, 0, 4, 4]] * 51, "At most 50 boxes"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(study: Study, boxes: list[list[int]], sentence: str) -> None:
    image = make_case(study).images.get()
    with pytest.raises(CasesError, match=sentence):
        actions.mask_images(images=[image], boxes=boxes, by=study.created_by)
    assert not Mask.objects.exists()
    assert fresh(image).confirmed_at is not None


def test_a_box_must_fit_into_every_image(study: Study) -> None:
    small, large = (make_case(study).images.get() for _number in range(2))
    Image.objects.filter(pk=large.pk).update(meta={**large.meta, "width": 640, "height": 480})
    with pytest.raises(CasesError, match="case C001"):
        actions.mask_images(images=[small, large], boxes=[[0, 0, 600, 10]], by=study.created_by)


def test_the_smallest_and_the_largest_box_fit(study: Study) -> None:
    image = make_case(study).images.get()
    mask_it(image, [0, 0, 2, 2], [0, 0, 32, 24])
    assert Mask.objects.get().boxes == [[0, 0, 2, 2], [0, 0, 32, 24]]


def test_a_locked_study_takes_no_masks(study: Study) -> None:
    image = make_case(study).images.get()
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CasesError, match="This study is locked, so no box"):
        mask_it(image)


def test_what_a_model_was_given_stays_as_it_is(study: Study) -> None:
    image = make_case(study).images.get()
    make_output(make_arm(study), image.case)
    for deed in (
        lambda: mask_it(image),
        lambda: actions.unconfirm_images(images=[image], by=study.created_by),
    ):
        with pytest.raises(CasesError, match="A model was asked about case C001"):
            deed()
    assert fresh(image).confirmed_at is not None


def test_outputs_made_elsewhere_do_not_keep_an_image_from_being_masked(study: Study) -> None:
    image = make_case(study).images.get()
    make_output(make_arm(study, kind="imported"), image.case)
    mask_it(image)
    assert Mask.objects.count() == 1


def test_images_of_two_studies_are_not_masked_together(study: Study) -> None:
    for each in (study, make_study()):
        make_case(each)
    with pytest.raises(CasesError, match="several studies"):
        actions.mask_images(images=Image.objects.all(), boxes=[BOX], by=study.created_by)
    assert not Mask.objects.exists()


def test_no_image_is_no_deed(study: Study) -> None:
    assert actions.mask_images(images=[], boxes=[BOX], by=study.created_by) == 0
    assert actions.unconfirm_images(images=[], by=study.created_by) == 0
    assert not Event.objects.filter(verb__startswith="image.").exists()


# --- Which images ----------------------------------------------------------------------------------------------------
def test_a_series_is_masked_as_one(study: Study) -> None:
    first, second, other, wide = (make_case(study).images.get() for _number in range(4))
    Image.objects.filter(pk__in=[first.pk, second.pk, wide.pk]).update(series="s")
    Image.objects.filter(pk=wide.pk).update(meta={**wide.meta, "width": 33})
    assert list(Image.objects.of_its_series(fresh(first))) == [first, second]
    assert list(Image.objects.of_its_series(fresh(other))) == [other], "no series is no common series"


def test_alike_are_unconfirmed_images_of_one_size_and_kind_of_file(study: Study) -> None:
    first, second, done, jpeg = (make_case(study, confirmed=number == 2).images.get() for number in range(4))
    Image.objects.filter(pk=jpeg.pk).update(meta={**jpeg.meta, "source_format": "JPEG"})
    make_case(make_study(), confirmed=False)
    assert list(Image.objects.alike(fresh(first))) == [first, second]
    assert list(Image.objects.alike(fresh(done))) == [first, second, done], "and the one at hand"
