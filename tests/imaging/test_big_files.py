"""Files larger than the memory allowed for them: their frames are read one after the other from where they lie."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from readerstudy.imaging.encoded import PixelBytes
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.sandbox import render_in_child
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import (
    dicom,
    dicom_bytes,
    dicom_dataset,
    element,
    full,
    gradient,
    part_10,
    refusal_code,
    rendered,
)
from tests.imaging.test_hostile_files import header

FRAMES, ROWS, COLUMNS = 600, 500, 700
RLE = b"1.2.840.10008.1.2.5"


def stack_of_420_megabytes(path: Path, last: np.ndarray) -> None:
    """A stack of black frames but for the last; the black ones take no room on the disk."""
    length = FRAMES * ROWS * COLUMNS * 2
    start = part_10(header(ROWS, COLUMNS, str(FRAMES).encode()))
    with path.open("wb") as file:
        file.write(start + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, length))
        file.seek(length - last.nbytes, io.SEEK_CUR)
        file.write(last.tobytes())


def test_a_file_four_times_the_memory_limit_is_rendered(tmp_path: Path) -> None:
    last = gradient(ROWS, COLUMNS)
    stack_of_420_megabytes(tmp_path / "source", last)
    assert (tmp_path / "source").stat().st_size > 420_000_000
    limits = Limits(memory_bytes=100_000_000)
    (outcome,) = render_in_child([tmp_path / "source"], tmp_path / "out", limits)
    assert rendered(outcome).meta["frames"] == FRAMES
    assert not full(outcome, 0).any()
    assert np.array_equal(full(outcome, FRAMES - 1), last)


def test_only_large_files_get_more_time() -> None:
    limits = Limits()
    assert limits.max_file_bytes == 2_000_000_000
    assert limits.extra_seconds(200_000_000) == 0
    assert limits.extra_seconds(700_000_000) == 100
    assert limits.longest_seconds() == 60 + 360
    assert Limits(max_file_bytes=100).longest_seconds() == 60


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_the_bound_on_all_frames_counts_bytes(render_bytes: RenderBytes, bits: int) -> None:
    pixels = np.zeros((4, 50, 100), dtype=f"u{bits // 8}")
    fits = Limits(max_total_pixels=20_000 * bits // 16)
    rendered(render_bytes(dicom(pixels), fits))
    short = Limits(max_total_pixels=20_000 * bits // 16 - 1)
    assert refusal_code(render_bytes(dicom(pixels), short)) == "too_many_pixels_in_all"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_pixels_are_found_in_every_plain_encoding(render_bytes: RenderBytes, syntax: str) -> None:
    pixels = gradient() if syntax == ImplicitVRLittleEndian else gradient().byteswap()
    frames = np.stack([pixels, pixels + 256])
    outcome = render_bytes(dicom(frames, syntax=syntax))
    assert np.array_equal(full(outcome, 0), gradient())


def test_what_stands_behind_the_pixels_is_not_taken_for_pixels(render_bytes: RenderBytes) -> None:
    behind = element(0xFFFCFFFC, "OB", b"\x00" * 64)
    assert np.array_equal(full(render_bytes(dicom(gradient()) + behind)), gradient())
    dataset = dicom_dataset(gradient())
    dataset.compress(RLELossless, generate_instance_uid=False)
    assert np.array_equal(full(render_bytes(dicom_bytes(dataset) + behind)), gradient())


def test_a_file_that_says_explicit_and_is_implicit_is_read_as_it_is(render_bytes: RenderBytes) -> None:
    body = b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value
        for tag, value in (
            (0x00280002, struct.pack("<H", 1)),
            (0x00280004, b"MONOCHROME2 "),
            (0x00280010, struct.pack("<H", 24)),
            (0x00280011, struct.pack("<H", 32)),
            (0x00280100, struct.pack("<H", 16)),
            (0x00280101, struct.pack("<H", 16)),
            (0x00280102, struct.pack("<H", 15)),
            (0x00280103, struct.pack("<H", 0)),
            (0x7FE00010, gradient().tobytes()),
        )
    )
    assert np.array_equal(full(render_bytes(part_10(body))), gradient())


def encapsulated(*parts: bytes) -> bytes:
    return struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + b"".join(parts)


def rle_items() -> bytes:
    dataset = dicom_dataset(gradient())
    dataset.compress(RLELossless, generate_instance_uid=False)
    return bytes(dataset.PixelData)


def test_a_missing_delimiter_at_the_very_end_is_forgiven(render_bytes: RenderBytes) -> None:
    content = part_10(header(24, 32) + encapsulated(rle_items()), syntax=RLE)
    assert np.array_equal(full(render_bytes(content)), gradient())


@pytest.mark.parametrize(
    "items",
    [
        rle_items()[:-1],
        rle_items() + b"\xfe\xff\x00\xe0",
        encapsulate([b"\x00" * 64])[:-70] + b"\xfe\xff\x00\xe0\xf0\xff\xff\xff" + b"\x00" * 64,
        b"\xfe\xff\x00\xe0\x00\x00\x00\x00" + b"\x01\x02\x03\x04" * 20,
        b"",
    ],
    ids=["cut off", "half a head", "claims 4 GB", "no fragments", "nothing"],
)
def test_fragments_that_are_not_whole_are_refused(render_bytes: RenderBytes, items: bytes) -> None:
    content = part_10(header(24, 32) + encapsulated(items), syntax=RLE)
    assert refusal_code(render_bytes(content, Limits())) == "damaged"


def test_plain_pixels_without_a_length_are_refused(render_bytes: RenderBytes) -> None:
    content = part_10(header(24, 32) + encapsulated(gradient().tobytes()))
    assert refusal_code(render_bytes(content)) == "damaged"


def test_4_2_2_colours_that_are_not_subsampled_are_refused(render_bytes: RenderBytes) -> None:
    colours = np.zeros((8, 8, 3), dtype=np.uint8)
    assert refusal_code(render_bytes(dicom(colours, PhotometricInterpretation="YBR_FULL_422"))) == "damaged"


def test_a_span_is_a_file_of_its_own() -> None:
    span = PixelBytes(io.BytesIO(b"0123456789"), 3, 5)
    assert (span.readable(), span.seekable(), len(span)) == (True, True, 5)
    assert span.read(2) == b"34"
    assert span.read(1 << 40) == b"567"
    assert span.read() == b""
    assert span.seek(-2, io.SEEK_END) == 3
    assert span.read() == b"67"
    assert span.seek(100) == 100
    assert span.read() == b""
    with pytest.raises(ValueError, match="negative"):
        span.seek(-1)
