"""Clean frames made anew: boxes blacked out, images fitted into squares, and nothing else changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from readerstudy.imaging.remake import Box, normalise, remake
from readerstudy.imaging.rendition import Meta, Outcome, Rendered, render
from tests.imaging.conftest import RenderBytes
from tests.imaging.make import dicom, display, full, gradient, rendered, saved

Blacken = Callable[..., Rendered]
COLOURS = np.random.default_rng(3).integers(1, 256, (30, 40, 3), dtype=np.uint8)


def frames_of(outcome: Rendered) -> list[Path]:
    return [outcome.folder / entry["name"] for entry in outcome.meta["full"]]


def blackened(outcome: Outcome, folder: Path, boxes: Sequence[Box]) -> Rendered:
    """The rendition with boxes, in a folder of its own."""
    before = rendered(outcome)
    folder.mkdir()
    return Rendered(folder, remake(frames_of(before), before.meta, folder, boxes=boxes), 0.0)


def hashes_hold(outcome: Rendered) -> bool:
    entries = [*outcome.meta["full"], outcome.meta["display"], outcome.meta["preview"]]
    contents = [(outcome.folder / entry["name"]).read_bytes() for entry in entries]
    return all(
        entry["sha256"] == hashlib.sha256(content).hexdigest() and entry["bytes"] == len(content)
        for entry, content in zip(entries, contents, strict=True)
    ) and len(list(outcome.folder.iterdir())) == len(entries)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pixels=arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, min_side=4, max_side=24)),
    box=st.tuples(*[st.integers(-3, 27)] * 4),
)
def test_no_pixel_outside_a_box_changes(
    pixels: Any, box: Box, tmp_path_factory: pytest.TempPathFactory
) -> None:
    room = tmp_path_factory.mktemp("room")
    (room / "source").write_bytes(dicom(pixels))
    before = rendered(render(room / "source", room / "before"))
    inside = np.zeros(pixels.shape, dtype=bool)
    inside[max(0, box[1]) : max(0, box[3]), max(0, box[0]) : max(0, box[2])] = True
    if not inside.any():
        with pytest.raises(ValueError, match="covers no pixel"):
            blackened(before, room / "after", [box])
        return
    after = full(blackened(before, room / "after", [box]))
    assert np.array_equal(after[~inside], pixels[~inside])
    assert not after[inside].any()


@pytest.mark.parametrize(
    ("attributes", "black"),
    [
        ({}, 0),
        ({"PhotometricInterpretation": "MONOCHROME1"}, 65535),
        ({"RescaleSlope": "-2", "RescaleIntercept": "0"}, 65535),
        ({"RescaleSlope": "-2", "RescaleIntercept": "0", "PhotometricInterpretation": "MONOCHROME1"}, 0),
    ],
)
@pytest.mark.parametrize("windowed", [False, True])
def test_a_box_is_black_on_the_screen_whichever_way_the_values_run(
    render_bytes: RenderBytes, tmp_path: Path, attributes: dict[str, str], black: int, windowed: bool
) -> None:
    middle = "-3000" if "RescaleSlope" in attributes else "1500"
    window = {"WindowCenter": middle, "WindowWidth": "400"} if windowed else {}
    before = render_bytes(dicom(gradient() + 1, **attributes, **window))
    after = blackened(before, tmp_path / "after", [(4, 2, 20, 12)])
    assert set(full(after)[2:12, 4:20].ravel()) == {black}
    assert not display(after)[2:12, 4:20].any()
    with Image.open(after.folder / "preview.webp") as preview:
        assert np.asarray(preview.convert("L"))[5:9, 8:16].max() < 24
    outside = np.ones((24, 32), dtype=bool)
    outside[2:12, 4:20] = False
    assert np.array_equal(display(after)[outside], display(before)[outside])
    assert hashes_hold(after)


def test_the_description_changes_only_where_the_files_did(render_bytes: RenderBytes, tmp_path: Path) -> None:
    before = rendered(render_bytes(dicom(WindowCenter="300", WindowWidth="400", Modality="US")))
    after = blackened(before, tmp_path / "after", [(0, 0, 8, 4)])
    changed = {name for name in before.meta if before.meta[name] != after.meta[name]}  # type: ignore[literal-required]
    assert changed == {"masks", "full", "display", "preview"}
    assert before.meta["masks"] == []


def test_boxes_add_up_and_are_clipped(render_bytes: RenderBytes, tmp_path: Path) -> None:
    first = blackened(render_bytes(dicom()), tmp_path / "first", [(-5, -5, 3, 2)])
    second = blackened(first, tmp_path / "second", [(30, 20, 99, 99), (10, 10, 11, 11)])
    assert second.meta["masks"] == [[0, 0, 3, 2], [30, 20, 32, 24], [10, 10, 11, 11]]
    kept = full(second)
    assert not kept[:2, :3].any()
    assert not kept[20:, 30:].any()
    assert kept[10, 10] == 0


def test_every_frame_of_a_stack_gets_the_box(render_bytes: RenderBytes, tmp_path: Path) -> None:
    frames = np.stack([gradient() + 1] * 5)
    before = rendered(render_bytes(dicom(frames)))
    after = blackened(before, tmp_path / "after", [(1, 1, 9, 9)])
    for number in range(5):
        assert not full(after, number)[1:9, 1:9].any()
    assert after.meta["key_frame"] == 2
    assert hashes_hold(after)


def test_colours_stay_lossless_in_stills_and_close_in_cine(render_bytes: RenderBytes, tmp_path: Path) -> None:
    still = blackened(
        render_bytes(saved(Image.fromarray(COLOURS), "PNG")), tmp_path / "still", [(8, 8, 16, 16)]
    )
    expected = COLOURS.copy()
    expected[8:16, 8:16] = 0
    assert np.array_equal(full(still), expected)
    smooth = np.stack([gradient(32, 32, top=200).astype(np.uint8)] * 3, axis=-1)
    cine = blackened(
        render_bytes(dicom(np.stack([smooth] * 3), Modality="US")), tmp_path / "cine", [(8, 8, 24, 24)]
    )
    assert cine.meta["full"][0]["name"] == "full-0000.jpg"
    for number in range(3):
        assert full(cine, number)[10:22, 10:22].max() < 12
        assert np.abs(full(cine, number)[:7].astype(int) - smooth[:7]).max() < 12


def test_nothing_to_black_out_is_refused(render_bytes: RenderBytes, tmp_path: Path) -> None:
    before = rendered(render_bytes(dicom()))
    for boxes in ([(5, 5, 5, 9)], [(9, 5, 5, 9)], [(40, 0, 50, 5)], [(0, 0, 2, 2), (0, 24, 5, 30)]):
        with pytest.raises(ValueError, match="covers no pixel"):
            remake(frames_of(before), before.meta, tmp_path, boxes=boxes)
    with pytest.raises(ValueError, match="at least one box"):
        remake(frames_of(before), before.meta, tmp_path, boxes=[])
    with pytest.raises(ValueError, match="not those"):
        remake(frames_of(before) * 2, before.meta, tmp_path, boxes=[(0, 0, 1, 1)])


def test_one_frame_at_a_time_is_in_memory(
    render_bytes: RenderBytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame is written before the next one is opened."""
    before = rendered(render_bytes(dicom(np.stack([gradient()] * 4))))
    opened: list[int] = []
    open_image = Image.open

    def counted(path: Any, **options: Any) -> Any:
        opened.append(len(list((tmp_path / "after").glob("full-*"))))
        return open_image(path, **options)

    monkeypatch.setattr(Image, "open", counted)
    blackened(before, tmp_path / "after", [(0, 0, 4, 4)])
    assert opened == [0, 1, 2, 3]


Normal = Callable[..., Meta]


@pytest.fixture
def normal(tmp_path: Path) -> Normal:
    """A rendition's key frame in a square."""

    def run(outcome: Outcome, side: int, *, colour: bool = False) -> Meta:
        found = rendered(outcome)
        (tmp_path / "square").mkdir()
        key = frames_of(found)[found.meta["key_frame"]]
        return normalise(key, found.meta, tmp_path / "square", side=side, colour=colour)

    return run


def square(tmp_path: Path, name: str = "full-0000.png") -> Any:
    with Image.open(tmp_path / "square" / name) as image:
        return np.array(image)


@pytest.mark.parametrize("side", [24, 64, 100])
@pytest.mark.parametrize("colour", [False, True])
def test_a_square_has_one_size_depth_and_format(
    render_bytes: RenderBytes, normal: Normal, tmp_path: Path, side: int, colour: bool
) -> None:
    meta = normal(render_bytes(dicom(WindowCenter="300", WindowWidth="400")), side, colour=colour)
    pixels = square(tmp_path)
    assert pixels.dtype == np.uint8
    assert pixels.shape == ((side, side, 3) if colour else (side, side))
    assert np.array_equal(square(tmp_path, "display.png"), pixels)
    assert square(tmp_path, "preview.webp").shape[:2] == (side, side)
    assert (meta["width"], meta["height"], meta["bits"], meta["frames"]) == (side, side, 8, 1)
    assert hashes_hold(Rendered(tmp_path / "square", meta, 0.0))


def test_an_image_lies_in_the_middle_of_its_square_with_its_aspect(
    render_bytes: RenderBytes, normal: Normal, tmp_path: Path
) -> None:
    white = dicom(
        np.full((20, 40), 900, dtype=np.uint16),
        WindowCenter="300",
        WindowWidth="400",
        PixelSpacing=[0.3, 0.6],
        Modality="CT",
    )
    meta = normal(render_bytes(white), 80)
    assert meta["placed"] == {"scale": 2.0, "left": 0, "top": 20}
    assert meta["spacing_mm"] == pytest.approx([0.15, 0.3])
    pixels = square(tmp_path)
    assert (pixels[20:60] == 255).all()
    assert not pixels[:20].any()
    assert not pixels[60:].any()


def test_a_square_that_is_not_enlarged_keeps_the_display_values(
    render_bytes: RenderBytes, normal: Normal, tmp_path: Path
) -> None:
    outcome = render_bytes(
        dicom(
            gradient(24, 24), PhotometricInterpretation="MONOCHROME1", WindowCenter="900", WindowWidth="700"
        )
    )
    meta = normal(outcome, 24)
    assert np.array_equal(square(tmp_path), display(outcome))
    assert (meta["inverted"], meta["scale"], meta["offset"], meta["windows"]) == (False, 1.0, 0.0, [])
    assert meta["default_window"] == {"center": 128.0, "width": 256.0, "explanation": None}


def test_a_square_shows_the_key_frame_of_a_cine_in_colour_or_grey(
    render_bytes: RenderBytes, normal: Normal, tmp_path: Path
) -> None:
    frames = np.stack([np.full((16, 16, 3), shade, dtype=np.uint8) for shade in (10, 100, 200)])
    meta = normal(render_bytes(dicom(frames, Modality="US")), 32)
    assert (meta["kind"], meta["key_frame"], meta["frame_time_ms"]) == ("grey16", 0, None)
    assert abs(int(square(tmp_path)[16, 16]) - 100) <= 2


def test_boxes_move_with_their_image(render_bytes: RenderBytes, normal: Normal, tmp_path: Path) -> None:
    white = np.full((20, 40), 900, dtype=np.uint16)
    outcome = render_bytes(dicom(white, WindowCenter="300", WindowWidth="400"))
    meta = normal(blackened(outcome, tmp_path / "masked", [(10, 5, 20, 15)]), 60)
    assert meta["masks"] == [[15, 22, 30, 38]]
    assert square(tmp_path)[26:34, 19:26].max() < 20


def test_a_square_has_a_side(render_bytes: RenderBytes, normal: Normal) -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        normal(render_bytes(dicom()), 0)


@pytest.mark.parametrize("size", [(1, 500), (500, 1)])
def test_a_line_of_pixels_stays_visible(
    render_bytes: RenderBytes, normal: Normal, tmp_path: Path, size: tuple[int, int]
) -> None:
    normal(render_bytes(saved(Image.new("L", size, 255), "PNG")), 50)
    assert square(tmp_path).max() > 0
