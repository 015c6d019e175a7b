"""What a reply holds of what its prompt asked for is stored once, beside the text, and never changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from readerstudy.generation import actions
from readerstudy.generation.models import Extraction, Generation
from readerstudy.generation.prompting.extraction import read_by_arm
from readerstudy.providers.prompts import Form, Level, Output, Rubric
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Sign, readiness
from tests.factories import make_arm, make_case, make_output, make_prompt, make_study
from tests.generation.replies import a_reply, answer

Claim = Callable[[], Generation]
BOXES: dict[str, Any] = {
    "rubric": Rubric((Level("normal"), Level("abnormal"))),
    "output": Output(Form.JSON, ("label", "boxes", "confidence")),
}
BOX = {"slot": "current", "label": "nodule", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
GOOD = json.dumps({"label": "abnormal", "boxes": [BOX], "confidence": 0.7})


@pytest.fixture
def asked(db: None) -> Study:
    """A study whose one arm asks for JSON, with two cases queued."""
    study = make_study()
    make_arm(study, name="A", prompt=make_prompt(study, **BOXES))
    make_case(study)
    make_case(study)
    actions.queue_generations(study=study, by=study.created_by)
    return study


def test_a_reply_in_form_fills_the_columns(asked: Study, claim: Claim) -> None:
    answer(claim(), a_reply(GOOD))
    found = Extraction.objects.get()
    assert (found.status, found.label, found.confidence) == ("valid", "abnormal", 0.7)
    assert found.boxes == [{**BOX, "frame": 0}]
    assert found.data == json.loads(GOOD)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I cannot look at images.", "not a JSON object"),
        (GOOD.replace("abnormal", "odd"), "no level of the rubric"),
        ("\x00" + GOOD[:20], "not a JSON object"),
    ],
)
def test_a_reply_out_of_form_keeps_its_text_and_is_flagged(
    asked: Study, claim: Claim, text: str, problem: str
) -> None:
    answer(claim(), a_reply(text))
    found = Extraction.objects.get()
    assert (found.status, found.label) == ("invalid", "")
    assert problem in found.problem
    assert found.interpretation.text == text.replace("\x00", "\ufffd")


def test_unparsable_replies_are_counted_per_arm_and_told_on_the_overview(asked: Study, claim: Claim) -> None:
    answer(claim(), a_reply("It is a chest radiograph with an opacity in the left lower zone."))
    answer(claim(), a_reply("I'm sorry, but I can't help with interpreting medical images."))
    reading = read_by_arm(asked)[0]
    assert (reading.read, reading.unparsable, reading.declined, reading.broken) == (2, 2, 1, 1)
    said = {line.text: line.sign for line in readiness(asked)}
    assert said["1 of 2 replies of “A” is not in the form that its prompt asked for"] == Sign.WARN


def test_an_arm_that_asked_for_no_form_is_not_counted(db: None) -> None:
    study = make_study()
    interpretation = make_output(make_arm(study), make_case(study))
    assert actions.extract(interpretation=interpretation).status == "none"
    assert read_by_arm(study) == []


@pytest.mark.parametrize(
    ("columns", "label", "boxes"),
    [
        ({}, "normal", []),
        (
            {"label": "abnormal", "boxes": [{**BOX, "frame": 0, "slot": ""}]},
            "abnormal",
            [{**BOX, "frame": 0}],
        ),
    ],
)
def test_what_a_file_says_beside_a_text_made_elsewhere_counts(
    db: None, columns: dict[str, Any], label: str, boxes: list[Any]
) -> None:
    study = make_study()
    arm = make_arm(study, kind="imported", model="", connection="")
    case = make_case(study)
    arm.recorded_outputs.create(case=case, text="T", **columns)
    interpretation = make_output(arm, case, text="Clear.\nClassification: normal")
    found = actions.extract(interpretation=interpretation)
    assert (found.status, found.label, found.boxes) == ("none", label, boxes)


def test_an_extraction_is_never_changed_or_deleted(asked: Study, claim: Claim) -> None:
    answer(claim(), a_reply(GOOD))
    for change in (
        lambda: Extraction.objects.update(label="normal"),
        lambda: Extraction.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"status": "perhaps"}, "known_extraction_status"),
        ({"status": "valid", "confidence": 1.5}, "confidence_is_a_share"),
        ({"status": "invalid"}, "says_why"),
    ],
)
def test_impossible_extractions_are_refused(db: None, columns: dict[str, Any], constraint: str) -> None:
    study = make_study()
    interpretation = make_output(make_arm(study), make_case(study))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Extraction.objects.create(interpretation=interpretation, **columns)


def test_a_locked_study_takes_no_extraction(db: None) -> None:
    study = make_study()
    interpretation = make_output(make_arm(study), make_case(study))
    Study.objects.filter(pk=study.pk).update(state="running")
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        actions.extract(interpretation=interpretation)
