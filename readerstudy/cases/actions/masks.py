"""Boxes are burned into the pixels of images: a coordinator wishes it, a worker does it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.versions import StoredFile, replace_renditions
from readerstudy.cases.models import Image, Mask, Rendition, RenditionKind
from readerstudy.cases.policies import (
    check_boxes,
    check_can_mask,
    check_of_one_study,
    check_unused,
)
from readerstudy.studies.actions import locked
from readerstudy.studies.policies import can_change_protocol

MOST_TRIES = 3
BELLS = os.cpu_count() or 1  # each turn of a worker takes whatever waits, so a few bells are enough

Boxes = Sequence[Sequence[int]]


# --- A coordinator wishes ------------------------------------------------------------------------------------
@transaction.atomic
def mask_images(*, images: Iterable[Image], boxes: Boxes, by: User) -> int:
    """Wants the boxes burned into every frame of these images, which nobody has then confirmed; returns how many.

    `boxes` are [left, top, right, bottom] in pixels of the image, the last two exclusive. Raises `CasesError` where the
    study is locked, the images belong to several studies, a model was given one of them, or a box does not fit.
    """
    chosen = [image.pk for image in images]
    found = check_of_one_study(
        Image.objects.filter(pk__in=chosen).select_related("case__study").order_by("case__position", "slot")
    )
    if not found:
        return 0
    study = locked(found[0].case.study)
    check_can_mask(study)
    check_unused(found)
    check_boxes(boxes, found)
    wanted = [[int(side) for side in box] for box in boxes]
    _unconfirm(found)
    masks = Mask.objects.bulk_create(Mask(image=image, boxes=wanted, by=by) for image in found)
    _ring(masks)
    _record("image.mask", found, by=by, boxes=wanted)
    return len(found)


def mask_again(*, image: Image, by: User | None = None) -> bool:
    """Wants every box burned so far on the whole image, because frames joined it; False where there is none.

    Call it in the transaction that adds the frames. `by` is None where no person asked; the wish then stands in the
    name of the one who masked last.
    """
    done = list(image.masks.done().select_related("by").order_by("pk"))
    if not done:
        return False
    boxes = _all_boxes(done)
    mask = Mask.objects.create(image=image, boxes=boxes, by=by or done[-1].by)
    _ring([mask])
    _record("image.mask_again", [image], by=by, boxes=boxes)
    return True


@transaction.atomic
def retry_masks(*, image: Image, by: User) -> bool:
    """Lets a worker try once more to burn in boxes that were given up; False where none was."""
    check_can_mask(locked(image.case.study))
    failed = list(image.masks.failed().order_by("pk"))
    Mask.objects.filter(pk__in=[mask.pk for mask in failed]).update(failure="", tries=0, lease_until=None)
    if failed:
        _ring(failed)
        _record("image.mask_retry", [image], by=by, boxes=_all_boxes(failed))
    return bool(failed)


def _unconfirm(images: Collection[Image]) -> None:
    """Takes every yes back, with the rows locked until the transaction ends."""
    rows = Image.objects.filter(pk__in=[image.pk for image in images])
    list(rows.select_for_update(of=("self",)).values_list("pk", flat=True).order_by("pk"))
    rows.update(confirmed_at=None, confirmed_by=None)


def _ring(masks: Sequence[Mask]) -> None:
    from readerstudy.cases.tasks import mask  # the task calls these actions

    for each in masks[:BELLS]:
        mask.delay_on_commit(each.pk)  # type: ignore[attr-defined]  # a task within Django; the stubs lack it


def _record(verb: str, images: Sequence[Image], *, by: User | None, **data: Any) -> None:
    codes = [image.case.code for image in images]
    subject = str(images[0]) if len(images) == 1 else f"{len(images)} images"
    told = {"images": [image.key for image in images], "cases": codes, **data}
    record(verb, by=by, stream=study_stream(images[0].case.study_id), subject=subject, data=told)


def _all_boxes(masks: Iterable[Mask]) -> list[list[int]]:
    """The boxes of all these masks, each once, in the order in which they were wanted."""
    return [list(box) for box in dict.fromkeys(tuple(box) for mask in masks for box in mask.boxes)]


# --- A worker does it ----------------------------------------------------------------------------------------
def take_mask(pk: int, *, seconds: float) -> Mask | None:
    """Claims a mask for `seconds`, or None where somebody has it, it is settled, or it was tried too often."""
    until = timezone.now() + timedelta(seconds=seconds)
    taken = Mask.objects.waiting().filter(pk=pk).update(lease_until=until, tries=models.F("tries") + 1)
    if not taken:
        return None
    mask = Mask.objects.select_related("image__case__study").get(pk=pk)
    if mask.tries <= MOST_TRIES:
        return mask
    sentence = _(
        "The boxes could not be burned in, although it was tried several times. Press “Try again”; if that fails too, "
        "leave the case out."
    )
    fail_mask(mask=mask, sentence=sentence)
    return None


def give_back(*, mask: Mask, counts: bool) -> None:
    """Lets go of a claimed mask, so that the next bell takes it; `counts`: that was one of its tries."""
    Mask.objects.held(mask).update(lease_until=None, tries=mask.tries if counts else mask.tries - 1)


@transaction.atomic
def fail_mask(*, mask: Mask, sentence: str) -> bool:
    """Ends a mask that cannot be burned in; its image cannot be confirmed while the wish stands."""
    failed = Mask.objects.held(mask).update(failure=sentence, lease_until=None)
    if failed:
        _record("image.mask_failed", [mask.image], by=None, boxes=mask.boxes)
    return bool(failed)


def boxes_to_burn(image: Image) -> tuple[list[Mask], list[list[int]]]:
    """Every mask of the image that is not done, given up or not, and their boxes."""
    undone = list(image.masks.undone().order_by("pk"))
    return undone, _all_boxes(undone)


@transaction.atomic
def store_masked(
    *,
    mask: Mask,
    burned: Sequence[Mask],
    before: Sequence[Rendition],
    files: Sequence[StoredFile],
    meta: Mapping[str, Any],
) -> bool:
    """Makes the image's next version from the masked files; the masks in `burned` are then done.

    False, and nothing written, where the study was locked meanwhile, somebody else has the mask, or the image's frames
    are no longer those in `before`, from which the files were made. The caller then forgets the files.
    """
    study = locked(mask.image.case.study)
    image = Image.objects.select_for_update(of=("self",)).select_related("case").get(pk=mask.image_id)
    same = {row.pk for row in frames_of(image)} == {row.pk for row in before}
    if not (can_change_protocol(study) and same and Mask.objects.held(mask).exists()):
        return False
    replace_renditions(image=image, files=files, keeps=(), meta=meta)
    _unconfirm([image])
    Mask.objects.filter(pk__in=[each.pk for each in burned]).update(
        done_at=timezone.now(), failure="", lease_until=None
    )
    _record("image.masked", [image], by=None, **_account(image, burned, before, files))
    return True


def frames_of(image: Image) -> list[Rendition]:
    """The lossless frames that count, by the number they are stored under."""
    return list(image.renditions.current().filter(kind=RenditionKind.FULL).order_by("frame"))


def _account(
    image: Image, burned: Sequence[Mask], before: Sequence[Rendition], files: Sequence[StoredFile]
) -> dict[str, Any]:
    """What went in and what came out: how many files, and one hash over all of their hashes."""
    return {
        "boxes": _all_boxes(burned),
        "version": image.version,
        "files_in": len(before),
        "files_out": len(files),
        "sha256_in": _hash_over(row.sha256 for row in before),
        "sha256_out": _hash_over(file.clean.sha256 for file in files),
    }


def _hash_over(hashes: Iterable[str]) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def ring_waiting() -> int:
    """Rings for masks whose bell or worker was lost; returns how many bells rang."""
    from readerstudy.cases.tasks import mask

    waiting = list(Mask.objects.waiting().order_by("pk").values_list("pk", flat=True)[:BELLS])
    for pk in waiting:
        mask.delay(pk)
    return len(waiting)
