"""The files for iMRMC and RJafroc, read back as those programs read them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import numpy as np
import pytest

from readerstudy.analysis.exports.catalogue import files_of
from readerstudy.analysis.exports.tables import Source
from readerstudy.analysis.table import reference_of
from readerstudy.stats.mrmc import mrmc
from readerstudy.stats.ratings import Scores
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
TELLS = {"value": "abnormal", "label": "Abnormal"}, {"value": "normal", "label": "Normal"}
SURE = [{"value": str(number), "label": f"Step {number}"} for number in range(1, 5)]
QUESTIONS = (
    {
        "key": "finding",
        "kind": "single_choice",
        "options": list(TELLS),
        "acceptable_from": None,
        "direction": "none",
    },
    {"key": "sure", "kind": "confidence", "options": SURE, "acceptable_from": None, "direction": "none"},
)


def known(seat: int, case: int, arm: int, key: str) -> str:
    """Mostly right choices and a confidence that differs with reader, case and arm."""
    right = worlds.REFERENCES[case] or "normal"
    wrong = (seat + case * 2 + arm) % 4 == 0
    if key == "finding":
        return {"normal": "abnormal", "abnormal": "normal"}[right] if wrong else right
    return str((seat * 3 + case * 5 + arm * 7) % 4 + 1)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr(worlds, "QUESTIONS", QUESTIONS)
    return worlds.make_rated_study(readers=3, rates=known)


@pytest.fixture
def files(study: Study) -> dict[str, bytes]:
    source = Source(study)
    return {
        file.name: b"".join(file.chunks(source)) for file in files_of(source, None) if file.group == "mrmc"
    }


def read_imrmc(content: bytes) -> tuple[dict[str, int], dict[int, int], dict[tuple[str, str, int], float]]:
    """As RJafroc's ReadImrmc: counts, then rows of four until a line has not; reader -1 is the truth."""
    lines = [line.strip() for line in content.decode().split("\n")]
    counts = {
        name: int(told) for name, told in (line.split(":") for line in lines if re.match(r"N[01RM]:", line))
    }
    rows = [line.split(",") for line in lines[lines.index("BEGIN DATA:") + 1 :] if line.count(",") == 3]
    truth = {int(row[1]): int(row[3]) for row in rows if row[0] == "-1"}
    return counts, truth, {(row[0], row[2], int(row[1])): float(row[3]) for row in rows if row[0] != "-1"}


def read_sheets(content: bytes) -> dict[str, list[dict[str, Any]]]:
    book = zipfile.ZipFile(io.BytesIO(content))
    strings = re.findall(r"<si><t[^>]*>(.*?)</t></si>", book.read("xl/sharedStrings.xml").decode())
    found = {}
    for number, name in enumerate(
        re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode()), 1
    ):
        sheet = book.read(f"xl/worksheets/sheet{number}.xml").decode()
        rows = []
        for row in re.findall(r"<row [^>]*>(.*?)</row>", sheet):
            cells = re.findall(r'<c r="[A-Z]+\d+"(?: t="(\w)")?><v>(.*?)</v></c>', row)
            rows.append([strings[int(value)] if kind == "s" else float(value) for kind, value in cells])
        found[name] = [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]
    return found


def expected(study: Study) -> dict[tuple[str, str, int], float]:
    """The confidence, negative where the choice was the negative one."""
    found = {}
    for seat in (1, 2, 3):
        for arm in (0, 1):
            for case in range(5):
                sign = 1 if known(seat, case, arm, "finding") == "abnormal" else -1
                found[str(seat), str(arm + 1), case + 1] = sign * float(known(seat, case, arm, "sure"))
    assert study.positive_label == "abnormal"
    return found


def test_the_imrmc_file_has_truth_counts_and_signed_confidence(study: Study, files: dict[str, bytes]) -> None:
    counts, truth, scores = read_imrmc(files["mrmc/sure.imrmc"])
    assert counts == {"N0": 2, "N1": 3, "NR": 3, "NM": 2}
    references = [reference_of(case) for case in study.cases.order_by("position")]
    assert truth == {place: int(label == "abnormal") for place, label in enumerate(references, 1) if label}
    assert scores == expected(study)


def test_a_choice_becomes_one_and_nought(study: Study, files: dict[str, bytes]) -> None:
    _counts, _truth, scores = read_imrmc(files["mrmc/finding.imrmc"])
    assert scores == {key: float(value > 0) for key, value in expected(study).items()}


def test_the_workbook_for_rjafroc_has_its_three_sheets(study: Study, files: dict[str, bytes]) -> None:
    sheets = read_sheets(files["mrmc/sure.xlsx"])
    assert set(sheets) == {"Truth", "TP", "FP"}
    assert [row["Paradigm"] for row in sheets["Truth"][:2]] == ["ROC", "FCTRL"]
    assert {row["ReaderID"] for row in sheets["Truth"]} == {"1, 2, 3"}
    assert {row["ModalityID"] for row in sheets["Truth"]} == {"1, 2"}
    truth = {int(row["CaseID"]): row["LesionID"] for row in sheets["Truth"]}
    assert truth == read_imrmc(files["mrmc/sure.imrmc"])[1]
    rated = {
        (str(int(row["ReaderID"])), str(int(row["ModalityID"])), int(row["CaseID"])): row[name]
        for sheet, name in (("TP", "TP_Rating"), ("FP", "FP_Rating"))
        for row in sheets[sheet]
    }
    assert rated == expected(study)
    assert all(truth[int(row["CaseID"])] == 1 for row in sheets["TP"])


def test_the_workbook_has_no_case_that_somebody_did_not_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_blank(seat: int, case: int, arm: int, key: str) -> str | None:
        return None if (seat, case, arm, key) == (2, 1, 0, "sure") else known(seat, case, arm, key)

    monkeypatch.setattr(worlds, "QUESTIONS", QUESTIONS)
    source = Source(worlds.make_rated_study(readers=3, rates=with_a_blank))
    files = {file.name: file for file in files_of(source, None)}
    sheets = read_sheets(b"".join(files["mrmc/sure.xlsx"].chunks(source)))
    assert [(row["CaseID"], row["LesionID"], row["Weight"]) for row in sheets["Truth"]] == [
        (1.0, 0.0, 0.0),
        (4.0, 0.0, 0.0),
        (3.0, 1.0, 1.0),
        (5.0, 1.0, 1.0),
    ]
    assert len(sheets["TP"]) == len(sheets["FP"]) == 3 * 2 * 2
    _counts, truth, scores = read_imrmc(b"".join(files["mrmc/sure.imrmc"].chunks(source)))
    assert len(truth) == 5
    assert len(scores) == 3 * 2 * 5 - 1


def test_what_is_read_back_gives_the_same_analysis(study: Study, files: dict[str, bytes]) -> None:
    _counts, truth, scores = read_imrmc(files["mrmc/sure.imrmc"])

    def arms(found: dict[tuple[str, str, int], float]) -> dict[str, Scores]:
        cases, readers = tuple(map(str, range(1, 6))), ("1", "2", "3")
        return {
            arm: Scores(
                values=np.array([[found[reader, arm, int(case)] for reader in readers] for case in cases]),
                units=cases,
                readers=readers,
            )
            for arm in ("1", "2")
        }

    told = {str(case): bool(positive) for case, positive in truth.items()}
    back, direct = (mrmc(arms(each), told) for each in (scores, expected(study)))
    assert [row.value for row in back] == [row.value for row in direct]
    assert any(row.value is not None for row in back)


def test_the_names_say_what_the_numbers_stand_for(study: Study, files: dict[str, bytes]) -> None:
    rows = list(csv.reader(io.StringIO(files["mrmc/names.csv"].decode())))
    assert ["modality", "1", "Alpha"] in rows
    assert ["reader", "3", "R03"] in rows


def test_without_both_classes_there_are_no_such_files(rated_study: Study) -> None:
    assert not [file for file in files_of(Source(rated_study), None) if file.name.startswith("mrmc/sure")]
    bare = factories.make_ready_study()
    assert not [file for file in files_of(Source(bare), None) if file.group == "mrmc"]
