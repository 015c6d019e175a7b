"""A worker's turn at a study's normalised images: one square, one depth, one format and one file size for all.

How large the files become is known only when the last one is made. So each is made as it comes and lies in the worker's
own folder until all are; then they are padded to the largest and stored one by one. Whatever happens between, the next
turn finds what is stored, makes the rest, and pads to the same size.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from readerstudy.cases import store
from readerstudy.cases.actions.normal import store_normal
from readerstudy.cases.actions.versions import CleanFile, StoredFile, forget_files, keep_files
from readerstudy.cases.models import Image, Rendition, RenditionKind
from readerstudy.cases.normal_sets import NORMAL_KINDS, Wish, alone_with, fitting, is_due, pictures, wish_of
from readerstudy.cases.rendering import workroom
from readerstudy.imaging.padding import common_size, pad_png, pad_webp
from readerstudy.imaging.products import PREVIEW_SIDE
from readerstudy.imaging.remake import normalise
from readerstudy.imaging.rendition import FileEntry, Meta, software
from readerstudy.studies.models import Study

log = logging.getLogger(__name__)

# What a viewer needs to know of a normalised image in place of the same facts of the original.
FACTS = (
    "kind", "width", "height", "bits", "frames", "key_frame", "frame_time_ms", "scale", "offset", "inverted", "windows",
    "window_function", "default_window", "spacing_mm", "spacing_kind", "masks", "placed",
)  # fmt: skip
_PAD = {RenditionKind.NORMAL: pad_png, RenditionKind.NORMAL_PREVIEW: pad_webp}
_MIMES = {RenditionKind.NORMAL: "image/png", RenditionKind.NORMAL_PREVIEW: "image/webp"}

Sizes = dict[RenditionKind, int]


@dataclass(frozen=True, slots=True)
class _Made:
    """A normalised image on local disk, not padded yet, and the full frame it was made from."""

    image: Image
    source: Rendition
    folder: Path
    meta: Meta

    def entry(self, kind: RenditionKind) -> FileEntry:
        return self.meta["display"] if kind == RenditionKind.NORMAL else self.meta["preview"]

    def bare(self) -> Sizes:
        return {kind: self.entry(kind)["bytes"] for kind in NORMAL_KINDS}


def normalise_study(pk: int) -> int:
    """Makes what a study lacks of normalised images and returns how many it stored; a second call stores none.

    Stores none where another worker is at it, or where files, masks or a person's yes are still to come.
    """
    study = Study.objects.get(pk=pk)
    with alone_with(study) as is_mine:
        wish = wish_of(study)
        if not is_mine or wish is None or not is_due(study):
            return 0
        with workroom() as room:
            return _complete(study, wish, room)


def _complete(study: Study, wish: Wish, room: Path) -> int:
    known = _known(study, wish)
    images = list(pictures(study).select_related("case__study"))
    fresh = list(_make_all((image for image in images if image.pk not in known), wish, room))
    target = _target([*known.values()], fresh)
    stored = sum(_store(made, wish, target) for made in fresh)
    short = [image for image in images if image.pk in known and not _has_size(known[image.pk], target)]
    return stored + sum(_store(made, wish, target) for made in _make_all(short, wish, room))


def _known(study: Study, wish: Wish) -> dict[int, dict[RenditionKind, Rendition]]:
    """The images that have both normalised files as wished, with those files."""
    found: dict[int, dict[RenditionKind, Rendition]] = {}
    for row in fitting(study, wish):
        found.setdefault(row.image_id, {})[RenditionKind(row.kind)] = row
    return {image: rows for image, rows in found.items() if len(rows) == len(NORMAL_KINDS)}


def _target(known: Iterable[Mapping[RenditionKind, Rendition]], fresh: Iterable[_Made]) -> Sizes:
    """The size of each file: room for the largest, and no less than what is stored, which then may stay."""
    rows, bare = list(known), [made.bare() for made in fresh]
    target = {}
    for kind in NORMAL_KINDS:
        stored = max((row[kind].size for row in rows), default=0)
        wanted = common_size(sizes[kind] for sizes in bare) if bare else 0
        target[kind] = max(stored, wanted)
    return target


def _has_size(rows: Mapping[RenditionKind, Rendition], target: Sizes) -> bool:
    return all(rows[kind].size == target[kind] for kind in NORMAL_KINDS)


def _make_all(images: Iterable[Image], wish: Wish, room: Path) -> Iterator[_Made]:
    """One after the other; an image whose bytes cannot be read is left for the next turn, and the others go on."""
    for image in images:
        folder = room / f"image-{image.pk}"
        folder.mkdir()
        try:
            yield _make(image, wish, folder)
        except OSError as error:
            log.error("image %d could not be normalised: %s", image.pk, type(error).__name__)
            shutil.rmtree(folder)


def _make(image: Image, wish: Wish, folder: Path) -> _Made:
    rows = image.renditions.filter(version=image.version, kind=RenditionKind.FULL)
    source = rows.get(frame=image.stored_frame(image.key_frame) or 0)
    frame = folder / "frame"
    store.fetch_incoming(source.stored, frame)
    meta = normalise(frame, _meta_of(image), folder, side=wish.side, colour=wish.colour)
    frame.unlink()
    (folder / meta["full"][0]["name"]).unlink()  # the same picture as the one for display
    return _Made(image, source, folder, meta)


def _meta_of(image: Image) -> Meta:
    """The description of the key frame; a slice of a stack has values of its own."""
    meta: dict[str, Any] = {"masks": [], **image.meta}
    if image.frame_values:
        meta["scale"], meta["offset"] = image.frame_values[image.key_frame]
    return cast("Meta", meta)


def _store(made: _Made, wish: Wish, target: Sizes) -> bool:
    files = [_keep(made, kind, wish, target[kind]) for kind in NORMAL_KINDS]
    shutil.rmtree(made.folder)
    facts = {name: made.meta[name] for name in FACTS}  # type: ignore[literal-required]  # names of Meta
    is_stored = store_normal(image=made.image, files=files, facts=facts)
    if not is_stored:
        forget_files(files)
    return is_stored


def _keep(made: _Made, kind: RenditionKind, wish: Wish, size: int) -> StoredFile:
    bare = made.entry(kind)
    path = made.folder / bare["name"]
    padded = _PAD[kind](path, size)
    side = wish.side if kind == RenditionKind.NORMAL else min(wish.side, PREVIEW_SIDE)
    clean = CleanFile(
        kind=kind,
        frame=0,
        path=path,
        mime=_MIMES[kind],
        width=side,
        height=side,
        sha256=padded["sha256"],
    )
    return keep_files([clean], _recipe(made, wish, bare, padded))[0]


def _recipe(made: _Made, wish: Wish, bare: FileEntry, padded: FileEntry) -> dict[str, Any]:
    normal = {
        "side": wish.side,
        "colour": wish.colour,
        "placed": made.meta["placed"],
        "frame": made.source.frame,
        "from_version": made.source.version,
        "sha256_in": made.source.sha256,
        "bytes_before_padding": bare["bytes"],
        "padded_to": padded["bytes"],
        "sha256_out": padded["sha256"],
        "software": software(),
    }
    return {**made.source.recipe, "normal": normal}
