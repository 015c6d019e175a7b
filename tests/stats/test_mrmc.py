"""Areas and multi-reader comparisons where they are undefined, degenerate or checked by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from readerstudy.stats.estimate import Reason
from readerstudy.stats.mrmc import complete_reads, decompose, mrmc
from readerstudy.stats.ratings import Scores, read_scores
from readerstudy.stats.roc import auc, auc_difference, placements

TRUTH = {f"c{number:02d}": number < 12 for number in range(30)}


def reads(seed: int = 1, *, arms: int = 3, readers: int = 4) -> dict[str, Scores]:
    generator = np.random.default_rng(seed)
    signal = np.array([1.0 if abnormal else 0.0 for abnormal in TRUTH.values()])
    case = generator.normal(size=len(TRUTH))
    found = {}
    for arm in "ABCDE"[:arms]:
        noise = generator.normal(size=(len(TRUTH), readers))
        values = np.round(signal[:, np.newaxis] + 0.7 * case[:, np.newaxis] + noise, 1)
        found[arm] = read_scores(values, units=list(TRUTH))
    return found


def test_areas_equal_scikit_learn_with_ties() -> None:
    scores = reads()["A"]
    abnormal = np.array(list(TRUTH.values()))
    expected = [roc_auc_score(abnormal, column) for column in scores.values.T]
    assert [estimate.value for estimate in auc(scores, TRUTH)] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("abnormal", [True, False])
def test_one_class_alone_has_no_area(abnormal: bool) -> None:
    scores = read_scores([[1], [2], [3]], units=["a", "b", "c"])
    estimate = auc(scores, dict.fromkeys("abc", abnormal))[0]
    assert (estimate.value, estimate.reason) == (None, Reason.ONE_CLASS)
    lines = mrmc({"A": scores, "B": scores}, dict.fromkeys("abc", abnormal))
    assert {line.reason for line in lines} == {Reason.ONE_CLASS}


def test_a_perfect_reader_has_an_area_of_one_and_no_interval() -> None:
    scores = read_scores([[1], [2], [3], [4]], units=list("abcd"))
    estimate = auc(scores, {"a": False, "b": False, "c": True, "d": True})[0]
    assert (estimate.value, estimate.ci, estimate.reason) == (1.0, None, Reason.ZERO_VARIANCE)


def test_one_case_of_a_class_has_an_area_without_a_variance() -> None:
    scores = read_scores([[1], [3], [2]], units=list("abc"))
    estimate = auc(scores, {"a": False, "b": False, "c": True})[0]
    assert (estimate.value, estimate.ci, estimate.reason) == (0.5, None, Reason.TOO_FEW)


def test_cases_without_a_truth_or_a_score_are_left_out() -> None:
    scores = read_scores([[1], [2], [None], [5], [4]], units=list("abcde"))
    estimate = auc(scores, {"a": False, "b": True, "c": True, "d": True})[0]
    assert (estimate.value, estimate.n_cases) == (1.0, 3)


def test_an_area_differs_from_itself_by_nothing() -> None:
    scores = reads()["A"]
    estimate = auc_difference(scores, scores, TRUTH)[0]
    assert (estimate.value, estimate.p, estimate.reason) == (0.0, None, Reason.ZERO_VARIANCE)


def test_the_jackknife_equals_leaving_out_every_case() -> None:
    values = np.column_stack([scores.values for scores in reads().values()])
    abnormal = np.array(list(TRUTH.values()))
    left_out = np.array(
        [
            [roc_auc_score(np.delete(abnormal, case), np.delete(column, case)) for column in values.T]
            for case in range(len(abnormal))
        ]
    )
    n = len(left_out)
    deviations = left_out - left_out.mean(axis=0)
    expected = (n - 1) / n * deviations.T @ deviations
    assert placements(values, abnormal).covariance("jackknife") == pytest.approx(expected, abs=1e-12)


def test_the_mean_covariances_are_those_of_their_pairs() -> None:
    arms = reads()
    found = decompose(complete_reads(arms, TRUTH))
    values = np.column_stack([scores.values for scores in arms.values()])
    spread = placements(values, np.array(list(TRUTH.values()))).covariance("jackknife")
    labels = [(arm, reader) for arm in range(3) for reader in range(4)]
    pairs = {"cov1": [], "cov2": [], "cov3": []}
    for i, first in enumerate(labels):
        for j, second in enumerate(labels):
            if i != j:
                same_arm, same_reader = first[0] == second[0], first[1] == second[1]
                pairs["cov2" if same_arm else "cov1" if same_reader else "cov3"].append(spread[i, j])
    assert (found.cov1, found.cov2, found.cov3) == pytest.approx([np.mean(pairs[name]) for name in pairs])
    assert found.variance == pytest.approx(np.trace(spread) / 12)


def test_three_arms_have_a_test_three_differences_and_three_means() -> None:
    lines = mrmc(reads(), TRUTH)
    assert [(line.arm, line.contrast) for line in lines if line.variant == "rrrc"] == [
        (None, None),
        (None, "A-B"),
        (None, "A-C"),
        (None, "B-C"),
        ("A", None),
        ("B", None),
        ("C", None),
    ]
    assert {line.n_ratings for line in lines} == {360}


def test_two_arms_have_the_same_p_value_overall_and_in_their_difference() -> None:
    lines = mrmc(reads(arms=2), TRUTH)
    for variant in ("rrrc", "frrc", "rrfc"):
        overall, difference = [line for line in lines if line.variant == variant][:2]
        assert overall.p == pytest.approx(difference.p, abs=1e-9)


def test_one_reader_speaks_for_themselves_only() -> None:
    lines = mrmc(reads(readers=1), TRUTH)
    assert {line.reason for line in lines if line.variant != "frrc"} == {Reason.ONE_READER}
    fixed = [line for line in lines if line.variant == "frrc"]
    assert all(line.value is not None and line.p is not None for line in fixed if line.arm is None)
    same = auc_difference(reads(readers=1)["A"], reads(readers=1)["B"], TRUTH)[0]
    delong = mrmc({arm: reads(readers=1)[arm] for arm in "AB"}, TRUTH, covariance="delong")
    contrast = next(line for line in delong if line.variant == "frrc" and line.contrast)
    assert (contrast.value, contrast.se) == (pytest.approx(same.value), pytest.approx(same.se))


def test_a_blank_read_leaves_the_crossing_incomplete() -> None:
    arms = reads()
    arms["B"].values[4, 2] = np.nan
    assert {line.reason for line in mrmc(arms, TRUTH)} == {Reason.INCOMPLETE}


def test_arms_are_matched_by_the_names_of_cases_and_readers() -> None:
    arms = reads()
    turned = dict(arms)
    turned["B"] = Scores(
        values=arms["B"].values[::-1, ::-1], units=arms["B"].units[::-1], readers=arms["B"].readers[::-1]
    )
    for first, second in zip(mrmc(arms, TRUTH), mrmc(turned, TRUTH), strict=True):
        assert first.value == pytest.approx(second.value, abs=1e-12)
        assert first.p == pytest.approx(second.p, abs=1e-9)


@pytest.mark.parametrize(("figure", "relevant"), [("sensitivity", True), ("specificity", False)])
def test_sensitivity_and_specificity_rest_on_their_own_cases(figure: str, relevant: bool) -> None:
    calls = {arm: scores.with_values((scores.values > 0.5).astype(float)) for arm, scores in reads().items()}
    lines = mrmc(calls, TRUTH, figure=figure)
    chosen = np.array(list(TRUTH.values())) == relevant
    right = calls["A"].values[chosen] == float(relevant)
    mean = next(line for line in lines if line.variant == "rrrc" and line.arm == "A")
    assert mean.value == pytest.approx(right.mean())
    only = {case: relevant for case, abnormal in TRUTH.items() if abnormal == relevant}
    kept = {arm: scores.rows(chosen) for arm, scores in calls.items()}
    alone = mrmc(kept, only, figure=figure)
    assert [line.se for line in lines] == pytest.approx([line.se for line in alone])


def test_arms_that_are_the_same_cannot_be_tested() -> None:
    scores = reads()["A"]
    lines = mrmc({"A": scores, "B": scores}, TRUTH)
    assert {line.reason for line in lines if line.arm is None} == {Reason.ZERO_VARIANCE}
