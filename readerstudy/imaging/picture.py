"""An image between reading and writing: clean frames, and the few facts that are allowed to go with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from readerstudy.imaging.reasons import LookCode, NoteCode
from readerstudy.imaging.sniff import Format
from readerstudy.imaging.windows import GreyScale

Array = npt.NDArray[Any]
Grey16 = npt.NDArray[np.uint16]
Rgb8 = npt.NDArray[np.uint8]
SpacingKind = Literal["calibrated", "at detector"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an image stands among others, and whose it is: keyed hashes, shifted numbers, and what a study asked.

    `series`, `stack` and `instance` are 32 hexadecimal digits; `position_mm` and `day` mean something only as a
    difference between images of one study.
    """

    series: str | None = None
    stack: str | None = None
    instance: str | None = None
    position_mm: float | None = None
    instance_number: int | None = None
    day: int | None = None
    age_years: int | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is kept of a file's description. Texts come from fixed lists; numbers are checked."""

    source_format: Format
    decoder: str
    transfer_syntax: str | None = None
    imaging_modality: str | None = None
    body_part: str | None = None
    laterality: str | None = None
    view_position: str | None = None
    spacing_mm: tuple[float, float] | None = None
    spacing_kind: SpacingKind | None = None
    frame_time_ms: float | None = None
    looks: tuple[LookCode, ...] = ()
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Picture:
    """Frames of one size, read anew by each call of `read`.

    With `grey` the frames are (height, width) uint16; without, (height, width, 3) uint8 in sRGB. `notes`
    may grow while frames are read.
    """

    width: int
    height: int
    bits: int
    frames: int
    read: Callable[[], Iterator[Array]]
    grey: GreyScale | None
    facts: Facts
    notes: list[NoteCode] = field(default_factory=list)

    @property
    def key_frame(self) -> int:
        """The frame that stands for all: the middle one."""
        return self.frames // 2

    def mark(self, code: NoteCode) -> None:
        """Add a note once."""
        remember(self.notes, code)


def remember(notes: list[NoteCode], code: NoteCode) -> None:
    """Add a note once."""
    if code not in notes:
        notes.append(code)


@contextmanager
def own_bounds() -> Iterator[None]:
    """Lift Pillow's bound on pixels: ours is checked after opening, and again the size of each frame."""
    bound = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = bound
