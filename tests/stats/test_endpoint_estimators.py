"""Estimators of endpoints that few studies need, against worked examples and independent programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rouge_score import rouge_scorer
from scipy import stats

from readerstudy.stats.detection import d_prime
from readerstudy.stats.estimate import Reason
from readerstudy.stats.kendall import kendall_tau, tau_b
from readerstudy.stats.measurement_errors import errors, limits_of_agreement
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions.outlines import intersection_over_union
from readerstudy.stats.wording import edit_share, rouge_l

NAN = math.nan


def scores(*columns: list[float]) -> Scores:
    values = np.array(columns, dtype=np.float64).T
    units = tuple(f"C{number}" for number in range(len(values)))
    return Scores(values=values, units=units, readers=tuple(f"R{n + 1}" for n in range(len(columns))))


def test_d_prime_is_the_distance_of_two_normal_quantiles() -> None:
    said = scores([1.0] * 20 + [0.0] * 5 + [1.0] * 10 + [0.0] * 15)
    truth = {f"C{number}": number < 25 for number in range(50)}
    (found,) = d_prime(said, truth)
    hit, false_alarm = 20.5 / 26, 10.5 / 26
    assert found.value == pytest.approx(stats.norm.ppf(hit) - stats.norm.ppf(false_alarm))
    variance = sum(p * (1 - p) / (26 * stats.norm.pdf(stats.norm.ppf(p)) ** 2) for p in (hit, false_alarm))
    assert found.se == pytest.approx(math.sqrt(variance))
    assert found.reader == "R1"
    assert found.ci is not None
    assert found.ci[0] < found.value < found.ci[1]


def test_d_prime_of_a_perfect_reader_is_finite_and_of_one_class_undefined() -> None:
    perfect = d_prime(scores([1.0, 1.0, 0.0, 0.0]), {"C0": True, "C1": True, "C2": False, "C3": False})[0]
    assert perfect.value is not None
    assert perfect.value > 0
    assert d_prime(scores([1.0, 0.0]), {"C0": True, "C1": True})[0].reason == Reason.ONE_CLASS
    assert d_prime(scores([NAN, NAN]), {"C0": True, "C1": False})[0].reason == Reason.NO_RATINGS


def test_limits_of_agreement_by_hand() -> None:
    measured = scores([10.0, 12.0, 15.0, 20.0])
    differences = errors(measured, {"C0": 9.0, "C1": 13.0, "C2": 14.0, "C3": 18.0})
    lower, bias, upper = limits_of_agreement(differences)
    spread = np.std([1.0, -1.0, 1.0, 2.0], ddof=1)
    assert bias.value == pytest.approx(0.75)
    assert lower.value == pytest.approx(0.75 - 1.959964 * spread, abs=1e-5)
    assert upper.value == pytest.approx(0.75 + 1.959964 * spread, abs=1e-5)
    assert bias.se == pytest.approx(spread / 2)
    assert bias.p == pytest.approx(stats.ttest_1samp([1.0, -1.0, 1.0, 2.0], 0).pvalue)
    assert [each.reason for each in limits_of_agreement(scores([1.0, NAN]))] == [Reason.ONE_CASE] * 3


@pytest.mark.parametrize("seed", range(5))
def test_tau_b_is_that_of_scipy(seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.integers(1, 6, (2, 30)).astype(np.float64)
    assert tau_b(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)
    (found,) = kendall_tau(scores(list(first), list(second)))
    assert found.reader == "R1|R2"
    assert found.ci is not None
    assert found.ci[0] < found.value < found.ci[1]  # type: ignore[operator]  # it has one


def test_tau_without_order_or_with_few_outputs() -> None:
    assert kendall_tau(scores([1.0, 1.0], [1.0, 2.0]))[0].reason == Reason.NO_VARIATION
    assert kendall_tau(scores([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]))[0].reason == Reason.TOO_FEW
    assert kendall_tau(scores([1.0, NAN], [NAN, 2.0]))[0].reason == Reason.NO_OVERLAP


def test_what_two_readers_drew_is_compared_by_its_area() -> None:
    box, half = [[0.0, 0.0], [10.0, 10.0]], [[5.0, 0.0], [15.0, 10.0]]
    assert intersection_over_union([box], [box]) == 1.0
    assert intersection_over_union([box], [half]) == pytest.approx(50 / 150)
    assert intersection_over_union([box, half], [box]) == pytest.approx(100 / 150)
    assert intersection_over_union([box], [[[20.0, 20.0], [30.0, 30.0]]]) == 0.0
    assert intersection_over_union([], []) == 1.0
    assert intersection_over_union([box], []) == 0.0
    square = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]
    assert intersection_over_union([square], [box]) == 1.0
    triangle = [[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]]
    assert intersection_over_union([triangle], [[[0.0, 0.0], [100.0, 100.0]]]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("The lungs are clear.", "the lungs are clear", 0.0),
        ("The lungs are clear.", "The left lung is clear.", 3 / 5),
        ("", "", 0.0),
        ("", "New words", 1.0),
        ("A nodule of 12.5 mm", "A nodule of 13 mm", 1 / 5),
    ],
)
def test_edits_are_counted_in_words(before: str, after: str, share: float) -> None:
    assert edit_share(before, after) == pytest.approx(share)


@pytest.mark.parametrize(
    ("candidate", "reference"),
    [
        ("the lungs are clear and the heart is small", "the heart is enlarged and the lungs are clear"),
        ("no finding", "a nodule in the left lung"),
        ("same words here", "same words here"),
    ],
)
def test_rouge_l_is_that_of_the_published_program(candidate: str, reference: str) -> None:
    scorer = rouge_scorer.RougeScorer(["rougeL"])
    assert rouge_l(candidate, reference) == pytest.approx(
        scorer.score(reference, candidate)["rougeL"].fmeasure
    )
