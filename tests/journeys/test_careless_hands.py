"""A tired coordinator clicks twice, goes back, sends forms empty, loads the wrong file and works in an old tab."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from readerstudy.demo.people import COORDINATOR, READER
from tests.journeys.people import Person
from tests.journeys.site import Demo

LOCKED = re.compile("locked|does not change any more")
TITLE = "Alignment of two models with a doctor, refusals counted"


@pytest.fixture
def coordinator(arrive: Callable[..., Person]) -> Person:
    person = arrive()
    person.sign_in(COORDINATOR)
    return person


def studies_called(person: Person, title: str) -> int:
    person.open("/studies/")
    return person.page.get_by_role("link", name=title, exact=True).count()


def test_two_clicks_make_one_study_and_going_back_makes_another(coordinator: Person) -> None:
    page, before = coordinator.page, studies_called(coordinator, TITLE)
    coordinator.open("/studies/templates/T01/")
    page.get_by_role("button", name="Start from this template").dblclick()
    expect(page.get_by_text("Here is your draft. Images come next.")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Start from this template").click()
    expect(page.get_by_text("Here is your draft. Images come next.")).to_be_visible()
    assert studies_called(coordinator, TITLE) == before + 2


def test_an_empty_form_says_what_it_needs_and_keeps_the_rest(coordinator: Person, demo: Demo) -> None:
    page = coordinator.page
    coordinator.expect_refusal(422)
    for path in ("/studies/new/", "/studies/new/file/", f"/studies/{demo.study}/unblind-early/"):
        coordinator.open(path)
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator(".error-summary")).to_be_visible()
        expect(page.locator(".errorlist").first).to_be_visible()


def test_a_wrong_file_is_refused_by_line_and_field(coordinator: Person, tmp_path: Path) -> None:
    page, file = coordinator.page, tmp_path / "study.yaml"
    coordinator.expect_refusal(422)
    for content, words in (
        (b"\x89PNG\r\n\x1a\n\x00", "This is not UTF-8 text."),
        (b"[" * 50_000, "This is nested too deep to be read."),
        (b"x: " + b"y" * 1_100_000, "This file is larger than 1 MB."),
        (
            b"format: 1\nstudy: {title: A, colour: blue}\n",
            "line 2, study.colour: “colour” is not known here.",
        ),
    ):
        file.write_bytes(content)
        coordinator.open("/studies/new/file/")
        page.set_input_files("input[type=file]", file)
        page.get_by_role("button", name="See what it says").click()
        expect(page.get_by_text(words).first).to_be_visible()


def test_a_question_is_not_written_into_a_study_that_was_locked_meanwhile(
    coordinator: Person, demo: Demo
) -> None:
    """The address of a draft's page, opened or sent for a study that is running, changes nothing."""
    page = coordinator.page
    coordinator.expect_refusal(422)
    coordinator.expect_refusal(404)
    for path in ("questions/new/likert/", "arms/new/", "settings/", "plan/", "questions/rubrics/quest-5/"):
        coordinator.open(f"/studies/{demo.study}/{path}")
        if page.locator("main form[method=post] button.primary:enabled").count():
            page.locator("main form[method=post] button.primary:enabled").first.click()
        expect(page.locator("body")).to_contain_text(LOCKED)


def test_a_reader_finds_nothing_under_a_coordinator_s_addresses(
    arrive: Callable[..., Person], coordinator: Person, demo: Demo
) -> None:
    reader = arrive()
    reader.sign_in(READER)
    reader.expect_refusal(404)
    for path in (
        "",
        "life/",
        "life/lock/",
        "amend/",
        "protocol/",
        "plan/balance/",
        "questions/",
        "copy/",
        "ethics/",
    ):
        answer = reader.page.goto(f"{demo.address}/studies/{demo.study}/{path}")
        assert answer is not None
        assert answer.status == 404, path
