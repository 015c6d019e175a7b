"""Estimators of endpoints that few studies need, against worked examples and independent programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from readerstudy.stats.detection import d_prime
from readerstudy.stats.estimate import Reason
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions import areas_of_outlines
from readerstudy.stats.text import edit_share

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


def test_areas_of_outlines_are_counted_in_pixels() -> None:
    square = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]
    shifted = [[x + 5.0, y] for x, y in square]
    assert areas_of_outlines([square], [square]) == (100.0, 100.0, 100.0)
    assert areas_of_outlines([square], [shifted]) == (100.0, 100.0, 50.0)
    assert areas_of_outlines([square, shifted], [square]) == (150.0, 100.0, 100.0)
    assert areas_of_outlines([square], []) == (100.0, 0.0, 0.0)
    assert areas_of_outlines([], []) == (0.0, 0.0, 0.0)
    triangle = [[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]]
    assert areas_of_outlines([triangle], [])[0] == pytest.approx(5000, rel=0.01)


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
