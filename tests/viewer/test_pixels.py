"""What is on the canvas: 16-bit values through a window, values of single frames, the preview, an overlay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import expect

from readerstudy.imaging.products import encode_png
from tests.viewer.exhibition import Exhibition, Shown
from tests.viewer.looking import Looker, Pixels

Look = Callable[..., Looker]
SHAPE = (24, 32)


def grey(seed: int = 7, low: int = 0, high: int = 65536) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(low, high, SHAPE).astype(np.uint16)


def through(
    values: npt.NDArray[Any], center: float, width: float, *, linear: bool = False, inverted: bool = False
) -> Pixels:
    """The window of DICOM PS3.3 C.11.2.1, written down a second time."""
    low, span = (center - 0.5 - (width - 1) / 2, width - 1) if linear else (center - width / 2, width)
    share = np.clip((values - low) / span, 0, 1)
    return np.floor(255 * (1 - share if inverted else share) + 0.5).astype(np.uint8)


@pytest.mark.parametrize("window", [(32768, 65536), (1000, 300), (-200, 5000)])
@pytest.mark.parametrize("function", ["linear", "linear_exact"])
def test_a_window_shows_what_numpy_computes(
    exhibition: Exhibition, look: Look, window: tuple[int, int], function: str
) -> None:
    pixels = grey(high=4096)
    facts = {"scale": 1.5, "offset": -1024.0, "window_function": function}
    facts["window"] = {"center": window[0], "width": window[1], "name": ""}
    looker = look(exhibition.hang("scan", Shown((pixels,), facts)))
    expected = through(pixels * 1.5 - 1024.0, *window, linear=function == "linear")
    assert np.array_equal(looker.shades(SHAPE), expected)


def test_a_window_set_by_keys_is_exact_too_and_low_values_may_be_bright(
    exhibition: Exhibition, look: Look
) -> None:
    pixels = grey()
    facts = {"inverted": True, "window": {"center": 30000, "width": 40000, "name": ""}}
    looker = look(exhibition.hang("scan", Shown((pixels,), facts)))
    looker.focus()
    looker.press("Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown")
    window = looker.view()["window"]
    assert window["width"] > 40000
    assert window["center"] > 30000
    expected = through(pixels.astype(float), window["center"], window["width"], inverted=True)
    assert np.array_equal(looker.shades(SHAPE), expected)
    looker.press("i")
    expected = through(pixels.astype(float), window["center"], window["width"])
    assert np.array_equal(looker.shades(SHAPE), expected)


def test_one_screen_pixel_for_each_image_pixel_is_not_interpolated(
    exhibition: Exhibition, look: Look
) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (90, 131)).astype(np.uint16)
    facts = {"window": {"center": 32768, "width": 65536, "name": ""}}
    looker = look(exhibition.hang("scan", Shown((pixels,), facts)))
    looker.ask("viewer.zoomAt(1 / viewer.view.zoom, 301.3, 222.7)")
    shown = looker.shades(pixels.shape)
    wanted = through(pixels.astype(float), 32768, 65536)
    shifts = [np.roll(wanted, (dy, dx), (0, 1))[2:-2, 2:-2] for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert any(np.array_equal(shown[2:-2, 2:-2], shifted) for shifted in shifts)


def test_each_frame_has_values_of_its_own(exhibition: Exhibition, look: Look) -> None:
    frames = (grey(1, high=4096), grey(2, high=4096))
    own = [[1.0, 0.0], [2.5, -300.0]]
    window = {"center": 2000, "width": 4000, "name": ""}
    looker = look(exhibition.hang("stack", Shown(frames, {"frame_values": own, "window": window})))
    looker.focus()
    for number, (scale, offset) in enumerate(own):
        expected = through(frames[number] * scale + offset, 2000, 4000)
        assert np.array_equal(looker.shades(SHAPE), expected)
        looker.page.mouse.move(*looker.screen((5.5, 3.5))[0])
        expect(looker.viewer().locator(".probe")).to_have_text(
            f"5, 3 · {frames[number][3, 5] * scale + offset:g}"
        )
        looker.press("PageDown")
        looker.settle()


def test_the_preview_is_there_first_and_is_replaced(exhibition: Exhibition, look: Look) -> None:
    full = exhibition.hold("/scan/full-0")
    flat = np.full(SHAPE, 90, np.uint8)
    shown = Shown((grey(),), {"window": {"center": 32768, "width": 65536, "name": ""}}, preview=flat)
    looker = look(exhibition.hang("scan", shown))
    state = looker.viewer().locator(".state")
    looker.wait_for("viewer.preview !== null && viewer.meta.kind === 'grey16'")
    expect(state).to_have_text("preview")
    assert np.array_equal(looker.shades(SHAPE), flat)
    assert looker.ask("viewer.shown.full") is False
    full.set()
    expect(state).to_have_text("full range")
    assert np.array_equal(looker.shades(SHAPE), through(grey().astype(float), 32768, 65536))
    assert looker.ask("viewer.shown.full") is True
    assert looker.said == "The image is loaded in full range."


def test_a_stack_opens_at_its_key_frame_which_the_preview_shows(exhibition: Exhibition, look: Look) -> None:
    held = exhibition.hold("/stack/full-2")
    frames = tuple(np.full(SHAPE, 1000 * number, np.uint16) for number in range(5))
    window = {"center": 2000, "width": 4000, "name": ""}
    shown = Shown(frames, {"key_frame": 2, "window": window}, preview=np.full(SHAPE, 77, np.uint8))
    looker = look(exhibition.hang("stack", shown))
    looker.wait_for("viewer.meta.frames === 5 && viewer.preview !== null")
    assert looker.view()["frame"] == 2
    assert set(looker.shades(SHAPE).ravel()) == {77}
    assert "/stack/full-0" not in exhibition.asked
    held.set()
    looker.settle()
    assert set(looker.shades(SHAPE).ravel()) == {128}


def test_a_preview_never_stands_for_another_frame(exhibition: Exhibition, look: Look) -> None:
    exhibition.hold("/stack/full-0")
    exhibition.hold("/stack/full-1")
    frames = tuple(np.full(SHAPE, 1000, np.uint16) for _number in range(2))
    looker = look(exhibition.hang("stack", Shown(frames, preview=np.full(SHAPE, 77, np.uint8))))
    looker.wait_for("viewer.meta.frames === 2 && viewer.preview !== null")
    looker.focus()
    looker.press("PageDown")
    expect(looker.viewer().locator(".state")).to_have_text("loading…")
    assert set(looker.colours([(4.0, 4.0)]).ravel()) == {0}
    for event in exhibition.held.values():
        event.set()
    looker.settle()


def test_an_overlay_adds_light_and_goes_again(exhibition: Exhibition, look: Look) -> None:
    pixels = grey()
    heat = np.zeros((4, 4, 3), np.uint8)
    heat[:, 2:, 0] = 200
    exhibition.files["/heat"] = ("image/png", encode_png(heat))
    attributes = {"data-overlay": "/heat", "data-overlay-label": "Heat map"}
    facts = {"window": {"center": 32768, "width": 65536, "name": ""}}
    looker = look(exhibition.hang("scan", Shown((pixels,), facts, attributes)))
    plain = looker.shades(SHAPE)
    button = looker.page.get_by_role("button", name="Heat map")
    expect(button).to_have_attribute("aria-pressed", "false")
    looker.focus()
    looker.press("o")
    expect(button).to_have_attribute("aria-pressed", "true")
    looker.wait_for("viewer.querySelector('[role=status]').textContent === 'Heat map: shown'")
    left, right = (2.5, 10.5), (30.5, 10.5)
    found = looker.colours([left, right]).astype(int)
    below = [int(plain[10, 2]), int(plain[10, 30])]
    assert found[0].tolist()[:3] == [below[0]] * 3, "black adds nothing"
    assert found[1][1] == below[1]
    assert abs(found[1][0] - (255 - (255 - below[1]) * (255 - 200) / 255)) <= 1
    button.click()
    assert looker.said == "Heat map: hidden"
    assert np.array_equal(looker.shades(SHAPE), plain)


def test_an_overlay_that_does_not_come_is_said_and_can_be_tried_again(
    exhibition: Exhibition, look: Look
) -> None:
    looker = look(exhibition.hang("scan", Shown((grey(),), {}, {"data-overlay": "/heat"})))
    looker.focus()
    looker.press("o")
    looker.wait_for(
        "viewer.querySelector('[role=status]').textContent.startsWith('The overlay could not be loaded')"
    )
    assert looker.view()["overlay"] is False
    exhibition.files["/heat"] = ("image/png", encode_png(np.zeros((4, 4, 3), np.uint8)))
    looker.press("o")
    looker.wait_for("viewer.querySelector('[role=status]').textContent === 'Overlay: shown'")
    looker.complaints.clear()  # the browser's own line about the answer 404


PAINTINGS = """async ([element, urls]) => {
  const Viewer = customElements.get("rs-viewer");
  await Viewer.prefetch(urls);
  const { paint } = Viewer.prototype;
  window.paintings = [];
  Viewer.prototype.paint = function () {
    if (this.size) window.paintings.push([this.view.zoom, this.view.lift]);
    return paint.call(this);
  };
  document.querySelector(".images").innerHTML = element;
}"""


def test_an_image_that_was_fetched_beforehand_is_painted_once_and_never_moves(
    exhibition: Exhibition, look: Look
) -> None:
    facts = {"window": {"center": 30000, "width": 40000, "name": ""}}
    scan = Shown((grey(),), facts, preview=np.zeros((8, 8, 3), np.uint8))
    looker = look(exhibition.hang("one", scan), viewport={"width": 600, "height": 500})
    following = exhibition.hang("two", scan)
    looker.page.evaluate(PAINTINGS, [following, ["/two/meta", "/two/preview", "/two/full-0"]])
    looker.settle()
    looker.watch(10)
    (placed,) = looker.page.evaluate("() => window.paintings")
    assert placed == [looker.view()["zoom"], looker.view()["lift"]]
