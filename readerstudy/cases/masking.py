"""A worker's turn at a mask: the image's frames out of storage, the boxes into their pixels, a new version back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from django.utils.translation import gettext as _

from readerstudy.cases import actions, store
from readerstudy.cases.actions.versions import StoredFile, forget_files, keep_files
from readerstudy.cases.models import Image, Mask, Rendition, RenditionKind
from readerstudy.cases.rendering import clean_files, lease_seconds, workroom
from readerstudy.imaging import remake as imaging
from readerstudy.imaging.rendition import Meta
from readerstudy.studies.policies import can_change_protocol

SECONDS_A_FRAME = 5.0
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be burned in, and into which frames: `before` lists them as readers count them."""

    mask: Mask
    image: Image
    burned: list[Mask]
    boxes: list[list[int]]
    before: list[Rendition]


def burn_in(pk: int) -> bool:
    """Takes this mask and makes the image's next version; False where it was not to be had.

    All other boxes that wait for the same image are burned in with it. Whatever goes wrong counts as one of the mask's
    tries, and the next bell takes it again.
    """
    mask = actions.take_mask(pk, seconds=_seconds_for(pk))
    if mask is None:
        return False
    if not can_change_protocol(mask.image.case.study):
        sentence = _("The study was locked before the boxes were burned in.")
        actions.fail_mask(mask=mask, sentence=sentence)
        return True
    try:
        done = _burn_in(_gather(mask))
    except BaseException:
        actions.give_back(mask=mask, counts=True)
        raise
    if not done:
        actions.give_back(mask=mask, counts=False)
    return True


def _seconds_for(pk: int) -> float:
    """How long a worker may be silent over this mask before another one takes it."""
    frames = Rendition.objects.current().filter(image__masks=pk, kind=RenditionKind.FULL).count()
    return lease_seconds() + SECONDS_A_FRAME * frames


def _gather(mask: Mask) -> _Work:
    image = mask.image
    burned, boxes = actions.boxes_to_burn(image)
    stored = {row.frame: row for row in actions.frames_of(image)}
    shown = [image.stored_frame(frame) for frame in range(image.frames)]
    return _Work(mask, image, burned, boxes, [stored[frame] for frame in shown if frame is not None])


def _burn_in(work: _Work) -> bool:
    """Whether the new version was stored; if not, whatever the reason, nothing is left of it."""
    with workroom() as room:
        frames = [_fetch(row, room) for row in work.before]
        folder = room / "out"
        folder.mkdir()
        boxes = [_box(box) for box in work.boxes]
        meta = imaging.remake(frames, _meta_for(work.image), folder, boxes=boxes)
        return _store(work, folder, meta)


def _store(work: _Work, folder: Path, meta: Meta) -> bool:
    files: list[StoredFile] = []
    stored = False
    try:
        files.extend(_keep(work, folder, meta))
        stored = actions.store_masked(
            mask=work.mask,
            burned=work.burned,
            before=work.before,
            files=files,
            meta=_meta_after(work.image, meta),
        )
    finally:
        if not stored:
            forget_files(files)
    return stored


def _fetch(row: Rendition, room: Path) -> Path:
    path = room / f"frame-{row.frame:05d}{SUFFIXES[row.mime]}"
    with store.open_rendition(row.stored) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


def _box(box: Sequence[int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return left, top, right, bottom


def _meta_for(image: Image) -> Meta:
    """The description that goes with the frames; a stack of files shows by the values of its key frame."""
    meta: dict[str, Any] = {"masks": [], **image.meta}
    if image.frame_values:
        meta["scale"], meta["offset"] = image.frame_values[image.key_frame]
    return cast("Meta", meta)


def _meta_after(image: Image, meta: Meta) -> dict[str, Any]:
    """The new description, with the values that hold for the whole image and each box named once."""
    boxes = [list(box) for box in dict.fromkeys(tuple(box) for box in meta["masks"])]
    return {**meta, "scale": image.meta["scale"], "offset": image.meta["offset"], "masks": boxes}


def _keep(work: _Work, folder: Path, meta: Meta) -> Iterator[StoredFile]:
    """Puts the new files into storage, each numbered as the one it replaces and with how it was made."""
    image = work.image
    key = work.before[image.key_frame]
    for clean in clean_files(folder, meta):
        is_full = clean.kind == RenditionKind.FULL
        source = work.before[clean.frame] if is_full else key
        frame = source.frame if is_full or image.order else 0
        yield from keep_files([replace(clean, frame=frame)], _recipe(work, source))


def _recipe(work: _Work, source: Rendition) -> dict[str, Any]:
    """How the frame that goes in was made, and what was done to it."""
    mask = {"boxes": work.boxes, "from_version": source.version, "sha256_in": source.sha256}
    return {**source.recipe, "mask": mask}
