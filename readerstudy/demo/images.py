"""The demonstration's images: drawn phantoms with known lesions and small real DICOM files that pydicom carries."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from readerstudy.imaging.phantoms import draw_chest, draw_fundus, encode_dicom, encode_png

CHESTS = (
    ("none", "right", "lower"),
    ("consolidation", "right", "lower"),
    ("none", "right", "lower"),
    ("nodule", "left", "upper"),
    ("pleural effusion", "left", "lower"),
    ("none", "right", "lower"),
    ("consolidation", "left", "middle"),
    ("nodule", "right", "middle"),
    ("none", "right", "lower"),
    ("pleural effusion", "right", "lower"),
)
FUNDI = (
    ("none", "right"),
    ("dot haemorrhages", "left"),
    ("none", "left"),
    ("hard exudates", "right"),
    ("enlarged cup", "left"),
    ("none", "right"),
    ("dot haemorrhages", "right"),
    ("hard exudates", "left"),
    ("none", "left"),
)
# Drawn for prompts alone: two scored examples, and three images on which prompts are tried out.
APART = (
    ("example", "consolidation", "right", "middle"),
    ("example", "none", "right", "lower"),
    ("validation", "nodule", "right", "upper"),
    ("validation", "none", "left", "lower"),
    ("validation", "pleural effusion", "left", "lower"),
)
# Real, small, and without a word in their pixels: nobody should learn here to confirm an image that shows one.
PYDICOM_FILES = (
    "CT_small.dcm",
    "MR_small.dcm",
    "JPEG2000.dcm",
    "examples_overlay.dcm",
    "J2K_pixelrep_mismatch.dcm",
)
COMPLAINTS = ("Cough and fever for three days.", "Breathless on exertion.", "", "Check before an operation.")


@dataclass(frozen=True)
class DemoImage:
    """One file to upload and what its label row says; an empty label means that nobody knows the truth."""

    name: str
    content: bytes
    label: str = ""
    region: str = ""
    clinical_text: str = ""
    purpose: str = "study"


def demo_images() -> Iterator[DemoImage]:
    """29 images in a fixed order, half of the chest radiographs as DICOM; drawn on all processors at once.

    24 are there to be read, the last five for prompts.
    """
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as artists:
        chests = artists.map(_chest, range(len(CHESTS)))
        fundi = artists.map(_fundus, range(len(FUNDI)))
        apart = artists.map(_apart, range(len(APART)))
        yield from chests
        yield from fundi
        for path in _pydicom_files():
            yield DemoImage(name=path.name, content=path.read_bytes(), region="other")
        yield from apart


def _chest(number: int) -> DemoImage:
    lesion, side, zone = CHESTS[number]
    phantom = draw_chest(seed=100 + number, lesion=lesion, side=side, zone=zone)  # type: ignore[arg-type]  # from the table above
    name, complaint = f"chest-{number + 1:02d}", COMPLAINTS[number % len(COMPLAINTS)]
    if number % 2:
        return DemoImage(f"{name}.dcm", encode_dicom(phantom), phantom.label, "chest", complaint)
    return DemoImage(f"{name}.png", encode_png(phantom), phantom.label, "chest", complaint)


def _fundus(number: int) -> DemoImage:
    lesion, eye = FUNDI[number]
    phantom = draw_fundus(seed=200 + number, lesion=lesion, eye=eye)  # type: ignore[arg-type]  # from the table above
    return DemoImage(f"fundus-{number + 1:02d}.png", encode_png(phantom), phantom.label, "fundus")


def _apart(number: int) -> DemoImage:
    purpose, lesion, side, zone = APART[number]
    phantom = draw_chest(seed=300 + number, lesion=lesion, side=side, zone=zone)  # type: ignore[arg-type]  # from the table above
    name = f"prompt-{number + 1:02d}.png"
    return DemoImage(name, encode_png(phantom), phantom.label, "chest", purpose=purpose)


def _pydicom_files() -> list[Path]:
    import pydicom.data

    folder = Path(pydicom.data.__file__).parent / "test_files"
    return [folder / name for name in PYDICOM_FILES]
