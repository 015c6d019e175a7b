"""A thousand damaged files of every encoding and kind: each has an outcome, and a good one right behind it renders."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from readerstudy.imaging.archives import ArchiveError, MemberError, open_archive
from readerstudy.imaging.rendition import Refused, Rendered
from readerstudy.imaging.sandbox import render_in_child
from tests.imaging.make import dicom, full, gradient, local_file, saved

SEED, MUTANTS, GOOD_EVERY = 20261123, 1000, 5
GOOD = saved(Image.fromarray(gradient()), "PNG")
NAMES = (
    "MR_small_implicit.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "image_dfl.dcm",
    "SC_rgb_rle_2frame.dcm",
    "MR_small_RLE.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "JPGExtended.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "JPEGLSNearLossless_08.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "MR_small_jp2klossless.dcm",
    "693_J2KI.dcm",
    "examples_palette.dcm",
)
# The same streams under the names of their relatives, whose decoders differ.
RENAMED = (
    ("SC_rgb_small_odd_jpeg.dcm", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.51"),
    ("SC_rgb_jpeg_gdcm.dcm", b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.57"),
    ("693_J2KI.dcm", b"1.2.840.10008.1.2.4.91", b"1.2.840.10008.1.2.4.90"),
)
PIXEL_DATA = b"\xe0\x7f\x10\x00"


def originals() -> list[bytes]:
    contents = [local_file(name).read_bytes() for name in NAMES]
    contents += [local_file(name).read_bytes().replace(old, new) for name, old, new in RENAMED]
    contents += [
        dicom(),
        dicom(WindowCenter="300", WindowWidth="400", PhotometricInterpretation="MONOCHROME1"),
    ]
    shades = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    contents += [saved(shades, kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF")]
    contents += [saved(shades, kind, save_all=True, append_images=[shades] * 2) for kind in ("TIFF", "WEBP")]
    return [*contents, archive(contents[1], contents[-1], b"a letter")]


def archive(*members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for number, content in enumerate(members):
            target.writestr(f"case-{number}/current", content)
    return buffer.getvalue()


def mutants(count: int) -> Iterator[bytes]:
    """Every original in turn, cut off, or with bytes changed in its head, its codestream's head, or anywhere."""
    rng, whole = np.random.default_rng(SEED), originals()
    for number in range(count):
        content = bytearray(whole[number % len(whole)])
        way = int(rng.integers(0, 4))
        if way == 0:
            yield bytes(content[: int(rng.integers(1, len(content)))])
            continue
        yield bytes(changed(content, rng, way))


def changed(content: bytearray, rng: np.random.Generator, way: int) -> bytearray:
    stream = max(0, content.find(PIXEL_DATA))
    start, span = ((132, 900), (stream + 8, 90), (0, len(content)))[way - 1]
    for place in rng.integers(0, span, size=int(rng.integers(1, 12))):
        content[(start + int(place)) % len(content)] = int(rng.integers(0, 256))
    return content


def unpacked(content: bytes, folder: Path, number: int) -> Iterator[Path]:
    """The file, or what can be had of its members if it is an archive."""
    path = folder / f"{number:06d}"
    path.write_bytes(content)
    if not content.startswith(b"PK"):
        yield path
        return
    with suppress(ArchiveError):
        for member in open_archive(path):
            inner = path.with_name(f"{path.name}-{member.position}")
            with suppress(MemberError):
                with inner.open("wb") as target:
                    member.write_to(target)
                yield inner


def test_a_thousand_mutants_kill_nothing_but_themselves(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(GOOD)
    asked: list[Path] = []

    def files() -> Iterator[Path]:
        for number, content in enumerate(mutants(MUTANTS)):
            for path in unpacked(content, tmp_path, number):
                asked.append(path)
                yield path
            if number % GOOD_EVERY == GOOD_EVERY - 1:
                asked.append(good)
                yield good

    fates: Counter[str] = Counter()
    for outcome in render_in_child(files(), tmp_path / "out"):
        fates["rendered" if isinstance(outcome, Rendered) else outcome.code] += 1
        if asked[-1] == good:
            assert np.array_equal(full(outcome), gradient())
        elif isinstance(outcome, Refused):
            assert outcome.sentence.endswith(".")
    assert fates.total() == len(asked) > MUTANTS
    assert fates["rendered"] - MUTANTS // GOOD_EVERY > 100, fates
    assert fates["damaged"] > 100, fates
    assert fates["took_too_long"] == 0, fates
