"""Where others divide by zero, guess or stay silent, the report says null and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readerstudy.stats.analyse import AnalysisError
from tests.stats import datasets
from tests.stats.analyse.tables import Row, analysed, found, long, of_matrix, one

FIGURES = {
    "percent_agreement": ("percent_agreement", "unweighted"),
    "fleiss_kappa": ("fleiss_kappa", "unweighted"),
    "gwet_ac1": ("gwet_ac", "unweighted"),
    "brennan_prediger": ("brennan_prediger", "unweighted"),
    "krippendorff_alpha_nominal": ("krippendorff_alpha", "nominal"),
}


@pytest.mark.parametrize("kind", ["nominal", "ordinal"])
@pytest.mark.parametrize("name", list(datasets.edge_cases()))
def test_a_small_matrix_gives_its_value_or_a_reason(tmp_path: Path, name: str, kind: str) -> None:
    case = datasets.edge_cases()[name]
    plan = f"criteria: {{x: {{kind: {kind}, categories: {case['scale']}}}}}"
    analysis = analysed(tmp_path, of_matrix(case["ratings"], "x"), plan=plan)
    for figure, value in case["expect"].items():
        line = one(analysis, *FIGURES[figure])
        if value is None:
            assert line["value"] is None
            assert line["reason"] is not None
        else:
            assert line["value"] == pytest.approx(value, abs=1e-9)


def test_words_need_a_declared_order(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="its values are words: “bad”, “good”"):
        analysed(tmp_path, long("good bad\nbad bad"), plan="criteria: {x: {kind: ordinal}}")
    analysis = analysed(
        tmp_path, long("good bad\nbad bad"), plan="criteria: {x: {kind: ordinal, categories: [bad, good]}}"
    )
    assert one(analysis, "mean_score", "frrc", reader="R1")["value"] == 1.5


def test_a_label_off_the_scale_is_named_with_line_case_and_reader(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError) as refusal:
        analysed(tmp_path, long("1 2\n2 6"), plan="criteria: {x: {kind: ordinal, categories: [1, 2, 3]}}")
    assert refusal.value.sentences == (
        "Line 5, column value: “6” of reader “R2” for case “c2” is not on the scale of “x” (1, 2, 3). "
        "Correct the value, leave it empty if it is missing, or declare the category.",
    )


def test_a_rating_given_twice_is_refused(tmp_path: Path) -> None:
    rows = [*long("1 2\n2 1"), {"reader": "R1", "case": "c1", "criterion": "x", "value": 2}]
    with pytest.raises(AnalysisError, match="Line 6: Reader “R1” rated case “c1” on “x” already in line 2"):
        analysed(tmp_path, rows)


def roc(values: str, truth: str, tmp_path: Path) -> Any:
    labels = "\n".join(f"c{number},{label}" for number, label in enumerate(truth.split(), 1))
    plan = "criteria: {x: {kind: confidence, categories: [1, 2, 3, 4, 5]}}"
    return analysed(tmp_path, long(values), plan=plan, reference=f"case,label\n{labels}\n")


def test_one_class_alone_has_no_area(tmp_path: Path) -> None:
    analysis = roc("1 2\n3 4\n5 5", "1 1 1", tmp_path)
    line = one(analysis, "auc", reader="R1")
    assert (line["value"], line["reason"]) == (None, "one_class")
    assert {row["reason"] for row in found(analysis, "mrmc", "rrrc")} == {"one_class"}


def test_an_area_of_one_has_no_interval(tmp_path: Path) -> None:
    line = one(roc("1 2\n2 1\n4 5\n5 4", "0 0 1 1", tmp_path), "auc", reader="R1")
    assert (line["value"], line["ci"], line["reason"]) == (1.0, None, "zero_variance")


def test_one_reader_says_nothing_of_other_readers(tmp_path: Path) -> None:
    analysis = roc("1\n3\n2\n5\n4", "0 0 1 1 0", tmp_path)
    assert one(analysis, "mrmc", "rrrc")["reason"] == "one_reader"
    assert one(analysis, "mrmc", "frrc")["ci"] is not None


def test_each_case_rated_once_has_the_interval_of_its_readers(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, long("1 . .\n2 . .\n. 3 .\n. 1 .\n. . 2\n. . 3"))
    line = one(analysis, "mean_score", "rrrc")
    assert line["ci_method"] == "reader-cluster, t"
    assert one(analysis, "mean_score", "variance_case")["reason"] == "not_identifiable"


def test_a_pair_without_overlap_has_a_null_kappa(tmp_path: Path) -> None:
    line = one(analysed(tmp_path, long("1 .\n2 .\n. 2\n. 1")), "cohen_kappa", "unweighted", reader="R1|R2")
    assert (line["value"], line["n_cases"], line["reason"]) == (None, 0, "no_overlap")


def duels(*rows: str) -> list[Row]:
    return [
        {
            "reader": "R1",
            "case": f"c{number}",
            "criterion": "x",
            "arm": row.split()[0],
            "value": row.split()[1],
        }
        for number, row in enumerate(rows, 1)
    ]


def test_an_arm_that_never_lost_has_no_finite_ability(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, duels("A|B left", "B|A right", "B|C left", "C|B left", "A|C left"))
    line = one(analysis, "bradley_terry", None, arm="A", contrast="A-B")
    assert (line["value"], line["reason"]) == (None, "not_estimable")
    assert one(analysis, "bradley_terry", None, arm="C", contrast="C-B")["value"] is not None


def test_arms_that_were_never_compared_have_abilities_of_their_own(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, duels("A|B left", "A|B right", "C|D left", "C|D right", "D|C right"))
    assert one(analysis, "bradley_terry", None, arm="B", contrast="B-A")["value"] == pytest.approx(0.0)
    assert one(analysis, "bradley_terry", None, arm="D", contrast="D-C")["value"] is not None
    assert one(analysis, "bradley_terry", "win_probability", contrast="A-C")["reason"] == "not_estimable"


def test_the_order_of_rows_and_names_changes_nothing(tmp_path: Path) -> None:
    rows = of_matrix(datasets.matrix("krippendorff_canonical"), "x")
    plan = "criteria: {x: {kind: nominal, categories: [1, 2, 3, 4, 5]}}"
    swapped = "criteria: {x: {kind: nominal, categories: [4, 2, 5, 1, 3]}}"
    first = analysed(tmp_path, rows, plan=plan).as_dict()["estimates"]
    other = analysed(tmp_path, rows[::-1], plan=plan).as_dict()["estimates"]
    assert first == other
    turned = analysed(tmp_path, rows[::-1], plan=swapped)
    for estimator in ("gwet_ac", "fleiss_kappa", "conger_kappa"):
        line = one(turned, estimator, "unweighted")
        same = next(row for row in first if (row["estimator"], row["category"]) == (estimator, None))
        assert line["value"] == pytest.approx(same["value"], abs=1e-12)


def test_a_criterion_without_any_value_is_null_throughout(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: ordinal, categories: [1, 2, 3], acceptable: '>=2'}}"
    for rows in (long(". .\n. ."), []):
        analysis = analysed(tmp_path, rows, plan=plan)
        assert one(analysis, "mean_score", "rrrc")["reason"] == "no_ratings"
        assert one(analysis, "proportion_acceptable", "rrrc")["reason"] == "no_ratings"
        assert all(row["value"] is None for row in analysis.as_dict()["estimates"])


def test_one_case_alone_has_values_and_no_intervals(tmp_path: Path) -> None:
    analysis = analysed(
        tmp_path, long("3 4"), plan="criteria: {x: {kind: ordinal, categories: [1, 2, 3, 4, 5]}}"
    )
    line = one(analysis, "mean_score", "rrrc")
    assert (line["value"], line["ci"], line["reason"]) == (3.5, None, "one_case")
