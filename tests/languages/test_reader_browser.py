"""In a real browser: the reader's whole path in Arabic from right to left, and the longest words in German."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.accounts.actions import choose_language
from readerstudy.reading.models import Rating
from readerstudy.studies.models import Membership
from tests import factories
from tests.conftest import Visit
from tests.journeys.people import Person
from tests.reading.path_worlds import MARK, TIRED, make_draft, mine, start
from tests.reading.test_path_browser import rate

pytestmark = pytest.mark.django_db(transaction=True)
SECTIONS = {
    "readers": {"profile": ["role", "ai_experience"]},
    "texts": {
        "ar": {
            "consent": "أشارك بإرادتي.",
            "tutorial": ["انظر إلى الصورة.", "اضغط رقمًا."],
            "questions": {"correctness": {"question": "هل النص صحيح؟"}},
        }
    },
}


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """These cases have no images."""
    return ("404",)


def test_a_reader_goes_the_whole_path_in_arabic(visit: Visit, tmp_path: Path, live_server: Any) -> None:
    practice = {"cases": MARK["cases"], "key": MARK["key"]}
    seat = start(make_draft(practice=practice, sections=SECTIONS, leaving=[TIRED]))
    choose_language(user=seat.user, language="ar")
    page = visit(seat.user, reverse("reading:start", args=[seat.study.key]))
    reader = Person(page.context, page, live_server.url)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.locator("main a.button.primary").click()
    page.locator("#id_role").fill("استشاري")
    page.locator("input[type=radio]").first.check()
    reader.photograph(tmp_path, "about-you-in-arabic")
    page.locator("main form .button.primary").click()
    page.locator("main a.button.primary").click()
    expect(page.get_by_text("انظر إلى الصورة.")).to_be_visible()
    reader.photograph(tmp_path, "tutorial-in-arabic")
    page.locator("main form .button.primary").click()
    practise(reader, tmp_path)
    page.locator("main a.button.primary").click()
    page.wait_for_selector("#reading[data-ready]")
    expect(page.get_by_text("هل النص صحيح؟")).to_be_visible()
    reader.photograph(tmp_path, "case-in-arabic")
    rate(reader, "5")
    rate(reader, "4")
    page.locator("main a.button.primary").click()
    page.get_by_role("radio").nth(2).check()
    reader.photograph(tmp_path, "last-questions-in-arabic")
    page.locator("main .actions .button.primary").click()
    reader.photograph(tmp_path, "all-done-in-arabic")
    assert set(Rating.objects.filter(criterion__key="correctness").values_list("value", flat=True)) >= {
        "4",
        "5",
    }


def practise(reader: Person, folder: Path) -> None:
    page = reader.page
    page.locator("main a.button.primary").click()
    for number, value in enumerate(("4", "2")):
        rate(reader, value)
        page.wait_for_selector(".feedback")
        if not number:
            reader.photograph(folder, "feedback-in-arabic")
        page.locator("main .button.primary").first.click()


def four_questions() -> Membership:
    """A running study whose cases have an image and four scales."""
    study = factories.make_study()
    arm = factories.make_arm(study)
    for key in ("correctness", "completeness", "conciseness", "usefulness"):
        factories.make_criterion(study, key=key)
    for _number in range(2):
        factories.make_output(
            arm, factories.make_case(study), text="The heart is enlarged. No effusion is seen."
        )
    factories.make_reader(study)
    return start(study)


def open_case(visit: Visit, seat: Membership, language: str) -> Page:
    choose_language(user=seat.user, language=language)
    page = visit(seat.user, reverse("reading:read", args=[seat.study.key, mine(seat, practice=False)[0].key]))
    page.wait_for_selector("#reading[data-ready]")
    return page


@pytest.mark.parametrize("language", ["de", "es", "ar"])
def test_every_control_of_four_questions_is_visible_at_once(visit: Visit, language: str) -> None:
    page = open_case(visit, four_questions(), language)
    for part in (*page.locator(".criterion").all(), page.locator(".rd-foot"), page.locator(".rd-head")):
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1366
        assert box["y"] + box["height"] <= 768
    cut = page.evaluate(
        "[...document.querySelectorAll('.rd-foot *, .rd-head *, .criterion *')]"
        ".filter((one) => one.matches('button, label, .question') && one.scrollWidth > one.clientWidth + 1)"
        ".map((one) => one.textContent.trim())"
    )
    assert cut == [], "nothing is cut off"


def test_the_image_stays_as_it_is_and_only_the_page_turns(visit: Visit) -> None:
    page = open_case(visit, four_questions(), "ar")
    image, side = page.locator(".rd-images").bounding_box(), page.locator(".rd-side").bounding_box()
    assert image is not None
    assert side is not None
    assert image["x"] > side["x"], "from right to left the image comes first on the right"
    turned = page.evaluate(
        "[...document.querySelectorAll('rs-viewer, rs-viewer *, .rd-images')]"
        ".map((one) => getComputedStyle(one).transform).filter((one) => one.startsWith('matrix(-'))"
    )
    assert turned == []
    text = page.locator(".written.shown").first
    assert text.evaluate("(one) => getComputedStyle(one).direction") == "ltr", (
        "an English text runs as English"
    )
