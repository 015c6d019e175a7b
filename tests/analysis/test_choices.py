"""Choices of which the protocol says what is acceptable, counted once more from the exported table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.analysis.table import LongTable
from readerstudy.studies.models import RefusalPolicy, Study
from tests.analysis import oracle, worlds
from tests.analysis.test_report import figure
from tests.analysis.test_scripts import agrees, run

pytestmark = pytest.mark.django_db
ARMS = ("Alpha", "Beta")
GOOD = {"none"}


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question of the main error, of which one answer is acceptable."""
    (question,) = (each for each in worlds.QUESTIONS if each["key"] == "main-error")
    told = {**question, "acceptable": sorted(GOOD)}
    monkeypatch.setattr(worlds, "QUESTIONS", (told,))


def rows_of(study: Study) -> list[oracle.Row]:
    return oracle.read(b"".join(LongTable.of(study).csv()))


@pytest.mark.usefixtures("choosing")
@pytest.mark.parametrize("policy", [RefusalPolicy.SHOWN, RefusalPolicy.HIDDEN])
def test_the_share_of_acceptable_choices_is_told_with_and_without_refusals(policy: RefusalPolicy) -> None:
    study = worlds.make_rated_study(refusal_policy=policy)
    report, rows = build_report(study), rows_of(study)
    (criterion,) = report["criteria"]
    assert criterion["acceptable_rule"] == "“No error”"
    assert {row["estimator"] for row in criterion["estimates"]} == {"proportion_acceptable"}
    for arm in ARMS:
        mine = oracle.chosen(rows, criterion="main-error", arm=arm)
        for refusals, column in (
            ("as_intended", "acceptable_as_intended"),
            ("conditional", "acceptable"),
        ):
            kept = mine if refusals == "as_intended" else oracle.chosen(mine, declined="0")
            marks = oracle.numbers(kept, column)
            row = figure(criterion["estimates"], arm=arm, refusals=refusals, variant="rrrc")
            assert row["value"] == pytest.approx(oracle.mean(marks), abs=1e-12)
            assert row["n_ratings"] == len(marks)
            assert row["ci"] == pytest.approx(oracle.crossed_interval(marks, (0.0, 1.0)), abs=1e-9)
        answered = [row for row in mine if row["value"] and row["declined"] == "0"]
        assert row["value"] == pytest.approx(sum(each["value"] in GOOD for each in answered) / len(answered))


@pytest.mark.usefixtures("choosing")
def test_both_readings_stand_side_by_side() -> None:
    report = build_report(worlds.make_rated_study())
    (section,) = (each for each in document_of(report).sections if each.slug == "refusals")
    (table,) = (each for each in section.tables if each.caption == "With and without refusals")
    titles = [group.title for group in table.groups]
    assert titles[0].endswith(": share acceptable")
    assert titles[1:] == ["Accuracy of the arm's own label"]
    for group, estimates in zip(table.groups, (report["criteria"][0], report["classification"]), strict=True):
        for cells in group.rows:
            for reading, at in (("as_intended", 1), ("conditional", 4)):
                row = next(
                    each
                    for each in estimates["estimates"]
                    if (each["arm"], each["refusals"]) == (cells[0].text, reading)
                    and each["estimator"] in ("accuracy", "proportion_acceptable")
                )
                assert cells[at].text.startswith(f"{row['value']:.3f}")
                assert [cells[at + 1].text, cells[at + 2].text] == [
                    str(row["n_cases"]),
                    str(row["n_ratings"]),
                ]


@pytest.mark.usefixtures("choosing")
def test_the_scripts_reproduce_shares_of_choices(tmp_path: Path) -> None:
    report: dict[str, Any] = agrees(worlds.make_rated_study(readers=4), tmp_path)
    assert report["criteria"][0]["differences"]
    done = run(tmp_path, "Rscript", "--vanilla", "analyse.R")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ" in done.stdout, done.stdout + done.stderr
