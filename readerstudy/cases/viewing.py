"""The facts a viewer needs of an image, allow-listed once more: nothing that tells where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readerstudy.cases.models import Image, ShownAs
from readerstudy.imaging.products import DISPLAY_SIDE

FACTS = (
    "kind",
    "width",
    "height",
    "bits",
    "frames",
    "offset",
    "scale",
    "inverted",
    "window_function",
    "frame_time_ms",
    "spacing_mm",
    "spacing_kind",
)
# An image of 8 bits has no window of its own and is one frame.
EIGHT_BITS: dict[str, Any] = {
    "kind": "rgb8",
    "bits": 8,
    "frames": 1,
    "offset": 0.0,
    "scale": 1.0,
    "inverted": False,
    "window_function": None,
    "frame_time_ms": None,
    "windows": [],
    "window": None,
    "key_frame": 0,
    "frame_values": None,
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """How an image lies in what is shown of it: its size in pixels, and shown pixels for one of its own."""

    width: int
    height: int
    scale: float


def viewer_meta(image: Image, shown_as: ShownAs) -> dict[str, Any]:
    """JSON for the viewer: see static/js/viewer.js for its names."""
    if shown_as == ShownAs.FULL:
        return _full(image)
    frame = _frame(image.meta, shown_as)
    spacing = image.meta.get("spacing_mm")
    return {
        **EIGHT_BITS,
        "width": frame.width,
        "height": frame.height,
        "spacing_mm": [each / frame.scale for each in spacing] if spacing else None,
        "spacing_kind": image.meta.get("spacing_kind"),
    }


def size_shown(image: Image, shown_as: ShownAs) -> tuple[int, int]:
    """Width and height in pixels of what a reader gets."""
    if shown_as == ShownAs.FULL:
        return int(image.meta["width"]), int(image.meta["height"])
    frame = _frame(image.meta, shown_as)
    return frame.width, frame.height


def _full(image: Image) -> dict[str, Any]:
    meta = image.meta
    return {
        **{name: meta.get(name) for name in FACTS},
        "windows": [_window(window) for window in meta.get("windows") or []],
        "window": _window(meta.get("default_window")),
        "key_frame": image.key_frame,
        "frame_values": image.frame_values or None,
    }


def _window(window: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"center": window["center"], "width": window["width"], "name": window.get("explanation") or ""}


def _frame(meta: Mapping[str, Any], shown_as: ShownAs) -> _Frame:
    if shown_as == ShownAs.NORMAL:
        normal = meta["normal"]
        return _Frame(normal["width"], normal["height"], normal["placed"]["scale"])
    width, height = int(meta["width"]), int(meta["height"])
    scale = min(1.0, DISPLAY_SIDE / max(width, height))
    return _Frame(max(1, round(width * scale)), max(1, round(height * scale)), scale)


def points_shown(image: Image, points: Sequence[Sequence[float]], shown_as: ShownAs) -> list[list[float]]:
    """Points in pixels of the image itself as pixels of what a reader gets."""
    if shown_as == ShownAs.FULL:
        return [[float(x), float(y)] for x, y in points]
    if shown_as == ShownAs.NORMAL:
        placed = image.meta["normal"]["placed"]
        scale, left, top = placed["scale"], placed["left"], placed["top"]
    else:
        scale, left, top = _frame(image.meta, shown_as).scale, 0.0, 0.0
    return [[x * scale + left, y * scale + top] for x, y in points]
