"""The scripts that go with the tables: each computes the report's numbers by itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from readerstudy.analysis.actions import freeze_report
from readerstudy.analysis.exports.catalogue import files_of, streamed
from readerstudy.analysis.exports.tables import Source
from readerstudy.cases.models import ReferenceStandard
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Membership, RefusalPolicy, Study
from tests import factories
from tests.analysis import test_endpoints as endpoints
from tests.analysis import worlds
from tests.reading import path_worlds
from tests.reading.worlds import signed_in

pytestmark = pytest.mark.django_db


def laid_out(study: Study, folder: Path) -> Path:
    """The files of the archive in a folder."""
    source = Source(Study.objects.get(pk=study.pk))
    report = freeze_report(study=study, by=None)
    for file in files_of(source, report):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(file.chunks(source)))
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def agrees(study: Study, folder: Path) -> dict[str, Any]:
    """The report's contents, which the script has reproduced."""
    done = run(laid_out(study, folder), sys.executable, "-I", "analyse", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


@pytest.fixture(scope="module")
def folder(rated_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(rated_study, tmp_path_factory.mktemp("taken"))


def test_the_python_script_reproduces_every_number_of_the_report(folder: Path) -> None:
    done = run(folder, sys.executable, "-I", "analyse", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "numbers agree with the report." in done.stdout
    assert int(done.stdout.split()[0]) > 800
    for path in (folder / "analyse").glob("*.py"):
        assert "readerstudy" not in path.read_text().replace("Nothing of readerstudy is imported", "")
    assert json.loads((folder / "results.json").read_text())["criteria"]


def test_the_python_script_says_where_a_number_differs(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    report = json.loads((other / "report.json").read_text())
    report["criteria"][0]["estimates"][0]["value"] += 0.001
    report["criteria"][0]["estimates"][0]["new_figure"] = 0.5
    (other / "report.json").write_text(json.dumps(report))
    done = run(other, sys.executable, "-I", "analyse", str(other))
    assert done.returncode == 1
    assert "criteria/0/estimates/0/value: the report has" in done.stdout
    assert "not computed here: criteria/estimates/new_figure (1 numbers)" in done.stdout


@pytest.mark.parametrize("policy", [RefusalPolicy.WORST, RefusalPolicy.HIDDEN])
def test_the_python_script_reproduces_studies_that_hide_refusals(
    tmp_path: Path, policy: RefusalPolicy
) -> None:
    study = worlds.make_rated_study(readers=4, questions=("correctness", "main-error"), refusal_policy=policy)
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_python_script_reproduces_declared_endpoints(tmp_path: Path) -> None:
    names = [
        "accuracy",
        "sensitivity",
        "specificity",
        "kappa",
        "ac1",
        "alpha",
        "percent_agreement",
        "acceptable_share",
    ]
    declared = [{"name": name, "statistic": name, "criterion": "sick"} for name in names]
    declared += [
        {"name": "time", "statistic": "median_time"},
        {"name": "refused", "statistic": "refusal_share"},
    ]
    plan = {"plan": "crossed", "outputs": "one_arm"}
    question = {**endpoints.CHOICE, "acceptable": ["abnormal"]}
    study = endpoints.study_of(question, endpoints=declared, plan=plan)
    for allocation in endpoints.each_case(study):
        truth = allocation.case.reference.label
        wrong = allocation.case.code == "C001" and allocation.seat.seat == 1
        endpoints.say(allocation, "sick", ("abnormal" if truth == "normal" else "normal") if wrong else truth)
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_python_script_reproduces_comparisons_of_two_arms(tmp_path: Path) -> None:
    arms = ["Arm 1", "Arm 2"]
    declared = [
        {"name": name, "statistic": name, "criterion": "better", "contrast": arms}
        for name in ("win_rate", "preference_share", "mean_score")
    ]
    study = endpoints.study_of(
        endpoints.PREFER, endpoints=declared, plan={"plan": "crossed", "outputs": "pairs"}
    )
    for number, allocation in enumerate(endpoints.each_case(study)):
        endpoints.say(allocation, "better", str((number * 2) % 3 - 1))
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


MANY = [{**each, "margin": 0.5} for each in endpoints.MANY]


@pytest.mark.parametrize("method", ["holm", "benjamini-hochberg", "none"])
def test_the_python_script_corrects_families_and_tests_margins(tmp_path: Path, method: str) -> None:
    study = endpoints.graded({"multiplicity": method}, *MANY)
    report = agrees(study, tmp_path)
    rows = [row for each in report["endpoints"] for row in each["estimates"] if row["noninferiority"]]
    assert len(rows) == 3
    assert any(row["p_adjusted"] is not None for row in rows) is (method != "none")


def test_the_python_script_tests_preferences_against_an_even_share(tmp_path: Path) -> None:
    declared = {"name": "won", "statistic": "win_rate", "criterion": "better", "margin": 0.4}
    declared |= {"contrast": ["Arm 1", "Arm 2"]}
    pairs = {"plan": "crossed", "outputs": "pairs"}
    study = endpoints.study_of(endpoints.PREFER, endpoints=[declared], plan=pairs)
    for number, allocation in enumerate(endpoints.each_case(study)):
        endpoints.say(allocation, "better", str((number * 2) % 3 - 1))
    (row,) = agrees(factories.name_arms(study), tmp_path)["endpoints"][0]["estimates"]
    assert row["noninferiority"]["p"] is not None


TELLING = (
    {"name": "area", "statistic": "auc", "criterion": "sure"},
    {"name": "apart", "statistic": "d_prime", "criterion": "sick"},
    {"name": "sure", "statistic": "kendall_tau", "criterion": "sure"},
    {"name": "same", "statistic": "icc", "criterion": "sure"},
)


def test_the_python_script_reproduces_measures_of_each_reader(tmp_path: Path) -> None:
    plan = {"plan": "crossed", "outputs": "one_arm"}
    study = endpoints.study_of(endpoints.CHOICE, endpoints.SURE, endpoints=list(TELLING), plan=plan)
    for number, allocation in enumerate(endpoints.each_case(study)):
        wrong = number in (1, 6)
        truth = allocation.case.reference.label
        endpoints.say(allocation, "sick", other_class(truth) if wrong else truth)
        endpoints.say(allocation, "sure", str((number * 3) % 5 + 1))
    found = {each["name"]: each["estimates"] for each in agrees(study, tmp_path)["endpoints"]}
    assert all(row["value"] is not None for rows in found.values() for row in rows)
    assert [len(rows) for rows in found.values()] == [2, 2, 1, 1]


def other_class(label: str) -> str:
    return {"normal": "abnormal", "abnormal": "normal"}[label]


SIZE = {"key": "size", "kind": "number", "question": "How long?", "applies_to": "case", "direction": "none"}
MEASURED = (
    {"name": "error", "statistic": "mean_error", "criterion": "size"},
    {"name": "limits", "statistic": "limits_of_agreement", "criterion": "size"},
)


def test_the_python_script_reproduces_errors_against_measured_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factories, "make_ready_study", measured_study(factories.make_ready_study))
    plan = {"plan": "crossed", "outputs": "one_arm"}
    study = endpoints.study_of(SIZE, endpoints=list(MEASURED), plan=plan)
    for number, allocation in enumerate(endpoints.each_case(study)):
        endpoints.say(allocation, "size", f"{10 + number * 1.5:g}")
    error, limits = agrees(study, tmp_path)["endpoints"]
    assert error["estimates"][0]["value"] is not None
    assert [row["ci"] is not None for row in limits["estimates"]] == [True] * 6


def measured_study(make: Callable[..., Study]) -> Callable[..., Study]:
    """As `make`, but the references are lengths."""

    def made(**changes: object) -> Study:
        study = make(**changes)
        for number, row in enumerate(ReferenceStandard.objects.filter(case__study=study).order_by("case")):
            ReferenceStandard.objects.filter(pk=row.pk).update(label=str(9 + 2 * number))
        return study

    return made


def test_the_python_script_reproduces_the_last_answers_and_the_blinding_index(tmp_path: Path) -> None:
    study = path_worlds.make_draft(practice=None, leaving=[path_worlds.TIRED, endpoints.GUESS], readers=3)
    declared = [{"name": "blind", "statistic": "blinding_index"}]
    set_section(study=study, name="endpoints", content=declared, by=study.created_by)
    study = path_worlds.start(study).study
    for seat, guess in zip(Membership.objects.readers(study), ("ai", "ai", "human"), strict=True):
        path_worlds.read_all(seat)
        said = {"case-fatigue": "2", "case-source_guess": guess}
        signed_in(seat).post(reverse("reading:exit", args=[study.key]), said)
    report = agrees(factories.name_arms(study), tmp_path)
    guessed = next(row for row in report["leaving"] if row["key"] == "source_guess")
    assert (guessed["blinding_index"]["right"], guessed["answered"]) == (2, 3)


OUTLINE = {**endpoints.BOX, "key": "shape", "kind": "polygon"}


def test_the_python_script_reproduces_how_marks_overlap(tmp_path: Path) -> None:
    declared = [{"name": key, "statistic": "iou", "criterion": key} for key in ("place", "shape")]
    plan = {"plan": "crossed", "outputs": "one_arm"}
    study = endpoints.study_of(endpoints.BOX, OUTLINE, endpoints=declared, plan=plan)
    for allocation in endpoints.each_case(study):
        far = 6.5 + 2 * allocation.seat.seat
        box = {"slot": "current", "frame": 0, "points": [[1, 1], [9, far]]}
        more = {"slot": "current", "frame": 0, "points": [[4, 2], [12, far - 1]]}
        shape = {"slot": "current", "frame": 0, "points": [[1, 1], [20, 3], [far, 15]]}
        endpoints.say(allocation, "place", json.dumps([box, more]))
        endpoints.say(allocation, "shape", json.dumps([shape]))
    rows = [row for each in agrees(study, tmp_path)["endpoints"] for row in each["estimates"]]
    assert [0 < row["value"] < 1 for row in rows] == [True, True]


def test_the_python_script_names_the_endpoints_that_it_does_not_compute(tmp_path: Path) -> None:
    wording = [{"name": "wording", "statistic": "rouge"}]
    plan = {"plan": "crossed", "outputs": "one_arm"}
    study = endpoints.study_of(endpoints.CHOICE, endpoints=wording, plan=plan)
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "sick", allocation.case.reference.label)
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse", str(tmp_path))
    assert done.returncode == 1
    assert "not computed here: endpoints/estimates/value" in done.stdout


def test_the_packed_script_runs_as_it_is(folder: Path, rated_study: Study, tmp_path: Path) -> None:
    packed = tmp_path / "analyse.zip"
    packed.write_bytes(b"".join(streamed(rated_study, "analyse.zip")))
    done = run(tmp_path, sys.executable, "-I", str(packed), str(folder))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_r_script_names_the_packages_and_only_columns_that_the_tables_have(folder: Path) -> None:
    script = (folder / "analyse.R").read_text()
    for package in ("irr::", "irrCAC::", "ordinal::clmm"):
        assert package in script
    header = (folder / "ratings.csv").read_text().splitlines()[0].split(",")
    header += (folder / "outputs.csv").read_text().splitlines()[0].split(",")
    for table in ("ratings", "rows", "given", "first", "labelled", "own"):
        for column in re.findall(rf"\b{table}\$([a-z_]+)", script):
            assert column in {*header, "right", "output", "grade", "value", "x"}, column
    for opening, closing in ("()", "{}", "[]"):
        code = re.sub(r'"[^"]*"|#[^\n]*', "", script)
        assert code.count(opening) == code.count(closing)


def test_the_r_script_agrees_with_the_report(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "for-r")
    done = run(other, "Rscript", "--vanilla", "analyse.R")
    assert done.returncode == 0, done.stdout + done.stderr
    compared = re.search(r"(\d+) figures were compared with the report, 0 differ", done.stdout)
    assert compared is not None
    assert int(compared[1]) > 250
