"""A crude look at an image: enough to write something that is not plainly about another image.

This is no image analysis and no model. On a small copy it tells grey from colour, one side from the other
and spots from lines; everything else in the simulated vendor's texts is invented. The thresholds were
set on drawn phantoms of this product and hold nowhere else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
View = Literal["chest", "section", "fundus"]

SIDE = 128
"""Rows and columns of the copy that is looked at."""

_MOST_PIXELS = 80_000_000
_CENTRE = SIDE / 2
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)

_COLOUR_ABOVE = 0.08
_DARK_BORDER_ABOVE = 0.6

_ZONES = {"upper": slice(28, 48), "middle": slice(50, 70), "lower": slice(72, 92)}
_PATIENT_RIGHT, _PATIENT_LEFT = slice(20, 44), slice(84, 108)
_USUAL_DIFFERENCE = {"upper": 0.0, "middle": 0.0, "lower": -0.065}  # the heart makes the left base brighter
_HAZE_ABOVE = {"upper": 0.085, "middle": 0.085, "lower": 0.07}
_NODULE_ABOVE = 0.1
_ASYMMETRY_ABOVE = 0.06

_BRIGHT_SPOTS_ABOVE = 15
_DARK_DOTS_ABOVE = 10
_WHITE_CUP_ABOVE = 0.05


@dataclass(frozen=True, slots=True)
class Glance:
    """What was noticed; empty strings where nothing was. Sides are the patient's."""

    view: View
    finding: str = ""
    side: str = ""
    zone: str = ""

    @property
    def abnormal(self) -> bool:
        """Whether anything was noticed."""
        return bool(self.finding)


class UnreadableImage(Exception):
    """The bytes are no image that can be opened."""


def glance_at(data: bytes) -> Glance:
    """Look at an encoded image.

    Raises:
        UnreadableImage: if it cannot be decoded, or is too large to be.
    """
    colours = _small_copy(data)
    if float(np.mean(colours.max(axis=2) - colours.min(axis=2))) > _COLOUR_ABOVE:
        return _look_at_fundus(colours)
    grey = colours.mean(axis=2)
    border = np.concatenate([grey[:3].ravel(), grey[-3:].ravel(), grey[:, :3].ravel(), grey[:, -3:].ravel()])
    if float(np.mean(border < 0.08)) > _DARK_BORDER_ABOVE:
        return _look_at_section(grey)
    return _look_at_chest(grey)


def _small_copy(data: bytes) -> Plane:
    """Rows x columns x 3, values from 0 to 1; deep grey is stretched between its own extremes."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise UnreadableImage
            deep = opened.mode.startswith(("I", "F"))
            opened.draft("RGB", (SIDE * 2, SIDE * 2))
            plain = opened.convert("F" if deep else "RGB")
            pixels = np.asarray(plain.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableImage from error
    if not deep:
        return pixels / np.float32(255)
    low, high = float(pixels.min()), float(pixels.max())
    return np.repeat(((pixels - low) / max(high - low, 1.0))[..., None], 3, axis=2)


def _look_at_chest(grey: Plane) -> Glance:
    smooth = _blur(grey, 6)
    for zone, rows in _ZONES.items():
        right, left = smooth[rows, _PATIENT_RIGHT].mean(), smooth[rows, _PATIENT_LEFT].mean()
        difference = float(right - left) - _USUAL_DIFFERENCE[zone]
        if abs(difference) > _HAZE_ABOVE[zone]:
            return Glance("chest", "opacity", "right" if difference > 0 else "left", zone)
    lungs = np.zeros(grey.shape, bool)
    lungs[20:95, 16:46] = lungs[20:95, 82:112] = True
    spots = np.where(lungs, _spots(_blur(grey, 1), reach=5, sign=1), -1)
    row, column = np.unravel_index(int(spots.argmax()), spots.shape)
    if float(spots[row, column]) <= _NODULE_ABOVE:
        return Glance("chest")
    zone = next((name for name, rows in _ZONES.items() if row < rows.stop), "lower")
    return Glance("chest", "nodule", "right" if column < _CENTRE else "left", zone)


def _look_at_section(grey: Plane) -> Glance:
    """A CT or MR slice, whose halves resemble each other where nothing is wrong. The patient's right is left."""
    smooth = _blur(grey, 6)
    difference = smooth - smooth[:, ::-1]
    half = difference[24:104, 20:60]
    row, column = np.unravel_index(int(np.abs(half).argmax()), half.shape)
    most = float(half[row, column])
    if abs(most) <= _ASYMMETRY_ABOVE:
        return Glance("section")
    return Glance("section", "asymmetry", "right" if most > 0 else "left")


def _look_at_fundus(colours: Plane) -> Glance:
    green, blue = colours[..., 1], colours[..., 2]
    bright = colours.mean(axis=2)
    field = _blur((bright > 0.12).astype(np.float32), 4) > 0.98
    disc_row, disc_column = np.unravel_index(int(np.where(field, _blur(bright, 4), 0).argmax()), bright.shape)
    from_disc = np.hypot(_ROWS - disc_row, _COLUMNS - disc_column)
    retina = field & (from_disc > 13)
    if not retina.any():
        return Glance("fundus")
    if int((green[retina] > np.median(green[retina]) + 0.25).sum()) > _BRIGHT_SPOTS_ABOVE:
        return Glance("fundus", "exudates")
    macula = retina & (np.hypot(_ROWS - _CENTRE, _COLUMNS - 1.25 * _CENTRE + disc_column / 4) < 30)
    if int((_spots(green, reach=3, sign=-1)[macula] > 0.1).sum()) > _DARK_DOTS_ABOVE:
        return Glance("fundus", "haemorrhages")
    if float(np.mean(blue[from_disc < 10] > 0.6)) > _WHITE_CUP_ABOVE:
        return Glance("fundus", "enlarged cup")
    return Glance("fundus")


def _blur(plane: Plane, reach: int) -> Plane:
    """The mean over a square of 2 * reach + 1 pixels."""
    size = 2 * reach + 1
    sums = np.pad(plane, ((reach + 1, reach), (reach + 1, reach)), mode="edge").cumsum(0).cumsum(1)
    total = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return np.asarray(total / size**2, dtype=np.float32)


def _spots(plane: Plane, *, reach: int, sign: int) -> Plane:
    """How far a pixel stands out in all directions: high for spots, near zero along lines and edges."""
    rows, columns = plane.shape
    padded = np.pad(plane, reach, mode="edge")
    diagonal = round(reach * 0.7)
    least: Plane | None = None
    for down, across in ((0, reach), (reach, 0), (diagonal, diagonal), (diagonal, -diagonal)):
        for turn in (1, -1):
            top, left = reach + turn * down, reach + turn * across
            rise = sign * (plane - padded[top : top + rows, left : left + columns])
            least = rise if least is None else np.minimum(least, rise)
    assert least is not None  # noqa: S101 - the loop above always runs
    return least
