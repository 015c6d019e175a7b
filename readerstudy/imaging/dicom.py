"""DICOM images as clean frames.

The full frames keep the stored values, so nothing is lost; rescale becomes scale and offset, windows become
presets, and MONOCHROME1 becomes a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import version
from typing import IO, Any, cast

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID, JPEGExtended12Bit, RLELossless

from readerstudy.imaging import terms
from readerstudy.imaging.asked import Asked
from readerstudy.imaging.dicom_grey import grey_frames, grey_scale
from readerstudy.imaging.dicom_header import (
    frame_count,
    has_overlay,
    integer,
    numbers,
    places,
    read_header,
    text,
)
from readerstudy.imaging.encoded import is_whole, pixel_bytes
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.picture import Array, Facts, Picture, SpacingKind, remember
from readerstudy.imaging.provenance import provenance
from readerstudy.imaging.reasons import LookCode, NoteCode, Refusal
from readerstudy.imaging.windows import GreyScale

# Where several decoders read a syntax, the one that survives damaged streams best comes first: GDCM may abort.
_PREFERRED = ("pillow", "pyjpegls", "pylibjpeg", "gdcm", "pydicom")
_PREFERRED_JPEG_2000 = ("pylibjpeg", "gdcm", "pillow")
_PACKAGES = {"gdcm": "python-gdcm"}
_PYLIBJPEG_PARTS = {"1.2.840.10008.1.2.5": "pylibjpeg-rle"}
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YBR_PARTIAL_422")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@dataclass(frozen=True, slots=True)
class _Stream:
    """The encoded pixels of a file and one decoder for them."""

    dataset: Dataset
    decoder: Decoder
    plugin: str

    def __call__(self, *, unused_bits: bool = False) -> Iterator[Array]:
        """Every frame as the decoder gives it, colours as RGB; on request with the bits outside Bits Stored."""
        pixel_bytes(self.dataset)  # rewound: the frames may have been read before
        options: dict[str, Any] = {"decoding_plugin": self.plugin, "correct_unused_bits": not unused_bits}
        options["view_only"] = self.decoder.is_native
        if frame_count(self.dataset) == 1:
            yield self.decoder.as_array(self.dataset, index=0, **options)[0]
            return
        for frame, _ in self.decoder.iter_array(self.dataset, **options):
            yield frame

    def describe(self) -> str:
        """The decoder's name and version."""
        if self.plugin == "pylibjpeg":
            return _with_version(_PYLIBJPEG_PARTS.get(self.decoder.UID, "pylibjpeg-openjpeg"))
        return _with_version(self.plugin or "pydicom")


def open_dicom(file: IO[bytes], limits: Limits, asked: Asked) -> list[Callable[[], Picture]]:
    """Ways to the image of an open DICOM file, one for each decoder that may read it, the most trusted first.

    The frames are read from the file as they are needed, so it must stay open. Raises Refusal where the file is no
    image, too large, or encoded in a way that nothing here reads.
    """
    dataset, uid = read_header(file, limits, asked)
    model = (text(dataset, "PhotometricInterpretation") or "").upper()
    samples = integer(dataset, "SamplesPerPixel", 1)
    if model not in ((*_GREY, "PALETTE COLOR") if samples == 1 else _COLOUR):
        raise Refusal("unsupported_colours" if model else "bad_header")
    build = _grey if model in _GREY else _coloured
    attempts: list[Callable[[], Picture]] = [
        partial(build, stream, uid, model, asked) for stream in _streams(dataset, uid)
    ]
    if uid == JPEGExtended12Bit and integer(dataset, "BitsStored") > 8:
        attempts.append(_refuse_12_bit_jpeg)
    return attempts


def _refuse_12_bit_jpeg() -> Picture:
    raise Refusal("unsupported_compression")


def _streams(dataset: Dataset, uid: UID | None) -> list[_Stream]:
    try:
        decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    except RuntimeError:  # pydicom has no decoder for this transfer syntax
        raise Refusal("unsupported_compression") from None
    if decoder.is_native:
        _check_native(dataset)
        return [_Stream(dataset, decoder, "")]
    if not is_whole(pixel_bytes(dataset)):
        raise Refusal("damaged")
    order = _PREFERRED_JPEG_2000 if uid in _JPEG_2000 else _PREFERRED
    plugins = [name for name in order if name in decoder.available_plugins]
    if not plugins:
        raise Refusal("unsupported_compression")
    return [_Stream(dataset, decoder, name) for name in plugins]


def _check_native(dataset: Dataset) -> None:
    """Refuse plain pixels of unknown length, and 4:2:2 colours that are as many as unsubsampled ones."""
    pixels = pixel_bytes(dataset)
    values = integer(dataset, "Rows") * integer(dataset, "Columns") * 3 * frame_count(dataset)
    subsampled = text(dataset, "PhotometricInterpretation") == "YBR_FULL_422"
    if pixels.open_ended or (subsampled and len(pixels) >= values):
        raise Refusal("damaged")


@cache
def _with_version(name: str) -> str:
    return f"{name} {version(_PACKAGES.get(name, name))}"


def _grey(stream: _Stream, uid: UID | None, model: str, asked: Asked) -> Picture:
    dataset = stream.dataset
    notes = _notes(dataset)
    masked = stream.decoder.is_native or uid == RLELossless
    read = partial(stream, unused_bits=masked)
    scale, mapping = grey_scale(dataset, read, notes, inverted=model == "MONOCHROME1", masked=masked)
    return _picture(stream, uid, notes, asked, scale=scale, read=lambda: grey_frames(read, mapping))


def _coloured(stream: _Stream, uid: UID | None, model: str, asked: Asked) -> Picture:
    notes = _notes(stream.dataset)
    convert = _from_palette if model == "PALETTE COLOR" else _to_8_bits

    def read() -> Iterator[Array]:
        for frame in stream():
            yield convert(frame, stream.dataset, notes)

    return _picture(stream, uid, notes, asked, scale=None, read=read)


def _from_palette(frame: Array, dataset: Dataset, notes: list[NoteCode]) -> Array:
    """Indices as RGB. Some files say 16 bits and use 8."""
    colours = apply_color_lut(frame, dataset)[..., :3]
    if colours.dtype == np.uint8 or colours.max() <= 255:
        return colours.astype(np.uint8)
    remember(notes, "depth_lost")
    return (colours >> 8).astype(np.uint8)


def _to_8_bits(frame: Array, dataset: Dataset, notes: list[NoteCode]) -> Array:
    extra = integer(dataset, "BitsStored", 8) - 8
    if frame.dtype == np.uint8 and extra <= 0:
        return frame
    if frame.dtype.kind != "u":
        raise Refusal("unsupported_colours")
    remember(notes, "depth_lost")
    shown: Array = np.clip(frame >> max(extra, 0), 0, 255).astype(np.uint8)
    return shown


def _picture(
    stream: _Stream,
    uid: UID | None,
    notes: list[NoteCode],
    asked: Asked,
    *,
    scale: GreyScale | None,
    read: Callable[[], Iterator[Array]],
) -> Picture:
    dataset = stream.dataset
    facts = _facts(stream, uid)
    bits = 8 if scale is None else min(16, integer(dataset, "BitsStored", 16))
    look = (scale is None, scale is not None and scale.inverted, bits)
    return Picture(
        width=integer(dataset, "Columns"),
        height=integer(dataset, "Rows"),
        bits=bits,
        frames=frame_count(dataset),
        read=read,
        grey=scale,
        facts=replace(facts, provenance=provenance(dataset, asked, facts, look)),
        notes=notes,
    )


def _notes(dataset: Dataset) -> list[NoteCode]:
    notes: list[NoteCode] = []
    if has_overlay(dataset):
        notes.append("overlay_dropped")
    model = text(dataset, "PhotometricInterpretation")
    if model in _GREY and "RedPaletteColorLookupTableDescriptor" in dataset:
        notes.append("supplemental_palette_ignored")
    return notes


def _facts(stream: _Stream, uid: UID | None) -> Facts:
    dataset = stream.dataset
    modality = terms.known(text(dataset, "Modality"), terms.MODALITIES)
    spacing, kind = _spacing(dataset, modality)
    side = text(dataset, "ImageLaterality") or text(dataset, "Laterality")
    return Facts(
        source_format="DICOM",
        decoder=stream.describe(),
        transfer_syntax=None if uid is None else str(uid),
        imaging_modality=modality,
        body_part=terms.known(text(dataset, "BodyPartExamined"), terms.BODY_PARTS),
        laterality=terms.known(side, terms.LATERALITIES),
        view_position=terms.known(text(dataset, "ViewPosition"), terms.VIEW_POSITIONS),
        spacing_mm=spacing,
        spacing_kind=kind,
        frame_time_ms=_frame_time(dataset),
        looks=_looks(dataset, modality),
    )


def _looks(dataset: Dataset, modality: str | None) -> tuple[LookCode, ...]:
    codes: list[LookCode] = []
    if modality is None or modality in terms.MODALITIES_THAT_SHOW_TEXT:
        codes.append("modality_may_show_text")
    if (text(dataset, "SOPClassUID") or "").startswith(_SECONDARY_CAPTURE):
        codes.append("secondary_capture")
    burned_in = (text(dataset, "BurnedInAnnotation") or "").upper()
    if burned_in != "NO":
        codes.append("text_burned_in" if burned_in == "YES" else "burned_in_text_unknown")
    return tuple(codes)


def _spacing(dataset: Dataset, modality: str | None) -> tuple[tuple[float, float] | None, SpacingKind | None]:
    """Millimetres between rows and between columns.

    On projection images Pixel Spacing counts as calibrated only where the file says so or where it differs from
    the spacing at the detector (PS3.3 10.7.1.3).
    """
    at_detector = _pair(dataset, "ImagerPixelSpacing")
    found = (_pair(place, "PixelSpacing") for place in places(dataset, 0, "PixelMeasuresSequence"))
    measured = next((pair for pair in found if pair is not None), None)
    if measured is None:
        return at_detector, "at detector" if at_detector else None
    if modality not in terms.PROJECTION_MODALITIES:
        return measured, "calibrated"
    said = text(dataset, "PixelSpacingCalibrationType") is not None
    corrected = at_detector is not None and not np.allclose(measured, at_detector, rtol=1e-4)
    return measured, "calibrated" if said or corrected else "at detector"


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    found = numbers(dataset, keyword)
    usable = len(found) == 2 and all(1e-5 < number < 1e3 for number in found)
    return cast("tuple[float, float]", found) if usable else None


def _frame_time(dataset: Dataset) -> float | None:
    if frame_count(dataset) == 1:
        return None
    times, rates = numbers(dataset, "FrameTime"), numbers(dataset, "CineRate")
    if times and 0 < times[0] < 1e5:
        return times[0]
    return 1000 / rates[0] if rates and 0 < rates[0] < 1e4 else None
