"""Small drawn images for a dry run: one phantom, made a different picture for each case and slot."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture

from readerstudy.imaging.phantoms import draw_chest

SIDE = 256
NOISE = 6


def drawn_png(number: int) -> bytes:
    """A greyscale PNG of 256 × 256 pixels; another number gives another picture."""
    noise = np.random.default_rng(number).integers(-NOISE, NOISE + 1, (SIDE, SIDE))
    pixels = np.clip(_chest().astype(np.int16) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels[:, ::-1] if number % 2 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


@cache
def _chest() -> npt.NDArray[np.uint8]:
    phantom = draw_chest(seed=11, lesion="nodule", side="left", zone="upper")
    small = Picture.fromarray((phantom.pixels >> 4).astype(np.uint8)).resize((SIDE, SIDE))
    return np.asarray(small)
