"""In a real browser: what a writer types is kept while it is typed, and boxes are drawn for one text at a time."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readerstudy.generation.models import Draft, Extraction, RecordedOutput
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.conftest import Visit


@pytest.fixture
def writing(transactional_db: None) -> Study:
    study = factories.make_study()
    factories.make_arm(study, name="People", kind="human", connection="", model="", is_simulated=False)
    for _number in range(2):
        factories.make_case(study, clinical_text="Cough for two weeks.")
    return study


def test_a_text_is_kept_while_it_is_typed_and_finished_once(writing: Study, visit: Visit) -> None:
    writer = factories.make_member(writing, Role.WRITER).user
    page = visit(writer, reverse("generation:write", args=[writing.key]))
    page.get_by_role("link", name="Begin").click()
    expect(page.get_by_role("heading", name="Case C001")).to_be_visible()
    expect(page.locator("rs-viewer canvas").first).to_be_visible()
    page.get_by_label("Your text").press_sequentially("The heart is enlarged.")
    expect(page.locator("rs-outbox")).to_contain_text("saved")
    assert Draft.objects.get().text == "The heart is enlarged."
    page.reload()
    expect(page.get_by_label("Your text")).to_have_value("The heart is enlarged.")
    page.get_by_label("Your text").press("End")
    page.get_by_label("Your text").press_sequentially(" No effusion.")
    page.get_by_role("button", name="Finish and go on").click()
    expect(page.get_by_role("heading", name="Case C002")).to_be_visible()
    assert RecordedOutput.objects.get().text == "The heart is enlarged. No effusion."


def test_boxes_are_drawn_for_one_text_and_taken_away_again(transactional_db: None, visit: Visit) -> None:
    study = factories.make_study(show_boxes=True)
    factories.make_criterion(study)
    text = factories.make_output(factories.make_arm(study), factories.make_case(study))
    box = {"slot": "current", "frame": 0, "x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5, "label": "x"}
    Extraction.objects.create(interpretation=text, status="valid", label="normal", boxes=[box])
    factories.make_reader(study)
    factories.freeze(study)
    start_study(study=study, by=study.created_by)
    allocation = Allocation.objects.get()
    page = visit(allocation.seat.user, reverse("reading:read", args=[study.key, allocation.key]))
    button = page.get_by_role("button", name="Boxes of A (1)")
    marks = page.locator("rs-viewer .marks [data-kind=box]")
    expect(page.locator("rs-viewer .stage").first).to_be_visible()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(marks).to_have_count(1)
    button.press("Enter")
    expect(marks).to_have_count(0)
