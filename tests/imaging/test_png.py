"""Our PNG writer: every pixel comes back, in every shape of array, and the files are smaller than Pillow's."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from readerstudy.imaging.phantoms import draw_chest, draw_fundus
from readerstudy.imaging.png import encode_png
from tests.imaging.make import gradient, saved
from tests.imaging.test_leaks import png_chunks


def decoded(content: bytes) -> Any:
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_an_8_bit_grey_png_gives_back_every_bit(pixels: Any) -> None:
    content = encode_png(pixels)
    assert content[24:26] == b"\x08\x00", "the header must say 8 bits, grey"
    assert np.array_equal(decoded(content), pixels)


@pytest.mark.parametrize("shape", [(900, 1000), (1, 900_000), (900_000, 1), (700, 700, 3)])
def test_images_of_several_strips_have_no_seams(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 250, shape, dtype=np.uint8)
    kinds: list[Any] = [pixels] if len(shape) == 3 else [pixels, pixels.astype(np.uint16) * 257]
    for kind in kinds:
        assert np.array_equal(decoded(encode_png(kind)), kind)


def test_the_order_of_bytes_in_memory_does_not_matter() -> None:
    plain = gradient(30, 40)
    swapped = plain.astype(">u2")
    mirrored = np.flipud(np.fliplr(plain))
    frozen = plain.copy()
    frozen.setflags(write=False)
    assert encode_png(swapped) == encode_png(plain) == encode_png(frozen)
    assert np.array_equal(decoded(encode_png(mirrored)), mirrored)
    assert np.array_equal(decoded(encode_png(plain.T)), plain.T)


def test_a_png_holds_nothing_but_the_image() -> None:
    assert png_chunks(encode_png(gradient())) == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("phantom", [draw_chest(seed=1), draw_fundus(seed=1)], ids=["chest", "fundus"])
def test_noisy_images_are_smaller_than_with_the_usual_encoder(phantom: Any) -> None:
    usual = saved(Image.fromarray(phantom.pixels), "PNG", compress_level=1)
    assert len(encode_png(phantom.pixels)) < len(usual)


def test_a_black_image_is_small() -> None:
    assert len(encode_png(np.zeros((2000, 2000), dtype=np.uint16))) < 50_000
