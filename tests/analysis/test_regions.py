"""Marks of readers, models and the reference beside each other, checked by numbers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.generation.actions import overrule
from readerstudy.generation.models import Interpretation, Verdict
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Study
from tests.analysis import test_endpoints as endpoints
from tests.analysis.test_scripts import agrees

pytestmark = pytest.mark.django_db
OVERLAP = {"name": "overlap", "statistic": "iou", "criterion": "place"}
TRUE = [
    {"slot": "current", "frame": 0, "points": [[0, 0], [10, 10]]},
    {"slot": "current", "frame": 0, "points": [[20, 0], [30, 10]]},
]


def box(left: float, right: float) -> dict[str, Any]:
    return {"slot": "current", "frame": 0, "points": [[left, 0], [right, 10]]}


def study_of_boxes(said: dict[int, list[dict[str, Any]]]) -> Study:
    """Each reader says the same of every case; C001 has two reference boxes, C002 none, the others no reference."""
    study = endpoints.study_of(
        endpoints.BOX,
        endpoints=[OVERLAP],
        plan={"plan": "crossed", "outputs": "one_arm"},
        before_lock=lambda study: endpoints.marked(study, C001=TRUE, C002=[]),
        cases={"reference": "boxes", "positive": "abnormal"},
    )
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "place", json.dumps(said[allocation.seat.seat or 0]))
    return study


def test_every_two_are_laid_on_each_other_and_what_was_found_is_counted(tmp_path: Path) -> None:
    """Reader 1 has the first box whole and the second by 4 of 10; reader 2 the first by half, and one beside."""
    study = study_of_boxes({1: [box(0, 10), box(20, 24)], 2: [box(5, 15), box(40, 50)]})
    (entry,) = agrees(study, tmp_path)["regions"]
    assert [(each["kind"], each["name"]) for each in entry["parties"]] == [
        ("reader", "R01"),
        ("reader", "R02"),
        ("reference", ""),
    ]
    values = {
        tuple(row["between"]): (row["value"], row["n_cases"], row["n_readers"]) for row in entry["pairs"]
    }
    # Readers share 5 of 29 in every case; the reference is 20 wide in C001, and empty, so 0, in C002.
    assert values[0, 1] == (pytest.approx(5 / 29), 4, 2)
    assert values[0, 2] == (pytest.approx((14 / 20 + 0) / 2), 2, 1)
    assert values[1, 2] == (pytest.approx((5 / 35 + 0) / 2), 2, 1)
    found = {(row["name"], row["variant"]): row["value"] for row in entry["found"]}
    # Over both cases each reader drew four boxes, and the reference has two.
    assert found["R01", "precision@0.3"] == pytest.approx(2 / 4)
    assert found["R01", "recall@0.3"] == pytest.approx(2 / 2)
    assert found["R01", "precision@0.5"] == pytest.approx(1 / 4)
    assert found["R01", "recall@0.5"] == pytest.approx(1 / 2)
    assert found["R02", "recall@0.3"] == pytest.approx(1 / 2)  # 5 of 15
    assert found["R02", "recall@0.5"] == 0.0
    assert found["R01", "f1@0.3"] == pytest.approx(2 * 2 / (4 + 2))


def test_the_report_has_a_matrix_the_pairs_and_what_was_found() -> None:
    study = study_of_boxes({1: [box(0, 10)], 2: [box(5, 15)]})
    (section,) = [
        each for each in document_of(build_report(study)).sections if each.slug == "regions-1-place"
    ]
    matrix, pairs, found = section.tables
    assert [cell.text for cell in matrix.head] == ["Of", "R01", "R02", "Reference"]
    cells = [[cell.text for cell in row] for row in matrix.groups[0].rows]
    assert cells[0][:3] == ["R01", "—", "0.333"]
    assert cells[1][1] == "0.333"
    assert pairs.groups[0].rows[0][0].text == "R01 and R02"
    assert found.groups[0].rows[0][1].text == "Precision, overlap at least 0.3"


def test_a_model_that_declined_has_marked_nothing_or_is_left_out(tmp_path: Path) -> None:
    """Of two cases with a reference the model has half of the first and declined the second."""
    study = endpoints.study_with_boxes_of_models()
    text = Interpretation.objects.get(generation__arm__name="One", generation__case__code="C002")
    overrule(interpretation=text, verdict=Verdict.FULL_REFUSAL, by=study.created_by)
    (entry,) = agrees(study, tmp_path)["regions"]
    assert [each["kind"] for each in entry["parties"]] == ["reference", "model"]
    told = {row["refusals"]: (row["value"], row["n_cases"]) for row in entry["pairs"]}
    assert told == {"as_intended": (pytest.approx(0.25), 2), "conditional": (pytest.approx(0.5), 1)}
    recall = {row["refusals"]: row["value"] for row in entry["found"] if row["variant"] == "recall@0.5"}
    assert recall == {"as_intended": pytest.approx(0.5), "conditional": pytest.approx(1.0)}
    (section,) = [
        each for each in document_of(build_report(study)).sections if each.slug == "regions-1-place"
    ]
    titles = [group.title for table in section.tables for group in table.groups]
    assert titles == ["Refused: nothing marked", "Refusals left out"] * 2


def test_outlines_are_matched_as_boxes_are() -> None:
    from readerstudy.analysis.estimates.readers_marks import counted

    at, square = ("current", 0), [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]
    assert counted({at: [square]}, {at: [[[0.0, 0.0], [10.0, 10.0]]]}, threshold=0.5) == (1, 1, 1)
    assert counted({at: [square]}, {("prior", 0): [square]}, threshold=0.3) == (0, 1, 1)
    assert counted({at: [[[1.0, 1.0]]]}, {at: [square]}, threshold=0.3) == (0, 0, 1)


def test_boxes_of_models_need_no_question() -> None:
    study = endpoints.study_with_boxes_of_models()
    declared = [{"name": "overlap", "statistic": "iou"}]
    set_section(study=study, name="endpoints", content=declared, by=study.created_by)
    content = build_report(study)
    (entry,) = content["regions"]
    assert [row["value"] for row in entry["pairs"]] == [pytest.approx((0.5 + 0.0) / 2)]
    assert "Where models’ own boxes lie" in [each.heading for each in document_of(content).sections]
