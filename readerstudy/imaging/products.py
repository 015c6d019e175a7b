"""Writing a rendition: the lossless frames, the 8-bit display image and the small preview.

Every file is encoded from bare pixel arrays, so nothing of the source but its pixels can be in it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from readerstudy.imaging.picture import Picture
from readerstudy.imaging.png import encode_png
from readerstudy.imaging.reasons import Refusal
from readerstudy.imaging.windows import Window, WindowFunction, display_levels, fallback_window, straightened

__all__ = [
    "DISPLAY_SIDE",
    "PREVIEW_SIDE",
    "Product",
    "Products",
    "encode_jpeg",
    "encode_png",
    "write_file",
    "write_preview",
    "write_products",
]

DISPLAY_SIDE = 2048
PREVIEW_SIDE = 1024
DISPLAY_NAME = "display.png"
PREVIEW_NAME = "preview.webp"


@dataclass(frozen=True, slots=True)
class Product:
    """One written file: its name, size and hash."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Products:
    """All files of a rendition, and the window with which the display image was made (grey only)."""

    full: tuple[Product, ...]
    display: Product
    preview: Product
    window: Window | None
    function: WindowFunction | None


def encode_jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A JPEG of quality 90 without colour subsampling."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), format="JPEG", quality=90, subsampling=0)


def write_products(picture: Picture, folder: Path) -> Products:
    """Write every file of the rendition into the folder, reading the picture once.

    Display image, preview and, where the file brings none, the window come from the key frame.
    """
    full: list[Product] = []
    shown: tuple[Product, Product, Window | None, WindowFunction | None] | None = None
    cine = picture.grey is None and picture.frames > 1
    for number, frame in enumerate(picture.read()):
        _check(picture, frame, number)
        content = encode_jpeg(frame) if cine else encode_png(frame)
        full.append(write_file(folder, f"full-{number:04d}.{'jpg' if cine else 'png'}", content))
        if number == picture.key_frame:
            is_display = picture.grey is None and not cine and max(frame.shape) <= DISPLAY_SIDE
            shown = _write_shown(picture, frame, folder, content if is_display else None)
    if shown is None or len(full) != picture.frames:
        raise Refusal("damaged")
    if cine:
        picture.mark("colour_cine_compressed")
    return Products(tuple(full), *shown)


def _check(picture: Picture, frame: npt.NDArray[Any], number: int) -> None:
    size = (picture.height, picture.width)
    if picture.grey is not None:
        fits = frame.dtype == np.uint16 and frame.shape == size
    else:
        fits = frame.dtype == np.uint8 and frame.shape == (*size, 3)
    if not fits or number >= picture.frames:
        raise Refusal("damaged")


def _write_shown(
    picture: Picture, frame: npt.NDArray[Any], folder: Path, encoded: bytes | None
) -> tuple[Product, Product, Window | None, WindowFunction | None]:
    """Display image and preview of a frame; `encoded` is the display image where it is there already."""
    window, function = _window(picture, frame)
    if picture.grey is not None and window is not None and function is not None:
        frame = display_levels(picture.grey, window, function)[frame]
    display = _shrunk(Image.fromarray(np.ascontiguousarray(frame)), DISPLAY_SIDE)
    return (
        write_file(folder, DISPLAY_NAME, encoded or encode_png(np.asarray(display))),
        write_preview(folder, display),
        window,
        function,
    )


def _window(picture: Picture, frame: npt.NDArray[Any]) -> tuple[Window | None, WindowFunction | None]:
    grey = picture.grey
    if grey is None:
        return None, None
    if grey.windows:
        return grey.windows[0], grey.function
    if grey.curve is not None:
        return straightened(grey.curve), "linear"
    return fallback_window(grey, frame, picture.bits)


def write_preview(folder: Path, shown: Image.Image) -> Product:
    """Write the small WebP of an image in 8-bit grey or RGB."""
    preview = _shrunk(shown, PREVIEW_SIDE)
    return write_file(folder, PREVIEW_NAME, _encode(preview, format="WEBP", quality=80, method=2))


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encode(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def write_file(folder: Path, name: str, content: bytes) -> Product:
    """Write one encoded file, and say how large it is."""
    (folder / name).write_bytes(content)
    return Product(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
