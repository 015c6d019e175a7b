"""Right labels, counted by hand: over the outputs of a case, and beside what readers found wrong."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis import worlds
from tests.analysis.test_choices import rows_of
from tests.analysis.test_constancy import add_output
from tests.analysis.test_report import figure
from tests.analysis.test_scripts import agrees

pytestmark = pytest.mark.django_db
SAID = (
    ("normal", ("normal", "normal", "normal")),
    ("abnormal", ("abnormal", "normal", "abnormal")),
    ("abnormal", ("abnormal", "", "abnormal")),
    ("normal", ("abnormal", "abnormal", "abnormal")),
    ("", ("normal", "normal", "normal")),
)
"""The reference of each case and the labels of its three outputs; an empty one is a refusal."""


def asked_again() -> Study:
    study = factories.make_study(positive_label="abnormal")
    arm = factories.make_arm(study, name="Alpha", replicates=3)
    factories.make_criterion(study)
    for reference, labels in SAID:
        case = factories.make_case(study, label=reference)
        for number, label in enumerate(labels, start=1):
            add_output(arm, case, number, label, "answer" if label else "full_refusal")
    factories.make_reader(study)
    factories.freeze(study)
    return factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))


def test_a_case_is_right_in_at_least_so_many_of_its_outputs(tmp_path: Path) -> None:
    report = agrees(asked_again(), tmp_path)
    rows = report["right"]["replicates"]
    # hits by case: 3, 2, 2 with a refusal, 0; the last case has no reference
    expected = {"as_intended": ((3, 4), (3, 4), (1, 4)), "conditional": ((2, 3), (2, 3), (1, 3))}
    for refusals, counts in expected.items():
        for j, (held, n) in enumerate(counts, start=1):
            row = figure(rows, arm="Alpha", refusals=refusals, category=j)
            assert (row["value"], row["n_cases"], row["outputs"]) == (pytest.approx(held / n), n, 3)
            assert row["ci"] == pytest.approx(proportion_confint(held, n, method="wilson"))
    words = repr(document_of(report))
    assert "at least 1 of 3" in words
    assert "Cases with a refusal left out" in words


def test_one_output_of_each_case_has_no_count_of_outputs() -> None:
    report = build_report(worlds.make_rated_study(questions=("sign",)))
    assert report["right"]["replicates"] == []
    assert [row["criterion"] for row in report["right"]["flawed"]] == ["sign", "sign"]


RIGHT = {"Alpha": {"C001", "C002"}, "Beta": {"C001", "C004"}}
"""The cases whose output named the reference label and did not decline."""


def test_right_outputs_that_readers_did_not_accept(tmp_path: Path) -> None:
    study = worlds.make_rated_study(readers=4)
    report, found = agrees(study, tmp_path), judged(rows_of(study))
    rows = report["right"]["flawed"]
    assert {row["criterion"] for row in rows} == {"correctness", "harm", "sign", ""}
    for arm, cases in RIGHT.items():
        mine = [answers for (case, own, _reader), answers in found.items() if own == arm and case in cases]
        for key in ("correctness", "harm", "sign"):
            given = [answers[key] for answers in mine if key in answers]
            row = figure(rows, arm=arm, criterion=key)
            assert row["value"] == pytest.approx(given.count("0") / len(given))
            assert row["n_ratings"] == len(given)
        known = [answers for answers in mine if "0" in answers.values() or len(answers) == 3]
        row = figure(rows, arm=arm, criterion="")
        assert row["value"] == pytest.approx(sum("0" in each.values() for each in known) / len(known))
        assert row["n_ratings"] == len(known)
    (section,) = (each for each in document_of(report).sections if each.slug == "right")
    titles = [group.title for table in section.tables for group in table.groups]
    assert titles[-1] == "At least one of these questions"


def judged(rows: Any) -> dict[tuple[str, str, str], dict[str, str]]:
    """By case, arm and reader whether the answer to each question was acceptable."""
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row["acceptable"]:
            found[row["case"], row["arm"], row["reader"]][row["criterion"]] = row["acceptable"]
    return found
