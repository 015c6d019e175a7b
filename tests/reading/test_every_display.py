"""Every display in a real browser: all of a case is in sight, nothing moves, nothing complains, in every theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from readerstudy.cases.models import Case
from readerstudy.reading.models import Allocation
from tests import factories
from tests.journeys.people import DESK, TABLET, Person
from tests.reading.conftest import OpenCase
from tests.reading.worlds import LONG, SIDES, ask, make_draft, start

pytestmark = pytest.mark.django_db(transaction=True)
FOUR = ("correctness", "completeness", "clarity", "harm")
SECOND = "The heart is of normal size. No effusion.\n\n" * 12
TALK = "User: What do you see?\nModel: The heart is enlarged.\nUser: And the lungs?\nModel: Clear."
DISPLAYS: Mapping[str, Mapping[str, Any]] = {
    "single": {},
    "side_by_side": {"texts": (LONG, SECOND)},
    "image_pair": {"slots": ("prior",)},
    "against_reference": {},
    "transcript": {"texts": (TALK,)},
    "steps": {},
    "overlays": {},
    "staged": {"layout": "single", "reveal": "after_own_answer"},
}
THEMES = ("light", "dark", "reading")
NARROW = {"width": 683, "height": 384}  # a page of 1366 by 768 at 200 %
OUT_OF_SIGHT = """() => {
  const wanted = [...document.querySelectorAll(
    ".criterion:not([hidden]) .question, .criterion:not([hidden]) .face, [name=submit], rs-outbox, .open")];
  return wanted.filter((each) => {
    const { left, top, right, bottom } = each.getBoundingClientRect();
    if (right - left === 0) return each.textContent !== "";
    if (left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1) return true;
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return !(each.contains(hit) || hit?.contains(each));
  }).map((each) => each.className + ": " + each.textContent.trim());
}"""
SCROLLS = """() => [document.documentElement.scrollHeight - innerHeight,
  document.documentElement.scrollWidth - innerWidth]"""
PLACES = """() => [...document.querySelectorAll("rs-viewer, .rd-text, .criterion, [name=submit]")].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y, width, height].map(Math.round).join(" ");
})"""
MOVES = (
    """() => document.getAnimations().filter((each) => each.effect.getComputedTiming().duration > 0).length"""
)


def make_case(name: str, *, cases: int = 1) -> Allocation:
    """A case of four questions under this display."""
    told = dict(DISPLAYS[name])
    texts, slots = told.pop("texts", (LONG,)), told.pop("slots", ())
    study = make_draft(texts=texts, cases=cases, display={"layout": name, "reveal": "at_once", **told})
    for case in Case.objects.of(study):
        for slot in slots:
            factories.make_image(case, slot=slot)
    for key in FOUR:
        if len(texts) > 1:
            ask(study, key, "comparative", applies_to="pair", options=SIDES)
        else:
            first = {"applies_to": "case", "stage": "before"} if name == "staged" else {}
            ask(study, key, "likert", asks_reason=False, **first)
    return start(study)[1][0]


@pytest.mark.parametrize("name", DISPLAYS)
def test_image_text_and_every_control_are_in_sight_and_stay_where_they_are(
    name: str, open_case: OpenCase
) -> None:
    page = open_case(make_case(name))
    expect(page.locator("rs-viewer .state").first).to_contain_text("full")
    check_in_sight(page, name)
    places = page.evaluate(PLACES)
    for key in "1234":
        page.keyboard.press(key)
    expect(page.locator("rs-outbox")).to_have_attribute("data-state", "saved")
    check_in_sight(page, name)
    assert page.evaluate(PLACES) == places


def check_in_sight(page: Page, name: str) -> None:
    assert page.evaluate(OUT_OF_SIGHT) == [], name
    assert max(page.evaluate(SCROLLS)) <= 0, name
    for pane, least in (("rs-viewer", 200), (".rd-text", 90)):
        for box in [each.bounding_box() for each in page.locator(pane).all()]:
            assert box is not None
            assert min(box["width"], box["height"]) >= least, f"{name}: {pane} is {box}"
            assert box["y"] + box["height"] <= DESK["height"]


@pytest.mark.parametrize("name", DISPLAYS)
def test_axe_finds_nothing_in_any_theme(name: str, open_case: OpenCase, live_server: Any) -> None:
    page = open_case(make_case(name))
    person = Person(page.context, page, live_server.url)
    for theme, size in zip(THEMES, (DESK, TABLET, DESK), strict=True):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        found = person._look_with_axe({})
        assert found.violations_count == 0, f"{name}, {theme}: {found.generate_report()}"


@pytest.mark.parametrize("name", DISPLAYS)
def test_at_twice_the_size_everything_is_reached_by_scrolling_down_alone(
    name: str, open_case: OpenCase
) -> None:
    page = open_case(make_case(name), viewport=NARROW, device_scale_factor=2)
    assert page.evaluate(SCROLLS)[1] <= 0
    for selector in (".rd-text", ".criterion:not([hidden])", "[name=submit]"):
        for each in page.locator(selector).all():
            each.scroll_into_view_if_needed()
            expect(each).to_be_in_viewport()


def test_fields_that_are_scrolled_out_of_sight_keep_their_names(
    open_case: OpenCase, live_server: Any
) -> None:
    study = make_draft()
    for key in ("likert", "number", "visual_analogue", "free_text", "edit", "text_span", "box"):
        ask(study, key)
    page = open_case(start(study)[1][0], viewport=TABLET)
    person = Person(page.context, page, live_server.url)
    for top in (0, 10_000):
        page.locator(".rd-questions").first.evaluate("(pane, top) => pane.scrollTo({ top })", top)
        found = person._look_with_axe({})
        assert found.violations_count == 0, found.generate_report()


def test_whoever_wants_less_motion_gets_none(open_case: OpenCase) -> None:
    page = open_case(make_case("single"), reduced_motion="reduce")
    page.keyboard.press("1")
    page.get_by_text("Theme", exact=True).click()
    assert page.evaluate(MOVES) == 0


def test_shortcuts_are_silent_while_words_are_typed(open_case: OpenCase) -> None:
    study = make_draft()
    ask(study, "likert", asks_reason=False)
    ask(study, "free_text")
    page = open_case(start(study)[1][0])
    page.locator("textarea").click()
    page.keyboard.type("xu12 jkn? wir")
    expect(page.locator("textarea")).to_have_value("xu12 jkn? wir")
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    expect(page.locator("#help")).to_be_hidden()
