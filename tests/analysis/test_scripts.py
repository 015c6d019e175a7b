"""The scripts that go with the tables: each computes the report's numbers by itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from readerstudy.analysis.actions import freeze_report
from readerstudy.analysis.exports.catalogue import files_of
from readerstudy.analysis.exports.tables import Source
from readerstudy.studies.models import RefusalPolicy, Study
from tests.analysis import test_endpoints as endpoints
from tests.analysis import worlds

pytestmark = pytest.mark.django_db


def laid_out(study: Study, folder: Path) -> Path:
    """The files of the archive in a folder."""
    source, report = Source(study), freeze_report(study=study, by=None)
    for file in files_of(source, report):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(file.chunks(source)))
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folder(rated_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(rated_study, tmp_path_factory.mktemp("taken"))


def test_the_python_script_reproduces_every_number_of_the_report(folder: Path) -> None:
    done = run(folder, sys.executable, "-I", "analyse.py", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "numbers agree with the report." in done.stdout
    assert int(done.stdout.split()[0]) > 800
    assert "readerstudy" not in (folder / "analyse.py").read_text().replace(
        "Nothing of readerstudy is imported", ""
    )
    assert json.loads((folder / "results.json").read_text())["criteria"]


def test_the_python_script_says_where_a_number_differs(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    report = json.loads((other / "report.json").read_text())
    report["criteria"][0]["estimates"][0]["value"] += 0.001
    report["criteria"][0]["estimates"][0]["new_figure"] = 0.5
    (other / "report.json").write_text(json.dumps(report))
    done = run(other, sys.executable, "-I", "analyse.py", str(other))
    assert done.returncode == 1
    assert "criteria/0/estimates/0/value: the report has" in done.stdout
    assert "not computed here: criteria/estimates/new_figure (1 numbers)" in done.stdout


@pytest.mark.parametrize("policy", [RefusalPolicy.WORST, RefusalPolicy.HIDDEN])
def test_the_python_script_reproduces_studies_that_hide_refusals(
    tmp_path: Path, policy: RefusalPolicy
) -> None:
    study = worlds.make_rated_study(readers=4, questions=("correctness", "main-error"), refusal_policy=policy)
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse.py", str(tmp_path))
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
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse.py", str(tmp_path))
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
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse.py", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_python_script_names_the_endpoints_that_it_does_not_compute(tmp_path: Path) -> None:
    declared = [{"name": "auc", "statistic": "auc", "criterion": "sure"}]
    plan = {"plan": "crossed", "outputs": "one_arm"}
    study = endpoints.study_of(endpoints.CHOICE, endpoints.SURE, endpoints=declared, plan=plan)
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "sick", allocation.case.reference.label)
        endpoints.say(allocation, "sure", str(allocation.position))
    done = run(laid_out(study, tmp_path), sys.executable, "-I", "analyse.py", str(tmp_path))
    assert done.returncode == 1
    assert "not computed here: endpoints/estimates/value" in done.stdout


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


@pytest.mark.skipif(
    shutil.which("Rscript") is None, reason="R is not installed here (apt-get install r-base-core)"
)
def test_the_r_script_agrees_with_the_report(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "for-r")
    done = run(other, "Rscript", "--vanilla", "analyse.R")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "figures are in results.csv" in done.stdout
