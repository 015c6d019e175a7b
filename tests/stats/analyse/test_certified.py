"""Every certified answer stands in what the analysis of one long table says."""

from __future__ import annotations

import math
from typing import Any

import pytest

from readerstudy.stats.analyse.analysis import as_row
from tests.stats import datasets
from tests.stats.analyse import certified
from tests.stats.analyse.tables import analysed

LABELS = ("criterion", "estimator", "variant", "arm", "contrast", "reader", "category")
CHECKS = datasets.checks(*datasets.certified())
Lines = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    folder = tmp_path_factory.mktemp("certified")
    found = analysed(folder, certified.rows(), plan=certified.PLAN, reference=certified.reference())
    rows = [as_row(estimate) for estimate in found.estimates]
    named = {tuple(row[label] for label in LABELS): row for row in rows}
    assert len(named) == len(rows), "two lines have the same labels"
    return named


def test_there_are_329_answers() -> None:
    assert len(CHECKS) == 329


@pytest.mark.parametrize(("dataset", "check"), CHECKS)
def test_the_report_says_the_certified_answer(lines: Lines, dataset: str, check: str) -> None:
    labels, name = certified.place(dataset, check)
    row = lines[tuple(labels[label] for label in LABELS)]
    datasets.assert_certified(dataset, check, value_of(row, name, check))


def value_of(row: dict[str, Any], name: str, check: str) -> float:
    if name == "var":
        return row["se"] ** 2
    if name in ("ci_low", "ci_high"):
        return row["ci"][name == "ci_high"]
    value = row[name]
    if name == "df" and value is None:
        return math.inf
    return value
