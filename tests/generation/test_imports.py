"""Outputs made elsewhere: each line finds its case, or the file is refused line by line and nothing is written."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pyarrow as pa
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyarrow import parquet

from readerstudy.audit.models import Event
from readerstudy.cases.models import Case, Upload
from readerstudy.generation import actions
from readerstudy.generation.bringing.imports import (
    MOST_BYTES,
    ImportPlan,
    plan_import,
    read_outputs,
    stored_name,
)
from readerstudy.generation.models import ArrivedFile, Attempt, Generation, Interpretation, RecordedOutput
from readerstudy.generation.policies import GenerationError
from readerstudy.studies.models import Arm, Study
from tests.factories import make_arm, make_case, make_running_study, make_study

HEADER = "case,text,finish_reason,model\n"


@pytest.fixture
def arm(db: None) -> Arm:
    """An imported arm of a study with three cases, one of which came in as a file of another name."""
    study = make_study()
    for _number in range(3):
        make_case(study)
    Upload.objects.filter(original_name="C002.png").update(original_name="folder/Röntgen 7.DCM")
    return make_arm(study, name="Paper", kind="imported", connection="", model="", is_simulated=False)


def plan(arm: Arm, text: str, name: str = "outputs.csv") -> ImportPlan:
    found = read_outputs(text.encode(), name)
    assert not found.problems
    return plan_import(arm, found.recordings)


def store(arm: Arm, text: str, name: str = "outputs.csv") -> int:
    found = read_outputs(text.encode(), name)
    assert not found.problems
    return actions.import_outputs(arm=arm, recordings=found.recordings, by=arm.study.created_by)


@pytest.mark.parametrize("called", ["C002", "c002", "folder/Röntgen 7.DCM", "Röntgen 7.dcm", "röntgen 7"])
def test_a_line_finds_its_case_by_code_file_name_or_stem(arm: Arm, called: str) -> None:
    found = plan(arm, f"{HEADER}{called},Clear lungs.,stop,m-1\n")
    assert [match.code for match in found.matches] == ["C002"]
    assert found.missing == ("C001", "C003")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{HEADER}C001,Clear.,,\nC009,Clear.,,\n",
            ["Line 3: No case or file of this study is called “C009”."],
        ),
        (f"{HEADER}C001,Clear.,,\nc001,Clear.,,\n", ["Line 3: The case “c001” (C001) is already in line 2."]),
        (
            f'{HEADER}X,"two\nlines",,\nY,Clear.,,\n',
            ["Line 2: No case or file of this study is called “X”.", "Line 4: No case or file"],
        ),
    ],
)
def test_lines_that_fit_no_case_are_told_with_their_number(arm: Arm, text: str, told: list[str]) -> None:
    found = plan(arm, text)
    assert not found.matches
    assert len(found.problems) == len(told)
    for problem, wanted in zip(found.problems, told, strict=True):
        assert str(problem).startswith(wanted)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "o.csv", "Line 1: There is no column “case”"),
        (b"case,text,text\n", "o.csv", "Line 1: Two columns have the name “text”"),
        (b"case,text\nC001,\xff\n", "o.csv", "Line 2: This line is not UTF-8 text"),
        (b'case,text\nC001,"open\n', "o.csv", "Line 2: The quotation marks"),
        (b"case,text\nC001,a,b\n", "o.csv", "Line 2: This line has 3 cells"),
        (b"not json\n", "o.jsonl", "Line 1: This line is not JSON"),
        (b'{"case": "C001"}\n', "o.jsonl", "Line 1: This line has no “text”"),
        (b"PK\x03\x04", "o.xlsx", "Only .csv, .jsonl"),
        (b"x" * (MOST_BYTES + 1), "o.csv", "This file is larger than 50 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_what_is_wrong(content: bytes, name: str, told: str) -> None:
    found = read_outputs(content, name)
    assert found.recordings == ()
    assert str(found.problems[0]).startswith(told)


def test_imported_outputs_go_through_the_same_steps(arm: Arm, work: Callable[[], int]) -> None:
    lines = [
        {"case": "C001", "text": "The lungs are clear.", "finish_reason": "stop", "model": "m-1"},
        {"case": "C002", "text": "I'm sorry, I cannot interpret medical images.", "finish_reason": "stop"},
        {"case": "C003", "text": "", "finish_reason": "SAFETY"},
    ]
    assert store(arm, "\n".join(json.dumps(line) for line in lines), "o.jsonl") == 3
    assert work() == 3
    found = Interpretation.objects.order_by("generation__case__code")
    assert [each.verdicts.get().verdict for each in found] == ["answer", "full_refusal", "safety_block"]
    assert found[0].attempt.served_model == "m-1"
    assert found[0].attempt.seconds is None
    assert Attempt.objects.filter(outcome="failed").count() == 0


def test_the_rest_can_be_imported_later_and_nothing_is_replaced(arm: Arm) -> None:
    store(arm, f"{HEADER}C001,Clear.,,\n")
    assert plan(arm, f"{HEADER}C002,Clear.,,\n").missing == ("C003",)
    twice = plan(arm, f"{HEADER}C001,Other.,,\nC002,Clear.,,\n")
    assert str(twice.problems[0]).startswith("Line 2: C001 already has an output in this arm")
    with pytest.raises(GenerationError, match="no longer fit"):
        store(arm, f"{HEADER}C001,Other.,,\n")
    assert RecordedOutput.objects.get().text == "Clear."


def test_a_file_with_one_bad_line_writes_nothing(arm: Arm) -> None:
    with pytest.raises(GenerationError):
        store(arm, f"{HEADER}C001,Clear.,,\nC009,Clear.,,\n")
    assert not RecordedOutput.objects.exists()
    assert not Generation.objects.exists()


@pytest.mark.django_db
def test_a_locked_study_takes_no_import() -> None:
    study: Study = make_running_study(cases=1, arms=1, readers=1)
    recordings = read_outputs(f"{HEADER}C001,Clear.,,\n".encode(), "o.csv").recordings
    with pytest.raises(Exception, match="locked"):
        actions.import_outputs(arm=study.arms.get(), recordings=recordings, by=study.created_by)


# --- Several outputs a case, labels, boxes ---------------------------------------------------------------------
def test_replicates_are_stored_by_number_and_each_passes_the_same_steps(
    arm: Arm, work: Callable[[], int]
) -> None:
    lines = [
        {"case": "C001", "text": "The lungs are clear.", "replicate": 1},
        {"case": "C001", "text": "Sorry, I cannot interpret medical images.", "replicate": "2"},
    ]
    assert store(arm, "\n".join(json.dumps(line) for line in lines), "o.jsonl") == 2
    assert work() == 2
    found = Interpretation.objects.order_by("generation__replicate")
    assert [(each.generation.replicate, each.verdicts.get().verdict) for each in found] == [
        (1, "answer"),
        (2, "full_refusal"),
    ]
    assert found[1].text.startswith("Sorry")


def test_an_output_without_the_first_of_its_case_is_refused(arm: Arm) -> None:
    found = plan(arm, "case,text,replicate\nC001,Clear.,2\nC001,Clear.,3\n")
    [problem] = found.problems
    assert (
        str(problem) == "Line 2: C001 has no output number 1, the one that readers get. Number them from 1."
    )


def test_labels_confidence_and_boxes_reach_the_extraction(arm: Arm, work: Callable[[], int]) -> None:
    box = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "label": "nodule"}
    line = {"case": "C001", "text": "A nodule.", "label": "abnormal", "confidence": 0.7, "boxes": [box]}
    store(arm, json.dumps(line), "o.jsonl")
    work()
    extraction = Interpretation.objects.get().extraction
    assert (extraction.label, extraction.confidence) == ("abnormal", 0.7)
    assert extraction.boxes == [{**box, "slot": "current", "frame": 0}]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"replicate": 0}, "“replicate” must be a whole number"),
        ({"replicate": 1.5}, "“replicate” must be a whole number"),
        ({"confidence": 2}, "“confidence” must be a number from 0 to 1"),
        ({"confidence": "high"}, "“confidence” must be a number from 0 to 1"),
        ({"label": "x" * 81}, "The label is longer than 80"),
        ({"boxes": "[1"}, "“boxes” must be a JSON list"),
        ({"boxes": [[1, 2, 3]]}, "A box must be"),
        ({"boxes": [[0, 0, 200, 100]]}, "shares of the image’s size"),
        ({"boxes": [{"x": 0, "y": 0, "width": 1, "height": float("nan")}]}, "shares of the image’s size"),
    ],
)
def test_what_is_wrong_with_a_label_or_box_is_told(cells: dict[str, object], told: str) -> None:
    found = read_outputs(json.dumps({"case": "C001", "text": "Clear.", **cells}).encode(), "o.jsonl")
    assert told in str(found.problems[0])


def test_the_first_usual_name_of_a_column_counts_and_the_rest_is_told() -> None:
    line = {"image": "C001", "output": "Clear.", "prediction": "Cloudy.", "site": "A"}
    found = read_outputs(json.dumps(line).encode(), "o.jsonl")
    assert (found.recordings[0].case, found.recordings[0].text) == ("C001", "Clear.")
    assert found.ignored == ("prediction", "site")


def test_cases_that_only_serve_prompts_get_no_output(arm: Arm) -> None:
    Case.objects.filter(code="C002").update(purpose="validation")
    found = plan(arm, f"{HEADER}C002,Clear.,,\n")
    assert "No case or file of this study is called “C002”" in str(found.problems[0])
    assert plan(arm, f"{HEADER}C001,Clear.,,\n").missing == ("C003",)


# --- The file itself ----------------------------------------------------------------------------------------------
def arrive(arm: Arm, text: str, ending: str = "csv") -> ArrivedFile:
    content = SimpleUploadedFile("Patient Doe.csv", text.encode())
    return actions.receive_outputs(arm=arm, content=content, ending=ending, by=arm.study.created_by)


def test_an_output_keeps_who_brought_it_when_and_the_hash_of_its_file(arm: Arm) -> None:
    text = f"{HEADER}C001,Clear.,,\n"
    file = arrive(arm, text)
    assert actions.import_file(file=file, by=arm.study.created_by) == 1
    output = RecordedOutput.objects.get()
    assert output.file_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert output.by == arm.study.created_by
    assert not default_storage.exists(stored_name(file))
    assert not ArrivedFile.objects.exists()
    assert "Doe" not in repr(list(Event.objects.values_list("subject", "data")))


def test_a_file_that_is_gone_or_changed_writes_nothing(arm: Arm) -> None:
    for spoil in (
        lambda name: None,
        lambda name: default_storage.save(name, ContentFile(b"case,text\nC001,X\n")),
    ):
        file = arrive(arm, f"{HEADER}C001,Clear.,,\n")
        default_storage.delete(stored_name(file))
        spoil(stored_name(file))
        with pytest.raises(GenerationError, match="no longer there"):
            actions.import_file(file=file, by=arm.study.created_by)
    assert not RecordedOutput.objects.exists()


def test_files_that_nobody_confirmed_are_forgotten(arm: Arm) -> None:
    old = arrive(arm, f"{HEADER}C001,Clear.,,\n")
    ArrivedFile.objects.update(arrived_at=timezone.now() - timedelta(days=2))
    arrive(arm, f"{HEADER}C002,Clear.,,\n")
    assert not default_storage.exists(stored_name(old))
    assert ArrivedFile.objects.count() == 1


def test_a_file_for_an_arm_of_a_model_is_refused(arm: Arm) -> None:
    model = make_arm(arm.study)
    recordings = read_outputs(f"{HEADER}C001,Clear.,,\n".encode(), "o.csv").recordings
    with pytest.raises(GenerationError, match="come from a model that is called"):
        actions.import_outputs(arm=model, recordings=recordings, by=arm.study.created_by)


def test_texts_of_people_may_be_imported_too(arm: Arm, work: Callable[[], int]) -> None:
    people = make_arm(arm.study, name="People", kind="human", connection="", model="", is_simulated=False)
    assert store(people, f"{HEADER}C001,The lungs are clear.,,\n") == 1
    assert work() == 1
    assert Interpretation.objects.get().verdicts.get().verdict == "answer"


def test_a_parquet_file_goes_the_same_way_and_its_pictures_are_told(arm: Arm) -> None:
    table = pa.table({"image": ["C001"], "text": ["Clear."], "picture": [{"bytes": b"x", "path": "p"}]})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    client = Client()
    client.force_login(arm.study.created_by)
    address = reverse("generation:import", args=[arm.study.key, arm.pk])
    sent = SimpleUploadedFile("outputs.parquet", buffer.getvalue())
    shown = client.post(address, {"file": sent}).content.decode()
    assert "Not read: picture." in shown
    [file] = ArrivedFile.objects.all()
    stored = client.post(
        reverse("generation:confirm_import", args=[arm.study.key, arm.pk]), {"file": file.key}
    )
    assert stored.status_code == 302
    assert RecordedOutput.objects.get().file_sha256 == file.sha256
