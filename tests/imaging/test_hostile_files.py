"""Files that were made to do harm, or look as if: each is refused at once, by content, with a plain sentence."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate

from readerstudy.imaging.limits import Limits
from readerstudy.imaging.reasons import REFUSALS, Refusal
from readerstudy.imaging.rendition import render
from readerstudy.imaging.sniff import HEAD_BYTES, sniff
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import (
    dicom,
    dicom_bytes,
    dicom_dataset,
    element,
    full,
    gradient,
    local_file,
    part_10,
    refusal_code,
    rendered,
    saved,
)

RLE, DEFLATED, IMPLICIT = b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2"


def short(number: int) -> bytes:
    return struct.pack("<H", number)


def header(rows: int, columns: int, frames: bytes = b"1") -> bytes:
    """A grey image module, up to but without pixel data."""
    return b"".join(
        [
            element(0x00080060, "CS", b"CR"),
            element(0x00280002, "US", short(1)),
            element(0x00280004, "CS", b"MONOCHROME2"),
            element(0x00280008, "IS", frames),
            element(0x00280010, "US", short(rows)),
            element(0x00280011, "US", short(columns)),
            element(0x00280100, "US", short(16)),
            element(0x00280101, "US", short(16)),
            element(0x00280102, "US", short(15)),
            element(0x00280103, "US", short(0)),
        ]
    )


def encapsulated(fragment: bytes) -> bytes:
    body = encapsulate([fragment])
    return (
        struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
        + body
        + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    )


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return part_10(packer.compress(body) + packer.flush(), syntax=DEFLATED)


def test_a_tiny_rle_file_that_claims_65535_by_65535_pixels_is_refused(render_bytes: RenderBytes) -> None:
    content = part_10(header(65535, 65535) + encapsulated(b"\x00" * 64), syntax=RLE)
    assert len(content) < 850
    assert refusal_code(render_bytes(content)) == "too_many_pixels"


def test_100000_claimed_frames_are_refused(render_bytes: RenderBytes) -> None:
    content = part_10(header(128, 128, b"100000") + encapsulated(b"\x00" * 64), syntax=RLE)
    assert refusal_code(render_bytes(content)) == "too_many_frames"


def test_many_frames_of_many_pixels_are_refused_together(render_bytes: RenderBytes) -> None:
    content = part_10(header(9000, 9000, b"500") + encapsulated(b"\x00" * 64), syntax=RLE)
    assert refusal_code(render_bytes(content)) == "too_many_pixels_in_all"


def test_a_deflated_file_is_inflated_only_up_to_the_limit(render_bytes: RenderBytes) -> None:
    bomb = deflated(header(64, 64) + element(0x00091010, "UN", b"\x00" * 30_000_000))
    assert len(bomb) < 100_000
    assert refusal_code(render_bytes(bomb, Limits(max_inflated_bytes=10_000_000))) == "inflates_too_large"


def test_an_honest_deflated_file_is_rendered(render_bytes: RenderBytes) -> None:
    pixels = gradient()
    outcome = render_bytes(deflated(header(24, 32) + element(0x7FE00010, "OW", pixels.tobytes())))
    assert np.array_equal(full(outcome), pixels)
    assert rendered(outcome).meta["transfer_syntax"] == DEFLATED.decode()


@pytest.mark.parametrize("content", [b"", b"\x07garbage"])
def test_a_deflated_file_without_sense_is_refused(render_bytes: RenderBytes, content: bytes) -> None:
    assert refusal_code(render_bytes(part_10(content, syntax=DEFLATED))) in ("damaged", "no_pixels")


def nested_sequences(depth: int) -> bytes:
    opening = (
        struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    )
    closing = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00" + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return opening * depth + closing * depth


@pytest.mark.parametrize("depth", [300, 5000])
def test_deeply_nested_sequences_are_refused(render_bytes: RenderBytes, depth: int) -> None:
    content = part_10(header(8, 8) + nested_sequences(depth) + element(0x7FE00010, "OW", b"\x00" * 128))
    assert refusal_code(render_bytes(content)) == "nested_too_deep"
    assert sys.getrecursionlimit() < 5000


def test_a_number_that_is_text_is_refused_without_a_word_of_it(
    render_bytes: RenderBytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    body = header(8, 8).replace(element(0x00280008, "IS", b"1"), element(0x00280008, "IS", b"SMITH"))
    outcome = render_bytes(part_10(body + element(0x7FE00010, "OW", b"\x00" * 128)))
    assert refusal_code(outcome) == "bad_header"
    assert "SMITH" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off_is_refused_silently(
    render_bytes: RenderBytes, name: str, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    content = local_file(name).read_bytes()
    code = refusal_code(render_bytes(content[: int(len(content) * share)]))
    assert code in ("damaged", "no_pixels", "bad_header")
    assert caplog.text == ""


def test_a_codestream_larger_than_its_header_says_is_refused(render_bytes: RenderBytes) -> None:
    jpeg = saved(Image.new("L", (400, 400)), "JPEG")
    dataset = dicom_dataset(np.zeros((24, 32), dtype=np.uint8), syntax="1.2.840.10008.1.2.4.50")
    dataset.PixelData = encapsulate([jpeg])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    assert refusal_code(render_bytes(dicom_bytes(dataset))) == "damaged"


def test_a_dicom_file_dressed_up_as_a_tiff_is_read_as_dicom(render_bytes: RenderBytes) -> None:
    content = b"II*\x00" + dicom(gradient())[4:]
    assert rendered(render_bytes(content)).meta["source_format"] == "DICOM"


def test_an_unknown_transfer_syntax_is_refused_and_not_repeated(render_bytes: RenderBytes) -> None:
    content = part_10(header(8, 8) + element(0x7FE00010, "OW", b"\x00" * 128), syntax=b"1.2.3.19570412")
    assert refusal_code(render_bytes(content)) == "unsupported_compression"


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.107"]
)
def test_video_inside_dicom_is_refused(render_bytes: RenderBytes, syntax: str) -> None:
    body = header(8, 8) + encapsulated(b"\x00" * 64)
    assert refusal_code(render_bytes(part_10(body, syntax=syntax.encode()))) == "video"


@pytest.mark.parametrize(
    ("class_uid", "code"),
    [
        ("1.2.840.10008.5.1.4.1.1.66.4", "segmentation"),
        ("1.2.840.10008.5.1.4.1.1.481.2", "radiotherapy"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "report"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "document"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "waveform"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "presentation_state"),
        ("1.2.840.10008.5.1.4.1.1.77.1.6", "whole_slide"),
    ],
)
def test_dicom_that_is_no_image_is_refused_by_its_class(
    render_bytes: RenderBytes, class_uid: str, code: str
) -> None:
    assert refusal_code(render_bytes(dicom(SOPClassUID=class_uid, Modality="OT"))) == code


@pytest.mark.parametrize(
    ("modality", "code"), [("SEG", "segmentation"), ("RTDOSE", "radiotherapy"), ("SR", "report")]
)
def test_dicom_that_is_no_image_is_refused_by_its_modality(
    render_bytes: RenderBytes, modality: str, code: str
) -> None:
    assert refusal_code(render_bytes(dicom(Modality=modality))) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"This is a letter about Mrs Smith.\n", "text"),
        ("case,label\nÄrztin,1\n".encode(), "text"),
        (b"\x00\x01\x02\x03" * 50, "unknown_type"),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "not_dicom"),
        (b"%PDF-1.7\n%\xe2\xe3", "document"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "drawing"),
        (b"GIF89a\x01\x00", "other_picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "other_picture"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00", "video"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "unknown_type"),
        (b"\x1aE\xdf\xa3\x01\x00", "video"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"\x00" * 257 + b"ustar\x0000", "archive"),
        (b"\x5c\x01\x00\x00" + b"\x00" * 340 + b"n+1\x00", "volume"),
        (b"\x89HDF\r\n\x1a\n", "volume"),
    ],
)
def test_what_is_no_image_is_told_by_its_content(tmp_path: Path, content: bytes, code: str) -> None:
    for name in ("image.dcm", "image.png", "image"):
        source = tmp_path / name
        source.write_bytes(content)
        assert refusal_code(render(source, tmp_path / "rendition")) == code
        assert not (tmp_path / "rendition").exists()


def test_long_text_cut_within_a_character_is_still_text() -> None:
    with pytest.raises(Refusal) as refusal:
        sniff(("a" + "é" * HEAD_BYTES).encode()[:HEAD_BYTES])
    assert refusal.value.code == "text"


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x10\x00\x00\x00WEBPVP8 ", b"II*\x00"]
)
def test_a_plain_image_that_ends_after_its_first_bytes_is_refused(
    render_bytes: RenderBytes, start: bytes
) -> None:
    assert refusal_code(render_bytes(start + b"\x00" * 12)) == "damaged"


def test_a_text_chunk_that_inflates_without_end_does_no_harm(render_bytes: RenderBytes) -> None:
    content = saved(Image.fromarray(gradient(8, 8)), "PNG")
    packed = b"Comment\x00\x00" + zlib.compress(b"\x00" * 80_000_000)
    chunk = (
        struct.pack(">I", len(packed)) + b"zTXt" + packed + struct.pack(">I", zlib.crc32(b"zTXt" + packed))
    )
    outcome = render_bytes(content[:33] + chunk + content[33:])
    assert refusal_code(outcome) == "damaged"
    assert outcome.seconds < 5


def test_every_refusal_is_a_whole_sentence_that_names_no_file() -> None:
    for sentence in REFUSALS.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_the_same_file_gives_the_same_bytes(render_bytes: RenderBytes) -> None:
    for content in (dicom(gradient()), saved(Image.fromarray(gradient(50, 50)), "TIFF"), cine()):
        one, other = rendered(render_bytes(content)), rendered(render_bytes(content))
        assert one.meta == other.meta
        for path in one.folder.iterdir():
            assert path.read_bytes() == (other.folder / path.name).read_bytes()


def cine() -> bytes:
    buffer = io.BytesIO()
    pages: list[Any] = [Image.new("RGB", (16, 16), (shade, 10, 20)) for shade in (5, 100, 200)]
    pages[0].save(buffer, format="WEBP", save_all=True, append_images=pages[1:], lossless=True)
    return buffer.getvalue()


def test_a_disk_that_cannot_be_written_is_our_fault_and_not_the_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(dicom(gradient()))
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OSError, match="exists"):
        render(source, tmp_path / "taken")
    with pytest.raises(FileNotFoundError):
        render(tmp_path / "absent", tmp_path / "rendition")
    assert not (tmp_path / "rendition").exists()
