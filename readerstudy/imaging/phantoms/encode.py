"""A phantom as a file: PNG, or a small valid DICOM file."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from readerstudy.imaging.phantoms.model import Phantom

_DIGITAL_X_RAY = "1.2.840.10008.5.1.4.1.1.1.1"
_OPHTHALMIC_8_BIT = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
_BITS_DRAWN = 12


def encode_png(phantom: Phantom) -> bytes:
    """The phantom as PNG: 8-bit grey for a radiograph, 8-bit RGB for a fundus photograph."""
    pixels = phantom.pixels
    shown = pixels if pixels.ndim == 3 else (pixels >> (_BITS_DRAWN - 8)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, format="PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def encode_dicom(phantom: Phantom) -> bytes:
    """The phantom as an uncompressed DICOM file; grey pixels keep 12 bits and carry a window.

    Its UIDs come from its pixels, so the same phantom gives the same bytes.
    """
    dataset = _describe(phantom)
    dataset.PixelData = phantom.pixels.tobytes()
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _describe(phantom: Phantom) -> Dataset:
    seed = hashlib.sha256(phantom.pixels.tobytes()).hexdigest()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = _DIGITAL_X_RAY if phantom.imaging_modality == "DX" else _OPHTHALMIC_8_BIT
    for name, keyword in enumerate(("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")):
        setattr(dataset, keyword, generate_uid(entropy_srcs=[seed, str(name)]))
    dataset.PatientName = "Phantom^Drawn"
    dataset.PatientID = "PHANTOM"
    dataset.Modality = phantom.imaging_modality
    dataset.BurnedInAnnotation = "NO"
    dataset.InstanceNumber = 1
    dataset.Rows, dataset.Columns = phantom.pixels.shape[:2]
    (_describe_grey if phantom.pixels.ndim == 2 else _describe_colour)(dataset)
    if phantom.laterality is not None:
        dataset.ImageLaterality = phantom.laterality[0].upper()
    return dataset


def _describe_grey(dataset: Dataset) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, _BITS_DRAWN, _BITS_DRAWN - 1
    dataset.PixelRepresentation = 0
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    dataset.WindowCenterWidthExplanation = "NORMAL"
    dataset.ImagerPixelSpacing = ["0.4", "0.4"]
    dataset.BodyPartExamined, dataset.ViewPosition = "CHEST", "PA"


def _describe_colour(dataset: Dataset) -> None:
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.BodyPartExamined = "EYE"
