"""Outputs made elsewhere: each line finds its case, or the file is refused line by line and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from readerstudy.cases.models import Upload
from readerstudy.generation import actions
from readerstudy.generation.imports import MOST_BYTES, ImportPlan, plan_import, read_outputs
from readerstudy.generation.models import Attempt, Generation, Interpretation, RecordedOutput
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
    recordings, problems = read_outputs(text.encode(), name)
    assert not problems
    return plan_import(arm, recordings)


def store(arm: Arm, text: str, name: str = "outputs.csv") -> int:
    recordings, problems = read_outputs(text.encode(), name)
    assert not problems
    return actions.import_outputs(arm=arm, recordings=recordings, by=arm.study.created_by)


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
        (b"PK\x03\x04", "o.xlsx", "Only .csv and .jsonl files"),
        (b"x" * (MOST_BYTES + 1), "o.csv", "This file is larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_what_is_wrong(content: bytes, name: str, told: str) -> None:
    recordings, problems = read_outputs(content, name)
    assert recordings == []
    assert str(problems[0]).startswith(told)


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
    recordings, _problems = read_outputs(f"{HEADER}C001,Clear.,,\n".encode(), "o.csv")
    with pytest.raises(Exception, match="locked"):
        actions.import_outputs(arm=study.arms.get(), recordings=recordings, by=study.created_by)
