"""What a phantom is: its pixels and what can be seen in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One lesion. `box` is (left, top, right, bottom) in pixels, right and bottom exclusive."""

    kind: str
    side: Literal["right", "left"]
    zone: str
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A drawn image. `pixels` is (rows, columns) uint16 with 12 bits used, or (rows, columns, 3) uint8."""

    pixels: Pixels
    findings: tuple[Finding, ...]
    label: Literal["normal", "abnormal"]
    description: str
    imaging_modality: Literal["DX", "OP"]
    laterality: Literal["right", "left"] | None


def freeze(pixels: Pixels) -> Pixels:
    """Make the array read-only, so that a phantom cannot change after it was drawn."""
    pixels.setflags(write=False)
    return pixels
