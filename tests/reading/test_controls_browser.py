"""In a real browser: each family of controls by keys and by mouse, with as few presses as promised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from readerstudy.generation.models import Extraction, Interpretation
from readerstudy.reading.models import Allocation, Rating, Reading
from tests.reading.conftest import OpenCase
from tests.reading.worlds import LABELS, SIDES, ask, make_draft, start

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "The heart is enlarged 𠮷. **No** effusion is seen.\n\nThe bones are normal."


def press(page: Page, *keys: str) -> int:
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def finished(page: Page) -> None:
    """The last case is submitted: the reader is back at the start."""
    expect(page.get_by_text("All done")).to_be_visible()


def saved(page: Page) -> None:
    expect(page.locator("rs-outbox")).to_have_attribute("data-state", "saved")
    page.wait_for_selector("rs-outbox[data-state=saved]")


def values() -> dict[str, str]:
    rows = Rating.objects.select_related("criterion").order_by("pk")
    return {row.criterion.key + (f".{row.part}" if row.part else ""): row.value for row in rows}


def case_with(*keys: str, texts: tuple[str, ...] = (TEXT,), **more: Any) -> Allocation:
    study = make_draft(texts=texts)
    for key in keys:
        ask(study, key, **more.get(key, {}))
    return start(study)[1][0]


def test_four_questions_take_five_presses(open_case: OpenCase) -> None:
    allocation = case_with(
        "quality_gate", "yes_no", "single_choice", "likert", single_choice={"shuffled": False}
    )
    page = open_case(allocation)
    assert press(page, "b", "y", "c", "4", "Enter") <= 6
    finished(page)
    assert values() == {"quality_gate": "limited", "yes_no": "1", "single_choice": "c", "likert": "4"}


def test_three_comparisons_take_four_presses(open_case: OpenCase) -> None:
    study = make_draft(texts=[TEXT, "Nothing."])
    for key in ("completeness", "correctness", "conciseness"):
        ask(study, key, "comparative", applies_to="pair", options=SIDES, is_required=False)
    page = open_case(start(study)[1][0])
    box = page.locator(".rd-shared").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    assert press(page, "1", "3", "5", "Enter") <= 4
    finished(page)
    assert values() == {"completeness": "-2", "correctness": "0", "conciseness": "2"}


def test_one_of_several_takes_two_presses_and_several_any_number(open_case: OpenCase) -> None:
    page = open_case(case_with("single_choice", single_choice={"shuffled": False}))
    assert press(page, "b", "Enter") <= 2
    finished(page)
    page = open_case(case_with("multiple_choice"))
    press(page, "a", "c", "b", "a", "Enter")
    finished(page)
    assert values() == {"single_choice": "b", "multiple_choice": '["b","c"]'}


def test_an_order_is_given_by_keys_taken_back_and_undone(open_case: OpenCase) -> None:
    page = open_case(case_with("ranking"))
    press(page, "c")
    saved(page)
    assert values() == {"ranking": '["c"]'}
    press(page, "Enter")
    expect(page.locator(".open")).to_have_text("1 of 1 still open")
    press(page, "a")
    expect(page.locator("[data-rank=b] .place")).to_have_text("3")
    press(page, "u")
    expect(page.locator("[data-rank=a] .place")).to_have_text("")
    page.get_by_role("button", name="Infection").click()
    press(page, "Enter")
    finished(page)
    assert values() == {"ranking": '["c","b","a"]'}


def test_numbers_sliders_and_words_are_typed_and_checked(open_case: OpenCase) -> None:
    page = open_case(case_with("integer", "number", "visual_analogue", "confidence"))
    press(page, "2", ".", "5", "Enter")
    expect(page.get_by_text("Write a whole number.")).to_be_visible()
    page.locator("[data-criterion=integer] [data-typed]").fill("12")
    press(page, "Enter", "3", ",", "5", "Enter", "6", "4", "Enter", "4")
    expect(page.locator("[data-slider]")).to_have_js_property("value", "64")
    page.locator("[data-slider]").press("ArrowRight")
    expect(page.locator("[data-criterion=visual_analogue] [data-typed]")).to_have_value("65")
    page.get_by_role("button", name="Save and finish").click()
    finished(page)
    assert values() == {"integer": "12", "number": "3.5", "visual_analogue": "65", "confidence": "4"}


def test_passages_are_marked_by_mouse_and_by_arrow_keys(open_case: OpenCase) -> None:
    page = open_case(case_with("text_span", text_span={"options": LABELS}))
    press(page, "1")
    expect(page.locator(".rd-told")).to_have_text("Select words in the text first.")
    press(page, "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "1")
    page.locator(".shown p").last.dblclick(position={"x": 12, "y": 10})
    press(page, "2")
    expect(page.locator("[data-marked] li")).to_have_count(2)
    press(page, "Delete", "u", "Enter")
    finished(page)
    [first, second] = json.loads(values()["text_span"])
    seen = "The heart is enlarged 𠮷. No effusion is seen.\nThe bones are normal."
    assert (seen[first["start"] : first["end"]], first["label"]) == ("heart is enlarged", "made_up")
    assert (seen[second["start"] : second["end"]], second["label"]) == ("The", "wrong")


def test_a_grid_is_filled_by_digits_and_arrows(open_case: OpenCase) -> None:
    page = open_case(case_with("grid"))
    press(page, "1", "2", "x", "ArrowUp", "ArrowUp", "3", "Enter")
    finished(page)
    assert values() == {"grid.s1": "supported", "grid.s2": "wrong", "grid.s3": ""}
    assert Rating.objects.get(part="s3").cannot_judge


def test_marks_are_drawn_by_mouse_and_by_keys_and_belong_to_their_question(open_case: OpenCase) -> None:
    page = open_case(case_with("box", "point"))
    page.wait_for_selector("rs-viewer canvas")
    expect(page.locator("rs-viewer .said, rs-viewer [role=status]").first).to_be_attached()
    stage = page.locator("rs-viewer .stage")
    press(page, "d")
    stage.hover(position={"x": 200, "y": 200})
    page.mouse.down()
    stage.hover(position={"x": 320, "y": 300})
    page.mouse.up()
    expect(page.locator("[data-criterion=box] [data-marked] li")).to_have_count(1)
    press(page, "Escape", "j", "d", "Enter", "ArrowLeft", "Enter", "Escape")
    expect(page.locator("[data-criterion=point] [data-marked] li")).to_have_count(1)
    saved(page)
    press(page, "u")
    expect(page.locator("[data-criterion=point] [data-marked] li")).to_have_count(0)
    press(page, "-", "Enter")
    finished(page)
    [box] = json.loads(values()["box"])
    assert (box["slot"], box["frame"], len(box["points"])) == ("current", 0, 2)
    assert values()["point"] == "[]"


def test_marks_stand_again_after_a_reload(open_case: OpenCase) -> None:
    allocation = case_with("point", "free_text")
    page = open_case(allocation)
    page.wait_for_selector("rs-viewer canvas")
    press(page, "d", "Enter", "Enter")
    expect(page.locator("[data-criterion=point] [data-marked] li")).to_have_count(1)
    saved(page)
    page.reload()
    expect(page.locator("[data-criterion=point] [data-marked] li")).to_have_count(1)
    expect(page.locator("rs-viewer .marks .mark")).to_have_count(1)
    assert Rating.objects.count() == 1


def test_a_text_is_edited_with_its_changes_tracked(open_case: OpenCase) -> None:
    page = open_case(case_with("edit"))
    press(page, "e")
    field = page.locator("[data-typed]")
    expect(field).to_be_focused()
    field.fill("The heart is normal.")
    expect(page.locator("[data-diff] del")).to_contain_text("enlarged")
    press(page, "Escape", "Enter")
    expect(page.get_by_text("Say whether your changes matter clinically: Y or N.")).to_be_visible()
    press(page, "y", "Enter")
    finished(page)
    assert json.loads(values()["edit"]) == {"text": "The heart is normal.", "significant": True}


def test_a_staged_case_is_answered_locked_and_revealed_by_keys(open_case: OpenCase) -> None:
    study = make_draft(texts=[TEXT], display={"layout": "single", "reveal": "after_own_answer"})
    ask(study, "own", "single_choice", applies_to="case", stage="before", shuffled=False)
    ask(study, "agree", "yes_no", stage="after", when=[{"criterion": "own", "is": ["b"]}])
    page = open_case(start(study)[1][0])
    assert "heart" not in page.content()
    press(page, "b", "Enter")
    expect(page.locator(".shown")).to_contain_text("The heart is enlarged")
    expect(page.locator(".sealed dd")).to_have_text("Infection")
    press(page, "n", "Enter")
    finished(page)
    assert values() == {"own": "b", "agree": "0"}
    reading = Reading.objects.get()
    assert reading.unaided_at is not None
    assert reading.active_seconds is not None
    assert {"shown", "first", "last", "submitted", "hidden"} <= set(reading.client)


def test_questions_come_and_go_with_the_answers_and_a_closed_gate_ends_the_case(open_case: OpenCase) -> None:
    study = make_draft(texts=[TEXT])
    ask(study, "quality_gate")
    ask(study, "present", "yes_no", applies_to="case")
    ask(study, "count", "integer", applies_to="case", when=[{"criterion": "present", "is": ["1"]}])
    page = open_case(start(study)[1][0])
    count = page.locator("[data-criterion=count]")
    expect(count).to_be_hidden()
    press(page, "a", "y")
    expect(count).to_be_visible()
    page.get_by_text("No", exact=False).and_(page.locator("[data-criterion=present] .face")).last.click()
    expect(count).to_be_hidden()
    page.locator("[data-criterion=quality_gate] .face").last.click()
    expect(page.locator("[data-criterion=present]")).to_be_visible()
    page.keyboard.type("Motion")
    press(page, "Enter")
    expect(page.locator("[data-criterion=present]")).to_be_hidden()
    press(page, "Enter")
    finished(page)
    assert values()["quality_gate"] == "no"
    assert Rating.objects.get(criterion__key="quality_gate").reason == "Motion"


def test_every_kind_works_without_javascript(open_case: OpenCase) -> None:
    page = open_case(case_with("ranking", "text_span", "edit"), java_script_enabled=False)
    for place, label in enumerate(("Other", "Tumour", "Infection"), start=1):
        page.get_by_label(label, exact=True).fill(str(place))
    page.locator("textarea[name$=text_span]").fill("2: effusion is seen")
    page.locator("textarea[name$=edit]").fill("Nothing.")
    page.locator("[name$='edit@significant'][value='0']").check(force=True)
    page.get_by_role("button", name="Save and finish").click()
    finished(page)
    assert values()["ranking"] == '["c","a","b"]'
    assert json.loads(values()["text_span"])[0]["label"] == "wrong"
    assert json.loads(values()["edit"])["significant"] is False


def test_the_boxes_of_each_text_are_shown_in_turn_by_one_key(open_case: OpenCase) -> None:
    study = make_draft(texts=[TEXT, "Nothing."], show_boxes=True)
    ask(study, "better", "comparative", applies_to="pair", options=SIDES)
    ask(study, "box")
    box = {"slot": "current", "frame": 0, "x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5, "label": "x"}
    for text in Interpretation.objects.all():
        Extraction.objects.create(interpretation=text, status="valid", label="", boxes=[box])
    page = open_case(start(study)[1][0])
    page.wait_for_selector("rs-viewer canvas")
    first, second = page.locator("[data-boxes]").all()
    marks = page.locator("rs-viewer .marks .mark")
    press(page, "v")
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(marks).to_have_count(1)
    press(page, "v")
    expect(second).to_have_attribute("aria-pressed", "true")
    press(page, "v")
    expect(marks).to_have_count(0)
    assert page.locator("[data-criterion=box] [data-marked] li").count() == 0
