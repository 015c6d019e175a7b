"""The drawn images: deterministic, well-formed, and with lesions where they say they are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from readerstudy.imaging.phantoms import (
    CHEST_LESIONS,
    FUNDUS_LESIONS,
    Phantom,
    draw_chest,
    draw_fundus,
    encode_dicom,
    encode_png,
)
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import display, full, rendered

SMALL = 256


def changed_share(one: Phantom, other: Phantom) -> tuple[float, float]:
    """How strongly two phantoms differ within the first one's finding, and how strongly elsewhere."""
    left, top, right, bottom = one.findings[0].box
    difference = np.abs(one.pixels.astype(float) - other.pixels.astype(float))
    difference = difference if difference.ndim == 2 else difference.mean(axis=2)
    inside = np.zeros(difference.shape, dtype=bool)
    inside[top:bottom, left:right] = True
    return float(difference[inside].mean()), float(difference[~inside].mean())


@pytest.mark.parametrize("draw", [draw_chest, draw_fundus])
def test_the_same_seed_draws_the_same_pixels_and_another_seed_does_not(draw: Any) -> None:
    assert np.array_equal(draw(seed=3, size=SMALL).pixels, draw(seed=3, size=SMALL).pixels)
    assert not np.array_equal(draw(seed=3, size=SMALL).pixels, draw(seed=4, size=SMALL).pixels)


@pytest.mark.parametrize("lesion", [lesion for lesion in CHEST_LESIONS if lesion != "none"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_a_chest_lesion_lies_in_its_box_on_its_side(lesion: Any, side: Any) -> None:
    ill = draw_chest(seed=5, lesion=lesion, side=side, zone="lower", size=SMALL)
    well = draw_chest(seed=5, size=SMALL)
    inside, outside = changed_share(ill, well)
    assert inside > 8 * outside
    left, _, right, _ = ill.findings[0].box
    assert ((left + right) / 2 < SMALL / 2) == (side == "right"), "the patient's right is on the left"
    assert (ill.label, well.label) == ("abnormal", "normal")


@pytest.mark.parametrize("zone", ["upper", "middle", "lower"])
def test_a_nodule_lies_in_the_zone_it_names(zone: Any) -> None:
    (finding,) = draw_chest(seed=6, lesion="nodule", side="left", zone=zone, size=SMALL).findings
    middle = (finding.box[1] + finding.box[3]) / 2 / SMALL
    assert finding.zone == zone
    assert (
        {"upper": 0.2, "middle": 0.4, "lower": 0.6}[zone]
        < middle
        < {"upper": 0.4, "middle": 0.6, "lower": 0.8}[zone]
    )


@pytest.mark.parametrize("lesion", ["dot haemorrhages", "hard exudates"])
def test_a_fundus_lesion_lies_in_its_box(lesion: Any) -> None:
    ill = draw_fundus(seed=7, lesion=lesion, size=SMALL)
    well = draw_fundus(seed=7, size=SMALL)
    inside, outside = changed_share(ill, well)
    assert inside > 3 * outside
    assert ill.findings[0].kind == lesion


@pytest.mark.parametrize("eye", ["right", "left"])
def test_the_optic_disc_lies_nasally_and_is_the_brightest_place(eye: Any) -> None:
    pixels = draw_fundus(seed=8, eye=eye, size=SMALL).pixels[..., 2].astype(float)
    brightest = np.unravel_index(int(np.argmax(pixels)), pixels.shape)[1]
    assert (brightest > SMALL / 2) == (eye == "right")


def test_an_enlarged_cup_is_larger_than_a_normal_one() -> None:
    def pale(lesion: Any) -> int:
        return int((draw_fundus(seed=9, lesion=lesion, size=SMALL).pixels[..., 2] > 150).sum())

    assert pale("enlarged cup") > 2 * pale("none")


@pytest.mark.parametrize("lesion", FUNDUS_LESIONS)
def test_a_fundus_is_a_coloured_disc_on_black(lesion: Any) -> None:
    pixels = draw_fundus(seed=1, lesion=lesion, size=SMALL).pixels
    assert pixels[:5, :5].max() == 0
    red, green, blue = pixels[SMALL // 2 - 40 : SMALL // 2 + 40, 60:100].reshape(-1, 3).mean(axis=0)
    assert red > green > blue


def test_a_chest_uses_twelve_bits_and_cannot_be_changed() -> None:
    phantom = draw_chest(seed=1, size=SMALL)
    assert phantom.pixels.dtype == np.uint16
    assert 3000 < phantom.pixels.max() <= 4095
    with pytest.raises(ValueError, match="read-only"):
        phantom.pixels[0, 0] = 1


@pytest.mark.parametrize("phantom", [draw_chest(seed=2, size=SMALL), draw_fundus(seed=2, size=SMALL)])
def test_encoded_files_hold_the_drawn_pixels(phantom: Phantom) -> None:
    dataset = pydicom.dcmread(io.BytesIO(encode_dicom(phantom)))
    assert np.array_equal(dataset.pixel_array, phantom.pixels)
    assert encode_dicom(phantom) == encode_dicom(phantom)
    shown = np.asarray(Image.open(io.BytesIO(encode_png(phantom))))
    expected = phantom.pixels if phantom.pixels.ndim == 3 else phantom.pixels >> 4
    assert np.array_equal(shown, expected)


def test_both_encodings_of_a_chest_render_to_nearly_the_same_display(render_bytes: RenderBytes) -> None:
    phantom = draw_chest(seed=2, size=SMALL)
    from_dicom, from_png = render_bytes(encode_dicom(phantom)), render_bytes(encode_png(phantom))
    assert np.array_equal(full(from_dicom), phantom.pixels)
    assert np.abs(display(from_dicom).astype(int) - display(from_png)).max() <= 1
    meta = rendered(from_dicom).meta
    assert (meta["imaging_modality"], meta["body_part"], meta["view_position"]) == ("DX", "CHEST", "PA")
    assert (meta["spacing_mm"], meta["spacing_kind"]) == ([0.4, 0.4], "at detector")
