"""The web server is killed while a reader rates: nothing that was pressed is lost, nothing is there twice."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable

from playwright.sync_api import expect

from readerstudy.demo.people import READER, RESEARCHER
from tests.journeys.people import Person
from tests.journeys.site import Demo

PATIENCE = 60_000


def test_a_reader_goes_on_as_if_nothing_had_happened(arrive: Callable[..., Person], demo: Demo) -> None:
    reader = arrive()
    reader.sign_in(READER)
    reader.go_to_the_cases(demo.study)
    page = reader.page
    case = page.locator("h1").inner_text()
    saved = page.locator("rs-outbox")
    reader.press(
        "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "5"
    )  # from the first question, wherever this began
    expect(page.locator(".criterion .told").first).to_have_text("✓")
    assert demo.kill("gunicorn") > 1
    reader.press("4", "2", "y")
    expect(saved).to_contain_text("waiting for the network (3)")
    assert demo.end() == 1
    assert "The web process ended by itself." in demo.said
    demo.start()
    expect(saved).to_contain_text("saved", timeout=PATIENCE)
    reader.press("Enter", "Enter")
    expect(page.locator("h1")).not_to_have_text(case)
    reader.forgive_an_outage()
    check_what_was_kept(arrive, demo, position=case.split()[1])
    assert "The audit trail holds" in demo.manage("audit", "verify")
    assert "The study is what it was at its lock" in demo.manage("study", "verify", demo.study)


def check_what_was_kept(arrive: Callable[..., Person], demo: Demo, position: str) -> None:
    """Each of the four answers (1 is the code of yes) stands once in the researcher's table."""
    researcher = arrive()
    researcher.sign_in(RESEARCHER)
    researcher.open(f"/studies/{demo.study}/report/")
    with researcher.page.expect_download() as waiting:
        researcher.page.get_by_role("link", name="Ratings (CSV)", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    mine = [row for row in rows if row["reader"] == "R01" and row["position"] == position]
    assert Counter(row["value"] for row in mine) == Counter(["5", "4", "2", "1"])
