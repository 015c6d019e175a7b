"""Classification against a reference, and paired tests."""

import numpy as np
import pytest

from readerstudy.stats.accuracy import accuracy, cochran_q, correctness, mcnemar, sensitivity, specificity
from readerstudy.stats.estimate import Reason
from readerstudy.stats.intervals import holm, newcombe_paired, wilson
from readerstudy.stats.ratings import Ratings, RatingsError, read_ratings, read_scores
from readerstudy.stats.scale import ScaleError

SCALE = ["normal", "abnormal"]
TRUTH = {"c1": "abnormal", "c2": "abnormal", "c3": "normal", "c4": "normal", "c5": "normal"}


def model(labels: list[str | None]) -> Ratings:
    names = [f"c{number}" for number in range(1, len(labels) + 1)]
    return read_ratings(
        [[label] for label in labels], categories=SCALE, units=names, readers=["model:simulated"]
    )


def test_one_label_a_case_has_wilson_intervals() -> None:
    correct = correctness(model(["abnormal", "normal", "normal", "normal", "abnormal"]), TRUTH)
    overall = accuracy(correct)
    assert (overall.value, overall.ci, overall.ci_method) == (0.6, wilson(3, 5), "Wilson score")
    assert (sensitivity(correct, "abnormal").value, sensitivity(correct, "abnormal").n_cases) == (0.5, 2)
    assert specificity(correct, "abnormal").value == pytest.approx(2 / 3)


def test_several_readers_have_the_crossed_interval() -> None:
    generator = np.random.default_rng(1)
    labels = np.array(SCALE, dtype=object)[generator.integers(0, 2, size=(5, 3))]
    correct = correctness(read_ratings(labels, categories=SCALE, units=list(TRUTH)), TRUTH)
    assert accuracy(correct).ci_method == "crossed moment components, Hillis df, t"


def test_a_case_without_a_reference_is_left_out() -> None:
    correct = correctness(model(["abnormal", "abnormal", "normal", "normal", "normal", "normal"]), TRUTH)
    assert (accuracy(correct).value, accuracy(correct).n_cases) == (1.0, 5)


def test_without_any_reference_there_is_no_accuracy() -> None:
    assert accuracy(correctness(model(["normal", "normal"]), {})).reason is Reason.NO_REFERENCE


def test_without_positive_cases_there_is_no_sensitivity() -> None:
    correct = correctness(model(["normal", "normal"]), {"c1": "normal", "c2": "normal"})
    assert sensitivity(correct, "abnormal").value is None
    assert specificity(correct, "abnormal").value == 1.0


def test_a_reference_off_the_scale_is_refused_by_case() -> None:
    with pytest.raises(RatingsError, match='case "c1"'):
        correctness(model(["normal"]), {"c1": "unclear"})
    with pytest.raises(ScaleError):
        sensitivity(correctness(model(["normal"]), TRUTH), "unclear")


def test_numbers_and_their_text_are_the_same_category() -> None:
    labels = read_ratings([[1], [0]], categories=[0, 1], units=["a", "b"])
    correct = correctness(labels, {"a": "1", "b": "1"})
    assert sensitivity(correct, "1").value == 0.5


def test_refusals_are_wrong_as_intended_and_absent_conditionally() -> None:
    labels = model(["abnormal", None, "normal", None, "normal", None])
    refused = np.array([[False], [True], [False], [True], [False], [True]])
    correct = correctness(labels, TRUTH)
    assert (accuracy(correct).value, accuracy(correct).n_ratings) == (1.0, 3)
    intended = correct.counting_refusals(refused)
    assert (accuracy(intended).value, accuracy(intended).n_ratings) == (0.6, 5)
    assert sensitivity(intended, "abnormal").value == 0.5


def pair(both: int, first: int, second: int, neither: int) -> tuple:
    rows = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    return tuple(read_scores([[row[arm]] for row in rows], readers=["m"]) for arm in range(2))


def test_mcnemar_gives_the_exact_and_the_mid_p_value() -> None:
    # Bentur et al. 2009: 1, 1, 7, 12; exact .0703, mid-p .0391 (Fagerland, Lydersen & Laake 2013).
    exact, mid = mcnemar(*pair(1, 1, 7, 12))
    assert exact.p == pytest.approx(0.0703125)
    assert mid.p == pytest.approx(0.0390625)
    assert exact.value == pytest.approx(-6 / 21)
    assert exact.ci == pytest.approx((-0.507, -0.026), abs=5e-4)


def test_mcnemar_with_equal_discordance_follows_fagerland() -> None:
    exact, mid = mcnemar(*pair(5, 2, 2, 5))
    assert exact.p == 1.0
    assert mid.p == pytest.approx(1 - 0.5 * 6 / 16)


def test_arms_that_never_differ_have_a_difference_but_no_test() -> None:
    exact, _ = mcnemar(*pair(8, 0, 0, 2))
    assert (exact.value, exact.p, exact.reason) == (0.0, None, Reason.NO_DISCORDANT_PAIRS)
    assert exact.ci is not None


def test_mcnemar_refuses_several_readers() -> None:
    two = read_scores([[1, 0], [0, 1]])
    with pytest.raises(RatingsError, match="one reading of each case"):
        mcnemar(two, two)


def test_arms_without_shared_cases_have_no_test() -> None:
    first = read_scores([[1]], units=["a"], readers=["m"])
    second = read_scores([[1]], units=["b"], readers=["m"])
    assert mcnemar(first, second)[0].reason is Reason.NO_SHARED_CASES


def test_the_paired_interval_is_symmetric_in_the_arms() -> None:
    low, high = newcombe_paired(20, 9, 4, 7)
    assert newcombe_paired(20, 4, 9, 7) == pytest.approx((-high, -low))
    assert newcombe_paired(0, 0, 0, 0) is None


def test_cochran_without_a_difference_is_undefined() -> None:
    assert cochran_q(np.ones((4, 3))).reason is Reason.NO_DISCORDANT_PAIRS
    assert cochran_q(np.full((4, 3), np.nan)).reason is Reason.NO_SHARED_CASES


def test_undefined_p_values_are_no_comparisons() -> None:
    assert holm([0.01, None, 0.04]) == [0.02, None, 0.04]
    assert holm([]) == []
