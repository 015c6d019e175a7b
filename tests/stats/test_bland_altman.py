"""Limits of agreement against the published examples and by simulation."""

import numpy as np
import pytest

from readerstudy.stats.bland_altman import bland_altman, bland_altman_readers, bland_altman_reference, errors
from readerstudy.stats.estimate import Reason
from readerstudy.stats.ratings import read_scores

# Peak expiratory flow by a large and a mini meter, l/min (Bland & Altman, Lancet 1986;i:307).
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def flows() -> tuple[np.ndarray, np.ndarray]:
    return np.array(LARGE, dtype=float), np.array(MINI, dtype=float)


def test_the_published_limits_of_two_flow_meters() -> None:
    bias, lower, upper = bland_altman(*flows())
    assert [round(number, 1) for number in (bias.value, *bias.ci)] == [-2.1, -22.0, 17.8]
    assert lower.value == pytest.approx(-78.1, abs=0.1)
    assert upper.value == pytest.approx(73.9, abs=0.1)
    # The paper's limits have 2 s for 1.96 s and var 3 s^2/n: -79.7 (-114.3 to -45.1), 75.5 (40.9 to 110.1).
    assert lower.ci == pytest.approx((-114.3 + 1.6, -45.1 + 1.6), abs=0.6)
    assert upper.ci == pytest.approx((40.9 - 1.6, 110.1 - 1.6), abs=0.6)


def test_exchanging_the_sides_mirrors_every_figure() -> None:
    forward, backward = bland_altman(*flows()), bland_altman(*flows()[::-1])
    assert backward[1].value == pytest.approx(-forward[2].value)
    assert backward[1].ci == pytest.approx((-forward[2].ci[1], -forward[2].ci[0]))


# Cardiac ejection by radionuclide ventriculography and impedance, subjects 1-4 (Bland & Altman 1999, Table 4).
VENTRICULOGRAPHY = [
    [7.83, 7.42, 7.89, 7.12, 7.88],
    [6.16, 7.26, 6.71, 6.54],
    [4.75, 5.24, 4.86, 4.78, 6.05, 5.42],
    [4.21, 3.61, 3.72, 3.87, 3.92],
]
IMPEDANCE = [
    [6.57, 5.62, 6.90, 6.57, 6.35],
    [4.06, 4.29, 4.26, 4.09],
    [4.71, 5.50, 5.08, 5.02, 6.01, 5.67],
    [4.14, 4.20, 4.61, 4.68, 5.04],
]


def test_the_published_limits_of_repeated_pairs() -> None:
    # Zou 2013, the same four subjects: -2.14 (-9.83 to -.33) and 3.59 (1.77 to 11.27) about .7255.
    subjects = [str(at) for at, values in enumerate(IMPEDANCE) for _ in values]
    sides = np.concatenate(VENTRICULOGRAPHY), np.concatenate(IMPEDANCE)
    bias, lower, upper = bland_altman(*sides, cases=subjects)
    assert [bias.value, lower.value, upper.value] == pytest.approx([0.7255, -2.14, 3.59], abs=2e-3)
    assert lower.ci == pytest.approx((-9.83, -0.33), abs=0.011)
    assert upper.ci == pytest.approx((1.77, 11.27), abs=0.011)


def test_one_pair_for_each_case_needs_no_recovery() -> None:
    named = bland_altman(*flows(), cases=[f"case{row}" for row in range(17)])
    assert named == bland_altman(*flows())


def test_repeated_pairs_hold_variation_of_cases_and_within_them() -> None:
    generator = np.random.default_rng(7)
    cases, repeats = 400, 4
    between = generator.normal(0.5, 2.0, cases).repeat(repeats)
    difference = between + generator.normal(0.0, 1.0, cases * repeats)
    names = np.arange(cases).repeat(repeats).astype(str)
    bias, lower, upper = bland_altman(difference, np.zeros_like(difference), cases=names)
    assert bias.value == pytest.approx(difference.mean())
    assert bias.se == pytest.approx(np.sqrt((4 + 1 / repeats) / cases), rel=0.1)
    assert upper.value - lower.value == pytest.approx(2 * 1.96 * np.sqrt(5), rel=0.05)
    assert (bias.n_cases, bias.n_ratings) == (cases, 2 * cases * repeats)


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_interval_of_a_limit_covers_it(repeats: int) -> None:
    generator = np.random.default_rng(repeats)
    truth = 1.959964 * np.sqrt(1.0 + 0.5)
    covered = 0
    for _ in range(400):
        difference = generator.normal(0, 1, 30).repeat(repeats) + generator.normal(0, 0.5**0.5, 30 * repeats)
        names = np.arange(30).repeat(repeats).astype(str)
        low, high = bland_altman(difference, np.zeros_like(difference), cases=names)[2].ci
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_undefined_limits_say_why() -> None:
    blank = np.array([np.nan, 1.0])
    assert {line.reason for line in bland_altman(blank, blank[::-1])} == {Reason.NO_OVERLAP}
    assert {line.reason for line in bland_altman(np.ones(1), np.ones(1))} == {Reason.ONE_CASE}
    constant = bland_altman(np.full(5, 3.0), np.full(5, 1.0))
    assert [line.value for line in constant] == [2.0, 2.0, 2.0]
    assert {line.reason for line in constant} == {Reason.ZERO_VARIANCE}
    same = bland_altman(np.full(6, 3.0), np.full(6, 1.0), cases=list("aabbcc"))
    assert {line.reason for line in same} == {Reason.ZERO_VARIANCE}


def test_every_reader_pair_has_its_limits() -> None:
    scores = read_scores(np.column_stack([*flows(), flows()[0]]), readers=["a", "b", "c"])
    lines = bland_altman_readers(scores)
    assert [line.reader for line in lines[::3]] == ["a|b", "a|c", "b|c"]
    assert lines[:3][0].value == bland_altman(*flows())[0].value


def test_every_reader_is_set_beside_the_reference() -> None:
    large, mini = flows()
    scores = read_scores(np.column_stack([large, mini]), readers=["a", "b"])
    reference = dict(zip(scores.case_names[:-1], mini[:-1], strict=True))
    lines = bland_altman_reference(scores, reference)
    assert [line.reader for line in lines] == ["a"] * 3 + ["b"] * 3
    alone = bland_altman(large[:-1], mini[:-1])
    assert [line.value for line in lines[:3]] == [line.value for line in alone]
    assert [(line.n_cases, line.n_readers, line.n_ratings, line.n_missing) for line in lines[:1]] == [
        (16, 1, 16, 1)
    ]
    left = errors(scores, reference).values
    assert np.nanmean(left[:, 0]) == pytest.approx(alone[0].value)
    assert np.isnan(left[-1]).all()
