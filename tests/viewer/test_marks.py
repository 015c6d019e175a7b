"""Marks: drawn by mouse, touch and keyboard, kept in pixels of the original image, measured honestly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.viewer.exhibition import Exhibition, Shown
from tests.viewer.looking import Looker

Look = Callable[..., Looker]
ALL = "box point length polygon"
CALIBRATED = {"spacing_mm": [0.5, 0.25], "spacing_kind": "calibrated"}
WIDTH, HEIGHT = 300, 200


def scan(tools: str = ALL, frames: int = 1, **facts: Any) -> Shown:
    pixels = np.random.default_rng(3).integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16)
    return Shown((pixels,) * frames, facts, {"data-tools": tools})


def marks(looker: Looker) -> Any:
    return looker.ask("viewer.marks")


def turn(looker: Looker) -> None:
    """Zoom at a point off the middle, a quarter turn, a flip and a pan: nothing of it may reach the marks."""
    looker.focus()
    looker.press("r", "h")
    looker.ask("viewer.zoomAt(1.7, 210, 333)")
    looker.press("ArrowUp")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("ratio", [1, 2])
def test_a_box_by_mouse_is_kept_in_pixels_of_the_image(
    exhibition: Exhibition, look: Look, turned: bool, ratio: int
) -> None:
    looker = look(exhibition.hang("scan", scan()), device_scale_factor=ratio)
    if turned:
        turn(looker)
    looker.page.get_by_role("button", name="Box").click()
    looker.drag((200, 130), (120, 60))
    (mark,) = marks(looker)
    assert (mark["kind"], mark["frame"]) == ("box", 0)
    assert np.allclose(mark["points"], [[120, 60], [200, 130]], atol=0.6)
    before = mark["points"]
    looker.press("0", "r", "+", "h")
    assert marks(looker)[0]["points"] == before


@pytest.mark.parametrize("turned", [False, True])
def test_a_box_by_keyboard_alone_is_exact(exhibition: Exhibition, look: Look, turned: bool) -> None:
    looker = look(exhibition.hang("scan", scan()))
    if turned:
        turn(looker)
    looker.focus()
    looker.press("b", "ArrowLeft")
    start = looker.ask("viewer.pen.cursor")
    assert [round(value) for value in start] == start, "the cross starts on a corner of a pixel"
    expect(looker.viewer().locator(".cross")).to_have_count(1)
    looker.press(
        "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "Shift+ArrowDown", "ArrowUp", "Enter"
    )
    (mark,) = marks(looker)
    across, down = 21, 9
    (left, top), (right, low) = mark["points"]
    step = max(1, round(1 / looker.view()["zoom"]))
    wanted = (down, across) if turned else (across, down)
    assert (right - left, low - top) == tuple(step * value for value in wanted)
    assert start in ([left, top], [right, top], [left, low], [right, low])
    if not turned:
        assert [left, top] == start, "right and down are right and down in the image as well"
    assert looker.said.startswith("Box drawn: ")


def test_a_turned_cross_moves_as_the_arrow_points(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    turn(looker)
    looker.press("p", "ArrowRight")
    for key, moved in (
        ("ArrowRight", (1, 0)),
        ("ArrowDown", (0, 1)),
        ("Shift+ArrowLeft", (-1, 0)),
        ("ArrowUp", (0, -1)),
    ):
        here = looker.ask("viewer.pen.cursor")
        before = looker.screen(tuple(here))[0]
        looker.press(key)
        after = looker.screen(tuple(looker.ask("viewer.pen.cursor")))[0]
        direction = tuple(np.sign(np.round(np.subtract(after, before), 3)))
        assert direction == moved


def test_the_cross_stays_in_sight_and_inside_the_image(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    looker.focus()
    looker.ask("viewer.zoomAt(6)")
    looker.press("p", "ArrowRight", *["Shift+ArrowRight"] * 25, "Enter")
    assert marks(looker)[0]["points"][0][0] == WIDTH
    pane = looker.viewer().bounding_box()
    assert pane is not None
    (x, _y) = looker.screen((WIDTH, marks(looker)[0]["points"][0][1]))[0]
    assert pane["x"] < x < pane["x"] + pane["width"]


def test_a_polygon_is_closed_by_a_double_click_and_by_enter_twice(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    looker.focus()
    looker.press("g")
    corners = [(50, 50), (150, 40), (160, 120)]
    for corner in corners:
        looker.click(corner)
    assert marks(looker) == [], "still open"
    looker.page.mouse.dblclick(*looker.screen((70, 140))[0])
    (by_mouse,) = marks(looker)
    assert np.allclose(by_mouse["points"], [*corners, (70, 140)], atol=0.6)
    looker.press("ArrowLeft", "Enter", "Enter")
    assert looker.said == "An outline needs at least three corners. Set another one."
    looker.press("Shift+ArrowRight", "Enter", "Shift+ArrowDown", "Enter", "Enter")
    by_mouse_again, by_keys = marks(looker)
    assert by_mouse_again == by_mouse
    (x, y), step = by_keys["points"][0], 10 * max(1, round(1 / looker.view()["zoom"]))
    assert by_keys["points"] == [[x, y], [x + step, y], [x + step, y + step]]
    assert looker.ask("viewer.view.fit") is True, "no click of a drawing zoomed"


def test_points_and_lengths_by_touch_and_two_fingers_that_zoom_instead(
    exhibition: Exhibition, look: Look
) -> None:
    looker = look(exhibition.hang("scan", scan()), has_touch=True, viewport={"width": 768, "height": 1024})
    looker.page.get_by_role("button", name="Length").tap()
    touch = looker.page.context.new_cdp_session(looker.page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    start, end = looker.screen((40, 50), (220, 150))
    fingers("touchStart", start)
    fingers("touchMove", end)
    fingers("touchEnd")
    (mark,) = marks(looker)
    assert np.allclose(mark["points"], [[40, 50], [220, 150]], atol=1)
    zoom = looker.view()["zoom"]
    fingers("touchStart", start)
    fingers("touchStart", start, end)
    fingers("touchMove", (start[0] - 20, start[1] - 20), (end[0] + 20, end[1] + 20))
    fingers("touchEnd")
    assert looker.view()["zoom"] > zoom * 1.05
    assert len(marks(looker)) == 1
    looker.page.get_by_role("button", name="Point").tap()
    looker.page.touchscreen.tap(*looker.screen((100, 100))[0])
    assert np.allclose(marks(looker)[1]["points"], [[100, 100]], atol=1)


@pytest.mark.parametrize(
    ("facts", "length", "box"),
    [
        (CALIBRATED, "25 mm", "15 × 40 mm · 600 mm²"),
        (
            {**CALIBRATED, "spacing_kind": "at detector"},
            "25 mm at detector",
            "15 × 40 mm at detector · 600 mm² at detector",
        ),
        ({**CALIBRATED, "spacing_kind": None}, "72.1 px", "60 × 80 px · 4800 px²"),
        ({}, "72.1 px", "60 × 80 px · 4800 px²"),
    ],
)
def test_millimetres_are_shown_only_where_the_image_is_calibrated(
    exhibition: Exhibition, look: Look, facts: dict[str, Any], length: str, box: str
) -> None:
    looker = look(exhibition.hang("scan", scan(**facts)))
    drawn = [
        {"kind": "length", "frame": 0, "points": [[10, 10], [70, 50]]},
        {"kind": "box", "frame": 0, "points": [[100, 100], [160, 180]]},
        {"kind": "polygon", "frame": 0, "points": [[0, 0], [40, 0], [40, 40]], "label": "A"},
        {"kind": "point", "frame": 0, "points": [[5, 6]]},
    ]
    looker.viewer().evaluate("(viewer, marks) => { viewer.marks = marks; viewer.paint(); }", drawn)
    texts = looker.viewer().locator(".marks text").all_text_contents()
    assert texts[:2] == [length, box]
    area = {"mm": "100 mm²", "px": "800 px²", "mm at detector": "100 mm² at detector"}[
        length.split(" ", 1)[1]
    ]
    assert texts[2:] == [f"A · {area}", ""]


def test_marks_are_selected_removed_and_told(exhibition: Exhibition, look: Look) -> None:
    first = [
        {"kind": "point", "frame": 0, "points": [[20.5, 30]]},
        {"kind": "box", "frame": 0, "points": [[90, 80], [50, 40]]},
    ]
    shown = scan()
    attributes = {**shown.attributes, "data-marks": json.dumps(first)}
    looker = look(exhibition.hang("scan", Shown(shown.frames, {}, attributes)))
    looker.page.evaluate(
        "document.addEventListener('rs-viewer:marked', (event) => { window.told = event.detail.marks; })"
    )
    assert [mark["points"] for mark in marks(looker)] == [[[20.5, 30]], [[50, 40], [90, 80]]]
    looker.focus()
    looker.press("]")
    assert looker.said == "Point 1 of 2: 20.5, 30."
    looker.press("]")
    assert looker.said == "Box 2 of 2: 40 × 40 px · 1600 px²."
    expect(looker.viewer().locator(".mark.selected")).to_have_attribute("data-kind", "box")
    looker.press("Delete")
    assert looker.said == "Box removed."
    assert looker.page.evaluate("window.told") == [first[0]]
    looker.press("Delete")
    assert looker.said == "Select a mark first, with Tab or by a click on it."
    looker.click((20.5, 30))
    looker.press("Delete")
    assert marks(looker) == []


def test_tab_goes_through_the_marks_and_then_on(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    looker.ask("{ viewer.marks = [20, 40].map((x) => ({ kind: 'point', frame: 0, points: [[x, x]] })); }")
    looker.focus()
    looker.press("p", "Tab")
    assert looker.said == "Point 1 of 2: 20, 20."
    looker.press("Tab")
    assert looker.said == "Point 2 of 2: 40, 40."
    looker.press("Tab")
    assert looker.page.evaluate("document.activeElement.matches('button.tool')")


def test_escape_gives_up_a_drawing_and_then_the_tool(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    looker.focus()
    looker.press("m", "ArrowLeft", "Enter", "Escape")
    assert looker.said == "The drawing is cancelled."
    button = looker.page.get_by_role("button", name="Length")
    expect(button).to_have_attribute("aria-pressed", "true")
    looker.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert marks(looker) == []


def test_a_mark_belongs_to_its_frame(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("stack", scan(frames=3)))
    looker.focus()
    looker.press("PageDown", "p", "ArrowLeft", "Enter", "Escape")
    assert [mark["frame"] for mark in marks(looker)] == [1]
    expect(looker.viewer().locator(".mark")).to_have_count(1)
    looker.press("PageDown")
    expect(looker.viewer().locator(".mark")).to_have_count(0)
    looker.press("PageUp")
    expect(looker.viewer().locator(".mark")).to_have_count(1)


def test_only_the_tools_a_page_offers_exist(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan(tools="length")), exhibition.hang("bare", scan(tools="")))
    expect(looker.viewer(0).get_by_role("button", name="Length")).to_be_visible()
    expect(looker.viewer(0).get_by_role("button", name="Box")).to_be_hidden()
    expect(looker.viewer(1).get_by_role("button", name="Length")).to_be_hidden()
    assert looker.ask("viewer.press('b')") is False
    assert looker.ask("viewer.press('m')", 1) is False


def test_what_is_no_mark_is_refused(exhibition: Exhibition, look: Look) -> None:
    looker = look(exhibition.hang("scan", scan()))
    for wrong in (
        "{kind: 'star', points: [[1, 2]]}",
        "{kind: 'box', points: [[1, 2]]}",
        "{kind: 'point', points: [[1, NaN]]}",
    ):
        refused = looker.viewer().evaluate(
            f"(viewer) => {{ try {{ viewer.marks = [{wrong}]; }} catch (error) {{ return error.name; }} return ''; }}"
        )
        assert refused == "TypeError"
    assert marks(looker) == []
