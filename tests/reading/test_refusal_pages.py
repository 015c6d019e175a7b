"""Every page that tells a reader to wait or to ask somebody: it says what is safe and what to do, and is accessible."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from readerstudy.reading.models import Allocation
from readerstudy.studies.actions import move_study, remove_member
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Membership
from tests.conftest import Visit
from tests.journeys.people import DESK, TABLET, Person
from tests.reading import plans
from tests.reading.path_worlds import MARK, make_draft, mine, read, read_all, start
from tests.reading.test_going_back import end_sitting, finished, seat_with
from tests.reading.worlds import address

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = os.environ.get("READERSTUDY_LOOKS")
Refused = tuple[Membership, str]


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """One of these pages is the page of an address that does not exist."""
    return ("404",)


def start_page(seat: Membership) -> str:
    return reverse("reading:start", args=[seat.study.key])


def before_the_start() -> Refused:
    seat = Membership.objects.readers(make_draft(practice=None))[0]
    return seat, start_page(seat)


def while_paused() -> Refused:
    seat = start(make_draft(practice=None))
    move_study(study=seat.study, then=State.PAUSED, by=seat.study.created_by)
    return seat, address("read", mine(seat, practice=False)[0])


def after_the_approval() -> Refused:
    now = timezone.now()
    ethics = {"decision": "approved", "expires": (now - timedelta(days=1)).date().isoformat()}
    with time_machine.travel(now - timedelta(days=3)):
        seat = start(make_draft(practice=None, sections={"ethics": ethics}))
    return seat, start_page(seat)


def without_a_round_left() -> Refused:
    seat = start(make_draft(practice={**MARK, "tries": 1}))
    for allocation in mine(seat, practice=True):
        read(seat, allocation, "1")
    return seat, start_page(seat)


def before_practice_is_passed() -> Refused:
    seat = start(make_draft())
    return seat, address("read", mine(seat, practice=False)[0])


def during_a_washout() -> Refused:
    study = plans.running_study(plans.SECTIONS["crossover"], cases=2, arms=2, readers=1)
    seat = plans.seats_of(study)[0]
    for allocation in Allocation.objects.of(seat).filter(period=1):
        plans.read(allocation)
    return seat, start_page(seat)


def to_a_finished_case() -> Refused:
    seat = seat_with("never")
    return seat, address("read", finished(seat))


def to_a_case_of_an_earlier_sitting() -> Refused:
    seat = seat_with("within_session")
    allocation = finished(seat)
    end_sitting(seat)
    return seat, address("read", allocation)


def to_a_late_change() -> Refused:
    seat = seat_with("until_end")
    allocation = finished(seat)
    end_sitting(seat)
    return seat, address("read", allocation)


def after_removal() -> Refused:
    seat = seat_with()
    remove_member(membership=seat, by=seat.study.created_by)
    return seat, start_page(seat)


def after_the_last_case() -> Refused:
    seat = start(make_draft(practice=None))
    read_all(seat)
    return seat, start_page(seat)


PAGES: Mapping[Callable[[], Refused], str] = {
    before_the_start: "This study is not open for reading at the moment.",
    while_paused: "Your ratings are safe",
    after_the_approval: "The ethics approval of this study has ended",
    without_a_round_left: "No round of practice is left.",
    before_practice_is_passed: "Finish the practice cases first",
    during_a_washout: "The next part opens on",
    to_a_finished_case: "in this study a finished case stays as it is",
    to_a_case_of_an_earlier_sitting: "in an earlier sitting, so it stays as it is",
    to_a_late_change: "Say why before you change an answer",
    after_removal: "There is no such page here",
    after_the_last_case: "every rating is saved",
}


@pytest.mark.parametrize("provoke", PAGES, ids=lambda each: each.__name__)
def test_whoever_cannot_go_on_reads_why(
    provoke: Callable[[], Refused], visit: Visit, live_server: Any
) -> None:
    seat, place = provoke()
    page = visit(seat.user, place)
    assert PAGES[provoke] in page.locator("body").inner_text()
    person = Person(page.context, page, live_server.url)
    for size, scheme in ((DESK, "light"), (TABLET, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        look(page, f"{provoke.__name__}-{size['width']}")
        found = person._look_with_axe({})
        assert found.violations_count == 0, found.generate_report()


def look(page: Page, name: str) -> None:
    if FOLDER:
        page.screenshot(path=str(Path(FOLDER) / f"{name}.png"))
