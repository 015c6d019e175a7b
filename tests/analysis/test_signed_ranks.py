"""Wilcoxon's signed rank test beside the test of the endpoints, against scipy and counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from readerstudy.analysis.document import document_of
from readerstudy.stats.estimate import Reason
from readerstudy.stats.ratings import Scores
from readerstudy.stats.signed_rank import case_means, signed_rank
from tests import factories
from tests.analysis import test_endpoints as endpoints
from tests.analysis.test_scripts import agrees

CONTRAST = {"statistic": "mean_score", "contrast": ["Arm 1", "Arm 2"]}


def column(*values: float) -> Scores:
    units = tuple(f"C{at:03d}" for at in range(len(values)))
    return Scores(values=np.array(values, dtype=float)[:, np.newaxis], units=units, readers=("R01",))


def test_a_worked_example_of_wilcoxon_is_exact() -> None:
    """Darwin's maize (Fisher 1935): 15 pairs, 96 of 120 for crossed plants, p .041 (R, wilcox.test)."""
    maize = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)
    found = signed_rank(column(*maize))
    assert found.statistic == 96.0
    assert found.value == pytest.approx((96 - 24) / 120)
    assert found.p == pytest.approx(stats.wilcoxon(maize, method="exact").pvalue)
    assert found.p == pytest.approx(0.04126, abs=1e-5)


def test_zeros_are_left_out_and_ties_share_their_rank() -> None:
    """Of -1, 1, 1, 2, 2 the ranks are 2, 2, 2, 4.5, 4.5."""
    found = signed_rank(column(0, 0, 1, -1, 1, 2, 2))
    assert found.statistic == 13.0
    assert found.value == pytest.approx((13 - 2) / 15)
    variance = 5 * 6 * 11 / 24 - (24 + 6) / 48
    assert found.p == pytest.approx(2 * stats.norm.sf((13 - 7.5) / np.sqrt(variance)))
    assert found.n_ratings == 7


def test_without_a_difference_there_is_no_test() -> None:
    assert signed_rank(column(0, 0)).reason is Reason.NO_DISCORDANT_PAIRS
    assert signed_rank(column(np.nan)).reason is Reason.NO_SHARED_CASES


def test_a_case_counts_once_by_the_mean_of_its_readers() -> None:
    values = np.array([[1.0, 2.0], [np.nan, -1.0], [np.nan, np.nan]])
    found = case_means(Scores(values=values, units=("a", "b", "c"), readers=("R01", "R02")))
    assert found.values[:2, 0].tolist() == [1.5, -1.0]
    assert np.isnan(found.values[2, 0])


@pytest.mark.django_db
def test_scores_of_two_arms_are_tested_beside_the_endpoint(tmp_path: Path) -> None:
    """Arm 1 minus Arm 2 is 0, -1, 1, -1 of each reader, whatever is taken off both: six ranks of 3.5, two positive."""
    declared = ({"name": "mean", "primary": True}, {"name": "again"}, {"name": "third"})
    study = endpoints.graded({}, *({**each, "statistic": "mean_score"} for each in declared))
    report = agrees(study, tmp_path)
    entries = report["signed_ranks"]
    assert [each["name"] for each in entries] == ["mean", "again", "third"]
    readings, cases = entries[0]["tests"]
    assert (readings["variant"], readings["zeros"], readings["n_ratings"]) == ("readings", 2, 8)
    assert (cases["variant"], cases["zeros"], cases["n_readers"]) == ("cases", 1, 2)
    assert (readings["statistic"], readings["value"]) == (7.0, pytest.approx((7 - 14) / 21))
    variance = 6 * 7 * 13 / 24 - (6**3 - 6) / 48
    p = 2 * stats.norm.sf((10.5 - 7) / np.sqrt(variance))
    assert readings["p"] == pytest.approx(p)
    assert readings["p_adjusted"] is None  # a family of one
    assert entries[1]["tests"][0]["p_adjusted"] == pytest.approx(2 * p)
    (section,) = [each for each in document_of(report).sections if each.slug == "signed-ranks"]
    assert section.tables[0].groups[0].title == "mean: Arm 1 minus Arm 2"
    endpoint = report["endpoints"][0]["estimates"][-1]
    assert endpoint["contrast"] == ["Arm 1", "Arm 2"]


@pytest.mark.django_db
def test_comparisons_are_tested_against_no_preference(tmp_path: Path) -> None:
    """Of each reader the first arm wins two cases, ties one and loses one; blanks would be left out."""
    declared = [{"name": "grade", "criterion": "better", **CONTRAST}]
    study = endpoints.study_of(
        endpoints.PREFER, endpoints=declared, plan={"plan": "crossed", "outputs": "pairs", "seed": 1}
    )
    for allocation in endpoints.each_case(study):
        letters = {output.arm.name: output.letter for output in allocation.outputs.select_related("arm")}
        better = "Arm 2" if allocation.case.code == "C004" else "Arm 1"
        raw = "0" if allocation.case.code == "C003" else "-1" if letters[better] == "A" else "1"
        endpoints.say(allocation, "better", raw)
    (entry,) = agrees(factories.name_arms(study), tmp_path)["signed_ranks"]
    readings, cases = entry["tests"]
    assert (readings["n_ratings"], readings["zeros"]) == (8, 2)
    # Six differences of one size share the rank 3.5; four of them are for the first arm.
    assert readings["statistic"] == pytest.approx(14.0)
    assert readings["value"] == pytest.approx((14 - 7) / 21)
    assert cases["value"] == pytest.approx((4 - 2) / 6)


@pytest.mark.django_db
def test_an_endpoint_without_a_contrast_has_no_test() -> None:
    from readerstudy.analysis.report import build_report

    plan = {"plan": "crossed", "outputs": "one_at_a_time"}
    mean = {"name": "mean", "statistic": "mean_score", "criterion": "quality"}
    study = endpoints.study_of({**endpoints.QUALITY, "direction": "higher"}, endpoints=[mean], plan=plan)
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "quality", "3", allocation.outputs.get())
    content = build_report(study)
    assert content["signed_ranks"] == []
    assert "signed-ranks" not in [each.slug for each in document_of(content).sections]
