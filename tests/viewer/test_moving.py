"""Frames and views: playing, linked images, what survives, what is recorded, and where keys go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.viewer.exhibition import Exhibition, Shown
from tests.viewer.looking import Looker

Look = Callable[..., Looker]
FAST: dict[str, Any] = {"frame_time_ms": 20}


def scan(frames: int = 1, size: tuple[int, int] = (60, 80), seed: int = 0, **facts: Any) -> Shown:
    drawn = np.random.default_rng(seed)
    return Shown(tuple(drawn.integers(0, 65536, size).astype(np.uint16) for _number in range(frames)), facts)


# --- playing
def test_playing_goes_round_and_pauses(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", scan(4, **FAST)))
    looker.page.evaluate(
        "document.addEventListener('rs-viewer:loaded', () => (window.shown = (window.shown ?? 0) + 1))"
    )
    button = looker.page.get_by_role("button", name="Play")
    looker.focus()
    looker.press("c")
    looker.page.wait_for_function("() => window.shown > 6")
    assert looker.said == "Playing, 1×."
    looker.page.get_by_role("button", name="Pause").click()
    expect(button).to_be_visible()
    frame = looker.view()["frame"]
    assert looker.said == f"Paused at frame {frame + 1} of 4."
    looker.watch()
    assert looker.view()["frame"] == frame
    assert looker.ask("viewer.shown.seen") == 4


def test_playing_waits_for_a_frame_that_has_not_arrived(exhibition: Exhibition, look: Look) -> None:
    held = exhibition.hold("/stack/full-2")
    looker = look(exhibition.hang("stack", scan(4, **FAST)))
    looker.wait_for("viewer.isFull")
    looker.focus()
    looker.press("c")
    looker.wait_for("viewer.view.frame === 1 && viewer.isFull")
    looker.watch()
    assert looker.view()["frame"] == 1
    held.set()
    looker.wait_for("viewer.view.frame === 3")


def test_playing_has_speeds_and_stops_when_the_reader_scrolls(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", scan(6, frame_time_ms=40)))
    assert looker.ask("viewer.frames.cine.interval") == 40
    looker.focus()
    looker.press("<", ",", "<", "<")
    assert looker.ask("viewer.frames.cine.interval") == 160
    looker.viewer().get_by_label("Speed").select_option("4")
    assert looker.ask("viewer.frames.cine.interval") == 10
    looker.focus()
    looker.press("c")
    looker.wait_for("viewer.view.frame === 2")
    looker.page.mouse.move(*looker.screen((40, 30))[0])
    looker.page.mouse.wheel(0, 100)
    looker.wait_for("!viewer.frames.cine.playing")


def test_the_usual_speed_is_ten_frames_a_second(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", scan(2, frame_time_ms=None)))
    assert looker.ask("viewer.frames.cine.interval") == 100


def test_nothing_moves_unasked(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", scan(3, **FAST)), reduced_motion="reduce")
    looker.watch()
    assert looker.view()["frame"] == 0
    looker.focus()
    looker.press("c")
    looker.wait_for("viewer.view.frame === 1")


# --- linked images
def test_linked_images_move_together_and_keep_their_own_window(exhibition: Exhibition, look: Look) -> None:
    looker = look(
        exhibition.hang("current", scan(size=(60, 80))), exhibition.hang("prior", scan(size=(120, 160)))
    )
    looker.focus()
    looker.ask("viewer.zoomAt(2, 100, 120)")
    looker.press("r", "h", "ArrowLeft", "Shift+ArrowRight")
    current, prior = looker.view(0), looker.view(1)
    assert np.isclose(prior["zoom"], current["zoom"] / 2, rtol=1e-3)
    assert np.isclose(prior["x"], 2 * current["x"])
    assert np.isclose(prior["y"], 2 * current["y"])
    assert (prior["turn"], prior["flip"]) == (current["turn"], current["flip"]) == (1, True)
    assert prior["window"] != current["window"]
    looker.press("l")
    expect(looker.viewer(1).get_by_role("button", name="Link")).to_have_attribute("aria-pressed", "false")
    looker.press("r", "+")
    assert looker.view(1) == prior


def test_images_beside_each_other_lie_level_though_one_has_more_tools(
    exhibition: Exhibition, look: Look
) -> None:
    shown = scan()
    more = Shown(shown.frames, {}, {"data-overlay": "/x", "data-tools": "box point length polygon"})
    looker = look(exhibition.hang("current", more), exhibition.hang("prior", shown))
    heights = looker.page.evaluate(
        "[...document.querySelectorAll('rs-viewer')].map((one) => one.chrome.height)"
    )
    assert heights[0] > heights[1]
    current, prior = looker.view(0), looker.view(1)
    assert (current["zoom"], current["lift"]) == (prior["zoom"], prior["lift"])


def test_linked_stacks_step_along_in_proportion(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("current", scan(11, **FAST)), exhibition.hang("prior", scan(6)))
    looker.focus()
    looker.press(*["PageDown"] * 4)
    assert (looker.view(0)["frame"], looker.view(1)["frame"]) == (4, 2)
    looker.focus(1)
    looker.press("PageDown", "PageDown", "PageDown")
    assert (looker.view(0)["frame"], looker.view(1)["frame"]) == (10, 5)
    looker.focus(0)
    looker.press("c")
    looker.wait_for("viewer.view.frame >= 2 && viewer.view.frame < 10")
    looker.press("c")
    assert looker.view(1)["frame"] == int(looker.view(0)["frame"] / 2 + 0.5)


@pytest.mark.parametrize("size", [(1366, 768), (768, 1024)])
def test_labels_stay_in_sight(exhibition: Exhibition, look: Look, size: tuple[int, int]) -> None:
    names = ("current", "prior")
    hung = [
        exhibition.hang(name, Shown(scan(3).frames, {}, {"data-overlay": "/x", "data-tools": "box length"}))
        for name in names
    ]
    looker = look(*hung, viewport={"width": size[0], "height": size[1]})
    looker.focus()

    def seen(name: str) -> bool:
        return bool(
            looker.page.evaluate(
                """(name) => {
                  const labels = [...document.querySelectorAll("rs-viewer .name")];
                  const label = labels.find((one) => one.textContent === name);
                  const { left, top, right, bottom } = label.getBoundingClientRect();
                  label.style.pointerEvents = "auto";
                  const middle = [(left + right) / 2, (top + bottom) / 2];
                  const places = [[left + 3, top + 3], [right - 3, bottom - 3], middle];
                  return places.every(([x, y]) => document.elementFromPoint(x, y) === label);
                }""",
                name,
            )
        )

    assert all(seen(name) for name in names)
    looker.press("f")
    looker.wait_for("document.fullscreenElement === viewer")
    assert seen("current")


# --- what survives and what is told
def test_a_view_survives_a_page_that_swaps_its_parts(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", Shown(scan(3).frames, {}, {"data-tools": "length"})))
    looker.focus()
    looker.press(
        "PageDown",
        "r",
        "h",
        "i",
        "+",
        "Shift+ArrowUp",
        "m",
        "ArrowLeft",
        "Enter",
        "ArrowRight",
        "Enter",
        "Escape",
    )
    before, drawn = looker.view(), looker.ask("viewer.marks")
    assert len(drawn) == 1
    looker.page.evaluate(
        """() => {
          const parsed = new DOMParser().parseFromString(document.querySelector("rs-viewer").outerHTML, "text/html");
          const next = document.adoptNode(parsed.querySelector("rs-viewer"));
          next.replaceChildren();
          document.querySelector("rs-viewer").replaceWith(next);
        }"""
    )
    looker.wait_for("viewer.settled && viewer.isFull && viewer.size")
    assert looker.view() == before
    assert looker.ask("viewer.marks") == drawn


def test_what_the_reader_did_is_told_in_few_numbers(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", Shown(scan(5).frames, {}, {"data-tools": "point"})))
    looker.focus()
    looker.press(
        "i", "r", "+", "ArrowLeft", "PageDown", "Shift+ArrowRight", "p", "ArrowUp", "Enter", "Enter", "Enter"
    )
    looker.settle()
    told = looker.ask("viewer.shown")
    assert told["acts"] == {"invert": 1, "turn": 1, "zoom": 1, "pan": 1, "frame": 1, "window": 1, "marks": 3}
    assert (told["frame"], told["seen"], told["full"], told["ratio"]) == (1, 2, True, 1)
    pane = looker.viewer().bounding_box()
    assert pane is not None
    assert told["pane"] == [round(pane["width"]), round(pane["height"])]
    looker.wait_for(f"viewer.shown.seconds > {told['seconds']}")
    assert len(str(told)) < 300


def test_a_drag_is_one_act_and_hidden_time_does_not_count(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    looker.ask("viewer.zoomAt(3)")
    looker.drag((30, 30), (45, 40))
    assert looker.ask("viewer.shown.acts") == {"zoom": 1, "pan": 1}
    looker.ask(
        """{
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    seconds = looker.ask("viewer.shown.seconds")
    looker.watch()
    assert looker.ask("viewer.shown.seconds") == seconds


# --- keys and names
READING = """<form id="reading">
<p tabindex="-1" class="criterion" data-field="q"><textarea aria-label="Note"></textarea></p>
<button type="button" id="elsewhere">Elsewhere</button></form>
<input type="checkbox" id="single-keys" aria-label="Single keys" checked><dialog id="help"></dialog>"""
STAND_IN = """window.done = [];
document.querySelector("#reading").reading = new Proxy({ active: null, posting: false }, {
  get: (known, name) => name in known ? known[name] : () => { window.done.push(name); return true; },
}); null;"""


@pytest.fixture
def reading(exhibition: Exhibition, look: Look) -> Looker:
    """A viewer beside a text field, with the keyboard of the reading page."""
    shown = Shown(scan(3).frames, {}, {"data-tools": "length", "data-overlay": "/none"})
    looker = look(exhibition.hang("stack", shown), beside=READING, scripts=("keys.js",))
    looker.page.evaluate(STAND_IN)
    return looker


def test_keys_reach_the_viewer_from_anywhere_but_a_text_field(reading: Looker) -> None:
    before = reading.view()
    reading.page.get_by_label("Note").focus()
    reading.press("c", "m", "r", "i", "o", "[", "Delete", "Shift+ArrowRight", "PageDown", ">")
    assert reading.view() == before
    assert reading.ask("viewer.pen.tool") is None
    assert reading.ask("viewer.frames.cine.playing") is False
    reading.page.locator("#elsewhere").focus()
    reading.press("r", ">", "PageDown")
    after = reading.view()
    assert (after["turn"], after["frame"]) == (1, 1)
    assert reading.ask("viewer.frames.cine.speed") == 2


def test_while_measuring_arrows_enter_and_escape_belong_to_the_image(reading: Looker) -> None:
    reading.page.locator("#elsewhere").focus()
    reading.press("m")
    assert reading.page.evaluate("document.activeElement.matches('.stage')")
    reading.page.evaluate(
        "document.querySelector('#reading').tabIndex = -1; document.querySelector('#reading').focus()"
    )
    reading.press("ArrowDown", "Enter", "Shift+ArrowDown", "Enter")
    assert len(reading.ask("viewer.marks")) == 1
    reading.press("Escape")
    assert reading.page.evaluate("window.done") == []
    reading.press("ArrowDown", "Enter", "Escape")
    assert reading.page.evaluate("window.done") == ["step", "submit", "stop"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_tool_has_name_role_and_size(exhibition: Exhibition, look: Look, scheme: str) -> None:
    attributes = {
        "data-tools": "box point length polygon",
        "data-overlay": "/none",
        "data-overlay-label": "Heat map",
    }
    hung = [
        exhibition.hang(name, Shown(scan(3, size=(90, 70)).frames, {}, attributes))
        for name in ("current", "prior")
    ]
    looker = look(*hung, color_scheme=scheme)
    found = Axe().run(looker.page)
    assert found.violations_count == 0, found.generate_report()
    for tool in looker.viewer().locator("button:visible, select:visible").all():
        box = tool.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    keys = (
        looker.viewer()
        .locator("button:visible")
        .evaluate_all(
            "(all) => all.map((one) => one.ariaKeyShortcuts ?? one.getAttribute('aria-keyshortcuts'))"
        )
    )
    assert len(set(keys)) == len(keys) == 14
