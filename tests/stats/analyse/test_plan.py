"""The plan: what it may say, and what is said about one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from readerstudy.stats.analyse import AnalysisError
from tests.stats.analyse.tables import analysed, long, one

ROWS = long("1 2\n2 2\n3 1\n1 3")


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("", "line 1: A plan begins with “criteria:” and names each criterion below it."),
        ("level: .9", "line 1: “criteria” is missing. Add it: each criterion of the table by its name"),
        (
            "criteria: {x: {kind: likert}}",
            'line 1, criteria.x.kind: "likert" is not one of the choices: nominal',
        ),
        (
            "criteria:\n  x: {categories: [1, 2]}",
            "line 2, criteria.x: “kind” is missing. Add it: what its values mean",
        ),
        (
            "criteria:\n  x: {kind: ordinal, order: 1}",
            "line 2, criteria.x.order: “order” is not known here. Known are:",
        ),
        ("criteria: {x: {kind: ordinal}}\nlevel: 95", "line 2, level: 95 is too large; it must be below 1."),
        (
            "criteria: {x: {kind: ordinal}}\nseed: -1",
            "line 2, seed: -1 is too small; the smallest value is 0.",
        ),
        (
            "criteria: {x: {kind: ordinal}}\nresamples: 10",
            "line 2, resamples: 10 is too small; the smallest value is 100.",
        ),
        (
            "criteria:\n  x:\n    kind: nominal\n    categories: [1, 1]",
            "line 4, criteria.x.categories: A category stands here twice. Name each category once.",
        ),
        (
            "criteria: {x: {kind: binary, categories: [1, 2, 3]}}",
            "line 1, criteria.x.categories: A binary criterion has two categories.",
        ),
        (
            "criteria: {x: {kind: nominal, categories: [1, 2, 3], positive: 4}}",
            "line 1, criteria.x.positive: “4” is not one of the categories. Correct one of the two.",
        ),
        (
            "criteria: {x: {kind: ordinal, categories: [1, 2, 3], acceptable: [4]}}",
            "line 1, criteria.x.acceptable: “4” is not one of the categories.",
        ),
        (
            "criteria: {x: {kind: interval, categories: [low, high]}}",
            "line 1, criteria.x.categories: The categories of this kind are numbers.",
        ),
        (
            "criteria: {x: {kind: ordinal, primary: true}, y: {kind: ordinal, primary: true}}",
            "line 1, criteria.y.primary: “x” and “y” are both primary. Choose one.",
        ),
        ("criteria: [x", "line 1: This is not well-formed YAML:"),
        ("criteria: {x: {kind: ordinal}, x: {kind: nominal}}", "line 1, criteria.x: “x” stands here twice."),
    ],
)
def test_what_is_wrong_is_named_with_line_field_and_remedy(tmp_path: Path, plan: str, sentence: str) -> None:
    with pytest.raises(AnalysisError) as refusal:
        analysed(tmp_path, ROWS, plan=plan)
    assert refusal.value.sentences[0].startswith(f"The plan, {sentence}")


@pytest.mark.parametrize("cut", [">=two", ">= two <", "=>2", ">"])
def test_a_cut_is_a_comparison_with_a_value(tmp_path: Path, cut: str) -> None:
    plan = f"criteria: {{x: {{kind: ordinal, categories: [1, 2, 3], acceptable: '{cut}'}}}}"
    with pytest.raises(AnalysisError, match="is not a comparison with a value"):
        analysed(tmp_path, ROWS, plan=plan)


@pytest.mark.parametrize(
    ("acceptable", "share"),
    [("'>=2'", 5 / 8), ("'<2'", 3 / 8), ("[2, 3]", 5 / 8), ("2", 3 / 8), ("'==3'", 2 / 8)],
)
def test_a_cut_or_a_list_says_what_is_acceptable(tmp_path: Path, acceptable: str, share: float) -> None:
    plan = f"criteria: {{x: {{kind: ordinal, categories: [1, 2, 3], acceptable: {acceptable}}}}}"
    assert one(analysed(tmp_path, ROWS, plan=plan), "proportion_acceptable", "rrrc")["value"] == share


def test_a_cut_may_name_a_category_of_words(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: ordinal, categories: [poor, fair, good], acceptable: '>=fair'}}"
    analysis = analysed(tmp_path, long("poor fair\ngood good\nfair poor"), plan=plan)
    assert one(analysis, "proportion_acceptable", "frrc")["value"] == pytest.approx(4 / 6)


def test_yes_and_no_are_words_and_truth_values_may_be_written_in_any_case(tmp_path: Path) -> None:
    plan = (
        "criteria: {x: {kind: binary, categories: [no, yes]}, y: {kind: binary, categories: [false, true]}}"
    )
    rows = [*long("yes no\nyes yes"), *long("TRUE False\ntrue True", "y")]
    analysis = analysed(tmp_path, rows, plan=plan)
    shares = [e for e in analysis.estimates if (e.estimator, e.variant) == ("proportion_acceptable", "frrc")]
    assert [share.value for share in shares] == [0.75, 0.75]


def test_categories_from_highest_to_lowest_are_the_same_scale_of_numbers(tmp_path: Path) -> None:
    values = [
        one(
            analysed(tmp_path, ROWS, plan=f"criteria: {{x: {{kind: ordinal, categories: {categories}}}}}"),
            "gwet_ac",
            "ordinal",
        )["value"]
        for categories in ("[1, 2, 3]", "[3, 2, 1]", "['1', '2', '3']")
    ]
    assert values[0] == values[1] == values[2]


def test_level_resamples_and_seed_are_in_every_line_that_uses_them(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: ordinal, categories: [1, 2, 3]}}\nlevel: .9\nresamples: 150\nseed: 7"
    line = one(analysed(tmp_path, ROWS, plan=plan), "krippendorff_alpha", "ordinal")
    assert (line["level"], line["resamples"], line["seed"]) == (0.9, 150, 7)
    other = one(
        analysed(tmp_path, ROWS, plan=plan.replace("seed: 7", "seed: 8")), "krippendorff_alpha", "ordinal"
    )
    assert line["value"] == other["value"]
    assert line["se"] != other["se"]


def test_criteria_without_a_plan_are_guessed_aloud(tmp_path: Path) -> None:
    rows = [
        *long("1 3\n5 2\n4 4", "grade"),
        *long("yes no\nyes yes", "found"),
        *long("2.5 3\n40 1e2", "size"),
        *long("cat dog\ncat cow", "what"),
        *({**row, "arm": "A|B"} for row in long("left tie\nright left", "better")),
    ]
    analysis = analysed(tmp_path, rows)
    kinds = {question.name: question.kind.value for question in analysis.criteria}
    assert kinds == {
        "grade": "ordinal",
        "found": "binary",
        "size": "interval",
        "what": "nominal",
        "better": "preference",
    }
    assert len(analysis.guesses) == 5
    assert analysis.guesses[2] == (
        "Guessed without a plan: “grade” is ordinal with the values 1, 2, 3, 4, 5. "
        "Declare it in a plan if that is wrong."
    )


def test_ratings_beside_a_yes_or_no_reference_are_guessed_to_be_confidence(tmp_path: Path) -> None:
    reference = "case,label\nc1,normal\nc2,abnormal\nc3,abnormal\n"
    analysis = analysed(tmp_path, long("1 2\n5 4\n4 2"), reference=reference)
    assert analysis.criteria[0].kind.value == "confidence"
    assert one(analysis, "auc", reader="R1")["value"] == 1.0


def test_a_declared_criterion_without_rows_is_said_and_null(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: ordinal, categories: [1, 2, 3]}, z: {kind: nominal, categories: [a, b]}}"
    analysis = analysed(tmp_path, ROWS, plan=plan)
    assert analysis.notes == ("The plan declares “z”, of which the table has no row.",)
    assert {e.value for e in analysis.estimates if e.criterion == "z"} == {None}


def test_an_arm_of_reference_that_nobody_compared_is_refused(tmp_path: Path) -> None:
    rows = [{**row, "arm": "A|B"} for row in long("left tie\nright left")]
    plan = "criteria: {x: {kind: preference}}\nreference_arm: C"
    with pytest.raises(AnalysisError, match="The plan, reference_arm: No comparison has the arm “C”"):
        analysed(tmp_path, rows, plan=plan)
    plan = plan.replace("C", "B")
    assert (
        one(analysed(tmp_path, rows, plan=plan), "davidson", None, arm="A", contrast="A-B")["value"]
        is not None
    )
