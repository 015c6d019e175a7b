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
from readerstudy.imaging.reasons import Refusal
from readerstudy.imaging.windows import Window, WindowFunction, display_levels, fallback_window, straightened

DISPLAY_SIDE = 2048
PREVIEW_SIDE = 1024
DISPLAY_NAME = "display.png"
PREVIEW_NAME = "preview.webp"
_PNG_LEVEL = 1  # 4 % larger than level 6 on radiographs, twice as fast


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


def encode_png(pixels: npt.NDArray[Any]) -> bytes:
    """A PNG of (h, w) uint16 as true 16-bit grey, (h, w) uint8 as 8-bit grey or (h, w, 3) uint8 as RGB."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), format="PNG", compress_level=_PNG_LEVEL)


def encode_jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    """A JPEG of quality 90 without colour subsampling."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), format="JPEG", quality=90, subsampling=0)


def write_products(picture: Picture, folder: Path) -> Products:
    """Write every file of the rendition into the folder, reading the picture once."""
    full: list[Product] = []
    shown: tuple[Product, Product, Window | None, WindowFunction | None] | None = None
    cine = picture.grey is None and picture.frames > 1
    for number, frame in enumerate(picture.read()):
        _check(picture, frame, number)
        name = f"full-{number:04d}.{'jpg' if cine else 'png'}"
        full.append(_write(folder, name, encode_jpeg(frame) if cine else encode_png(frame)))
        if shown is None:
            shown = _write_shown(picture, frame, folder)
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
    picture: Picture, frame: npt.NDArray[Any], folder: Path
) -> tuple[Product, Product, Window | None, WindowFunction | None]:
    window, function = _window(picture, frame)
    if picture.grey is not None and window is not None and function is not None:
        frame = display_levels(picture.grey, window, function)[frame]
    display = _shrunk(Image.fromarray(np.ascontiguousarray(frame)), DISPLAY_SIDE)
    preview = _shrunk(display, PREVIEW_SIDE)
    return (
        _write(folder, DISPLAY_NAME, _encode(display, format="PNG", compress_level=_PNG_LEVEL)),
        _write(folder, PREVIEW_NAME, _encode(preview, format="WEBP", quality=80, method=2)),
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


def _write(folder: Path, name: str, content: bytes) -> Product:
    (folder / name).write_bytes(content)
    return Product(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
