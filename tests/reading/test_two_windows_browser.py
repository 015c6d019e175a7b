"""In a real browser: two tabs and two devices on one case say what became of their answers; the tutorial keeps none."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Allocation, Rating, RatingEvent
from tests.conftest import Visit
from tests.reading.conftest import OpenCase
from tests.reading.test_going_back import end_sitting, finished, seat_with
from tests.reading.worlds import address, ask, make_draft, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def allocation() -> Allocation:
    study = make_draft()
    ask(study, "likert", asks_reason=False)
    ask(study, "yes_no")
    return start(study)[1][0]


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """A network that is cut on purpose, and answers that are refused on purpose."""
    return ("ERR_INTERNET_DISCONNECTED", "409", "422")


NONE_WAITS = """() => {
  const { box } = customElements.get("rs-outbox");
  return box.pending(document.querySelector("#reading").dataset.key).length === 0;
}"""


def saved(page: Page) -> None:
    page.wait_for_function(NONE_WAITS)
    expect(page.locator("rs-outbox")).to_have_attribute("data-state", "saved")
    expect(page.locator("rs-outbox")).to_contain_text("saved")


def chosen(page: Page, value: str) -> None:
    expect(page.locator(f"[data-criterion=likert] input[value='{value}']")).to_be_checked()


def test_another_tab_shows_what_this_one_saved(open_case: OpenCase, allocation: Allocation) -> None:
    one = open_case(allocation)
    other = one.context.new_page()
    other.goto(one.url)
    other.wait_for_selector("#reading[data-ready]")
    one.keyboard.press("4")
    saved(one)
    chosen(other, "4")
    expect(other.locator(".rd-told")).to_contain_text("was answered in another window at")
    other.keyboard.press("k")
    other.keyboard.press("2")
    saved(other)
    chosen(one, "2")
    assert (Rating.objects.get().value, RatingEvent.objects.count()) == ("2", 2)


def test_a_device_that_was_offline_learns_that_a_later_answer_stands(
    open_case: OpenCase, allocation: Allocation
) -> None:
    desk, tablet = open_case(allocation), open_case(allocation)
    tablet.context.set_offline(True)
    tablet.keyboard.press("2")
    expect(tablet.locator("rs-outbox")).to_contain_text("waiting for the network (1)")
    desk.keyboard.press("5")
    saved(desk)
    tablet.context.set_offline(False)
    saved(tablet)
    chosen(tablet, "5")
    expect(tablet.locator(".rd-told")).to_contain_text("That answer stands and is shown.")
    assert Rating.objects.get().value == "5"
    assert set(RatingEvent.objects.values_list("value", flat=True)) == {"2", "5"}


def test_a_device_that_answers_later_is_told_of_the_earlier_answer(
    open_case: OpenCase, allocation: Allocation
) -> None:
    desk, tablet = open_case(allocation), open_case(allocation)
    desk.keyboard.press("5")
    saved(desk)
    tablet.keyboard.press("2")
    saved(tablet)
    chosen(tablet, "2")
    expect(tablet.locator(".rd-told")).to_contain_text("Your answer here is the later one and stands.")
    assert Rating.objects.get().value == "2"


def test_a_case_of_an_earlier_sitting_asks_why_before_it_changes(open_case: OpenCase) -> None:
    seat = seat_with()
    allocation = finished(seat)
    end_sitting(seat)
    page = open_case(allocation)
    expect(page.get_by_text("in an earlier sitting. Say why")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("2")
    expect(page.locator("[data-late]")).to_be_focused()
    expect(page.locator("input[type=radio][value='4']")).to_be_checked()
    page.keyboard.type("Misread the side.")
    page.locator(".option:has([value='2'])").click()
    saved(page)
    assert Rating.objects.get().value == "2"
    assert RatingEvent.objects.latest("pk").changed_because == "Misread the side."


def test_the_tutorial_takes_digits_and_keeps_nothing(visit: Visit) -> None:
    seat = seat_with()
    page = visit(seat.user, reverse("reading:screen", args=[seat.study.key]))
    page.wait_for_selector("#reading[data-ready]")
    expect(page.locator("rs-outbox")).to_have_text("nothing is saved here")
    page.keyboard.press("4")
    expect(page.locator("input[type=radio]:checked")).to_have_value("4")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    assert address("read", Allocation.objects.of(seat)[0]) not in page.url
    assert not RatingEvent.objects.exists()
