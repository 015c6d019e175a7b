"""A reply is read as its prompt asked, whatever it is; what does not fit is flagged and never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.prompts import Form, Level, Output, Prompt, Rubric, layout, read_reply
from readerstudy.providers.prompts.fields import FIELDS

LEVELS = Rubric((Level("normal"), Level("not normal")))
LINE = Prompt(task="T", rubric=LEVELS, output=Output(label_line="Classification"))
BOXED = Prompt(
    task="T", rubric=LEVELS, output=Output(Form.JSON, ("label", "findings", "boxes", "confidence", "unable"))
)
BOX = {"slot": "current", "label": "nodule", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
GOOD: dict[str, Any] = {
    "label": "normal",
    "findings": ["Clear lungs."],
    "boxes": [BOX],
    "confidence": 0.8,
    "unable": "",
}


def reply(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_reply_in_form_gives_every_column() -> None:
    read = read_reply(BOXED, reply(), ["current"])
    assert (read.status, read.label, read.confidence, read.problem) == ("valid", "normal", 0.8, "")
    assert read.boxes == ({**BOX, "frame": 0},)
    assert read.data == GOOD


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (f"```json\n{reply()}\n```", "fenced"),
        (f"Here is my answer:\n```\n{reply()}\n```\nI hope it helps.", "fenced"),
        (f"Sure. {reply()} Please check it.", "Other text"),
        (f"As {{asked}} {reply()}", "Other text"),
        (reply(label="Normal."), "spelled"),
        (reply(confidence=80), "confidence"),
        (reply(boxes=[{**BOX, "x": 12}]), "box"),
        (reply(boxes=[{**BOX, "width": 0}]), "box"),
    ],
)
def test_what_can_be_used_is_used_and_said_to_be_repaired(text: str, note: str) -> None:
    read = read_reply(BOXED, text, ["current"])
    assert read.status == "repaired"
    assert note in read.problem
    assert read.label == "normal"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I cannot interpret medical images.", "not a JSON object"),
        ("", "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        (reply(label="maybe"), "“maybe” is no level"),
        (reply(label=3), "“label”"),
        (json.dumps({"label": "normal"}), "is missing"),
        (reply(extra=1), "not asked for"),
        (reply(findings="one"), "“findings” is not of the kind"),
        (reply(boxes=[{"slot": "current"}]), "boxes.0"),
        ('{"label": "normal", "label": "not normal"}', "not a JSON object"),
        (reply()[:-1], "not a JSON object"),
        (reply(confidence=float("nan")), "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"a":' * 50_000, "not a JSON object"),
        ("x" * 400_001, "longer than"),
    ],
)
def test_what_cannot_be_used_is_flagged_with_the_reason(text: str, why: str) -> None:
    read = read_reply(BOXED, text, ["current"])
    assert (read.status, read.label, read.boxes) == ("invalid", "", ())
    assert why in read.problem


def test_a_model_that_says_what_it_could_not_do_has_no_label_and_is_in_form() -> None:
    read = read_reply(BOXED, reply(label=None, boxes=[], unable="The image is too dark."))
    assert (read.status, read.label) == ("valid", "")


def test_a_box_is_cut_at_the_edge_of_its_image() -> None:
    read = read_reply(BOXED, reply(boxes=[{**BOX, "x": -0.01, "width": 1.02}]), ["current"])
    assert read.boxes[0]["x"] == 0
    assert read.boxes[0]["width"] == 1


def test_with_one_image_a_box_lies_on_it_whatever_it_is_called() -> None:
    assert read_reply(BOXED, reply(boxes=[{**BOX, "slot": "1"}]), ["current"]).boxes[0]["slot"] == "current"
    assert read_reply(BOXED, reply(boxes=[{**BOX, "slot": "1"}]), ["current", "prior"]).boxes == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Clear.\nClassification: normal", "normal"),
        ("Clear.\n**Classification:** Not normal.", "not normal"),
        ("classification： “normal”", "normal"),
        ("Classification: normal\nOn a second look:\nClassification: not normal", "not normal"),
        ("Nothing is seen. Classification: normal", "normal"),
    ],
)
def test_a_line_for_the_label_is_read_from_free_text(text: str, label: str) -> None:
    assert (read_reply(LINE, text).status, read_reply(LINE, text).label) == ("valid", label)


@pytest.mark.parametrize(
    ("text", "why"), [("Clear.", "no line"), ("Classification: unclear", "no level of the rubric")]
)
def test_a_missing_or_unknown_label_is_flagged(text: str, why: str) -> None:
    read = read_reply(LINE, text)
    assert (read.status, read.label) == ("invalid", "")
    assert why in read.problem


def test_where_no_form_was_asked_for_nothing_is_flagged() -> None:
    assert read_reply(Prompt(task="T"), "Clear lungs.").status == "none"
    assert read_reply(Prompt(task="T"), "Clear.\nClassification: normal").label == "normal"
    assert read_reply(None, "Text.\nClassification: abnormal").label == "abnormal"
    assert read_reply(None, "Text.").label == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*FIELDS, "other"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.text(max_size=200) | json_values.map(json.dumps))
def test_no_reply_whatever_breaks_the_reading(text: str) -> None:
    for prompt in (BOXED, LINE, Prompt(task="T"), None):
        read = read_reply(prompt, text, ["current"])
        assert read.label in {"", "normal", "not normal"} or prompt is None or not prompt.levels
        assert read.confidence is None or 0 <= read.confidence <= 1
        assert read.status != "invalid" or read.problem
        for box in read.boxes:
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 1.000002


@given(json_values)
def test_any_json_can_be_laid_out_always_in_the_same_way(value: Any) -> None:
    assert layout(value) == layout(json.loads(json.dumps(value, sort_keys=True)))


def test_a_reply_is_laid_out_as_labelled_lines_in_a_fixed_order() -> None:
    data = {
        "unable": "",
        "confidence": 0.8,
        "boxes": [BOX],
        "impression": "Pneumonia.",
        "diagnoses": [{"diagnosis": "Pneumonia", "likelihood": "high", "rationale": "An opacity."}],
        "findings": ["An opacity.", "No effusion."],
        "label": "not normal",
        "other_words": {"b": 2, "a": [1, 2]},
    }
    assert layout(data) == (
        "Label: not normal\n\n"
        "Findings:\n- An opacity.\n- No effusion.\n\n"
        "Differential diagnosis:\n- Pneumonia (likelihood high): An opacity.\n\n"
        "Boxes:\n- nodule (image “current”): left 10 %, top 20 %, width 30 %, height 40 %\n\n"
        "Impression: Pneumonia.\n\n"
        "Confidence: 80 %\n\n"
        "Other words:\n- A: - 1 - 2\n- B: 2"
    )
