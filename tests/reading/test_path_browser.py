"""The pages around the cases in a real browser: whole and accessible on desk and tablet, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.conftest import Visit
from tests.journeys.people import Person
from tests.reading.path_worlds import MARK, TIRED, make_draft, start

pytestmark = pytest.mark.django_db(transaction=True)
SECTIONS = {
    "readers": {"profile": ["role", "ai_experience"]},
    "texts": {"en": {"tutorial": ["Look at the image.", "Press a digit."]}},
}


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """These cases have no images, and the last questions are sent unanswered once."""
    return ("404", "422")


def test_a_reader_goes_from_profile_and_tutorial_through_practice_to_the_last_questions(
    visit: Visit, tmp_path: Path, live_server: Any
) -> None:
    practice = {"cases": MARK["cases"], "key": MARK["key"]}
    seat = start(make_draft(practice=practice, sections=SECTIONS, leaving=[TIRED]))
    page = visit(seat.user, reverse("reading:start", args=[seat.study.key]))
    reader = Person(page.context, page, live_server.url)
    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Your role").fill("consultant")
    page.get_by_label("Every week").check()
    reader.photograph(tmp_path, "about-you")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="Begin the tutorial").click()
    reader.photograph(tmp_path, "tutorial-of-a-study")
    page.get_by_role("button", name="I know the screen").click()
    reader.photograph(tmp_path, "practice-begins")
    practise(reader, tmp_path)
    page.get_by_role("link", name="Begin with the first case").click()
    rate(reader, "5")
    rate(reader, "4")
    page.get_by_role("link", name="Last questions").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("Something is still open")).to_be_visible()
    reader.photograph(tmp_path, "last-questions-open")


def practise(reader: Person, folder: Path) -> None:
    """Two practice cases, each followed by what was expected."""
    page = reader.page
    page.locator("a.button.primary").click()
    for number, value in enumerate(("4", "2")):
        rate(reader, value)
        expect(page.locator("main")).to_contain_text("expected")
        if not number:
            reader.photograph(folder, "feedback")
        page.locator("main .button.primary").first.click()


def rate(reader: Person, value: str) -> None:
    page = reader.page
    page.wait_for_selector("#reading[data-ready]")
    place = page.url
    reader.press(value)
    expect(page.locator("rs-outbox")).to_have_attribute("data-state", "saved")
    reader.press("Enter")
    expect(page).not_to_have_url(place)
