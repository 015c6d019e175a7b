"""What other rooms get of an image: clean pixels that a person has confirmed, never what came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files import File

from readerstudy.cases import store
from readerstudy.cases.models import Case, Image, Rendition, RenditionKind
from readerstudy.cases.policies import check_confirmed


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """One clean file, open for reading."""

    file: File[Any]
    mime: str
    size: int
    sha256: str


def open_rendition(image: Image, *, kind: str, frame: int = 0) -> StoredRendition | None:
    """A file of a confirmed image; None where there is none of that kind and frame, or nobody has confirmed it."""
    return _open(image, kind, frame) if image.confirmed_at else None


def open_preview(image: Image) -> StoredRendition | None:
    """The preview, confirmed or not: for the coordinator who is to confirm it, and nobody else."""
    return _open(image, RenditionKind.PREVIEW, 0)


def display_bytes(image: Image) -> tuple[str, bytes]:
    """MIME type and bytes of what a vendor gets. Raises `CasesError` where nobody has confirmed the image."""
    check_confirmed(image)
    rendition = image.renditions.get(kind=RenditionKind.DISPLAY, frame=0)
    with store.open_rendition(rendition.stored) as content:
        return rendition.mime, content.read()


def images_for_vendor(case: Case) -> tuple[tuple[str, str, bytes], ...]:
    """Slot, MIME type and bytes of every image of a case, by slot. Raises `CasesError` if one is not confirmed."""
    images = case.images.order_by("slot")
    return tuple((image.slot, *display_bytes(image)) for image in images)


def _open(image: Image, kind: str, frame: int) -> StoredRendition | None:
    rendition = Rendition.objects.filter(image=image, kind=kind, frame=frame).first()
    if rendition is None:
        return None
    content = store.open_rendition(rendition.stored)
    return StoredRendition(file=content, mime=rendition.mime, size=rendition.size, sha256=rendition.sha256)
