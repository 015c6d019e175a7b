"""Every further part of the report is reproduced by the script from the exported tables alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis import test_endpoints as endpoints
from tests.analysis import worlds
from tests.analysis.test_scripts import agrees
from tests.reading import disputes, test_made_checks
from tests.reading.plans import seats_of
from tests.reading.test_adjudication_protocol import settled_study

pytestmark = pytest.mark.django_db
ONE = {"plan": "crossed", "outputs": "one_arm", "seed": 1}
PAIRS = {"plan": "crossed", "outputs": "pairs", "seed": 1}
GRADE = {**endpoints.QUALITY, "direction": "higher"}
LENGTH = {
    "key": "length",
    "kind": "number",
    "question": "How long is it?",
    "applies_to": "output",
    "direction": "none",
}


def given(allocation: Allocation, salt: int, options: int) -> int:
    """An answer that differs between readers, cases and presentations, and is the same each time."""
    return (
        allocation.case.position * 5 + (allocation.seat.seat or 0) * 3 + allocation.position * salt
    ) % options


def test_second_presentations(tmp_path: Path) -> None:
    plan = {**ONE, "repeats": {"share": 0.5, "fewest": 2, "distance": 1}}
    choice = {**endpoints.CHOICE, "applies_to": "output"}
    study = endpoints.study_of(GRADE, choice, LENGTH, endpoints=[], plan=plan)
    for allocation in endpoints.each_case(study):
        for output in allocation.outputs.all():
            endpoints.say(allocation, "quality", str(given(allocation, 1, 5) + 1), output)
            endpoints.say(allocation, "sick", ("normal", "abnormal")[given(allocation, 2, 2)], output)
            endpoints.say(allocation, "length", str(given(allocation, 3, 9)), output)
    found = {each["criterion"]: each["estimates"] for each in agrees(study, tmp_path)["repeats"]}
    assert set(found) == {"quality", "sick", "length"}
    assert {row["variant"] for row in found["quality"]} == {"percent_agreement", "unweighted", "quadratic"}
    assert any(row["ci"] for row in found["length"])


@pytest.mark.parametrize("arms", [2, 3])
def test_comparisons_and_abilities(tmp_path: Path, arms: int) -> None:
    study = endpoints.study_of(endpoints.PREFER, endpoints=[], plan=PAIRS, arms=arms, readers=3)
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "better", str(given(allocation, 1, 3) - 1))
    report = agrees(factories.name_arms(study), tmp_path)
    (entry,) = report["preferences"]
    assert entry["left"]["value"] is not None
    assert len(entry["pairs"]) == (1 if arms == 2 else 3)
    assert any(row["ci"] for row in entry["abilities"]) is (arms == 3)
    assert report["disagreement"]["cases"]


CURVES = [
    {"name": "auc", "statistic": "auc", "criterion": "sure"},
    {"name": "right", "statistic": "accuracy", "criterion": "sick"},
]


@pytest.mark.parametrize("method", ["obuchowski_rockette", "gallas"])
@pytest.mark.parametrize("about", ["case", "output"])
def test_curves_matrices_and_all_arms_together(tmp_path: Path, method: str, about: str) -> None:
    asked = [{**each, "applies_to": about} for each in (endpoints.CHOICE, endpoints.SURE)]
    plan = {**ONE, "outputs": "one_at_a_time"}
    study = endpoints.study_of(*asked, endpoints=CURVES, plan=plan, readers=3)
    for place, allocation in enumerate(endpoints.each_case(study)):
        if method == "gallas" and place % 7 == 0:
            continue
        for output in allocation.outputs.all() if about == "output" else [None]:
            truth = allocation.case.reference.label == "abnormal"
            wrong = given(allocation, 1, 4) == 0
            endpoints.say(allocation, "sick", ("normal", "abnormal")[truth ^ wrong], output)
            endpoints.say(allocation, "sure", str(given(allocation, 2, 5) + 1), output)
    report = agrees(study, tmp_path)
    (entry,) = report["roc"]
    assert entry["method"] == method
    assert any(row["se"] for row in entry["mrmc"])
    assert {each["criterion"] for each in report["confusion"]} >= {"sick"}


def test_models_beside_readers(tmp_path: Path) -> None:
    options = [{"value": "n", "label": "Normal"}, {"value": "a", "label": "Abnormal"}]
    study = factories.make_study()
    arm = factories.make_arm(study, name="Alpha")
    factories.make_criterion(
        study, key="finding", kind="single_choice", options=options, acceptable_from=None
    )
    for place in range(16):
        label, refuses = "abnormal" if place % 2 else "normal", place == 4
        text = "I cannot help." if refuses else f"Classification: {label}"
        case = factories.make_case(study, label=label)
        factories.make_output(arm, case, text=text, verdict="full_refusal" if refuses else "answer")
    seats = [factories.make_reader(study) for _number in range(4)]
    factories.freeze(study)
    factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    for seat in seats:
        worlds.read_everything(
            seat, lambda at, case, _arm, _key: "na"[(case % 2) ^ (at * at * case % 7 == 4)]
        )
    (entry,) = agrees(Study.objects.get(pk=study.pk), tmp_path)["experts"]
    assert all(row["value"] is not None for row in entry["estimates"])
    assert all(row["ci"] for row in entry["estimates"] if row["about"] in ("mean", "difference", "left_out"))
    assert len(entry["alt_test"]["estimates"]) == 6


def test_marks_beside_the_reference(tmp_path: Path) -> None:
    declared = [{"name": name, "statistic": name, "criterion": "place"} for name in ("iou", "hit_share")]
    study = endpoints.study_of(
        endpoints.BOX,
        endpoints=declared,
        plan=ONE,
        before_lock=lambda study: endpoints.marked(study, C001=endpoints.REFERENCE, C002=[TRIANGLE], C003=[]),
        cases={"reference": "boxes", "positive": "abnormal"},
    )
    for allocation in endpoints.each_case(study):
        end = 7 + 3 * (allocation.seat.seat or 0)
        box = {"slot": "current", "frame": 0, "points": [[1, 1], [end, 9]]}
        endpoints.say(allocation, "place", json.dumps([] if allocation.case.code == "C004" else [box]))
    overlap, hit = agrees(study, tmp_path)["endpoints"]
    assert overlap["against"] == "reference"
    assert 0 < overlap["estimates"][0]["value"] < 1
    assert hit["estimates"][0]["value"] is not None


TRIANGLE = {"slot": "current", "frame": 0, "points": [[0, 0], [12, 0], [12, 12]]}


def test_the_boxes_of_models(tmp_path: Path) -> None:
    study = endpoints.study_with_boxes_of_models()
    (entry,) = agrees(study, tmp_path)["endpoints"]
    assert [row["reader"] for row in entry["estimates"]] == [endpoints.BOXES_OF_MODEL]


def test_settlements(tmp_path: Path) -> None:
    found = agrees(settled_study(), tmp_path)["adjudication"]
    assert [row["settled"] for row in found["rows"]].count(1) == 1
    assert any(row["raw"] != row["adjudicated"] for row in found["rows"])


def test_attention_checks(tmp_path: Path) -> None:
    study = test_made_checks.running(test_made_checks.ONE)
    careful, careless = seats_of(study)
    for seat in (careful, careless):
        for row in Allocation.objects.of(seat):
            test_made_checks.answer(row, low=seat == careful and bool(row.check_kind))
    found = agrees(study, tmp_path)["checks"]
    assert {(row["passed"], row["failed"]) for row in found} == {(1, 0), (0, 1)}


# ------------------------------------------------------------------ the table of settlements


def rows_of(study: Study) -> list[dict[str, Any]]:
    import csv
    import io

    from readerstudy.analysis.exports.catalogue import streamed

    told = b"".join(streamed(study, "adjudications.csv")).decode()
    return list(csv.DictReader(io.StringIO(told, newline="")))


def test_the_table_of_settlements_stands_beside_the_ratings() -> None:
    study = settled_study()
    client = Client()
    client.force_login(study.created_by)
    page = client.get(reverse("analysis:files", args=[study.key])).content.decode()
    assert "adjudications.csv" in page
    found = rows_of(study)
    (settled,) = [row for row in found if row["status"] == "settled"]
    assert json.loads(settled["answers"]) == {"R01": "1", "R02": "5"}
    assert (settled["value"], settled["score"], settled["adjudicator"]) == ("2", "2", "A01")
    assert (settled["trigger"], settled["saw_readings"]) == ("gap", "0")
    assert [row["status"] for row in found].count("within_rules") == 2
    assert {row["arm"] for row in found} == {"X", "Y"}


def test_no_table_of_settlements_without_rules() -> None:
    assert rows_of(factories.make_running_study(cases=1, arms=1)) == []


SIDES = {
    "rules": [{"criterion": "better", "trigger": "difference"}],
    "by": "third_reader",
}


def disputed_pairs(*, named: bool) -> Study:
    """Three arms are compared; one reader says that the protocol's first arm is better, the other its second."""
    study = endpoints.study_of(
        endpoints.PREFER,
        endpoints=[],
        plan=PAIRS,
        before_lock=lambda study: disputes.set_section(
            study=study, name="adjudication", content=SIDES, by=study.created_by
        ),
    )
    for allocation in endpoints.each_case(study):
        letters = {output.arm.name: output.letter for output in allocation.outputs.select_related("arm")}
        wanted = "Arm 1" if allocation.seat.seat == 1 else "Arm 2"
        endpoints.say(allocation, "better", "-1" if letters[wanted] == "A" else "1")
        disputes.submit(allocation)
    return factories.name_arms(study) if named else study


@pytest.mark.parametrize("named", [True, False])
def test_comparisons_are_told_as_if_the_arms_stood_in_the_order_of_the_table(named: bool) -> None:
    from readerstudy.analysis.blinding import ShownArms

    study = disputed_pairs(named=named)
    shown = ShownArms.of(study)
    first = "Arm 1" if shown.order == sorted(shown.order) else "Arm 2"
    for row in rows_of(study):
        assert row["arms"] == " | ".join(arm.name for arm in shown.arms)
        said = {
            reader: "-1" if wanted == first else "1"
            for reader, wanted in (("R01", "Arm 1"), ("R02", "Arm 2"))
        }
        assert json.loads(row["answers"]) == said
