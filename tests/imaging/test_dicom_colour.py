"""Colour DICOM images: palettes, colour models, depth and cine loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import RLELossless

from tests.imaging.conftest import RenderBytes
from tests.imaging.make import dicom, dicom_bytes, dicom_dataset, display, full, gradient, notes, rendered

COLOURS = np.random.default_rng(3).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def with_palette(bits: int, entries: Any) -> bytes:
    dataset = dicom_dataset(gradient(16, 16, top=255).astype(np.uint8))
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for name, channel in zip(("Red", "Green", "Blue"), entries, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(dataset, f"{name}PaletteColorLookupTableData", np.asarray(channel, dtype="<u2").tobytes())
    return dicom_bytes(dataset)


def test_a_16_bit_palette_becomes_8_bit_colours(render_bytes: RenderBytes) -> None:
    levels = np.arange(256) * 257
    outcome = render_bytes(with_palette(16, [levels, levels[::-1], np.full(256, 0x8000)]))
    index = gradient(16, 16, top=255)
    assert np.array_equal(full(outcome), np.stack([index, 255 - index, np.full_like(index, 128)], axis=-1))
    assert notes(outcome) == {"depth_lost"}


def test_a_palette_that_says_16_bits_and_uses_8_is_not_turned_black(render_bytes: RenderBytes) -> None:
    levels = np.arange(256)
    outcome = render_bytes(with_palette(16, [levels, levels, levels]))
    assert np.array_equal(full(outcome)[..., 0], gradient(16, 16, top=255))
    assert notes(outcome) == set()


def test_a_supplemental_palette_is_left_out_and_noted(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(dicom(RedPaletteColorLookupTableDescriptor=[256, 0, 16]))
    assert rendered(outcome).meta["kind"] == "grey16"
    assert "supplemental_palette_ignored" in notes(outcome)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_is_kept_exactly_in_either_order(render_bytes: RenderBytes, planar: int) -> None:
    dataset = dicom_dataset(COLOURS, PlanarConfiguration=planar)
    if planar:
        dataset.PixelData = np.ascontiguousarray(np.moveaxis(COLOURS, -1, 0)).tobytes()
    outcome = render_bytes(dicom_bytes(dataset))
    assert np.array_equal(full(outcome), COLOURS)
    assert np.array_equal(display(outcome), COLOURS)
    meta = rendered(outcome).meta
    assert (meta["windows"], meta["default_window"], meta["window_function"]) == ([], None, None)


def test_ybr_becomes_rgb(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(dicom(COLOURS, PhotometricInterpretation="YBR_FULL"))
    assert np.array_equal(full(outcome), convert_color_space(COLOURS, "YBR_FULL", "RGB"))


def test_16_bit_colours_keep_their_upper_8_bits_and_say_so(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(dicom(COLOURS.astype(np.uint16) * 257))
    assert np.array_equal(full(outcome), COLOURS)
    assert notes(outcome) == {"depth_lost"}


@pytest.mark.parametrize("compressed", [False, True])
def test_a_colour_cine_becomes_jpeg_frames_with_their_pace(
    render_bytes: RenderBytes, compressed: bool
) -> None:
    smooth = np.stack([gradient(32, 32, top=200).astype(np.uint8)] * 3, axis=-1)
    frames = np.stack([smooth, smooth[::-1], smooth[:, ::-1]])
    dataset = dicom_dataset(frames, Modality="US", FrameTime="33.3")
    if compressed:
        dataset.compress(RLELossless, generate_instance_uid=False)
    outcome = render_bytes(dicom_bytes(dataset))
    meta = rendered(outcome).meta
    assert [entry["name"] for entry in meta["full"]] == ["full-0000.jpg", "full-0001.jpg", "full-0002.jpg"]
    assert meta["frame_time_ms"] == 33.3
    for number in range(3):
        assert np.abs(full(outcome, number).astype(int) - frames[number]).max() <= 6
    assert meta["key_frame"] == 1
    assert np.array_equal(display(outcome), frames[1])


def test_the_pace_may_come_from_the_cine_rate(render_bytes: RenderBytes) -> None:
    assert (
        rendered(render_bytes(dicom(np.stack([gradient()] * 2), CineRate=25))).meta["frame_time_ms"] == 40.0
    )
