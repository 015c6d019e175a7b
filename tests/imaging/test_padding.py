"""Files of equal length that still are the same image, to Pillow and to a browser."""

from __future__ import annotations

import base64
import hashlib
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from readerstudy.imaging.remake import common_size, pad_png, pad_webp
from tests.imaging.make import gradient, saved
from tests.imaging.test_leaks import png_chunks

PADDERS: dict[str, Any] = {"PNG": pad_png, "WEBP": pad_webp}
SHADES = Image.fromarray(np.kron(gradient(8, 8, top=255), np.ones((5, 5))).astype(np.uint8))


def written(folder: Path, image: Image.Image, kind: str) -> Path:
    path = folder / f"image.{kind.lower()}"
    path.write_bytes(saved(image, kind))
    return path


def pixels(path: Path) -> Any:
    with Image.open(path) as image:
        image.load()
        return np.array(image)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("image", [SHADES, SHADES.convert("RGB")], ids=["grey", "rgb"])
@pytest.mark.parametrize("more", [26, 100, 65_536, 1_000_000])
def test_a_padded_file_has_the_asked_size_and_the_same_pixels(
    tmp_path: Path, kind: str, image: Image.Image, more: int
) -> None:
    path = written(tmp_path, image, kind)
    before, size = pixels(path), path.stat().st_size + more
    entry = PADDERS[kind](path, size)
    assert path.stat().st_size == size == entry["bytes"]
    assert entry == {
        "name": path.name,
        "bytes": size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert np.array_equal(pixels(path), before)


def test_a_padded_png_is_sound_to_the_last_checksum(tmp_path: Path) -> None:
    path = written(tmp_path, SHADES, "PNG")
    pad_png(path, 5000)
    names = png_chunks(path.read_bytes())
    assert names[-1] == b"IEND"
    assert names[-2][:1].islower()


def test_16_bit_frames_can_be_padded_too(tmp_path: Path) -> None:
    path = written(tmp_path, Image.fromarray(gradient()), "PNG")
    pad_png(path, 9000)
    assert np.array_equal(pixels(path), gradient())


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_file_can_be_padded_again_or_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, SHADES, kind)
    PADDERS[kind](path, 4000)
    once = path.read_bytes()
    PADDERS[kind](path, 4000)
    assert path.read_bytes() == once
    PADDERS[kind](path, 6000)
    assert path.stat().st_size == 6000
    assert np.array_equal(pixels(path).shape[:2], (40, 40))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_cannot_be_padded_is_left_alone(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, SHADES, kind)
    content = path.read_bytes()
    for size in (len(content) - 1, len(content) + 1, len(content) + 6):
        with pytest.raises(ValueError, match=r"\.$"):
            PADDERS[kind](path, size)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="This is no"):
        PADDERS[kind](path, 4000)
    path.write_bytes(content)
    assert path.read_bytes() == content


def test_a_webp_of_odd_size_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        pad_webp(written(tmp_path, SHADES, "WEBP"), 4001)


def test_files_of_any_size_can_be_brought_to_a_common_one(tmp_path: Path) -> None:
    rng = random.Random(4)
    for kind, pad in PADDERS.items():
        images = [SHADES.resize((side, side)).rotate(rng.random() * 90) for side in range(20, 90, 7)]
        paths = [tmp_path / f"{number}.{kind}" for number in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            path.write_bytes(saved(image, kind))
        size = common_size(path.stat().st_size for path in paths)
        assert {pad(path, size)["bytes"] for path in paths} == {size}
    assert common_size([1024]) == 2048
    assert common_size([990]) == 1024


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("image", [SHADES, SHADES.convert("RGB")], ids=["grey", "rgb"])
def test_a_browser_draws_the_same_pixels(
    browser: Browser, tmp_path: Path, kind: str, image: Image.Image
) -> None:
    path = written(tmp_path, image, kind)
    page = browser.new_page()
    plain = drawn(page, path, kind)
    PADDERS[kind](path, common_size([path.stat().st_size]))
    assert drawn(page, path, kind) == plain
    assert len(plain) == 40 * 40 * 4
    assert len(set(plain)) > 20
    page.close()


def drawn(page: Any, path: Path, kind: str) -> list[int]:
    """The pixels as the browser decodes them."""
    address = f"data:image/{kind.lower()};base64,{base64.b64encode(path.read_bytes()).decode()}"
    found: list[int] = page.evaluate(
        """async (address) => {
            const image = new Image();
            image.src = address;
            await image.decode();
            const canvas = Object.assign(document.createElement("canvas"), {width: 40, height: 40});
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return Array.from(context.getImageData(0, 0, 40, 40).data);
        }""",
        address,
    )
    return found
