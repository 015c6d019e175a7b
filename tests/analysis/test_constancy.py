"""An arm's own labels: read from its extractions, compared with the reference, with itself and with the readers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.document import document_of
from readerstudy.analysis.labels import own_label
from readerstudy.analysis.report import build_report
from readerstudy.generation.models import Attempt, Extraction, Generation, Interpretation, RefusalVerdict
from readerstudy.studies.models import Arm, Role, Study
from tests import factories
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
LABELS = ["normal", "abnormal"]


@pytest.mark.parametrize(
    ("text", "extracted", "status", "label"),
    [
        ("Classification: normal", None, None, "normal"),
        ("Classification: normal", "", "none", "normal"),
        ("Classification: normal", "Abnormal", "valid", "abnormal"),
        ("Classification: normal", "abnormal", "none", "abnormal"),
        ("Classification: normal", "", "invalid", None),
        ("Classification: normal", "cancer", "repaired", None),
        ("No form.", None, None, None),
    ],
)
def test_what_was_extracted_goes_before_what_the_text_says(
    text: str, extracted: str | None, status: str | None, label: str | None
) -> None:
    assert own_label(text, extracted, status, LABELS) == label


def add_output(arm: Arm, case: Any, replicate: int, label: str, verdict: str = "answer") -> None:
    row = Generation.objects.create(arm=arm, case=case, replicate=replicate, stage="done")
    attempt = Attempt.objects.create(generation=row, number=1, key=uuid.uuid4().hex, outcome="answered")
    text = f"{label} {replicate}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = Interpretation.objects.create(generation=row, attempt=attempt, text=text, sha256=digest)
    declined = verdict == "full_refusal"
    RefusalVerdict.objects.create(interpretation=found, verdict=verdict, declined=declined, signal="rule")
    box = {"slot": "current", "frame": 0, "x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5, "label": "=cmd"}
    Extraction.objects.create(
        interpretation=found, status="valid", label=label, confidence=0.25, boxes=[box] if label else []
    )


@pytest.fixture
def study(db: None) -> Study:
    """Four cases, one arm asked three times about each; it is of two minds about C002 and refuses once on C003."""
    study = factories.make_study(positive_label="abnormal")
    arm = factories.make_arm(study, name="Alpha", replicates=3)
    factories.make_criterion(study)
    said = (
        ("normal",) * 3,
        ("abnormal", "normal", "abnormal"),
        ("abnormal", "", "abnormal"),
        ("normal",) * 3,
    )
    for place, labels in enumerate(said):
        case = factories.make_case(study, label="abnormal" if place in (1, 2) else "normal")
        for number, label in enumerate(labels, start=1):
            add_output(arm, case, number, label, "answer" if label else "full_refusal")
    factories.make_reader(study)
    return factories.name_arms(study)


def test_agreement_with_itself_counts_labels_and_refusals(study: Study) -> None:
    rows = {(row["about"], row["estimator"]): row for row in build_report(study)["self_agreement"]}
    # pairs of labels that agree, averaged over cases: 1, 1/3, 1, 1
    assert rows["label", "percent_agreement"]["value"] == pytest.approx((3 + 1 / 3) / 4)
    assert rows["declined", "percent_agreement"]["value"] == pytest.approx((3 + 1 / 3) / 4)
    assert rows["label", "krippendorff_alpha"]["value"] is not None
    assert {row["replicates"] for row in rows.values()} == {3}
    words = repr(document_of(json.loads(json.dumps(build_report(study)))))
    assert "Same label for the same case: “Alpha” 0.833" in words


def test_an_arm_that_was_asked_once_has_no_such_figure() -> None:
    study = worlds.make_open_study(questions=("correctness",))
    report = build_report(study)
    assert report["self_agreement"] == []
    assert "Agreement of an arm with itself" not in repr(document_of(report))


def test_accuracy_rests_on_the_extraction_and_names_the_model_as_a_reader(study: Study) -> None:
    found = build_report(study)["classification"]
    [row] = [
        row
        for row in found["estimates"]
        if (row["estimator"], row["refusals"]) == ("accuracy", "as_intended")
    ]
    assert (row["value"], row["n_cases"], row["reader"]) == (1.0, 4, "model:Alpha")


def test_a_question_with_the_labels_as_choices_compares_model_and_readers() -> None:
    options = [{"value": "n", "label": "Normal"}, {"value": "a", "label": "Abnormal"}]
    study = factories.make_study()
    arm = factories.make_arm(study, name="Alpha")
    factories.make_criterion(
        study, key="finding", kind="single_choice", options=options, acceptable_from=None
    )
    for place in range(4):
        label = "abnormal" if place % 2 else "normal"
        factories.make_output(arm, factories.make_case(study, label=label), text=f"Classification: {label}")
    seat = factories.make_reader(study)
    factories.freeze(study)
    factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    worlds.read_everything(seat, lambda _seat, case, _arm, _key: "a" if case % 2 else "n")
    [row] = build_report(study)["agreement_with_readers"]
    assert (row["arm"], row["reader"], row["value"], row["n_cases"]) == ("Alpha", "R01", 1.0, 4)
    assert "model:Alpha" in repr(document_of(build_report(study)))


def test_every_output_is_exported_with_label_confidence_and_boxes(study: Study) -> None:
    client = Client()
    client.force_login(study.created_by)
    response = client.get(reverse("analysis:outputs", args=[study.key]))
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [(row["case"], row["replicate"]) for row in rows][:4] == [
        ("C001", "1"),
        ("C001", "2"),
        ("C001", "3"),
        ("C002", "1"),
    ]
    assert (rows[0]["label"], rows[0]["confidence"], rows[0]["form"]) == ("normal", "0.25", "valid")
    assert json.loads(rows[0]["boxes"])[0]["width"] == 0.5
    refused = rows[7]
    assert (refused["refusal_verdict"], refused["declined"], refused["boxes"]) == ("full_refusal", "1", "")
    assert refused["verdict_by_person"] == "0"


@pytest.mark.parametrize("who", [Role.READER, Role.WRITER])
def test_who_must_not_know_the_arms_gets_no_outputs(study: Study, who: Role) -> None:
    client = Client()
    client.force_login(factories.make_member(study, who).user)
    assert client.get(reverse("analysis:outputs", args=[study.key])).status_code == 404


def test_the_agreement_of_rules_and_people_stands_in_the_report_by_arm(study: Study) -> None:
    assert build_report(study)["verdict_agreement"] is None
    refused = Interpretation.objects.get(verdicts__verdict="full_refusal")
    before = build_report(study)["input_sha256"]
    RefusalVerdict.objects.create(
        interpretation=refused, verdict="answer", declined=False, signal="person", by=study.created_by
    )
    report = build_report(study)
    alpha, whole = report["verdict_agreement"]["arms"]
    assert (alpha["arm"], whole["arm"]) == ("Alpha", None)
    assert (alpha["flagged_judged"], alpha["cried_wolf"]["value"]) == (1, 1.0)
    assert report["input_sha256"] != before
    assert "Automatic and human verdicts" in repr(document_of(json.loads(json.dumps(report))))
