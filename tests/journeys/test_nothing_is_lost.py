"""Two hundred ratings while everything goes wrong: server killed, network cut, session ended, tab closed.

One reader answers fifty cases with four questions each by keyboard and presses the button of every case twice. Ten
times the web server is killed by SIGKILL and started again, ten times the network is cut, twice the session ends, five
times the tab is closed right after a press. In every case the first answer is changed once. In the end each of the 200
ratings is there once, with the value that the reader saw last. The log stays in the folder of the run.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings as installed
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, expect

from readerstudy.audit.record import verify
from readerstudy.reading.models import Allocation, Rating, RatingEvent, Reading
from readerstudy.studies.models import Membership
from tests.journeys.people import Person
from tests.journeys.web import PASSWORD, QUESTIONS, START_SECONDS, Web, seat_of, sign_in_of

pytestmark = pytest.mark.django_db(transaction=True)
CASES = 50
SEED = 6
KILLED, CUT = range(1, CASES, 5), range(3, CASES, 5)
SIGNED_OUT, CLOSED = (10, 30), (5, 15, 25, 35, 45)
SHOWN = """() => Object.fromEntries([...document.querySelectorAll(".criterion")].map((question) => [
  question.dataset.criterion, question.querySelector("input:checked")?.value ?? ""]))"""
ALL_SAVED = """() => {
  const { box } = customElements.get("rs-outbox");
  return box.pending(document.querySelector("#reading").dataset.key).length === 0;
}"""


@dataclass
class Log:
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, words: str) -> None:
        self.lines.append(f"{time.monotonic() - self.began:6.1f} s  {words}")

    def keep(self) -> None:
        text = "\n".join(self.lines)
        (Path(installed.VAR) / "loss-test.log").write_text(text + "\n")
        print(text)


@dataclass
class Reader:
    """Somebody who answers one case after the other.

    `saw` is what stood on the screen when a case was left, `given` how many answers were given or changed.
    """

    person: Person
    web: Web
    seat: Membership
    log: Log = field(default_factory=Log)
    saw: dict[str, dict[str, str]] = field(default_factory=dict)
    given: int = 0

    @property
    def page(self) -> Page:
        return self.person.page

    def read(self, number: int, values: list[str]) -> None:
        """One case: the first answer is changed, and something may go wrong between the answers."""
        expect(self.page.locator("h1")).to_have_text(f"Case {number} of {CASES}")
        self.page.wait_for_selector("#reading[data-ready]")
        first, *rest = values
        self.given += len(rest) + (first != rest[0])  # the same answer again is none
        if number in CUT:
            self.page.context.set_offline(True)
        self.person.press(first, "k", *rest[:2])
        self.goes_wrong(number)
        self.person.press(rest[2])
        if number in SIGNED_OUT:
            self.sign_in_over_the_case(number)
        self.person.press(rest[3])
        self.mends(number)
        self.finish()

    def goes_wrong(self, number: int) -> None:
        if number in KILLED:
            self.web.kill()
            self.web.start()
        if number in SIGNED_OUT:
            self.page.wait_for_function(ALL_SAVED)  # else the sign-in opens under the next press
            Session.objects.all().delete()
        if number in CLOSED:
            self.reopen(number)

    def mends(self, number: int) -> None:
        outbox = self.page.locator("rs-outbox")
        if number in KILLED:
            expect(outbox).to_contain_text("waiting for the network")
            self.log.say(f"case {number}: the server was killed; the page says: {outbox.inner_text()}")
            self.web.wait()
        if number in CUT:
            expect(outbox).to_contain_text("waiting for the network")
            self.log.say(f"case {number}: the network was cut; the page says: {outbox.inner_text()}")
            self.page.context.set_offline(False)

    def sign_in_over_the_case(self, number: int) -> None:
        frame = self.page.frame_locator("#sign-in iframe")
        frame.get_by_label("Email").fill(self.seat.user.email)
        frame.get_by_label("Password").fill(PASSWORD)
        frame.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.locator("#sign-in")).to_be_hidden()
        self.log.say(f"case {number}: the session was over; signed in over the case")

    def reopen(self, number: int) -> None:
        """The tab is closed at once, and the case is opened in a new one: the answers are there."""
        before = self.page.evaluate(SHOWN)
        self.person.close_tab()
        self.person.open(f"/read/{self.seat.study.key}/next/")
        self.page.wait_for_selector("#reading[data-ready]")
        assert self.page.evaluate(SHOWN) == before
        self.log.say(
            f"case {number}: the tab was closed and opened again; {len(before)} questions as they were"
        )

    def finish(self) -> None:
        page = self.page
        expect(page.locator(".open")).to_have_text("all answered")
        key = page.locator("#reading").get_attribute("data-key") or ""
        self.saw[key] = page.evaluate(SHOWN)
        page.locator("[name=submit]").dblclick()
        gone = page.locator(f"#reading[data-key='{key}']")
        expect(gone).to_have_count(0, timeout=START_SECONDS * 1000)


def test_two_hundred_ratings_survive_everything(browser: Browser, web: Web) -> None:
    seat = seat_of(cases=CASES)
    person = Person.arrive(browser, web.address)
    person.sign_in(sign_in_of(seat))
    person.open(f"/read/{seat.study.key}/next/")
    reader, chance = Reader(person, web, seat), random.Random(SEED)
    try:
        for number in range(1, CASES + 1):
            reader.read(number, [str(chance.randint(1, 5)) for _press in range(len(QUESTIONS) + 1)])
        expect(person.page.get_by_text("All done")).to_be_visible()
        person.forgive_an_outage()
        person.leave()
        check(seat, reader)
    finally:
        reader.log.keep()


def check(seat: Membership, reader: Reader) -> None:
    """Each rating once with the value seen last; each press one event; the audit trail holds."""
    names = dict(Allocation.objects.of(seat).values_list("pk", "key"))
    stored: dict[str, dict[str, str]] = {key: {} for key in names.values()}
    for rating in Rating.objects.select_related("criterion"):
        stored[names[rating.allocation_id]][rating.criterion.key] = rating.value
    events = RatingEvent.objects.count()
    reader.log.say(f"{Rating.objects.count()} ratings, {events} events, {len(reader.saw)} cases seen")
    assert stored == reader.saw
    assert Rating.objects.count() == CASES * len(QUESTIONS)
    assert Reading.objects.filter(submitted_at__isnull=False).count() == CASES
    assert events == reader.given
    assert verify()[1] == []
