"""Reading the allowed part of a DICOM header, and refusing a file before any pixel is decoded.

Only the attributes listed here are ever parsed; all others are skipped over as bytes.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, PrivateTransferSyntaxes

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.encoded import place_pixels, stops_here
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.reasons import Refusal, RefusalCode

_KEYWORDS = """
    SOPClassUID Modality BodyPartExamined Laterality ImageLaterality ViewPosition BurnedInAnnotation
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns BitsAllocated
    BitsStored HighBit PixelRepresentation PixelPaddingValue PixelPaddingRangeLimit
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
    BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData
    BluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData
    RescaleIntercept RescaleSlope ModalityLUTSequence VOILUTSequence WindowCenter WindowWidth
    WindowCenterWidthExplanation VOILUTFunction PixelSpacing ImagerPixelSpacing PixelSpacingCalibrationType
    FrameTime CineRate SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    ImagePositionPatient ImageOrientationPatient InstanceNumber
    ExtendedOffsetTable ExtendedOffsetTableLengths
"""
# Parsed only for a study that gave its key, and turned into hashes, shifts and differences at once.
_IN_THE_STUDY = "SeriesInstanceUID SOPInstanceUID AcquisitionDate ContentDate SeriesDate StudyDate"
# Parsed only for a study that asks for age and sex.
_OF_THE_PATIENT = "PatientAge PatientBirthDate PatientSex AcquisitionDate ContentDate SeriesDate StudyDate"
_OVERLAY_ROWS = tuple(0x60000010 + 0x20000 * number for number in range(16))
_WANTED: list[Any] = [
    *(tag for tag in map(tag_for_keyword, _KEYWORDS.split()) if tag is not None),
    *_OVERLAY_ROWS,
]
_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_LONG_VRS = (b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR", b"OD", b"OF", b"OL", b"OV", b"SV", b"UV")
_UNREADABLE = (
    KeyError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError, IndexError, struct.error,
)  # fmt: skip
_INFLATE_STEP = 1 << 20
_LONGEST_UID = 256

_REFUSED_CLASSES: tuple[tuple[str, RefusalCode], ...] = (
    ("1.2.840.10008.1.3.10", "dicom_directory"),
    ("1.2.840.10008.5.1.4.1.1.66.4", "segmentation"),
    ("1.2.840.10008.5.1.4.1.1.66.5", "segmentation"),
    ("1.2.840.10008.5.1.4.1.1.66.7", "segmentation"),
    ("1.2.840.10008.5.1.4.1.1.481.", "radiotherapy"),
    ("1.2.840.10008.5.1.4.34.", "radiotherapy"),
    ("1.2.840.10008.5.1.4.1.1.88.", "report"),
    ("1.2.840.10008.5.1.4.1.1.104.", "document"),
    ("1.2.840.10008.5.1.4.1.1.9.", "waveform"),
    ("1.2.840.10008.5.1.4.1.1.11.", "presentation_state"),
    ("1.2.840.10008.5.1.4.1.1.77.1.6", "whole_slide"),
)
_REFUSED_MODALITIES: dict[str, RefusalCode] = {
    "SEG": "segmentation",
    "RTSTRUCT": "radiotherapy",
    "RTPLAN": "radiotherapy",
    "RTDOSE": "radiotherapy",
    "RTIMAGE": "radiotherapy",
    "RTRECORD": "radiotherapy",
    "PLAN": "radiotherapy",
    "REG": "radiotherapy",
    "SR": "report",
    "KO": "report",
    "AU": "waveform",
    "ECG": "waveform",
    "EEG": "waveform",
    "HD": "waveform",
    "RESP": "waveform",
    "PR": "presentation_state",
    "DOC": "document",
}
_VIDEO_SYNTAXES = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 109))


def read_header(file: IO[bytes], limits: Limits, asked: Asked) -> tuple[Dataset, UID | None]:
    """The allowed attributes of a DICOM file, and its transfer syntax.

    The pixel data stay encoded in the open file. Attributes that identify a patient or a series are read only as
    far as `asked` needs them. Raises Refusal for everything that is no image or too large to decode.
    """
    uid, class_uid, start = _file_meta(file)
    _refuse_by_class(class_uid)
    if uid is None:
        raise Refusal("no_transfer_syntax")
    if uid in _VIDEO_SYNTAXES:
        raise Refusal("video")
    dataset = _read(file, uid, start, limits, _wanted(asked))
    _refuse_by_class(text(dataset, "SOPClassUID") or "")
    modality = (text(dataset, "Modality") or "").upper()
    if modality in _REFUSED_MODALITIES:
        raise Refusal(_REFUSED_MODALITIES[modality])
    _check_pixels(dataset, limits)
    return dataset, UID(uid) if is_registered(uid) else None


def _wanted(asked: Asked) -> list[Any]:
    keywords = f"{_IN_THE_STUDY if asked.key else ''} {_OF_THE_PATIENT if asked.age_and_sex else ''}".split()
    return [*_WANTED, *(tag for tag in map(tag_for_keyword, keywords) if tag is not None)]


def is_registered(uid: str) -> bool:
    """Whether the UID is one that DICOM or pydicom knows as a transfer syntax."""
    return UID(uid).is_transfer_syntax if UID(uid).type else uid in PrivateTransferSyntaxes


def _file_meta(file: IO[bytes]) -> tuple[str | None, str, int]:
    """Transfer syntax, SOP class, and where the data set begins, from the always explicit group 0002."""
    place, found = 132, {0x0002: "", 0x0010: ""}
    while (head := _at(file, place, 12))[:2] == b"\x02\x00" and len(head) >= 8:
        element, long_form = struct.unpack_from("<H", head, 2)[0], head[4:6] in _LONG_VRS
        if long_form and len(head) < 12:
            raise Refusal("damaged")
        length = struct.unpack_from("<I" if long_form else "<H", head, 8 if long_form else 6)[0]
        place += 12 if long_form else 8
        if element in found:
            value = _at(file, place, min(length, _LONGEST_UID))
            found[element] = value.rstrip(b"\x00 ").decode("ascii", errors="replace")
        place += length
    return found[0x0010] or None, found[0x0002], place


def _at(file: IO[bytes], place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _refuse_by_class(class_uid: str) -> None:
    for start, code in _REFUSED_CLASSES:
        if class_uid == start or class_uid.startswith(start if start.endswith(".") else f"{start}."):
            raise Refusal(code)


def _read(file: IO[bytes], uid: str, start: int, limits: Limits, wanted: list[Any]) -> Dataset:
    try:
        if uid == DeflatedExplicitVRLittleEndian:
            return _read_inflated(io.BytesIO(_inflate(file, start, limits.max_inflated_bytes)), wanted)
        file.seek(0)
        dataset = dcmread(file, stop_before_pixels=True, specific_tags=wanted)
        place_pixels(file, dataset)
    except RecursionError:
        raise  # refused as nested too deeply, not as damaged
    except (InvalidDicomError, EOFError, *_UNREADABLE):
        raise Refusal("damaged") from None
    return dataset


def _read_inflated(plain: io.BytesIO, wanted: list[Any]) -> Dataset:
    dataset = read_dataset(plain, False, True, stop_when=stops_here, specific_tags=wanted)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_original_encoding(False, True, "iso8859")
    place_pixels(plain, dataset)
    return dataset


def _inflate(file: IO[bytes], start: int, bound: int) -> bytes:
    inflator, plain = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    file.seek(start)
    try:
        while not inflator.eof and (rest := inflator.unconsumed_tail or file.read(_INFLATE_STEP)):
            plain += inflator.decompress(rest, _INFLATE_STEP)
            if len(plain) > bound:
                raise Refusal("inflates_too_large")
    except zlib.error:
        raise Refusal("damaged") from None
    return bytes(plain)


def _check_pixels(dataset: Dataset, limits: Limits) -> None:
    if not any(keyword in dataset for keyword in _PIXEL_KEYWORDS):
        raise Refusal("no_pixels")
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    samples, allocated = integer(dataset, "SamplesPerPixel", 1), integer(dataset, "BitsAllocated")
    frames = frame_count(dataset)
    stored = integer(dataset, "BitsStored", allocated)
    if min(rows, columns, frames) < 1 or samples not in (1, 3) or allocated not in (1, 8, 16, 32, 64):
        raise Refusal("bad_header")
    if not 1 <= stored <= allocated or integer(dataset, "PixelRepresentation") not in (0, 1):
        raise Refusal("bad_header")
    if rows * columns > limits.max_frame_pixels:
        raise Refusal("too_many_pixels")
    if frames > limits.max_frames:
        raise Refusal("too_many_frames")
    if rows * columns * frames * samples * max(8, allocated) > limits.max_total_pixels * 16:
        raise Refusal("too_many_pixels_in_all")


def frame_count(dataset: Dataset) -> int:
    """Number of Frames; 1 where it is absent or 0."""
    return integer(dataset, "NumberOfFrames", 1) or 1


def value(dataset: Dataset, keyword: str) -> Any:
    """An attribute's value, or None where it is absent, empty or cannot be read."""
    with suppress(*_UNREADABLE):
        found = dataset[keyword].value if keyword in dataset else None
        return None if found is None or found == "" else found
    return None


def text(dataset: Dataset, keyword: str) -> str | None:
    """The first text of an attribute, stripped."""
    found = value(dataset, keyword)
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        found = next(iter(found), None)
    return found.strip() if isinstance(found, str) else None


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """The finite numbers of an attribute; empty where any of them cannot be read."""
    found = value(dataset, keyword)
    if found is None:
        return ()
    parts = found if isinstance(found, Sequence) and not isinstance(found, str | bytes) else [found]
    try:
        converted = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        return ()
    return converted if all(math.isfinite(number) for number in converted) else ()


def integer(dataset: Dataset, keyword: str, default: int = 0) -> int:
    """The first number of an attribute as an integer, or the default where it is absent. Broken values give -1."""
    if not is_present(dataset, keyword):
        return default
    found = numbers(dataset, keyword)
    return int(found[0]) if found and found[0].is_integer() else -1


def is_present(dataset: Dataset, keyword: str) -> bool:
    """Whether an attribute has a value, readable or not."""
    try:
        return keyword in dataset and dataset[keyword].value not in (None, "", b"")
    except _UNREADABLE:
        return True


def group(dataset: Dataset, frame: int, keyword: str) -> Dataset | None:
    """The functional group of an enhanced multi-frame image that holds for a frame, its own before the shared."""
    own = nested(dataset, "PerFrameFunctionalGroupsSequence", frame)
    shared = nested(dataset, "SharedFunctionalGroupsSequence", 0)
    for part in (own, shared):
        found = None if part is None else nested(part, keyword, 0)
        if found is not None:
            return found
    return None


def nested(dataset: Dataset, keyword: str, number: int) -> Dataset | None:
    """One part of a sequence, or None."""
    sequence = value(dataset, keyword)
    if not isinstance(sequence, Sequence) or isinstance(sequence, str | bytes) or number >= len(sequence):
        return None
    part = sequence[number]
    return part if isinstance(part, Dataset) else None


def places(dataset: Dataset, frame: int, keyword: str) -> Iterator[Dataset]:
    """Where an attribute of a frame may stand: its functional group first, then the top level."""
    own = group(dataset, frame, keyword)
    if own is not None:
        yield own
    yield dataset


def has_overlay(dataset: Dataset) -> bool:
    """Whether the file carries an overlay plane, which may hold text and is never drawn."""
    return any(tag in dataset for tag in _OVERLAY_ROWS)
