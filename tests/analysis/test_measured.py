"""Errors of measured numbers, in units and as a part of the reference, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.cases.models import ReferenceStandard
from readerstudy.stats.bland_altman import relative_errors
from readerstudy.stats.ratings import Scores
from readerstudy.studies.models import Study
from tests.analysis import test_endpoints as endpoints
from tests.analysis.test_scripts import agrees

TRUE = {"C001": "10", "C002": "-20", "C003": "0", "C004": "40"}
FACTORS = {1: 1.1, 2: 0.8}
SIZE = {
    "key": "size",
    "kind": "number",
    "question": "How long?",
    "applies_to": "case",
    "direction": "none",
    "unit": "mm",
}


def references(study: Study) -> None:
    for code, label in TRUE.items():
        ReferenceStandard.objects.filter(case=study.cases.get(code=code)).update(label=label)


def study_of_sizes(*statistics: str) -> Study:
    """Each reader is off by the same part of the reference; of the case with a reference of 0 by 3."""
    declared = [{"name": name, "statistic": name, "criterion": "size"} for name in statistics]
    plan = {"plan": "crossed", "outputs": "one_arm"}
    labels: dict[str, Any] = {"labels": [*TRUE.values(), "abnormal"], "positive": "abnormal"}
    study = endpoints.study_of(SIZE, endpoints=declared, plan=plan, before_lock=references, cases=labels)
    for allocation in endpoints.each_case(study):
        true = float(TRUE[allocation.case.code])
        said = true * FACTORS[allocation.seat.seat or 0] if true else 3.0
        endpoints.say(allocation, "size", f"{said:g}")
    return study


@pytest.mark.django_db
def test_relative_errors_leave_out_a_reference_of_zero(tmp_path: Path) -> None:
    report = agrees(study_of_sizes("mean_error", "limits_of_agreement"), tmp_path)
    (entry,) = report["measured"]
    found = {row["estimator"]: row for row in entry["estimates"]}
    # A larger size of -20 is further below 0, so its sign turns: relative to the size of the reference.
    assert found["relative_error"]["value"] == pytest.approx((2 * 0.1 - 0.1 - 2 * 0.2 + 0.2) / 6)
    assert found["absolute_relative_error"]["value"] == pytest.approx(0.15)
    assert found["absolute_error"]["value"] == pytest.approx((0.1 * 70 + 0.2 * 70 + 2 * 3) / 8)
    assert (
        entry["zero_references"],
        found["relative_error"]["n_cases"],
        found["absolute_error"]["n_cases"],
    ) == (1, 3, 4)
    limits = {(row["reader"], row["variant"]): row["value"] for row in entry["limits"]}
    apart = np.array([0.1, -0.1, 0.1])
    assert limits["R01", "bias"] == pytest.approx(apart.mean())
    assert limits["R01", "upper_limit"] == pytest.approx(apart.mean() + 1.959963984540054 * apart.std(ddof=1))
    (section,) = [each for each in document_of(report).sections if each.slug == "measured-1-size"]
    assert section.sentences[1] == "1 case with a reference of 0 has no relative error and is left out of it."
    assert section.tables[0].groups[0].rows[0][0].text == "mean absolute error (mm)"
    assert [group.title for group in section.tables[1].groups] == ["R01", "R02"]


@pytest.mark.django_db
def test_questions_without_such_an_endpoint_have_no_errors() -> None:
    content = build_report(study_of_sizes("icc"))
    assert content["measured"] == []
    assert "measured-1-size" not in [each.slug for each in document_of(content).sections]


def test_an_answer_without_a_reference_has_no_relative_error() -> None:
    values = np.array([[11.0], [2.0], [5.0]])
    found = relative_errors(
        Scores(values=values, units=("a", "b", "c"), readers=("R01",)), {"a": 10.0, "b": 0.0}
    )
    assert found.values[0, 0] == pytest.approx(0.1)
    assert np.isnan(found.values[1:]).all()
