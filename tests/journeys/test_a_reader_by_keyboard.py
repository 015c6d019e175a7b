"""A reader on a slow line: twenty cases by keyboard alone, and how much the page weighs when it is opened first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from readerstudy.reading.models import Rating, Reading
from tests.journeys.clicks import Clicks
from tests.journeys.people import Person
from tests.journeys.web import QUESTIONS, Web, seat_of, sign_in_of

pytestmark = pytest.mark.django_db(transaction=True)
CASES = 20
MOST_PRESSES = 100
ONE_MEGABIT = {"offline": False, "latency": 40, "downloadThroughput": 125_000, "uploadThroughput": 125_000}
MOST_BYTES = 150_000


def test_twenty_cases_take_a_hundred_presses_and_no_mouse(browser: Browser, web: Web) -> None:
    seat = seat_of(cases=CASES)
    person = Person.arrive(browser, web.address)
    person.sign_in(sign_in_of(seat))
    devtools(person).send("Network.emulateNetworkConditions", ONE_MEGABIT)
    hands = Clicks.of(person.context)
    person.open(f"/read/{seat.study.key}/next/")
    for number in range(1, CASES + 1):
        expect(person.page.locator("h1")).to_have_text(f"Case {number} of {CASES}")
        person.page.wait_for_selector("#reading[data-ready]")
        person.press(*(str(1 + (number + place) % 5) for place in range(len(QUESTIONS))), "Enter")
    expect(person.page.get_by_text("All done")).to_be_visible()
    person.leave()
    assert hands.count == 0
    assert hands.keys <= MOST_PRESSES
    assert Rating.objects.count() == CASES * len(QUESTIONS)
    assert Reading.objects.filter(submitted_at__isnull=False).count() == CASES


def devtools(person: Person) -> CDPSession:
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    return session


def test_the_first_case_weighs_at_most_150_kilobytes_without_its_images(browser: Browser, web: Web) -> None:
    """Everything that the browser fetches with nothing in its cache, as it came over the line."""
    seat = seat_of(cases=2)
    person = Person.arrive(browser, web.address)
    person.sign_in(sign_in_of(seat))
    session, kinds, sizes = devtools(person), dict[str, str](), Counter[str]()

    def note(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def count(event: dict[str, Any]) -> None:
        sizes[kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])

    session.on("Network.responseReceived", note)
    session.on("Network.loadingFinished", count)
    session.send("Network.clearBrowserCache")
    person.open(f"/read/{seat.study.key}/next/")
    expect(person.page.locator("rs-viewer .state").first).to_contain_text("full")
    person.leave()
    weight = sizes.total() - sizes["Image"] - sizes["Fetch"]
    print(dict(sizes.most_common()))
    assert {"Document", "Script", "Stylesheet"} <= set(sizes)
    assert 0 < weight <= MOST_BYTES, sizes
