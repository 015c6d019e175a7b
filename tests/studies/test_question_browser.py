"""In a real browser: a question is seen while it is written, and questions are dragged into order."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.studies.actions import use_rubric
from readerstudy.studies.models import Criterion, Study
from tests import factories
from tests.conftest import Visit


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = factories.make_study()
    use_rubric(study=study, name="alignment-3", by=study.created_by)
    return study


@pytest.fixture
def page(visit: Visit, live_server: Any, study: Study) -> Page:
    """The coordinator's browser."""
    return visit(study.created_by, base_url=live_server.url)


def address(name: str, study: Study, *more: object) -> str:
    return reverse(f"studies:{name}", args=[study.key, *more])


def faults(page: Page) -> list[str]:
    return [found["id"] for found in Axe().run(page).response["violations"]]


def test_a_question_is_seen_while_it_is_written(page: Page, study: Study) -> None:
    page.goto(address("add_question", study))
    assert faults(page) == []
    page.get_by_role("link", name="Scale with worded anchors").click()
    preview = page.locator("#preview")
    page.get_by_label("Question", exact=True).fill("How good is the text?")
    expect(preview).to_contain_text("How good is the text?")
    page.get_by_role("button", name="Add an option").click()
    expect(page.locator(".rows > li")).to_have_count(6)
    expect(page.get_by_label("Question", exact=True)).to_have_value("How good is the text?")
    last = page.get_by_role("group", name="Option 6")
    last.get_by_label("Value").fill("5")
    expect(preview).to_contain_text("“5” stands here twice")
    last.get_by_label("Value").fill("6")
    last.get_by_label("What readers see").fill("Better than mine")
    expect(preview.get_by_role("radio", name="6")).to_be_attached()
    page.get_by_label("Asked only where").select_option("Does the text agree with what you see?")
    page.get_by_label("Partly", exact=True).check()
    expect(preview).to_contain_text("is answered “Partly”")
    assert faults(page) == []
    page.get_by_label("Question", exact=True).press("Enter")
    page.wait_for_url(f"**{address('questions', study)}")
    assert faults(page) == []
    row = Criterion.objects.of(study).last()
    assert (row.question, row.values[-1]) == ("How good is the text?", "6")
    assert row.when == [{"criterion": "aligned", "is": ["partly"]}]


def test_questions_are_dragged_into_order_and_escape_leaves_them(page: Page, study: Study) -> None:
    page.goto(address("questions", study))
    lift(page)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator("[data-lifted]")).to_have_count(0)
    lift(page)
    with page.expect_navigation():
        page.mouse.up()
    assert [row.key for row in Criterion.objects.of(study)] == ["generic", "refusal", "aligned"]


def lift(page: Page) -> None:
    """Takes the first question by its handle and holds it below the last one."""
    handle = page.locator("[data-handle]").first.bounding_box()
    last = page.locator(".criteria > li").last.bounding_box()
    assert handle
    assert last
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, last["y"] + last["height"] - 4, steps=4)
    expect(page.locator("[data-drop=after]")).to_have_count(1)
