"""Files as coordinators send them, made here: images, archives, tables."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from readerstudy.accounts.models import User
from readerstudy.cases import actions
from readerstudy.cases.models import Upload
from readerstudy.studies.models import Study


def png(seed: int = 0, *, side: int = 24, texts: Mapping[str, str] | None = None) -> bytes:
    """A small grey picture, different for each seed, with text chunks if asked."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    info = PngImagePlugin.PngInfo()
    for name, text in (texts or {}).items():
        info.add_text(name, text)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def dicom(seed: int = 0, *, modality: str = "CR", **attributes: object) -> bytes:
    """A small 16-bit radiograph; attributes are set as given."""
    pixels = np.random.default_rng(seed).integers(0, 4096, (24, 32), dtype=np.uint16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(seed)])
    dataset.Modality = modality
    dataset.BurnedInAnnotation = "NO"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def huge_png(side: int = 40_000) -> bytes:
    """A few kilobytes that claim to be side × side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    row = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def table(rows: Sequence[Sequence[str]], *, delimiter: str = ",", bom: bool = False) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode("utf-8-sig" if bom else "utf-8")


def sent(content: bytes, name: str = "scan.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def receive(study: Study, content: bytes, name: str = "scan.png", *, by: User | None = None) -> Upload:
    """The file as received, through the product's own action."""
    who = by or study.created_by
    image_set = actions.open_image_set(study=study, by=who)
    return actions.receive_upload(
        study=study, image_set=image_set, name=name, content=sent(content, name), by=who
    )
