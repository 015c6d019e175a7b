"""Files for the tests: DICOM built attribute by attribute, plain images by Pillow, and readers of renditions."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from readerstudy.imaging.rendition import Outcome, Refused, Rendered

Array = npt.NDArray[Any]
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"


def gradient(rows: int = 24, columns: int = 32, *, top: int = 4000) -> npt.NDArray[np.uint16]:
    """Grey values from 0 to `top` that differ in every pixel row and column."""
    return np.linspace(0, top, rows * columns).astype(np.uint16).reshape(rows, columns)


def dicom_dataset(
    pixels: Array | None = None, *, syntax: str = ExplicitVRLittleEndian, **attributes: Any
) -> Dataset:
    """A CR image of the pixels, (rows, columns), (frames, rows, columns) or (…, 3); attributes replace or add."""
    pixels = gradient() if pixels is None else pixels
    colour = pixels.shape[-1] == 3
    spatial = pixels.shape[:-1] if colour else pixels.shape
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID = COMPUTED_RADIOGRAPHY
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["tests"])
    dataset.Modality = "CR"
    dataset.Rows, dataset.Columns = spatial[-2:]
    if len(spatial) == 3:
        dataset.NumberOfFrames = spatial[0]
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes() + b"\x00" * (pixels.nbytes % 2)
    dataset["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def dicom(pixels: Array | None = None, **attributes: Any) -> bytes:
    """The same as the bytes of a file."""
    return dicom_bytes(dicom_dataset(pixels, **attributes))


def dicom_bytes(dataset: Dataset) -> bytes:
    """A data set as a DICOM file."""
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def element(tag: int, vr: str, value: bytes) -> bytes:
    """One attribute in explicit little endian, whatever nonsense the value is for its kind."""
    padded = value + b" " * (len(value) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    long_form = vr in ("OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UN", "UC", "UR", "UT", "SV", "UV")
    return (
        head + (struct.pack("<HI", 0, len(padded)) if long_form else struct.pack("<H", len(padded))) + padded
    )


def part_10(body: bytes, *, syntax: bytes = b"1.2.840.10008.1.2.1", preamble: bytes = b"\x00" * 128) -> bytes:
    """A file around an encoded data set, with a group 0002 of only what is needed."""
    meta = element(0x00020010, "UI", syntax + b"\x00" * (len(syntax) % 2))
    return preamble + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + body


def local_file(name: str) -> Path:
    """One of the files that the pydicom package itself carries."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"pydicom no longer carries {name}"
    return Path(found)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A Pillow image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def rendered(outcome: Outcome) -> Rendered:
    """The outcome, which must be a rendition."""
    assert isinstance(outcome, Rendered), outcome
    return outcome


def refusal_code(outcome: Outcome) -> str:
    """The code of the outcome, which must be a refusal with a whole sentence."""
    assert isinstance(outcome, Refused), outcome
    assert outcome.sentence.endswith(".")
    return outcome.code


def full(outcome: Outcome, number: int = 0) -> Array:
    """The stored pixels of one full frame."""
    found = rendered(outcome)
    with Image.open(found.folder / found.meta["full"][number]["name"]) as image:
        return np.array(image)


def values(outcome: Outcome, number: int = 0) -> npt.NDArray[np.float64]:
    """The values that a full frame stands for."""
    meta = rendered(outcome).meta
    return full(outcome, number).astype(np.float64) * meta["scale"] + meta["offset"]


def display(outcome: Outcome) -> Array:
    """The pixels of the display image."""
    with Image.open(rendered(outcome).folder / "display.png") as image:
        return np.array(image)


def notes(outcome: Outcome) -> set[str]:
    """The codes of the notes."""
    return {reason["code"] for reason in rendered(outcome).meta["notes"]}


def everything(outcome: Outcome) -> dict[str, bytes]:
    """Every byte that a rendition keeps: its files by name and its description."""
    found = rendered(outcome)
    kept = {path.name: path.read_bytes() for path in found.folder.iterdir()}
    return kept | {"meta": json.dumps(found.meta, allow_nan=False).encode()}
