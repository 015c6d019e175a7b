"""Every test file of the pydicom package: rendered as pydicom itself decodes it, or refused with a known reason."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data.data_manager import DATA_ROOT
from pydicom.pixels.processing import apply_color_lut, apply_rescale
from pydicom.pixels.utils import pixel_array

from readerstudy.imaging.reasons import REFUSALS
from readerstudy.imaging.rendition import Refused, render
from readerstudy.imaging.sandbox import render_in_child
from tests.imaging.make import full, rendered, values

FOLDER = Path(DATA_ROOT) / "test_files"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())

# What pydicom 3.0.2 carries that is no renderable image, and why.
EXPECTED_REFUSALS = {
    "ExplVR_BigEndNoMeta.dcm": "not_dicom",
    "ExplVR_LitEndNoMeta.dcm": "not_dicom",
    "JPEG-lossy.dcm": "unsupported_compression",
    "JPEG2000-embedded-sequence-delimiter.dcm": "damaged",
    "JPGExtended.dcm": "unsupported_compression",
    "MR_truncated.dcm": "damaged",
    "UN_sequence.dcm": "no_pixels",
    "badVR.dcm": "radiotherapy",
    "empty_charset_LEI.dcm": "no_pixels",
    "liver_1frame.dcm": "segmentation",
    "liver_expb_1frame.dcm": "segmentation",
    "meta_missing_tsyntax.dcm": "no_transfer_syntax",
    "nested_priv_SQ.dcm": "bad_header",
    "no_meta.dcm": "unknown_type",
    "no_meta_group_length.dcm": "radiotherapy",
    "priv_SQ.dcm": "no_pixels",
    "reportsi.dcm": "report",
    "reportsi_with_empty_number_tags.dcm": "report",
    "rtdose.dcm": "radiotherapy",
    "rtdose_1frame.dcm": "radiotherapy",
    "rtdose_expb.dcm": "radiotherapy",
    "rtdose_expb_1frame.dcm": "radiotherapy",
    "rtdose_rle.dcm": "radiotherapy",
    "rtdose_rle_1frame.dcm": "radiotherapy",
    "rtplan.dcm": "radiotherapy",
    "rtplan_truncated.dcm": "radiotherapy",
    "rtstruct.dcm": "not_dicom",
    "test-SR.dcm": "report",
    "waveform_ecg.dcm": "waveform",
}


OTHER_KINDS = {".txt": "text", ".dump": "text", ".json": "text", ".gz": "archive", ".icc": "unknown_type"}


def expected_refusal(name: str) -> str | None:
    path = Path(name)
    if "DICOMDIR" in path.name:
        return "dicom_directory"
    if path.name == "README":
        return "text"
    return (
        "no_pixels"
        if "TINY_ALPHA" in path.parts
        else OTHER_KINDS.get(path.suffix, EXPECTED_REFUSALS.get(name))
    )


def expected_colours(pixels: Any, dataset: pydicom.Dataset) -> Any:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(pixels, dataset)
        return (colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)
    return (pixels >> (dataset.BitsStored - 8)).astype(np.uint8)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore")
def test_a_file_is_rendered_as_pydicom_decodes_it_or_refused(name: str, tmp_path: Path) -> None:
    outcome = render(FOLDER / name, tmp_path / "rendition")
    if isinstance(outcome, Refused):
        assert outcome.sentence == REFUSALS[outcome.code]
        assert outcome.code == expected_refusal(name)
        return
    assert expected_refusal(name) is None
    meta = outcome.meta
    dataset = pydicom.dcmread(FOLDER / name)
    plugin = meta["decoder"].split()[0].split("-")[0]
    native = not dataset.file_meta.TransferSyntaxUID.is_compressed
    pixels = pixel_array(dataset, decoding_plugin="" if native or plugin == "pydicom" else plugin)
    frames = pixels if meta["frames"] > 1 else pixels[None]
    for number, frame in enumerate(frames):
        if meta["kind"] == "grey16":
            assert np.array_equal(values(outcome, number), apply_rescale(frame, dataset))
        elif meta["frames"] == 1:
            assert np.array_equal(full(outcome, number), expected_colours(frame, dataset))
        else:
            difference = np.abs(full(outcome, number).astype(int) - expected_colours(frame, dataset))
            assert difference.mean() < 3


def test_every_listed_refusal_is_still_in_the_package() -> None:
    assert set(EXPECTED_REFUSALS) <= set(FILES)


def test_every_file_of_the_package_has_one_fate_in_one_batch_of_the_child(tmp_path: Path) -> None:
    """None is passed over, none takes the child down, and as many are rendered as are images."""
    outcomes = list(render_in_child([FOLDER / name for name in FILES], tmp_path / "out"))
    refused = {
        name: outcome.code
        for name, outcome in zip(FILES, outcomes, strict=True)
        if isinstance(outcome, Refused)
    }
    assert refused == {name: code for name in FILES if (code := expected_refusal(name)) is not None}
    assert "decoder_crashed" not in refused.values()
    assert len(FILES) - len(refused) >= 79


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(EXPECTED_REFUSALS))
def test_what_is_refused_as_an_image_is_none_that_pydicom_could_read(name: str) -> None:
    """No image is lost: pydicom itself finds no pixels, cannot decode them, or they are no picture."""
    if EXPECTED_REFUSALS[name] in ("radiotherapy", "segmentation", "report", "waveform", "not_dicom"):
        return
    with warnings.catch_warnings(), pytest.raises(Exception, match=r".+"):
        pixel_array(pydicom.dcmread(FOLDER / name))


def test_a_decoder_is_named_with_its_version(tmp_path: Path) -> None:
    outcome = rendered(render(FOLDER / "MR_small_RLE.dcm", tmp_path / "rendition"))
    name, _, version = outcome.meta["decoder"].partition(" ")
    assert name == "pylibjpeg-rle"
    assert version
    assert outcome.meta["transfer_syntax"] == "1.2.840.10008.1.2.5"
    with Image.open(outcome.folder / "full-0000.png") as image:
        assert image.mode == "I;16"
