"""Plain images: every format, depth, colour model and orientation, and what must be refused."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from readerstudy.imaging.limits import Limits
from readerstudy.imaging.products import encode_png
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import display, full, gradient, notes, refusal_code, rendered, saved, values

COLOURS = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
GREYS = np.arange(256, dtype=np.uint8).reshape(8, 32)
WIDE = (np.arange(768, dtype=np.uint32) * 85).astype(np.uint16).reshape(24, 32)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@given(hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_a_16_bit_png_gives_back_every_bit(pixels: Any) -> None:
    content = encode_png(pixels)
    assert content[24:26] == b"\x10\x00", "the header must say 16 bits, grey"
    with Image.open(io.BytesIO(content)) as image:
        assert image.mode == "I;16"
        assert np.array_equal(np.asarray(image), pixels)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_an_8_bit_colour_png_gives_back_every_bit(pixels: Any) -> None:
    with Image.open(io.BytesIO(encode_png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_colour_pixels_of_a_lossless_format_are_kept_exactly(
    render_bytes: RenderBytes, kind: str, options: dict[str, Any]
) -> None:
    outcome = render_bytes(saved(Image.fromarray(COLOURS), kind, **options))
    assert np.array_equal(full(outcome), COLOURS)
    assert np.array_equal(display(outcome), COLOURS)
    meta = rendered(outcome).meta
    assert (meta["kind"], meta["width"], meta["height"], meta["bits"], meta["frames"]) == (
        "rgb8",
        30,
        20,
        8,
        1,
    )
    assert meta["source_format"] == kind


def test_a_jpeg_keeps_what_pillow_decodes(render_bytes: RenderBytes) -> None:
    content = saved(Image.fromarray(COLOURS), "JPEG", quality=95)
    assert np.array_equal(full(render_bytes(content)), np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_8_bit_grey_is_shown_as_it_is(render_bytes: RenderBytes, kind: str) -> None:
    outcome = render_bytes(saved(Image.fromarray(GREYS), kind))
    assert np.array_equal(full(outcome), GREYS)
    assert np.array_equal(display(outcome), GREYS)
    assert rendered(outcome).meta["default_window"] == {"center": 128.0, "width": 256.0, "explanation": None}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_depth_and_does_not_turn_white(render_bytes: RenderBytes, kind: str) -> None:
    outcome = render_bytes(saved(Image.fromarray(WIDE), kind))
    assert full(outcome).dtype == np.uint16
    assert np.array_equal(full(outcome), WIDE)
    assert rendered(outcome).meta["bits"] == 16
    shown = display(outcome)
    assert 120 < np.median(shown) < 136
    assert shown.std() > 60


def test_a_big_endian_16_bit_tiff_keeps_its_values(render_bytes: RenderBytes) -> None:
    content = saved(Image.fromarray(WIDE.astype(">u2")), "TIFF")
    assert content.startswith(b"MM")
    assert np.array_equal(full(render_bytes(content)), WIDE)


def test_signed_and_floating_tiff_values_come_back_from_scale_and_offset(render_bytes: RenderBytes) -> None:
    whole = np.arange(-300, 468, dtype=np.int32).reshape(24, 32)
    outcome = render_bytes(saved(Image.fromarray(whole), "TIFF"))
    assert np.array_equal(values(outcome), whole)
    broken = np.linspace(-1, 1, 768, dtype=np.float32).reshape(24, 32)
    outcome = render_bytes(saved(Image.fromarray(broken), "TIFF"))
    assert np.abs(values(outcome) - broken).max() <= rendered(outcome).meta["scale"] / 2 + 1e-9
    assert notes(outcome) == {"values_resampled"}
    assert rendered(outcome).meta["window_function"] == "linear_exact"


def white_is_zero(image: Image.Image) -> bytes:
    """A TIFF whose 0 is white: the tag of photometric interpretation (262) is set to 0."""
    content = bytearray(saved(image, "TIFF"))
    at = content.index(struct.pack("<HHII", 262, 3, 1, 1))
    content[at + 8] = 0
    return bytes(content)


def test_a_tiff_whose_zero_is_white_is_shown_as_its_writer_meant_it(render_bytes: RenderBytes) -> None:
    narrow = display(render_bytes(white_is_zero(Image.fromarray(GREYS))))
    assert np.array_equal(narrow, 255 - GREYS)
    outcome = render_bytes(white_is_zero(Image.fromarray(WIDE)))
    assert rendered(outcome).meta["inverted"]
    assert np.array_equal(full(outcome), WIDE)
    assert display(outcome)[0, 0] > display(outcome)[-1, -1]


def test_16_bit_colour_says_that_depth_was_lost(render_bytes: RenderBytes) -> None:
    rows = b"".join(b"\x00" + bytes(range(6)) * 4 for _ in range(4))
    outcome = render_bytes(png(4, 4, 16, 2, rows))
    assert rendered(outcome).meta["kind"] == "rgb8"
    assert notes(outcome) == {"depth_lost"}
    assert full(outcome)[0, 0].tolist() == [0, 2, 4]


def test_16_bit_grey_with_alpha_says_that_depth_was_lost(render_bytes: RenderBytes) -> None:
    rows = b"".join(b"\x00" + b"\x80\x01\xff\xff" * 4 for _ in range(4))
    assert "depth_lost" in notes(render_bytes(png(4, 4, 16, 4, rows)))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_shallow_grey_spans_black_to_white(render_bytes: RenderBytes, depth: int) -> None:
    rows = (b"\x00" + b"\x00" + b"\xff") * 2
    outcome = render_bytes(png(16 // depth, 2, depth, 0, rows))
    assert set(np.unique(full(outcome))) == {0, 255}


def test_transparency_is_laid_over_black_and_noted(render_bytes: RenderBytes) -> None:
    layered = np.full((4, 4, 4), 200, dtype=np.uint8)
    layered[..., 3] = [0, 255, 255, 255]
    outcome = render_bytes(saved(Image.fromarray(layered), "PNG"))
    assert full(outcome)[0, 0].tolist() == [0, 0, 0]
    assert full(outcome)[0, 1].tolist() == [200, 200, 200]
    assert notes(outcome) == {"alpha_over_black"}


def test_a_palette_becomes_its_colours(render_bytes: RenderBytes) -> None:
    image = Image.fromarray(COLOURS).quantize(16)
    assert np.array_equal(full(render_bytes(saved(image, "PNG"))), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(render_bytes: RenderBytes, kind: str) -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    red, green, blue = full(render_bytes(saved(image, kind)))[8, 8]
    assert red < 10
    assert min(green, blue) > 245


def test_a_lab_tiff_is_refused(render_bytes: RenderBytes) -> None:
    assert refusal_code(render_bytes(saved(Image.new("LAB", (8, 8)), "TIFF"))) == "unsupported_colours"


def turned_by_tag(image: Image.Image, orientation: int) -> Image.Image:
    """What a viewer that honours the EXIF orientation shows (TIFF 6.0, section 8, tag 274)."""
    moves = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_270],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_90],
    }
    for move in moves.get(orientation, []):
        image = image.transpose(move)
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_every_orientation_is_set_upright_in_every_format(
    render_bytes: RenderBytes, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossy: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}
    options = lossy.get(kind, {})
    content = saved(Image.fromarray(COLOURS), kind, exif=exif, **options)
    decoded = Image.open(io.BytesIO(saved(Image.fromarray(COLOURS), kind, **options)))
    expected = np.asarray(turned_by_tag(decoded.convert("RGB"), orientation))
    outcome = render_bytes(content)
    assert np.array_equal(full(outcome), expected)
    assert (rendered(outcome).meta["height"], rendered(outcome).meta["width"]) == expected.shape[:2]
    assert ("orientation_applied" in notes(outcome)) == (orientation != 1)


def test_16_bit_grey_is_set_upright_too(render_bytes: RenderBytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    outcome = render_bytes(saved(Image.fromarray(WIDE), "TIFF", exif=exif))
    assert np.array_equal(full(outcome), np.rot90(WIDE, -1))


def test_a_colour_profile_is_applied_and_dropped(render_bytes: RenderBytes) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = render_bytes(saved(Image.fromarray(COLOURS), "PNG", icc_profile=profile))
    assert np.array_equal(full(same), COLOURS), "an image in sRGB keeps its values"
    swapped = render_bytes(saved(Image.fromarray(COLOURS), "PNG", icc_profile=swapped_primaries(profile)))
    assert notes(swapped) == {"colours_converted"}
    assert np.abs(full(swapped).astype(int) - COLOURS[..., ::-1]).mean() < 3


def swapped_primaries(profile: bytes) -> bytes:
    """The sRGB profile with red and blue changed over and another description."""
    changed = profile.replace(b"s\x00R\x00G\x00B", b"t\x00e\x00s\x00t").replace(b"sRGB", b"test")
    marks = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    table = bytearray(changed)
    for number in range(struct.unpack_from(">I", table, 128)[0]):
        at = 132 + 12 * number
        name = bytes(table[at : at + 4])
        table[at : at + 4] = marks.get(name, name)
    return bytes(table)


def test_a_broken_colour_profile_is_ignored_and_noted(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(saved(Image.fromarray(COLOURS), "PNG", icc_profile=b"no profile at all"))
    assert np.array_equal(full(outcome), COLOURS)
    assert notes(outcome) == {"colour_profile_broken"}


@pytest.mark.parametrize(
    ("kind", "options"),
    [("TIFF", {}), ("WEBP", {"lossless": True, "duration": 40}), ("PNG", {"duration": 40})],
)
def test_every_colour_frame_is_kept(render_bytes: RenderBytes, kind: str, options: dict[str, Any]) -> None:
    pages = [Image.fromarray(np.roll(COLOURS, step, axis=1)) for step in range(3)]
    outcome = render_bytes(saved(pages[0], kind, save_all=True, append_images=pages[1:], **options))
    meta = rendered(outcome).meta
    assert meta["frames"] == 3
    assert [entry["name"] for entry in meta["full"]] == ["full-0000.jpg", "full-0001.jpg", "full-0002.jpg"]
    assert meta["frame_time_ms"] == (None if kind == "TIFF" else 40.0)
    assert "colour_cine_compressed" in notes(outcome)
    for number, page in enumerate(pages):
        assert np.abs(full(outcome, number).astype(int) - np.asarray(page)).mean() < 12


def test_grey_pages_stay_lossless(render_bytes: RenderBytes) -> None:
    pages = [Image.fromarray(WIDE + step) for step in range(4)]
    outcome = render_bytes(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    for number in range(4):
        assert np.array_equal(full(outcome, number), WIDE + number)


def test_pages_of_different_sizes_are_refused(render_bytes: RenderBytes) -> None:
    pages = [Image.new("L", (20, 20)), Image.new("L", (21, 20))]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert refusal_code(render_bytes(content)) == "mixed_pages"


def test_a_phone_picture_with_a_second_one_behind_it_is_one_frame(render_bytes: RenderBytes) -> None:
    first, second = Image.fromarray(COLOURS), Image.fromarray(COLOURS[::-1].copy())
    outcome = render_bytes(saved(first, "MPO", save_all=True, append_images=[second]))
    assert rendered(outcome).meta["frames"] == 1
    assert notes(outcome) == {"extra_pictures_dropped"}


def test_a_png_of_40000_by_40000_pixels_is_refused_by_its_header(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(png(40_000, 40_000, 8, 2, b"\x00" * 64))
    assert refusal_code(outcome) == "too_many_pixels"
    assert outcome.seconds < 5


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_frame_pixels=767), "too_many_pixels"),
        (Limits(max_frames=2), "too_many_frames"),
        (Limits(max_total_pixels=768 * 3 - 1), "too_many_pixels_in_all"),
        (Limits(max_file_bytes=500), "too_large"),
    ],
)
def test_each_limit_refuses_with_its_own_sentence(
    render_bytes: RenderBytes, limits: Limits, code: str
) -> None:
    pages = [Image.fromarray(WIDE + step) for step in range(3)]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    rendered(render_bytes(content))
    assert refusal_code(render_bytes(content, limits)) == code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_file_cut_in_half_is_refused(render_bytes: RenderBytes, kind: str) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), kind)
    assert refusal_code(render_bytes(content[: len(content) // 2])) == "damaged"


def test_a_large_image_is_shrunk_for_display_and_preview_but_kept_in_full(render_bytes: RenderBytes) -> None:
    outcome = render_bytes(saved(Image.fromarray(gradient(1500, 3000, top=65535)), "PNG"))
    assert full(outcome).shape == (1500, 3000)
    assert display(outcome).shape == (1024, 2048)
    with Image.open(rendered(outcome).folder / "preview.webp") as preview:
        assert preview.size == (1024, 512)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24)))
def test_any_16_bit_image_survives_the_whole_way(render_bytes: RenderBytes, pixels: Any) -> None:
    assert np.array_equal(full(render_bytes(saved(Image.fromarray(pixels), "PNG"))), pixels)
