"""The contact sheet and the look page in a real browser: by keyboard, by mouse, and without a script."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from PIL import Image as Picture
from playwright.sync_api import Locator, Page, expect

from readerstudy.cases import actions, tasks
from readerstudy.cases.models import Case, Image, Mask, Upload
from readerstudy.cases.pixels import open_for_coordinator
from readerstudy.cases.rendering import render_uploads
from readerstudy.studies.models import Study
from tests.cases.files import dicom, receive
from tests.conftest import Visit
from tests.factories import make_case, make_study

pytestmark = pytest.mark.django_db(transaction=True)

RISKY = [{"code": "secondary_capture", "sentence": "It was captured from a screen."}]
OpenPage = Callable[..., Page]


@pytest.fixture
def study(transactional_db: None, bells: list[Any]) -> Study:
    return make_study()


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    return ("422", "409")


@pytest.fixture
def open_page(visit: Visit, study: Study) -> OpenPage:
    """Pages of the study's coordinator."""

    def open_at(name: str, *args: str, query: str = "", **options: Any) -> Page:
        return visit(study.created_by, reverse(f"cases:{name}", args=[study.key, *args]) + query, **options)

    return open_at


def make_images(study: Study, count: int, **options: Any) -> list[Image]:
    return [make_case(study, **{"confirmed": False, **options}).images.get() for _number in range(count)]


def rendered(study: Study, *contents: bytes) -> list[Image]:
    """Images of files that went the whole way."""
    for number, content in enumerate(contents):
        receive(study, content, f"{number}.dcm")
    list(render_uploads(list(Upload.objects.waiting().values_list("pk", flat=True))))
    return list(Image.objects.of(study))


def burn_in() -> None:
    for pk in Mask.objects.waiting().values_list("pk", flat=True):
        tasks.burn_in(pk)


def slices(count: int) -> list[bytes]:
    return [
        dicom(
            number,
            modality="CT",
            SeriesInstanceUID="1.2.826.0.1.3680043.8.498.9",
            InstanceNumber=number,
            ImagePositionPatient=[0.0, 0.0, 2.5 * number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
        for number in range(count)
    ]


def tile(page: Page, code: str) -> Locator:
    return page.locator(".tile", has=page.get_by_role("img", name=f"Image of case {code}"))


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.closest('.tile')?.querySelector('strong').textContent ?? ''")
    )


def looked_at(page: Page) -> str:
    return page.locator("h1").inner_text().strip()


def listening(page: Page, code: str) -> None:
    """The page of this case is there and its script answers keys."""
    expect(page.locator("h1")).to_have_text(code)
    expect(page.get_by_role("button", name="Keys")).to_be_visible()


def ready(page: Page) -> None:
    """The picture is there in full range."""
    expect(page.locator("rs-viewer .state")).to_contain_text("full")


# --- The sheet by keyboard -----------------------------------------------------------------------------------------
def test_arrow_keys_move_and_letters_decide(open_page: OpenPage, study: Study) -> None:
    make_images(study, 8)
    page = open_page("images")
    link = tile(page, "C001").locator("a")
    link.focus()
    columns = page.evaluate(
        "() => { const tiles = [...document.querySelectorAll('.tile')];"
        " return tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length; }"
    )
    for key, code in (
        ("ArrowRight", "C002"),
        ("ArrowRight", "C003"),
        ("ArrowLeft", "C002"),
        ("ArrowDown", f"C{2 + columns:03d}"),
        ("ArrowUp", "C002"),
        ("Home", "C001"),
        ("ArrowLeft", "C001"),
        ("End", "C008"),
    ):
        page.keyboard.press(key)
        assert focused(page) == code
    page.keyboard.press("y")
    expect(tile(page, "C008")).to_have_attribute("data-state", "confirmed")
    assert focused(page) == "C008"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    expect(tile(page, "C007")).to_have_attribute("data-state", "left-out")
    assert Image.objects.get(case__code="C008").confirmed_by == study.created_by
    assert Case.objects.of(study).count() == 7
    expect(page.get_by_role("button", name="Confirm all 6 images")).to_be_visible()
    expect(page.locator("#sheet-said")).to_have_text("C007: the case is left out.")


def test_a_decision_is_taken_back_by_key_and_by_button(open_page: OpenPage, study: Study) -> None:
    make_images(study, 2)
    page = open_page("images")
    tile(page, "C001").locator("a").focus()
    for key, state in (
        ("y", "confirmed"),
        ("u", "open"),
        ("n", "left-out"),
        ("u", "open"),
        ("y", "confirmed"),
    ):
        page.keyboard.press(key)
        expect(tile(page, "C001")).to_have_attribute("data-state", state)
    page.get_by_role("button", name="Take the yes back: C001").click()
    expect(tile(page, "C001")).to_have_attribute("data-state", "open")
    expect(page.get_by_label("I have looked at these 2 images")).to_be_visible()
    assert Image.objects.unconfirmed().count() == 2


def test_letters_mean_nothing_where_no_picture_has_the_focus(open_page: OpenPage, study: Study) -> None:
    make_images(study, 1)
    page = open_page("images")
    page.locator("body").press("y")
    tile(page, "C001").locator("input[type=checkbox]").press("y")
    tile(page, "C001").locator("input[type=checkbox]").press("n")
    page.reload()
    assert (Image.objects.unconfirmed().count(), Case.objects.of(study).count()) == (1, 1)


def test_enter_space_and_m_open_the_image_and_it_is_then_marked_as_seen(
    open_page: OpenPage, study: Study
) -> None:
    (image,) = make_images(study, 1)
    where = reverse("cases:look", args=[study.key, image.key])
    page = open_page("images")
    expect(page.get_by_text("Seen large")).to_be_hidden()
    for key, query in (("Enter", ""), ("Space", ""), ("m", "?mask=1")):
        tile(page, "C001").locator("a").press(key)
        page.wait_for_url(f"**{where}{query}")
        ready(page)
        page.go_back()
    expect(page.get_by_text("Seen large")).to_be_visible()
    Image.objects.update(meta={**image.meta, "frames": 2})
    page.reload()
    expect(page.get_by_text("Seen large")).to_be_hidden()


def test_a_refusal_is_said_beside_the_pictures(open_page: OpenPage, study: Study) -> None:
    (image,) = make_images(study, 1)
    page = open_page("images")
    actions.mask_images(images=[image], boxes=[[0, 0, 4, 4]], by=study.created_by)
    tile(page, "C001").locator("a").press("y")
    expect(page.locator("#sheet-said")).to_contain_text(
        "Boxes are still to be burned into an image of case C001."
    )
    assert Image.objects.unconfirmed().count() == 1


def test_a_stack_is_confirmed_on_the_sheet_only_by_a_second_yes(open_page: OpenPage, study: Study) -> None:
    (image,) = make_images(study, 1)
    Image.objects.update(meta={**image.meta, "frames": 60})
    page = open_page("images")
    tile(page, "C001").locator("a").press("y")
    expect(page.locator("#sheet-said")).to_contain_text("You have seen 1 of 60 frames. Press Y again")
    assert Image.objects.unconfirmed().count() == 1
    tile(page, "C001").locator("a").press("y")
    expect(tile(page, "C001")).to_have_attribute("data-state", "confirmed")


def test_a_sheet_of_very_many_images_comes_in_pages_and_filters(open_page: OpenPage, study: Study) -> None:
    make_images(study, 63)
    Image.objects.filter(case__code="C063").update(needs_look=RISKY)
    page = open_page("images")
    assert page.locator(".tile").count() == 60
    assert page.locator(".tile strong").first.inner_text() == "C063"
    page.get_by_role("link", name="Next →").click()
    assert page.locator(".tile").count() == 3
    page.get_by_role("link", name="Risky (1)").click()
    assert page.locator(".tile strong").all_inner_texts() == ["C063"]
    page.get_by_role("link", name="Confirmed (0)").click()
    expect(page.get_by_text("There are none.")).to_be_visible()


# --- One image at large --------------------------------------------------------------------------------------------
def test_keys_lead_through_all_images(open_page: OpenPage, study: Study) -> None:
    make_images(study, 4)
    Image.objects.filter(case__code="C003").update(needs_look=RISKY)
    page = open_page("start_looking")
    listening(page, "C003")
    expect(page.get_by_text("It was captured from a screen.")).to_be_visible()
    for key, code in (
        ("ArrowRight", "C001"),
        ("ArrowLeft", "C003"),
        ("y", "C001"),
        ("n", "C002"),
        ("Backspace", "C003"),
        ("u", "C003"),
        ("y", "C002"),
        ("y", "C004"),
    ):
        page.keyboard.press(key)
        if key == "u":
            expect(page.get_by_text("C003 current: the yes is taken back.")).to_be_visible()
        listening(page, code)
    page.keyboard.press("y")
    expect(page.get_by_text("Every image is confirmed or left out.")).to_be_visible()
    assert Image.objects.confirmed().count() == 3
    assert list(Case.objects.exclude(left_out_at=None).values_list("code", flat=True)) == ["C001"]


def test_letters_decide_also_while_the_viewer_has_the_focus(open_page: OpenPage, study: Study) -> None:
    first, _second = make_images(study, 2)
    page = open_page("look", first.key)
    ready(page)
    page.locator("rs-viewer .stage").focus()
    page.keyboard.press("ArrowRight")
    assert looked_at(page) == "C001", "arrow keys pan a picture that has the focus"
    page.keyboard.press("y")
    expect(page.locator("h1")).to_have_text("C002")


def test_single_keys_can_be_switched_off(open_page: OpenPage, study: Study) -> None:
    first, _second = make_images(study, 2)
    page = open_page("look", first.key)
    listening(page, "C001")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Single keys answer and command").uncheck()
    page.get_by_role("button", name="Back to the image").click()
    page.keyboard.press("y")
    page.reload()
    listening(page, "C001")
    page.keyboard.press("n")
    page.reload()
    assert Image.objects.of(study).unconfirmed().count() == 2
    page.get_by_role("button", name="Yes, it is: confirm").click()
    expect(page.locator("h1")).to_have_text("C002")


def test_frames_that_were_seen_are_counted(open_page: OpenPage, study: Study) -> None:
    (image,) = rendered(study, *slices(3))
    page = open_page("look", image.key)
    seen = page.locator("#frames-seen")
    expect(seen).to_have_text("Seen: 1 of 3 frames.")
    page.keyboard.press("y")
    expect(page.get_by_role("alert").filter(has_text="You have seen 1 of 3 frames.")).to_be_visible()
    page.keyboard.press("PageDown")
    expect(seen).to_have_text("Seen: 2 of 3 frames.")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    expect(seen).to_have_text("Seen: 3 of 3 frames.")
    page.keyboard.press("y")
    expect(page.get_by_text("Every image is confirmed or left out.")).to_be_visible()


# --- Boxes -----------------------------------------------------------------------------------------------------------
def sides(page: Page, row: int = 0) -> list[int]:
    fields = page.locator("#mask tbody tr").nth(row).locator("input")
    return [int(fields.nth(side).input_value()) for side in range(4)]


def drag_a_box(page: Page) -> None:
    """From a quarter to a half of the picture, on both axes."""
    stage = page.locator("rs-viewer .stage")
    spot = page.evaluate(
        "() => { const viewer = document.querySelector('rs-viewer'); const { width, height } = viewer.meta;"
        " return [0.25, 0.5].map((share) => { const at = viewer.matrix.transformPoint("
        " new DOMPoint(width * share, height * share)); return [at.x, at.y]; }); }"
    )
    pane = stage.bounding_box()
    assert pane is not None
    (x0, y0), (x1, y1) = spot
    page.mouse.move(pane["x"] + x0, pane["y"] + y0)
    page.mouse.down()
    page.mouse.move(pane["x"] + (x0 + x1) / 2, pane["y"] + (y0 + y1) / 2)
    page.mouse.move(pane["x"] + x1, pane["y"] + y1)
    page.mouse.up()


def pixels_of(image: Image) -> np.ndarray[Any, Any]:
    stored = open_for_coordinator(Image.objects.get(pk=image.pk), product="full")
    assert stored is not None
    with stored.file as content:
        return np.asarray(Picture.open(io.BytesIO(content.read())))


def test_a_box_is_drawn_burned_in_looked_at_and_confirmed(open_page: OpenPage, study: Study) -> None:
    (image,) = rendered(study, dicom(1))
    before = pixels_of(image)
    page = open_page("look", image.key)
    ready(page)
    page.keyboard.press("m")
    drag_a_box(page)
    left, top, width, height = sides(page)
    assert (left, top) == pytest.approx((8, 6), abs=1)
    assert (width, height) == pytest.approx((8, 6), abs=2)
    page.keyboard.press("y")
    expect(page.get_by_text("The boxes that you drew are not burned in yet.")).to_be_visible()
    assert Image.objects.unconfirmed().count() == 1
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Burn these boxes in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 box is being burned in.")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, it is: confirm")).to_have_count(0)
    burn_in()
    expect(page.get_by_role("button", name="Yes, it is: confirm")).to_be_visible(timeout=10_000)
    after = pixels_of(image)
    assert np.all(after[top : top + height, left : left + width] == 0)
    assert int((after != before).sum()) <= width * height
    ready(page)
    page.keyboard.press("y")
    expect(page.get_by_text("Every image is confirmed or left out.")).to_be_visible()
    assert Image.objects.get().confirmed_by == study.created_by


def test_boxes_are_drawn_with_arrow_keys_alone(open_page: OpenPage, study: Study) -> None:
    (image,) = rendered(study, dicom(2))
    page = open_page("look", image.key)
    ready(page)
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("#mask tbody tr")).to_have_count(2)
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 box is being burned in.")).to_be_visible()
    left, top, right, bottom = Mask.objects.get().boxes[0]
    assert (right - left, bottom - top) == (3, 3)


def test_typed_numbers_and_drawn_boxes_follow_each_other(open_page: OpenPage, study: Study) -> None:
    (image,) = rendered(study, dicom(3))
    page = open_page("look", image.key, query="?mask=1")
    ready(page)
    for side, value in {"left": "2", "top": "3", "width": "8", "height": "5"}.items():
        page.get_by_label(f"Box 1: {side}").fill(value)
    page.get_by_label("Box 1: height").press("Tab")
    marks = page.evaluate("document.querySelector('rs-viewer').marks")
    assert [(mark["kind"], mark["points"]) for mark in marks] == [("box", [[2, 3], [10, 8]])]
    drag_a_box(page)
    expect(page.locator("#mask tbody tr")).to_have_count(3)
    assert sides(page) == [2, 3, 8, 5]


def test_one_box_is_burned_into_a_whole_series(open_page: OpenPage, study: Study) -> None:
    make_images(study, 3)
    Image.objects.update(series="s")
    image = Image.objects.of(study)[0]
    page = open_page("look", image.key, query="?mask=1")
    for side, value in {"left": "0", "top": "0", "width": "10", "height": "5"}.items():
        page.get_by_label(f"Box 1: {side}").fill(value)
    page.get_by_label("all 3 images of this series").check()
    page.get_by_role("button", name="Burn these boxes in").click()
    expect(page.get_by_text("1 box is being burned in.")).to_be_visible()
    assert Mask.objects.count() == 3


# --- Without a script, and for everybody ---------------------------------------------------------------------------
def test_everything_works_without_a_script(open_page: OpenPage, study: Study) -> None:
    first, second = rendered(study, dicom(1), dicom(2))
    page = open_page("images", java_script_enabled=False)
    page.get_by_role("link", name="Look at them large, one by one").click()
    page.get_by_text("Mask: burn boxes in").click()
    for side, value in {"left": "2", "top": "3", "width": "8", "height": "50"}.items():
        page.get_by_label(f"Box 1: {side}").fill(value)
    page.get_by_role("button", name="Burn these boxes in").click()
    expect(page.get_by_text("Box 1 does not lie inside the image of case C001")).to_be_visible()
    page.get_by_label("Box 1: height").fill("5")
    page.get_by_role("button", name="Burn these boxes in").click()
    expect(page.get_by_text("1 box is being burned in.")).to_be_visible()
    burn_in()
    page.goto(page.url)
    page.get_by_role("button", name="Yes, it is: confirm").click()
    expect(page.locator("h1")).to_have_text("C002")
    page.get_by_role("button", name="No, leave the case out").click()
    expect(page.get_by_text("Every image is confirmed or left out.")).to_be_visible()
    page.get_by_role("button", name="Take the yes back: C001").click()
    expect(page.get_by_text("C001 current: the yes is taken back.")).to_be_visible()
    page.get_by_text("1 case is left out").click()
    page.get_by_role("button", name="Take C002 back").click()
    expect(page.get_by_role("button", name="Confirm all 2 images")).to_be_visible()
    assert set(Image.objects.unconfirmed()) == {first, second}


@pytest.mark.parametrize(("size", "scheme"), [((1366, 768), "light"), ((768, 1024), "dark")])
def test_the_pages_are_accessible_and_fit(
    open_page: OpenPage, study: Study, scheme: str, size: tuple[int, int]
) -> None:
    plain, masked, failed, done = make_images(study, 4)
    Image.objects.update(needs_look=RISKY, series="s")
    for image in (masked, failed):
        actions.mask_images(images=[image], boxes=[[0, 0, 4, 4]], by=study.created_by)
    Mask.objects.filter(image=failed).update(failure="The boxes could not be burned in.")
    actions.confirm_images(images=[done], by=study.created_by)
    options = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    pages = [("images", []), *(("look", [image.key]) for image in (plain, masked, failed, done))]
    for name, args in pages:
        page = open_page(name, *args, query="?mask=1" if args else "", **options)
        too_wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert too_wide <= 0
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
