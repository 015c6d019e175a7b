"""Arms and their contrasts, refusals, references, preferences, repeats, models and guesses in the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readerstudy.stats.accuracy import cochran_q
from readerstudy.stats.analyse import Analysis
from readerstudy.stats.intervals import holm, wilson
from readerstudy.stats.mrmc import mrmc
from readerstudy.stats.ranks import friedman
from readerstudy.stats.ratings import read_scores
from tests.stats.analyse.tables import Row, analysed, found, long, one

ORDINAL = "criteria: {x: {kind: ordinal, categories: [1, 2, 3, 4, 5], acceptable: '>=4', primary: true}}"
A, B, C = (
    "5 4 4\n3 4 2\n4 4 5\n2 3 4\n5 5 4",
    "4 3 4\n2 2 2\n3 5 4\n2 1 3\n4 3 4",
    "1 2 1\n3 1 2\n2 2 1\n5 4 4\n1 1 2",
)


def of_arm(arm: str, text: str, criterion: str = "x") -> list[Row]:
    return [{**row, "arm": arm} for row in long(text, criterion)]


def numbers(text: str) -> Any:
    return np.array([[float(cell) for cell in line.split()] for line in text.splitlines()])


@pytest.fixture
def arms(tmp_path: Path) -> Analysis:
    return analysed(tmp_path, [*of_arm("A", A), *of_arm("B", B), *of_arm("C", C)], plan=ORDINAL)


def test_every_contrast_stands_in_both_directions(arms: Analysis) -> None:
    for variant in ("rrrc", "frrc"):
        forth = one(arms, "mean_score", variant, contrast="A-C")
        back = one(arms, "mean_score", variant, contrast="C-A")
        assert forth["value"] == pytest.approx((numbers(A) - numbers(C)).mean())
        assert back["value"] == -forth["value"]
        assert back["statistic"] == -forth["statistic"]
        assert back["ci"] == [-forth["ci"][1], -forth["ci"][0]]
        assert (back["p"], back["se"], back["df"]) == (forth["p"], forth["se"], forth["df"])


def test_contrasts_have_holms_p_values_beside_their_own(arms: Analysis) -> None:
    names = ("A-B", "A-C", "B-C")
    own = [one(arms, "proportion_acceptable", "rrrc", contrast=name)["p"] for name in names]
    corrected = [one(arms, "proportion_acceptable", "rrrc,holm", contrast=name)["p"] for name in names]
    assert corrected == holm(own)
    assert one(arms, "proportion_acceptable", "rrrc,holm", contrast="C-A")["p"] == corrected[1]


def test_agreement_is_told_of_all_arms_together_and_of_each(arms: Analysis) -> None:
    pooled = one(arms, "krippendorff_alpha", "ordinal")
    assert (pooled["n_cases"], pooled["n_ratings"]) == (5, 45)
    assert pooled["ci_method"] == "case-cluster bootstrap, percentile"
    assert one(arms, "krippendorff_alpha", "ordinal", arm="B")["n_ratings"] == 15


def test_friedmans_test_is_of_arms_over_all_and_of_readers_within_an_arm(arms: Analysis) -> None:
    blocks = np.stack([numbers(text).mean(axis=1) for text in (A, B, C)], axis=1)
    assert one(arms, "friedman")["value"] == pytest.approx(friedman(blocks).value)
    assert one(arms, "friedman", arm="A")["value"] == pytest.approx(friedman(numbers(A)).value)


def test_paired_tests_of_marks_compare_arms_by_reader_and_readers_by_arm(arms: Analysis) -> None:
    marks = {name: (numbers(text) >= 4).astype(float) for name, text in (("A", A), ("B", B), ("C", C))}
    q = cochran_q(np.stack([marks[name][:, 0] for name in "ABC"], axis=1))
    assert one(arms, "cochran_q", reader="R1")["value"] == pytest.approx(q.value)
    assert one(arms, "cochran_q", arm="B")["value"] == pytest.approx(cochran_q(marks["B"]).value)
    exact = one(arms, "mcnemar", "exact", reader="R1", contrast="A-C")
    assert exact["value"] == pytest.approx((marks["A"] - marks["C"])[:, 0].mean())
    assert one(arms, "mcnemar", "mid_p", arm="A", reader="R1|R2")["p"] is not None


def test_the_means_of_readers_stand_beside_the_whole(arms: Analysis) -> None:
    line = one(arms, "mean_score", "frrc", arm="A", reader="R2")
    assert line["value"] == 4.0
    assert one(arms, "mean_score", "sd", arm="A")["value"] == pytest.approx(numbers(A).std(ddof=1))


REFUSING = [
    *of_arm("A", "5 4\n4 refused\nrefused refused\n2 5"),
    *of_arm("B", "5 4\n4 4\n1 2\n. 5"),
]


def test_a_refusal_is_a_failure_first_and_left_out_second(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, REFUSING, plan=ORDINAL)
    assert one(analysis, "proportion_acceptable", "rrrc", arm="A")["value"] == pytest.approx(4 / 8)
    assert one(analysis, "proportion_acceptable", "rrrc,conditional", arm="A")["value"] == pytest.approx(
        4 / 5
    )
    mean = one(analysis, "mean_score", "rrrc", arm="A")
    assert (mean["value"], mean["n_cases"], mean["n_missing"]) == (4.0, 3, 1)
    contrast = one(analysis, "proportion_acceptable", "rrrc", contrast="A-B")
    assert contrast["value"] == pytest.approx((0 + 0 + 0 - 1 + 0 + 0 + 0) / 7)
    assert contrast["n_ratings"] == 7


def test_refusal_rates_count_outputs(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, REFUSING, plan=ORDINAL)
    line = one(analysis, "refusal_rate", arm="A")
    assert (line["value"], line["n_cases"], line["ci_method"]) == (0.5, 4, "Clopper-Pearson exact")
    assert one(analysis, "refusal_rate", arm="B")["value"] == 0.0
    assert one(analysis, "refusal_rate", "exact", contrast="A-B")["p"] == pytest.approx(0.5)


def test_refused_is_a_category_where_the_plan_declares_it(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: nominal, categories: [answered, refused]}}"
    analysis = analysed(tmp_path, long("answered refused\nrefused refused"), plan=plan)
    assert one(analysis, "percent_agreement", "unweighted")["value"] == 0.5
    assert one(analysis, "refusal_rate")["value"] == 0.0


VERDICTS = "no yes\nyes yes\nno no\nyes refused\nno yes"
TRUTH = "case,label\nc1,no\nc2,yes\nc3,no\nc4,yes\nc5,yes\n"
YES_NO = "criteria: {x: {kind: binary, categories: [no, yes]}}"


def test_readings_are_held_against_the_reference(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, long(VERDICTS), plan=YES_NO, reference=TRUTH)
    assert one(analysis, "accuracy", "rrrc")["value"] == pytest.approx(7 / 10)
    assert one(analysis, "accuracy", "rrrc,conditional")["value"] == pytest.approx(7 / 9)
    assert one(analysis, "sensitivity", "rrrc")["value"] == pytest.approx(4 / 6)
    assert one(analysis, "specificity", "rrrc")["value"] == pytest.approx(3 / 4)
    own = one(analysis, "sensitivity", "wilson", reader="R2")
    assert (own["value"], own["n_cases"], own["n_missing"]) == (2 / 3, 3, 0)
    assert own["ci"] == pytest.approx(wilson(2, 3))


def test_the_panel_of_yes_or_no_calls_is_compared_with_refusals_as_wrong(tmp_path: Path) -> None:
    rows = [*of_arm("A", VERDICTS), *of_arm("B", "no no\nyes yes\nyes no\nyes yes\nyes yes")]
    analysis = analysed(tmp_path, rows, plan=YES_NO, reference=TRUTH)
    values = {
        "A": read_scores([[0, 1], [1, 1], [0, 0], [1, 0], [0, 1]], units=["c1", "c2", "c3", "c4", "c5"]),
        "B": read_scores([[0, 0], [1, 1], [1, 0], [1, 1], [1, 1]], units=["c1", "c2", "c3", "c4", "c5"]),
    }
    truth = {"c1": False, "c2": True, "c3": False, "c4": True, "c5": True}
    for line in mrmc(values, truth, figure="sensitivity"):
        labels = {"arm": line.arm, "contrast": line.contrast, "category": "sensitivity"}
        assert one(analysis, "mrmc", line.variant, **labels)["p"] == line.p


def test_more_than_two_categories_are_taken_in_turn(tmp_path: Path) -> None:
    reference = "case,label,criterion\nc1,a,x\nc2,b,x\nc3,c,x\nc4,a,x\n"
    analysis = analysed(tmp_path, long("a a\nb a\nc c\na b"), reference=reference)
    assert one(analysis, "sensitivity", "rrrc", category="a")["value"] == 0.75
    assert one(analysis, "specificity", "rrrc", category="a")["value"] == 0.75
    assert not found(analysis, "sensitivity", "rrrc")


def test_a_reference_off_the_scale_is_refused_where_it_is_meant(tmp_path: Path) -> None:
    from readerstudy.stats.analyse import AnalysisError

    with pytest.raises(AnalysisError, match="The label “perhaps” of case “c2” is not on the scale of “x”"):
        analysed(tmp_path, long(VERDICTS), plan=YES_NO, reference=TRUTH.replace("c2,yes", "c2,perhaps"))
    graded = analysed(tmp_path, long("1 2\n3 4"), plan=ORDINAL, reference="case,label\nc1,no\nc2,yes\n")
    assert not found(graded, "accuracy", "rrrc")


def test_a_cut_of_confidence_gives_sensitivity_beside_the_area(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: confidence, categories: [1, 2, 3, 4, 5], positive: '>=4'}}"
    analysis = analysed(tmp_path, long("1 2\n5 4\n2 5\n4 3\n5 5"), plan=plan, reference=TRUTH)
    assert one(analysis, "sensitivity", "frrc")["value"] == pytest.approx(5 / 6)
    assert one(analysis, "auc", reader="R1")["value"] == 1.0


PREFERENCES = [
    {"reader": "R1", "case": "c1", "criterion": "x", "arm": "A|B", "value": "left"},
    {"reader": "R2", "case": "c1", "criterion": "x", "arm": "B|A", "value": "right"},
    {"reader": "R1", "case": "c2", "criterion": "x", "arm": "B|A", "value": "tie"},
    {"reader": "R2", "case": "c2", "criterion": "x", "arm": "A|B", "value": "right"},
    {"reader": "R1", "case": "c3", "criterion": "x", "arm": "A|B", "value": "refused", "side": "left"},
    {"reader": "R2", "case": "c3", "criterion": "x", "arm": "B|A", "value": "refused", "side": "right"},
    {"reader": "R1", "case": "c4", "criterion": "x", "arm": "A|B", "value": "refused", "side": "both"},
    {"reader": "R2", "case": "c4", "criterion": "x", "arm": "A|B", "value": "left"},
]


def test_sides_are_undone_and_a_refusal_loses(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, PREFERENCES)
    wins = one(analysis, "win_rate", "rrrc", contrast="A-B")
    assert wins["value"] == pytest.approx((1 + 1 + 0.5 + 0 + 0 + 0 + 0.5 + 1) / 8)
    assert one(analysis, "win_rate", "rrrc,conditional", contrast="A-B")["value"] == pytest.approx(3.5 / 5)
    assert one(analysis, "win_rate", "rrrc", contrast="B-A")["value"] == pytest.approx(1 - wins["value"])
    assert one(analysis, "win_rate", "rrrc", arm="B")["value"] == pytest.approx(1 - wins["value"])
    left = one(analysis, "win_rate", "rrrc", category="left")
    assert left["value"] == pytest.approx((1 + 0 + 0.5 + 0 + 1) / 5)
    assert one(analysis, "percent_agreement", "unweighted")["value"] == 0.5


def test_a_preference_names_two_arms_and_a_side(tmp_path: Path) -> None:
    from readerstudy.stats.analyse import AnalysisError

    plan = "criteria: {x: {kind: preference}}"
    with pytest.raises(AnalysisError, match="column arm: “A” is not a comparison"):
        analysed(tmp_path, of_arm("A", "left right"), plan=plan)
    with pytest.raises(
        AnalysisError, match="column value: “better” of reader “R1” for case “c1” is not on the scale"
    ):
        analysed(tmp_path, of_arm("A|B", "better left"), plan=plan)


def test_grades_below_zero_say_that_the_left_one_is_better(tmp_path: Path) -> None:
    rows = [*of_arm("A|B", "-2 -1\n0 -2\n-1 1"), *of_arm("B|A", "2 1", "x")[:0]]
    analysis = analysed(tmp_path, rows)
    assert one(analysis, "mean_score", "frrc", contrast="A-B")["value"] == pytest.approx(5 / 6)
    assert one(analysis, "mean_score", "frrc", contrast="B-A")["value"] == pytest.approx(-5 / 6)
    assert one(analysis, "percent_agreement", "specific", category=-2)["value"] == 0.0


def test_the_same_pair_the_other_way_round_is_a_second_reading(tmp_path: Path) -> None:
    rows = [*of_arm("A|B", "left left\nright left"), *of_arm("B|A", "right left\nleft right")]
    analysis = analysed(tmp_path, rows)
    assert one(analysis, "win_rate", "frrc", contrast="A-B")["n_ratings"] == 8
    assert one(analysis, "intra_reader", "percent_agreement", reader="R1")["value"] == 1.0
    assert one(analysis, "intra_reader", "percent_agreement", reader="R2")["value"] == 0.5


def test_a_models_own_labels_stand_beside_the_readers(tmp_path: Path) -> None:
    rows = [*long("no yes\nyes yes\nno no\nyes yes\nno yes")]
    rows += [
        {"reader": "model:m", "case": f"c{number}", "criterion": "x", "value": value}
        for number, value in enumerate(["no", "yes", "no", "yes", "refused"], 1)
    ]
    analysis = analysed(tmp_path, rows, plan=YES_NO, reference=TRUTH)
    assert one(analysis, "cohen_kappa", "unweighted", reader="R1|model:m")["value"] == 1.0
    assert one(analysis, "accuracy", "wilson", reader="model:m")["value"] == pytest.approx(4 / 5)
    assert one(analysis, "accuracy", "rrrc")["n_readers"] == 2
    assert one(analysis, "alt_test", "rho", reader="model:m")["n_cases"] == 5
    assert (
        one(analysis, "light_kappa", "unweighted", contrast="model:m-readers", reader=None)["value"]
        is not None
    )


def test_a_guess_of_the_source_has_blinding_indices(tmp_path: Path) -> None:
    rows = [*of_arm("gpt", "gpt human\ngpt unsure"), *of_arm("human", "human human\ngpt human")]
    analysis = analysed(tmp_path, rows)
    assert one(analysis, "blinding_index", "bang", arm="gpt")["value"] == pytest.approx((2 - 1) / 4)
    assert one(analysis, "blinding_index", "bang", arm="human")["value"] == pytest.approx((3 - 1) / 4)
    assert one(analysis, "blinding_index", "james")["value"] is not None


def test_the_column_position_gives_the_drift_of_values(tmp_path: Path) -> None:
    rows = [
        {
            "reader": f"R{reader}",
            "case": f"c{position}",
            "criterion": "x",
            "value": position,
            "position": position,
        }
        for reader in (1, 2)
        for position in range(1, 6)
    ]
    line = one(analysed(tmp_path, rows, plan=ORDINAL), "trend", "order", reader="R1")
    assert line["value"] == pytest.approx(1.0)


def test_ranks_of_arms_have_a_concordance_of_their_own(tmp_path: Path) -> None:
    rows = [*of_arm("A", "1 1\n1 2"), *of_arm("B", "2 2\n2 1"), *of_arm("C", "3 3\n3 3")]
    analysis = analysed(tmp_path, rows, plan="criteria: {x: {kind: rank}}")
    line = one(analysis, "kendall_w", "tie_corrected")
    assert (line["n_readers"], line["n_cases"]) == (4, 3)
    assert line["value"] == pytest.approx(12 * ((5 - 8) ** 2 + (7 - 8) ** 2 + (12 - 8) ** 2) / (16 * 24))


def labels_of(model: str, values: str) -> list[Row]:
    return [
        {"reader": f"model:{model}", "case": f"c{number}", "criterion": "x", "value": value}
        for number, value in enumerate(values.split(), 1)
    ]


def test_models_are_compared_on_the_same_cases(tmp_path: Path) -> None:
    rows = [
        *labels_of("a", "no yes no yes yes"),
        *labels_of("b", "yes no no no yes"),
        *labels_of("c", "no no no yes no"),
    ]
    analysis = analysed(tmp_path, rows, plan=YES_NO, reference=TRUTH)
    exact = one(analysis, "mcnemar", "exact", contrast="model:a-model:b")
    assert (exact["value"], exact["p"]) == (pytest.approx(3 / 5), pytest.approx(0.25))
    assert one(analysis, "accuracy", "newcombe", contrast="model:b-model:a")["value"] == pytest.approx(-3 / 5)
    assert one(analysis, "mcnemar", "exact,holm", contrast="model:a-model:b")["p"] == pytest.approx(0.75)
    right = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 0, 1], [1, 0, 1, 1, 0]], dtype=float).T
    assert one(analysis, "cochran_q", reader="models")["value"] == pytest.approx(cochran_q(right).value)


def test_areas_of_two_readers_and_of_two_models_are_compared(tmp_path: Path) -> None:
    plan = "criteria: {x: {kind: confidence, categories: [1, 2, 3, 4, 5]}}"
    rows = [*long("1 2\n5 1\n2 3\n4 4\n3 5"), *labels_of("a", "1 4 2 5 3"), *labels_of("b", "3 4 2 1 5")]
    analysis = analysed(tmp_path, rows, plan=plan, reference=TRUTH)
    areas = {
        reader: one(analysis, "auc", reader=reader)["value"] for reader in ("R1", "R2", "model:a", "model:b")
    }
    pair = one(analysis, "auc", "difference", reader="R1|R2")
    assert pair["value"] == pytest.approx(areas["R1"] - areas["R2"])
    models = one(analysis, "auc", contrast="model:a-model:b")
    assert models["value"] == pytest.approx(areas["model:a"] - areas["model:b"])
    assert one(analysis, "mrmc", "rrrc", contrast="model:a-readers", reader="model:a")[
        "value"
    ] == pytest.approx(areas["model:a"] - (areas["R1"] + areas["R2"]) / 2)


def test_texts_are_held_against_reference_texts(tmp_path: Path) -> None:
    rows = [
        {"reader": "model:m", "case": "c1", "criterion": "x", "value": "no effusion, no pneumothorax"},
        {"reader": "model:m", "case": "c2", "criterion": "x", "value": "the heart is normal in size"},
        {"reader": "model:m", "case": "c3", "criterion": "x", "value": "refused"},
    ]
    reference = 'case,label\nc1,"no effusion"\nc2,"the heart is normal in size"\nc3,clear lungs\n'
    analysis = analysed(tmp_path, rows, plan="criteria: {x: {kind: text}}", reference=reference)
    line = one(analysis, "rouge", "rouge1", reader="model:m")
    assert line["value"] == pytest.approx((2 / 3 + 1) / 2)
    assert line["n_cases"] == 2


def test_regions_are_held_against_reference_regions_and_one_another(tmp_path: Path) -> None:
    rows = [
        {"reader": "R1", "case": "c1", "criterion": "x", "value": "0 0 10 10"},
        {"reader": "R2", "case": "c1", "criterion": "x", "value": "0 0 10 5"},
        {"reader": "R1", "case": "c2", "criterion": "x", "value": "none"},
        {"reader": "R2", "case": "c2", "criterion": "x", "value": "5 5 9 9; 20 20 30 30"},
    ]
    reference = "case,label\nc1,0 0 10 10\nc2,20 20 30 30\n"
    analysis = analysed(tmp_path, rows, plan="criteria: {x: {kind: regions}}", reference=reference)
    assert one(analysis, "iou", "iou")["value"] == pytest.approx((1 + 0.5 + 0 + 100 / 116) / 4)
    assert one(analysis, "iou", "recall@0.5", reader="R1")["value"] == pytest.approx(1 / 2)
    assert one(analysis, "iou", "precision@0.5", reader="R2")["value"] == pytest.approx(2 / 3)
    assert one(analysis, "iou", "iou", reader="R1|R2")["value"] == pytest.approx((0.5 + 0) / 2)


def test_a_region_that_is_none_is_named(tmp_path: Path) -> None:
    from readerstudy.stats.analyse import AnalysisError

    rows = [{"reader": "R1", "case": "c1", "criterion": "x", "value": "10 10 5"}]
    with pytest.raises(AnalysisError, match='Line 2, column value: "10 10 5" is not a box'):
        analysed(tmp_path, rows, plan="criteria: {x: {kind: regions}}")


CONFIDENCE = "criteria: {x: {kind: confidence, categories: [1, 2, 3, 4, 5]}}"


@pytest.mark.parametrize(
    ("labels", "plan"),
    [
        ("0 1 0 1 1", CONFIDENCE),
        ("Benign malignant benign malignant Malignant", CONFIDENCE),
        ("stay operate stay operate operate", CONFIDENCE.replace("5]", "5], positive: Operate")),
        (
            "stay operate stay operate operate",
            CONFIDENCE.replace(
                "}}", "}, y: {kind: nominal, categories: [stay, operate], positive: operate}}"
            ),
        ),
        ("1 2 1 2.0 2", CONFIDENCE.replace("5]", "5], positive: 2")),
    ],
)
def test_the_positive_label_of_a_reference_is_known_or_declared(
    tmp_path: Path, labels: str, plan: str
) -> None:
    reference = "".join(f"c{number},{label}\n" for number, label in enumerate(labels.split(), 1))
    analysis = analysed(tmp_path, long("1\n5\n2\n3\n4"), plan=plan, reference=f"case,label\n{reference}")
    assert one(analysis, "auc", reader="R1")["value"] == 1.0


@pytest.mark.parametrize("plan", [CONFIDENCE, CONFIDENCE.replace("5]", "5], positive: sick")])
def test_a_positive_label_that_nobody_knows_is_asked_for(tmp_path: Path, plan: str) -> None:
    from readerstudy.stats.analyse import AnalysisError

    with pytest.raises(AnalysisError, match="“operate”, “stay”; which one is the positive one"):
        analysed(tmp_path, long("1\n5"), plan=plan, reference="case,label\nc1,stay\nc2,operate\n")


def test_a_refused_comparison_without_a_side_is_left_out_aloud(tmp_path: Path) -> None:
    rows = [{**row, "side": ""} for row in PREFERENCES]
    analysis = analysed(tmp_path, rows)
    assert one(analysis, "win_rate", "rrrc", contrast="A-B")["n_ratings"] == 5
    assert analysis.notes == (
        "“x”: 3 refused comparisons do not say in the column side which side refused; they count as missing.",
    )
