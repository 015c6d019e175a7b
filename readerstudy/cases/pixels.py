"""What other rooms get of an image: clean pixels that a person has confirmed, never what came in.

Readers get either the full range of values or, where the study says so, the very bytes that models get.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.utils.translation import gettext as _

from readerstudy.cases import store
from readerstudy.cases.models import Case, Image, Rendition, RenditionKind, ShownAs, rules_of
from readerstudy.cases.policies import CasesError, check_confirmed
from readerstudy.statements import find, find_all

# Of each way of showing: the lossless or only image, the preview, and what a model gets.
_KINDS = {
    ShownAs.FULL: (RenditionKind.FULL, RenditionKind.PREVIEW, RenditionKind.DISPLAY),
    ShownAs.SENT: (RenditionKind.DISPLAY, RenditionKind.PREVIEW, RenditionKind.DISPLAY),
    ShownAs.NORMAL: (RenditionKind.NORMAL, RenditionKind.NORMAL_PREVIEW, RenditionKind.NORMAL),
}


_CURRENT = "WHERE image_id = %s AND version = %s AND kind = %s AND frame = %s"
_OF_A_CASE = "WHERE case_id = %s ORDER BY slot"


class Recent:
    """The bytes of the files that were read last, up to `most` bytes in all: all arms of a case send the same ones.

    A stored name stands for the same bytes for ever.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, read: Callable[[str], bytes]) -> bytes:
        """What `read(name)` gives, read only where it is not kept."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        content = read(name)
        self._keep(name, content)
        return content

    def _keep(self, name: str, content: bytes) -> None:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = content
                self._size += len(content)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1])


_RECENT = Recent(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """One clean file, open for reading."""

    file: File[Any]
    mime: str
    size: int
    sha256: str


def open_for_reader(image: Image, *, product: str, frame: int, shown_as: ShownAs) -> StoredRendition | None:
    """`full`, `preview` or (of what is laid over an image) `overlay` of a confirmed image; else None."""
    if image.confirmed_at is None:
        return None
    return _open(image, product, frame, shown_as)


def open_for_coordinator(image: Image, *, product: str, frame: int = 0) -> StoredRendition | None:
    """The same in full range, confirmed or not: for the coordinator who is to confirm it, and nobody else."""
    return _open(image, product, frame, ShownAs.FULL)


def _open(image: Image, product: str, frame: int, shown_as: ShownAs) -> StoredRendition | None:
    full, preview, sent = _KINDS[shown_as]
    kind = {"full": full, "preview": preview, "overlay": sent}.get(product)
    stored_frame = image.stored_frame(frame) if kind == RenditionKind.FULL else _key_frame(image, kind)
    if kind is None or stored_frame is None or (frame and kind != RenditionKind.FULL):
        return None
    rendition = current_rendition(image, kind, stored_frame)
    return _opened(rendition) if rendition else None


def current_rendition(image: Image, kind: str, frame: int) -> Rendition | None:
    """The rendition of this kind and stored frame that counts, if there is one."""
    return find(Rendition, _CURRENT, [image.pk, image.version, kind, frame])


def _key_frame(image: Image, kind: str | None) -> int | None:
    """Where the one image that shows them all is stored: for a stack of files under its middle slice."""
    is_normal = kind in (RenditionKind.NORMAL, RenditionKind.NORMAL_PREVIEW)
    return image.stored_frame(image.key_frame) if image.order and not is_normal else 0


def _opened(rendition: Rendition) -> StoredRendition:
    content = store.open_rendition(rendition.stored)
    return StoredRendition(file=content, mime=rendition.mime, size=rendition.size, sha256=rendition.sha256)


def sent_rendition(image: Image, shown_as: ShownAs) -> Rendition:
    """What a vendor gets. Raises `CasesError` where nobody has confirmed the image or it is not normalised yet."""
    check_confirmed(image)
    kind = _KINDS[shown_as][2]
    rendition = current_rendition(image, kind, _key_frame(image, kind) or 0)
    if rendition is None:
        raise CasesError(
            _(
                "An image is not normalised yet, as this study’s rules want. A worker is at it; try again then."
            )
        )
    return rendition


def images_for_vendor(case: Case) -> tuple[tuple[str, str, bytes], ...]:
    """Slot, MIME type and bytes of every image of a case, by slot; nothing that is laid over one.

    Raises `CasesError` if one is not confirmed.
    """
    shown_as = ShownAs(rules_of(case.study).shown_as)
    images = [image for image in find_all(Image, _OF_A_CASE, [case.pk]) if not image.overlays]
    return tuple((image.slot, *_read(sent_rendition(image, shown_as))) for image in images)


def _read(rendition: Rendition) -> tuple[str, bytes]:
    return rendition.mime, _RECENT.get(rendition.stored, store.read_rendition)
