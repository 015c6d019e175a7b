"""`manage.py analyse`: the certified answers as JSON, tables for people, and one sentence for each mistake."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.stats import datasets
from tests.stats.analyse import certified
from tests.stats.analyse.tables import long, write, write_table

FIELDS = [
    "estimator", "variant", "criterion", "arm", "contrast", "reader", "category", "value", "se", "ci", "level",
    "ci_method", "p", "statistic", "df", "n_cases", "n_readers", "n_ratings", "n_missing", "seed", "resamples",
    "reason",
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("certified")
    table = write_table(folder / "ratings.csv", certified.rows())
    plan = write(folder / "plan.yaml", certified.PLAN)
    reference = write(folder / "reference.csv", certified.reference())
    return [str(table), "--plan", str(plan), "--reference", str(reference)]


def printed(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("analyse", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def report(files: list[str]) -> dict[str, Any]:
    return json.loads(printed(*files, "--json")[0])


def test_the_json_has_the_documented_form(report: dict[str, Any], files: list[str]) -> None:
    assert report["input_sha256"] == hashlib.sha256(Path(files[0]).read_bytes()).hexdigest()
    assert {"readerstudy", "python", "numpy", "scipy"} <= report["software"].keys()
    assert all(list(line) == FIELDS for line in report["estimates"])
    assert all(line["value"] is not None or line["reason"] for line in report["estimates"])


def test_every_certified_answer_is_in_the_json(report: dict[str, Any]) -> None:
    names = ("criterion", "estimator", "variant", "arm", "contrast", "reader", "category")
    lines = {tuple(line[name] for name in names): line for line in report["estimates"]}
    checks = datasets.checks(*datasets.certified())
    for dataset, check in checks:
        labels, field = certified.place(dataset, check)
        datasets.assert_certified(
            dataset, check, value_of(lines[tuple(labels[name] for name in names)], field)
        )
    assert len(checks) == 329


def value_of(line: dict[str, Any], field: str) -> float:
    if field in ("ci_low", "ci_high"):
        return float(line["ci"][field == "ci_high"])
    return float(line["se"] ** 2 if field == "var" else line[field])


def test_a_process_without_engines_prints_the_same_bytes(files: list[str]) -> None:
    command = [sys.executable, "manage.py", "analyse", *files, "--json"]
    bare = {"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    runs = [
        subprocess.run(command, capture_output=True, cwd=settings.BASE_DIR, env=bare, check=True)
        for _run in "12"
    ]
    assert runs[0].stdout == runs[1].stdout
    assert json.loads(runs[0].stdout)["estimates"]


def test_people_get_a_table_of_each_criterion(tmp_path: Path) -> None:
    rows = [{**row, "arm": arm} for arm in ("A", "B") for row in long("1 2\n3 3\n2 4")]
    table = write_table(tmp_path / "ratings.csv", rows)
    out, err = printed(str(table))
    assert "x (ordinal: 1, 2, 3, 4)" in out
    assert "A-B" in out
    assert "B-A" not in out
    assert "no_variation" in out or "zero_variance" in out
    assert "Guessed without a plan: “x” is ordinal" in err


def test_bad_input_ends_with_2_and_a_sentence(tmp_path: Path) -> None:
    table = write(tmp_path / "ratings.csv", "reader;case\n")
    for path, sentence in ((table, "separated by semicolons"), (tmp_path / "none.csv", "cannot be read")):
        with pytest.raises(CommandError, match=sentence) as refusal:
            printed(str(path))
        assert refusal.value.returncode == 2
    process = subprocess.run(
        [sys.executable, "manage.py", "analyse", str(table)],
        capture_output=True,
        cwd=settings.BASE_DIR,
        check=False,
        text=True,
    )
    assert (process.returncode, process.stdout) == (2, "")
    assert "Line 1: The columns are separated by semicolons. Save the file with commas." in process.stderr
