"""Grey DICOM values as 16-bit PNG values: masking, shifting, modality tables, windows.

What maps linearly keeps its stored values exactly; only what does not fit 16 bits is resampled.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from readerstudy.imaging import terms
from readerstudy.imaging.dicom_header import (
    frame_count,
    integer,
    is_present,
    nested,
    numbers,
    places,
    text,
    value,
)
from readerstudy.imaging.picture import Array, remember
from readerstudy.imaging.reasons import NoteCode
from readerstudy.imaging.windows import GreyScale, Table, Window, WindowFunction, is_usable

Read = Callable[[], Iterator[Array]]
Rescale = tuple[float, float]
_PIXEL_VALUES, _VOI = "PixelValueTransformationSequence", "FrameVOILUTSequence"


@dataclass(frozen=True, slots=True)
class Mapping:
    """From a decoded frame to PNG values: mask and shift, or through a table, or resampled over a range."""

    bits: int | None
    signed: bool
    drop_low: int
    shift: int
    table: Table | None
    resample: tuple[float, float] | None
    rescales: tuple[Rescale, ...]
    notes: list[NoteCode]

    def clean(self, frame: Array) -> Array:
        """The stored values without the bits that do not belong to them."""
        if self.bits is None or (self.drop_low == 0 and self._fits(frame, self.bits)):
            return frame
        wide = frame.astype(np.int32) >> self.drop_low
        kept = wide & ((1 << self.bits) - 1)
        if self.signed:
            kept = np.where(kept >= 1 << (self.bits - 1), kept - (1 << self.bits), kept)
        remember(self.notes, "high_bits_dropped")
        return kept

    def _fits(self, frame: Array, bits: int) -> bool:
        low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if self.signed else (0, 1 << bits)
        return low <= int(frame.min()) and int(frame.max()) < high

    def values(self, frame: Array, number: int) -> Array:
        """The frame after rescale."""
        slope, intercept = self.rescales[number] if number < len(self.rescales) else self.rescales[0]
        return self.clean(frame).astype(np.float64) * slope + intercept

    def png(self, frame: Array, number: int) -> Array:
        """The frame as it is stored in the PNG."""
        if self.resample is not None:
            low, step = self.resample
            steps = (np.nan_to_num(self.values(frame, number), nan=low) - low) / step
            return np.clip(np.rint(steps), 0, 65535).astype(np.uint16)
        kept = self.clean(frame)
        if self.table is not None:
            return self.table.apply(kept)
        if self.shift == 0:
            return kept.astype(np.uint16, copy=False)
        return (kept.astype(np.int32) - self.shift).astype(np.uint16)


def grey_frames(read: Read, mapping: Mapping) -> Iterator[Array]:
    """Every frame as PNG values."""
    for number, frame in enumerate(read()):
        yield mapping.png(frame, number)


def grey_scale(
    dataset: Dataset, read: Read, notes: list[NoteCode], *, inverted: bool, masked: bool
) -> tuple[GreyScale, Mapping]:
    """How the grey values of a file are stored and shown.

    `masked` says that the decoder leaves bits outside Bits Stored in place. May read all frames once to learn
    their range.
    """
    table = _modality_table(dataset, notes)
    rescales = ((1.0, 0.0),) if table is not None else _rescales(dataset, notes)
    mapping = _mapping(dataset, masked=masked, table=table, rescales=rescales, notes=notes)
    if _needs_resampling(dataset, rescales):
        mapping, scale, offset = _resampled(mapping, read)
    else:
        slope, intercept = rescales[0]
        scale, offset = slope, intercept + slope * mapping.shift
    function, windows = _windows(dataset, notes)
    curve = None if windows else _voi_table(dataset, notes)
    if curve is not None:
        remember(notes, "window_approximated")
    elif not windows:
        remember(notes, "window_broken" if _has_window(dataset) else "window_missing")
    grey = GreyScale(
        scale=scale,
        offset=offset,
        inverted=inverted,
        windows=windows,
        function=function,
        curve=curve,
        padding=_padding(dataset, mapping),
    )
    return grey, mapping


def _mapping(
    dataset: Dataset,
    *,
    masked: bool,
    table: Table | None,
    rescales: tuple[Rescale, ...],
    notes: list[NoteCode],
) -> Mapping:
    allocated = integer(dataset, "BitsAllocated")
    stored = integer(dataset, "BitsStored", allocated)
    high = integer(dataset, "HighBit", stored - 1)
    signed = integer(dataset, "PixelRepresentation") == 1
    masks = masked and 8 <= allocated <= 16
    width = stored if masks else allocated
    return Mapping(
        bits=stored if masks and stored < allocated else None,
        signed=signed,
        drop_low=max(0, high + 1 - stored) if high < allocated else 0,
        shift=-(1 << (width - 1)) if signed and table is None else 0,
        table=table,
        resample=None,
        rescales=rescales,
        notes=notes,
    )


def _needs_resampling(dataset: Dataset, rescales: tuple[Rescale, ...]) -> bool:
    return "PixelData" not in dataset or integer(dataset, "BitsAllocated") > 16 or len(set(rescales)) > 1


def _resampled(mapping: Mapping, read: Read) -> tuple[Mapping, float, float]:
    """A mapping of the whole range onto 16 bits. Whole numbers that fit keep a step of 1 and lose nothing."""
    low, high, whole = _extent(mapping, read)
    exact = whole and high - low <= 65535
    step = 1.0 if exact else max((high - low) / 65535, 1e-30)
    if not exact:
        remember(mapping.notes, "values_resampled")
    return replace(mapping, shift=0, table=None, resample=(low, step)), step, low


def _extent(mapping: Mapping, read: Read) -> tuple[float, float, bool]:
    low, high, whole = np.inf, -np.inf, True
    for number, frame in enumerate(read()):
        values = mapping.values(frame, number)
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            whole = whole and bool((finite == np.rint(finite)).all())
    return (low, high, whole) if low <= high else (0.0, 0.0, True)


def _rescales(dataset: Dataset, notes: list[NoteCode]) -> tuple[Rescale, ...]:
    """Slope and intercept of each frame; one pair where all frames share it."""
    pairs = tuple(_rescale(dataset, number, notes) for number in range(frame_count(dataset)))
    return pairs[:1] if len(set(pairs)) == 1 else pairs


def _rescale(dataset: Dataset, frame: int, notes: list[NoteCode]) -> Rescale:
    for place in places(dataset, frame, _PIXEL_VALUES):
        if "RescaleSlope" in place or "RescaleIntercept" in place:
            slopes, intercepts = numbers(place, "RescaleSlope"), numbers(place, "RescaleIntercept")
            if slopes and intercepts and slopes[0] != 0 and abs(slopes[0]) + abs(intercepts[0]) < 1e15:
                return slopes[0], intercepts[0]
            remember(notes, "rescale_broken")
    return 1.0, 0.0


def _modality_table(dataset: Dataset, notes: list[NoteCode]) -> Table | None:
    if "ModalityLUTSequence" not in dataset:
        return None
    table = _table(nested(dataset, "ModalityLUTSequence", 0))
    if table is None:
        remember(notes, "modality_table_broken")
    return table


def _voi_table(dataset: Dataset, notes: list[NoteCode]) -> Table | None:
    for place in places(dataset, _key(dataset), _VOI):
        if "VOILUTSequence" in place:
            table = _table(nested(place, "VOILUTSequence", 0))
            if table is not None and table.outputs.max() > table.outputs.min():
                return table
            remember(notes, "window_broken")
    return None


def _table(part: Dataset | None) -> Table | None:
    """A lookup table from its descriptor (entries, first value, bits) and data; None if it is broken."""
    descriptor = () if part is None else numbers(part, "LUTDescriptor")
    if part is None or len(descriptor) != 3:
        return None
    entries = int(descriptor[0]) % 65536 or 65536
    data = value(part, "LUTData")
    try:
        outputs = _table_words(data, entries, "<u2" if part.original_encoding[1] is not False else ">u2")
    except (TypeError, ValueError, struct.error):
        return None
    if outputs.size < entries:
        return None
    return Table(first=int(descriptor[1]), outputs=outputs[:entries].copy())


def _table_words(data: Any, entries: int, word: str) -> np.ndarray[Any, np.dtype[np.uint16]]:
    if isinstance(data, bytes):
        packed = len(data) < 2 * entries
        return np.frombuffer(data, dtype=np.uint8 if packed else word).astype(np.uint16)
    return np.atleast_1d(np.asarray(data, dtype=np.int64)).astype(np.uint16)


def _key(dataset: Dataset) -> int:
    """The frame that stands for all, as `Picture.key_frame`."""
    return frame_count(dataset) // 2


def _has_window(dataset: Dataset) -> bool:
    return any(
        is_present(place, keyword)
        for place in places(dataset, _key(dataset), _VOI)
        for keyword in ("WindowCenter", "VOILUTSequence")
    )


def _windows(dataset: Dataset, notes: list[NoteCode]) -> tuple[WindowFunction, tuple[Window, ...]]:
    function, windows = _frame_windows(dataset, _key(dataset), notes)
    for number in range(frame_count(dataset)):
        if _frame_windows(dataset, number, []) != (function, windows):
            remember(notes, "windows_vary")
            break
    return function, windows


def _frame_windows(
    dataset: Dataset, frame: int, notes: list[NoteCode]
) -> tuple[WindowFunction, tuple[Window, ...]]:
    for place in places(dataset, frame, _VOI):
        if is_present(place, "WindowCenter"):
            function = _function(place, notes)
            found = _pairs(place)
            usable = tuple(window for window in found if is_usable(window, function))
            if len(usable) < max(1, len(found)):
                remember(notes, "window_broken")
            return function, usable
    return "linear", ()


def _function(place: Dataset, notes: list[NoteCode]) -> WindowFunction:
    named = (text(place, "VOILUTFunction") or "LINEAR").upper()
    if named == "SIGMOID":
        remember(notes, "window_approximated")
    return "linear" if named == "LINEAR" else "linear_exact"


def _pairs(place: Dataset) -> list[Window]:
    centers, widths = numbers(place, "WindowCenter"), numbers(place, "WindowWidth")
    names = value(place, "WindowCenterWidthExplanation")
    listed = [names] if isinstance(names, str) or names is None else list(names)
    listed += [None] * len(centers)
    return [
        Window(center=center, width=width, explanation=terms.known(name, terms.WINDOW_NAMES))
        for center, width, name in zip(centers, widths, listed, strict=False)
    ]


def _padding(dataset: Dataset, mapping: Mapping) -> tuple[int, int] | None:
    """The stored values that stand for "no image here", as PNG values."""
    found = (*numbers(dataset, "PixelPaddingValue"), *numbers(dataset, "PixelPaddingRangeLimit"))
    if not found or mapping.resample is not None or mapping.table is not None:
        return None
    first, last = int(min(found)) - mapping.shift, int(max(found)) - mapping.shift
    return (first, last) if 0 <= first <= last <= 65535 else None
