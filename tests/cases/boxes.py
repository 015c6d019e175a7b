"""Images to burn boxes into, and their pixels before and after."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.files.storage import default_storage
from PIL import Image as Picture

from readerstudy.cases import actions
from readerstudy.cases.models import Image, Upload
from readerstudy.cases.pixels import open_for_coordinator
from tests.cases.files import dicom

Render = Callable[..., Upload]
Burn = Callable[[], None]
Array = np.ndarray[Any, Any]

BOX = [2, 3, 10, 8]
SERIES = "1.2.826.0.1.3680043.8.498.7"


def slice_of(number: int, **attributes: object) -> bytes:
    place = [0.0, 0.0, 2.5 * number]
    series = {"SeriesInstanceUID": SERIES, "InstanceNumber": number, "ImagePositionPatient": place}
    return dicom(
        number, modality="CT", ImageOrientationPatient=[1, 0, 0, 0, 1, 0], **{**series, **attributes}
    )


def colour_png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(1, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def tiff_of(pages: int) -> bytes:
    frames = [
        Picture.fromarray(np.random.default_rng(page).integers(1, 60000, (24, 32), dtype=np.uint16))
        for page in range(pages)
    ]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def opened(content: bytes) -> Array:
    with Picture.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


def pixels_of(image: Image, product: str = "full", frame: int = 0) -> Array:
    stored = open_for_coordinator(image, product=product, frame=frame)
    assert stored is not None
    with stored.file as content:
        return opened(content.read())


def names_of(image: Image) -> set[str]:
    return set(image.renditions.values_list("stored", flat=True))


def fresh(image: Image) -> Image:
    return Image.objects.select_related("case__study").get(pk=image.pk)


def mask_it(image: Image, *boxes: list[int]) -> None:
    actions.mask_images(images=[image], boxes=boxes or [BOX], by=image.case.study.created_by)


def confirm(image: Image) -> int:
    return actions.confirm_images(images=[image], by=image.case.study.created_by)


def rendered(upload: Upload) -> Image:
    assert upload.image is not None
    return upload.image


def outside(pixels: Array, box: list[int] = BOX) -> Array:
    """The pixels with the box taken out of the comparison."""
    left, top, right, bottom = box
    copy = np.array(pixels)
    copy[top:bottom, left:right] = 0
    return copy


def inside(pixels: Array, box: list[int] = BOX) -> Array:
    left, top, right, bottom = box
    return np.asarray(pixels[top:bottom, left:right])


def files_in_storage() -> set[str]:
    folders, _files = default_storage.listdir("renditions")
    return {name for folder in folders for name in default_storage.listdir(f"renditions/{folder}")[1]}
