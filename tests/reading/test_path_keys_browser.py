"""In a real browser: the path from practice to the certificate by keys alone where keys lead on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.reading.models import Act, PracticeRound, ReaderSignature, Session
from tests.conftest import Visit
from tests.reading.conftest import OpenCase
from tests.reading.path_worlds import MARK, TIRED, make_draft, mine, start
from tests.reading.worlds import address

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = os.environ.get("READERSTUDY_LOOKS")


def look(page: Page, name: str) -> None:
    for width, height, scheme in ((1366, 768, "light"), (768, 1024, "dark")):
        if FOLDER:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(Path(FOLDER) / f"{name}-{width}.png"), full_page=True)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.emulate_media(color_scheme="light")


def rate(page: Page, key: str) -> None:
    page.wait_for_selector("#reading[data-ready]")
    page.keyboard.press(key)
    page.keyboard.press("Enter")


def test_a_reader_walks_from_practice_to_the_certificate(visit: Visit) -> None:
    seat = start(make_draft(leaving=[TIRED], phases={"break_cases": 1}, practice={**MARK, "pass_mark": 0.9}))
    page = visit(seat.user, reverse("reading:start", args=[seat.study.key]))
    expect(page.get_by_role("heading", name="2 practice cases come first")).to_be_visible()
    look(page, "practice-start")
    page.keyboard.press("Enter")
    practise(page)
    assert PracticeRound.objects.get().is_passed
    read_with_a_pause(page)
    assert Session.objects.filter(ended_at__isnull=False).count() == 1
    leave_and_sign(page)
    assert ReaderSignature.objects.filter(seat=seat, act=Act.COMPLETION).exists()


def practise(page: Page) -> None:
    for number, key in enumerate("42", start=1):
        rate(page, key)
        expect(page.get_by_role("heading", name="Your answers")).to_be_visible()
        expect(page.get_by_text("1 of 1 as expected")).to_be_visible()
        look(page, f"feedback-{number}")
        page.keyboard.press("Enter")


def read_with_a_pause(page: Page) -> None:
    expect(page.get_by_text("Practice is passed.")).to_be_visible()
    look(page, "start-cases")
    page.keyboard.press("Enter")
    rate(page, "4")
    expect(page.get_by_role("heading", name="Time for a pause")).to_be_visible()
    look(page, "pause")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="1 of 2 cases are done")).to_be_visible()
    page.keyboard.press("Enter")
    rate(page, "4")


def leave_and_sign(page: Page) -> None:
    expect(page.get_by_role("heading", name="All cases are done")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Last questions")).to_be_visible()
    look(page, "exit")
    page.locator("[name=case-fatigue][value='2']").check(force=True)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    look(page, "sign")
    page.get_by_label("Your password again").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed by")).to_be_visible()
    look(page, "done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Certificate of participation").press("Enter")
    assert download.value.suggested_filename == "certificate.pdf"
    if FOLDER:
        download.value.save_as(Path(FOLDER) / "certificate.pdf")


def test_whoever_misses_the_mark_reads_why_and_practises_again(open_case: OpenCase) -> None:
    seat = start(make_draft())
    page = open_case(mine(seat, practice=True)[0])
    for _case in range(2):
        rate(page, "1")
        expect(page.get_by_text("0 of 1 as expected")).to_be_visible()
        assert not page.evaluate("Object.keys(sessionStorage).filter(key => key.includes('clock')).length")
        look(page, f"feedback-differs-{_case}")
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Practise again")).to_be_visible()
    look(page, "practice-again")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reading[data-ready]")
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    assert address("read", mine(seat, practice=True)[0]) in page.url
