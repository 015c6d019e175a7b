"""How well properties tell labels apart: by hand, against scipy, by chance alone, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, rankdata

from readerstudy.stats.estimate import Reason
from readerstudy.stats.separation import (
    CLEAR_AUC,
    PERMUTATIONS,
    Separation,
    comparable,
    mean_ranks,
    separation,
)

AB = ["a"] * 5 + ["b"] * 5


def column(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)[:, np.newaxis]


def each(labels: list[str]) -> range:
    """Every image is a case of its own."""
    return range(len(labels))


def noise(generator: np.random.Generator, images: int, values: int = 2) -> tuple[np.ndarray, list[str]]:
    """Twelve properties with ties, and labels that have nothing to do with them."""
    table = np.round(np.exp(generator.normal(size=(images, 12))), 1)
    return table, [str(value) for value in generator.permutation(np.arange(images) % values)]


def test_the_area_of_one_property_is_as_counted_by_hand() -> None:
    # b beats a in 5+5+5+4+4 of 25 pairs and equals it in 1: 23.5/25
    found = separation(column(1, 2, 3, 4, 6, 5, 6, 7, 8, 9), AB, each(AB))
    assert found.single == pytest.approx([23.5 / 25])
    assert found.best.value == pytest.approx(23.5 / 25)
    assert (found.best.category, found.best.n_cases, found.best.n_ratings) == ("b", 10, 10)


def test_it_does_not_matter_which_way_round_a_property_tells() -> None:
    rising, falling = np.arange(10.0), -np.arange(10.0)
    assert separation(np.column_stack([rising, falling]), AB, each(AB)).single == (1.0, 1.0)


def test_of_three_values_the_one_that_is_told_best_counts() -> None:
    labels = ["a"] * 5 + ["b"] * 5 + ["c"] * 5
    found = separation(column(*[1, 2] * 5, *range(10, 15)), labels, each(labels))
    assert found.single == (1.0,)
    assert found.best.category == "c"


def test_what_is_the_same_for_all_tells_nothing() -> None:
    found = separation(np.full((10, 3), 8.0), AB, each(AB))
    assert found.single == (0.5, 0.5, 0.5)
    assert (found.combined.value, found.combined.p, found.best.p) == (0.5, 1.0, 1.0)
    assert not found.is_clear


def test_a_size_between_the_others_is_found_by_all_together_alone() -> None:
    """One source has all images at 1024 pixels, the other has smaller and larger ones."""
    labels = ["made"] * 20 + ["real"] * 20
    found = separation(column(*[1024] * 20, *range(500, 510), *range(2000, 2010)), labels, each(labels))
    assert found.single == (0.5,)
    assert found.combined.value == pytest.approx(1.0)
    assert found.is_clear


def test_twelve_against_twelve_that_differ_in_one_property_are_clear() -> None:
    generator = np.random.default_rng(1)
    table, labels = noise(generator, 24)
    table[:, 3] += [100.0 * (label == "1") for label in labels]
    assert separation(table, labels, each(labels)).is_clear


@pytest.mark.parametrize(("images", "values"), [(12, 2), (24, 2), (24, 3), (60, 4)])
def test_chance_alone_raises_hardly_ever_an_alarm(images: int, values: int) -> None:
    """Two tests at one in a hundred each: of 200 studies two to four; nine would come up once in a thousand series."""
    generator = np.random.default_rng(20261123)
    found = [separation(*(drawn := noise(generator, images, values)), each(drawn[1])) for _ in range(200)]
    assert sum(each_found.is_clear for each_found in found) <= 9
    assert np.mean([one.combined.p <= 0.1 for one in found]) == pytest.approx(0.1, abs=0.065)


def test_images_of_one_case_are_shuffled_and_tested_together() -> None:
    """Six cases with ten all but equal images each are six observations and not sixty."""
    generator = np.random.default_rng(7)
    of_case = generator.normal(size=(10, 4)).repeat(10, axis=0) + generator.normal(scale=1e-6, size=(100, 4))
    cases = np.repeat(np.arange(10), 10).tolist()
    labels = ["a" if case < 5 else "b" for case in cases]
    together = separation(of_case, labels, cases)
    apart = separation(of_case, labels, range(100))
    assert (together.combined.n_cases, together.combined.n_ratings) == (10, 100)
    assert apart.combined.value > 0.95
    assert together.combined.value < 0.95
    assert together.combined.p > 0.05


def test_one_value_or_too_few_cases_leave_it_undefined() -> None:
    alone = separation(np.ones((6, 2)), ["a"] * 6, range(6))
    assert (alone.combined.value, alone.combined.reason) == (None, Reason.ONE_CLASS)
    few = separation(np.ones((9, 2)), ["a"] * 5 + ["b"] * 4, range(9))
    assert few.best.reason is Reason.TOO_FEW
    assert few.single == (0.5, 0.5)
    assert not few.is_clear


def test_values_with_too_few_cases_are_left_out() -> None:
    labels = [*AB, "c", "c"]
    assert comparable(labels, range(12)) == ("a", "b")
    assert comparable(labels, [0] * 5 + [*range(7)]) == ("b",)
    found = separation(column(*range(12)), labels, range(12))
    assert found.best.n_cases == 10


@pytest.mark.parametrize(
    ("table", "labels", "cases", "match"),
    [
        (np.ones((3, 1)), ["a", "b"], [1, 2], "one row for each image"),
        (np.ones(2), ["a", "b"], [1, 2], "one row for each image"),
        (np.array([[1.0], [np.nan]]), ["a", "b"], [1, 2], "finite"),
        (np.ones((2, 1)), ["a", "b"], [1, 1], "the same value"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    table: np.ndarray, labels: list[str], cases: list[int], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        separation(table, labels, cases)


def test_the_same_seed_gives_the_same_figures() -> None:
    table, labels = noise(np.random.default_rng(3), 30)
    first, again, other = (separation(table, labels, each(labels), seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first.combined.seed == 5
    assert first.combined.resamples == PERMUTATIONS
    assert first.combined.p != other.combined.p or first.combined.value != other.combined.value


TABLES = arrays(np.float64, st.tuples(st.integers(12, 30), st.just(3)), elements=st.integers(0, 6).map(float))


@settings(max_examples=60, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_areas_equal_the_mann_whitney_statistic_over_the_pairs(table: np.ndarray, random: object) -> None:
    labels = ["a" if row % 2 else "b" for row in range(len(table))]
    random.shuffle(labels)  # type: ignore[attr-defined]
    first, second = (table[np.array([label == name for label in labels])] for name in "ab")
    for at, area in enumerate(separation(table, labels, each(labels)).single):
        shares = mannwhitneyu(first[:, at], second[:, at]).statistic / (len(first) * len(second))
        assert area == pytest.approx(0.5 + abs(shares - 0.5))


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_figures_lie_within_their_bounds_and_units_do_not_matter(table: np.ndarray) -> None:
    labels = ["a" if row % 2 else "b" for row in range(len(table))]
    found = separation(table, labels, each(labels))
    in_other_units = separation(np.exp(table) * 1000.0 + 3.0, labels, each(labels))
    assert found == in_other_units
    assert all(0.5 <= area <= 1.0 for area in found.single)
    assert 0.0 <= found.combined.value <= 1.0
    assert 1.0 / (1 + PERMUTATIONS) <= found.combined.p <= 1.0
    assert found.best.value == pytest.approx(max(found.single))


@given(
    arrays(
        np.float64, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=st.integers(0, 5).map(float)
    )
)
def test_ranks_equal_those_of_scipy(values: np.ndarray) -> None:
    assert np.array_equal(mean_ranks(values), rankdata(values, axis=1))


def test_the_regression_is_the_first_newton_step_of_a_ridge_logistic_regression() -> None:
    """The slope of the penalised likelihood at zero over its curvature there, worked out without the product's code."""
    from readerstudy.stats.separation import PENALTY, _out_of_fold

    features = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [10.0]])
    truth = np.array([[0.0, 0.0, 1.0, 0.0, 1.0, 1.0]])

    class InOrder:
        """Deals the cases to the folds as they come."""

        def permutation(self, folds: np.ndarray) -> np.ndarray:
            return folds

    scores = _out_of_fold(features, truth, np.arange(6), InOrder())[0]  # type: ignore[arg-type]
    for held_out in ([0, 5], [1], [2], [3], [4]):
        seen = np.setdiff1d(np.arange(6), held_out)
        z, y = features[seen, 0], truth[0, seen]
        z = z - z.mean()
        slope, curvature = (z * (y - y.mean())).sum(), (z * z).sum() / 4 + PENALTY
        expected = 3 * (features[held_out, 0] - features[seen, 0].mean()) * slope / curvature
        assert scores[held_out] == pytest.approx(expected, abs=1e-9)


def test_a_warning_needs_a_large_area_and_more_than_chance() -> None:
    table, labels = noise(np.random.default_rng(11), 400)
    table[:, 0] += [0.6 * (label == "1") for label in labels]
    weak = separation(table[:, :1], labels, each(labels))
    assert weak.combined.p <= 0.01
    assert weak.combined.value < CLEAR_AUC
    assert isinstance(weak, Separation)
    assert not weak.is_clear
