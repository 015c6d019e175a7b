"""New renditions from our own clean frames: with boxes blacked out, or fitted into a square that tells nothing.

What comes in was written by `readerstudy.imaging.products`, so it is decoded in this process. One frame is in
memory at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from readerstudy.imaging.padding import common_size, pad_png, pad_webp
from readerstudy.imaging.picture import Array, Facts, Picture, own_bounds
from readerstudy.imaging.png import encode_png
from readerstudy.imaging.products import Product, write_file, write_preview, write_products
from readerstudy.imaging.rendition import Meta, entry
from readerstudy.imaging.windows import GreyScale, Window, display_levels, spanning

__all__ = ["Box", "common_size", "normalise", "pad_png", "pad_webp", "remake"]

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in the pixels of the full frame; right and bottom lie just outside."""

_LOWEST, _HIGHEST = 0, 65535


def remake(frames: Sequence[Path], meta: Meta, folder: Path, *, boxes: Sequence[Box]) -> Meta:
    """Black out the boxes in every frame and write the whole rendition anew into the existing folder.

    `frames` are the full frames in their order. Pixels outside the boxes keep their values, but for colour cine,
    whose JPEG frames are compressed once more. The new description lists these boxes behind earlier ones. Raises
    ValueError where a box covers no pixel, where there is none, or where the frames are not those of `meta`, and
    OSError where a frame cannot be read.
    """
    clipped = [_clipped(box, meta) for box in boxes]
    if not clipped:
        raise ValueError("Draw at least one box.")
    if len(frames) != meta["frames"]:
        raise ValueError("The frames are not those of the description.")
    picture = _picture(meta, lambda: _masked(frames, meta, clipped))
    products = write_products(picture, folder)
    return {
        **meta,
        "masks": [*meta["masks"], *(list(box) for box in clipped)],
        "full": [entry(product) for product in products.full],
        "display": entry(products.display),
        "preview": entry(products.preview),
    }


def normalise(frame: Path, meta: Meta, folder: Path, *, side: int, colour: bool) -> Meta:
    """Fit the key frame, at its default window, into a black square of 8 bits and write that into the folder.

    `frame` is the full key frame. It is scaled up or down, keeps its aspect and lies in the middle of `side` by
    `side` pixels, RGB with `colour` and grey without (a grey image of 8 bits without scale or presets). Spacing and
    masks are carried over to the new pixels. Raises ValueError where the side is no positive number, and OSError
    where the frame cannot be read.
    """
    if side < 1:
        raise ValueError("The side must be at least one pixel.")
    shown = _shown(_decoded(frame), meta)
    fit = _fit(shown.size, side)
    square = _square(shown.convert("RGB" if colour else "L"), fit, side)
    full = write_file(folder, "full-0000.png", encode_png(np.asarray(square)))
    display = write_file(folder, "display.png", encode_png(np.asarray(square)))
    preview = write_preview(folder, square)
    return _normalised(meta, fit, side, (full, display, preview), colour=colour)


def _clipped(box: Box, meta: Meta) -> Box:
    left, top, right, bottom = box
    left, right = max(0, left), min(meta["width"], right)
    top, bottom = max(0, top), min(meta["height"], bottom)
    if left >= right or top >= bottom:
        raise ValueError("The box covers no pixel of the image.")
    return left, top, right, bottom


def _masked(frames: Sequence[Path], meta: Meta, boxes: Sequence[Box]) -> Iterator[Array]:
    black = _black(meta)
    for path in frames:
        pixels = _decoded(path)
        for left, top, right, bottom in boxes:
            pixels[top:bottom, left:right] = black
        yield pixels


def _black(meta: Meta) -> int:
    """The stored value that no window shows brighter than another."""
    low_is_dark = (meta["scale"] > 0) != meta["inverted"]
    return _LOWEST if meta["kind"] == "rgb8" or low_is_dark else _HIGHEST


def _decoded(path: Path) -> Array:
    """A full frame as (h, w) uint16 or (h, w, 3) uint8, writeable."""
    with own_bounds(), Image.open(path, formats=("PNG", "JPEG")) as image:
        pixels: Array = np.array(image)
    return pixels.astype(np.uint16) if pixels.ndim == 2 else pixels


def _grey(meta: Meta) -> GreyScale | None:
    """How the grey values are meant, with the window that the rendition was shown with."""
    if meta["kind"] == "rgb8":
        return None
    shown = meta["default_window"]
    return GreyScale(
        scale=meta["scale"],
        offset=meta["offset"],
        inverted=meta["inverted"],
        windows=() if shown is None else (Window(shown["center"], shown["width"]),),
        function=meta["window_function"] or "linear",
    )


def _picture(meta: Meta, read: Any) -> Picture:
    return Picture(
        width=meta["width"],
        height=meta["height"],
        bits=meta["bits"],
        frames=meta["frames"],
        read=read,
        grey=_grey(meta),
        facts=Facts(source_format=meta["source_format"], decoder=meta["decoder"]),
    )


def _shown(pixels: Array, meta: Meta) -> Image.Image:
    """The frame as a screen shows it: 8-bit grey, or RGB."""
    grey = _grey(meta)
    if grey is not None:
        window = grey.windows[0] if grey.windows else spanning(_LOWEST, _HIGHEST, "linear")
        pixels = display_levels(grey, window, grey.function)[pixels]
    return Image.fromarray(np.ascontiguousarray(pixels))


@dataclass(frozen=True, slots=True)
class _Fit:
    """Where an image of some size goes within a square."""

    scale: float
    size: tuple[int, int]
    left: int
    top: int


def _fit(size: tuple[int, int], side: int) -> _Fit:
    scale = side / max(size)
    width, height = (min(side, max(1, round(length * scale))) for length in size)
    return _Fit(scale=scale, size=(width, height), left=(side - width) // 2, top=(side - height) // 2)


def _square(image: Image.Image, fit: _Fit, side: int) -> Image.Image:
    square = Image.new(image.mode, (side, side))
    square.paste(image.resize(fit.size, Image.Resampling.LANCZOS), (fit.left, fit.top))
    return square


def _normalised(
    meta: Meta, fit: _Fit, side: int, files: tuple[Product, Product, Product], *, colour: bool
) -> Meta:
    whole = spanning(0, 255, "linear")
    window = {"center": whole.center, "width": whole.width, "explanation": None}
    full, display, preview = map(entry, files)
    changed: Any = {
        "kind": "rgb8" if colour else "grey16",
        "width": side,
        "height": side,
        "bits": 8,
        "frames": 1,
        "key_frame": 0,
        "frame_time_ms": None,
        "scale": 1.0,
        "offset": 0.0,
        "inverted": False,
        "windows": [],
        "window_function": None if colour else "linear",
        "default_window": None if colour else window,
        "spacing_mm": _spacing(meta, fit),
        "masks": [_placed_box(box, fit, side) for box in meta["masks"]],
        "placed": {"scale": fit.scale, "left": fit.left, "top": fit.top},
        "full": [full],
        "display": display,
        "preview": preview,
    }
    return {**meta, **changed}


def _spacing(meta: Meta, fit: _Fit) -> list[float] | None:
    """Millimetres between the new rows and columns; rounding to whole pixels may make the two differ."""
    if meta["spacing_mm"] is None:
        return None
    rows, columns = meta["spacing_mm"]
    return [rows * meta["height"] / fit.size[1], columns * meta["width"] / fit.size[0]]


def _placed_box(box: list[int], fit: _Fit, side: int) -> list[int]:
    """A box in the square's pixels, not smaller than it was."""
    left, top, right, bottom = (edge * fit.scale for edge in box)
    low = (fit.left + math.floor(left), fit.top + math.floor(top))
    high = (fit.left + math.ceil(right), fit.top + math.ceil(bottom))
    return [*low, *(min(side, edge) for edge in high)]
