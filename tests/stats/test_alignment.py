"""Means, shares and win rates of crossed designs, and differences between arms."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from readerstudy.stats.alignment import (
    Cut,
    mark_acceptable,
    mark_categories,
    mark_wins,
    mean_score,
    paired_difference,
    proportion_acceptable,
    win_rate,
)
from readerstudy.stats.crossed import CrossedSample, variance_components
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.ratings import RatingsError, Scores, read_ratings, read_scores
from readerstudy.stats.scale import Kind, ScaleError
from tests.stats import datasets


def incomplete(seed: int = 1, outputs: int = 25, readers: int = 5) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(outputs, 1)) + generator.normal(size=readers)
    values = values + generator.normal(size=(outputs, readers))
    values[generator.random(values.shape) < 0.3] = np.nan
    return values


def pair_sums(values: np.ndarray[Any, Any], cases: list[int]) -> tuple[list[float], list[list[float]]]:
    """Return half the sums of squared pair differences, and what each expects of the components."""
    cells = [(cases[row], column, values[row, column]) for row, column in np.argwhere(~np.isnan(values))]
    kinds = {
        "case": lambda a, b: a[0] == b[0],
        "reader": lambda a, b: a[1] == b[1],
        "all": lambda a, b: True,
    }
    size = {
        "case": lambda a: sum(cell[0] == a[0] for cell in cells),
        "reader": lambda a: sum(cell[1] == a[1] for cell in cells),
        "all": lambda a: len(cells),
    }
    sums, expectations = [], []
    for kind, together in kinds.items():
        total, expected = 0.0, [0.0, 0.0, 0.0]
        for (i, a), (j, b) in product(enumerate(cells), enumerate(cells)):
            if together(a, b):
                weight = 0.5 / size[kind](a)
                total += weight * (a[2] - b[2]) ** 2
                parts = (a[0] != b[0], a[1] != b[1], i != j)
                expected = [old + 2 * weight * differs for old, differs in zip(expected, parts, strict=True)]
        sums.append(total)
        expectations.append(expected)
    return sums, expectations


@pytest.mark.parametrize("outputs_per_case", [1, 2])
def test_variance_components_solve_the_expected_pair_sums(outputs_per_case: int) -> None:
    values = incomplete()
    cases = [row // outputs_per_case for row in range(len(values))]
    scores = read_scores(values, cases=[f"c{case:02d}" for case in cases])
    sums, expectations = pair_sums(values, cases)
    found = variance_components(CrossedSample.of(scores))
    assert found is not None
    assert (found.case, found.reader, found.error) == pytest.approx(np.linalg.solve(expectations, sums))


def test_fixed_readers_on_complete_data_give_the_t_interval_of_case_means() -> None:
    scores = datasets.likert()
    estimate = mean_score(scores, variant="frrc")
    means = scores.values.mean(axis=1)
    expected = stats.t.interval(0.95, len(means) - 1, means.mean(), stats.sem(means))
    assert estimate.ci == pytest.approx(expected, abs=1e-12)
    assert estimate.ci_method == "these readers only: case-cluster, t"


def test_other_readers_make_the_interval_wider() -> None:
    random, fixed = (mean_score(datasets.likert(), variant=variant) for variant in ("rrrc", "frrc"))
    assert random.value == fixed.value
    assert random.se > 2 * fixed.se


def test_a_figure_counts_its_cases_readers_ratings_and_blanks() -> None:
    estimate = mean_score(read_scores([[1, 2, None], [2, None, None], [3, 4, None]]))
    assert (estimate.n_cases, estimate.n_readers, estimate.n_ratings, estimate.n_missing) == (3, 2, 5, 1)


def test_nobody_rated_anything() -> None:
    assert mean_score(read_scores([[None, None]])).reason is Reason.NO_RATINGS


def test_one_case_speaks_for_no_other_case() -> None:
    one = read_scores([[1, 2, 3]])
    assert mean_score(one).reason is Reason.ONE_CASE
    assert mean_score(one, variant="frrc").reason is Reason.ONE_CASE


def test_a_reader_for_every_rating_leaves_the_parts_unknown() -> None:
    rows = [[1, 2, None, None], [None, None, 3, 5]]
    assert mean_score(read_scores(rows)).reason is Reason.NOT_IDENTIFIABLE


def test_equal_scores_have_no_interval() -> None:
    estimate = proportion_acceptable(read_scores([[1, 1]] * 12))
    assert (estimate.value, estimate.se, estimate.ci, estimate.reason) == (
        1.0,
        0.0,
        None,
        Reason.ZERO_VARIANCE,
    )


def test_readers_who_agree_completely_leave_the_uncertainty_of_cases() -> None:
    column = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    estimate = proportion_acceptable(read_scores(np.column_stack([column] * 3)))
    expected = stats.t.interval(0.95, 7, column.mean(), stats.sem(column))
    assert estimate.df == 7
    assert estimate.ci == pytest.approx(np.clip(expected, 0, 1), abs=1e-9)


def test_shares_stay_between_zero_and_one() -> None:
    rows = [[1, 1, 1]] * 8 + [[1, 0, 1]]
    estimate = proportion_acceptable(read_scores(rows))
    assert estimate.ci is not None
    assert estimate.ci[1] == 1.0


def test_a_negative_component_is_said() -> None:
    rows = [[1, 2], [2, 1], [1, 2], [2, 1], [1, 3]]
    assert Caution.NEGATIVE_COMPONENT in mean_score(read_scores(rows)).cautions


@pytest.mark.parametrize(
    ("cut", "expected"),
    [(">=4", [0, 1, 1]), ("> 4", [0, 0, 1]), ("<=3", [1, 0, 0]), ("<3.5", [1, 0, 0]), ("==4", [0, 1, 0])],
)
def test_a_cut_marks_the_acceptable_scores(cut: str, expected: list[int]) -> None:
    marked = mark_acceptable(read_scores([[3], [4], [5], [None]]), Cut.parse(cut))
    assert marked.values[:3, 0].tolist() == expected
    assert np.isnan(marked.values[3, 0])


@pytest.mark.parametrize("text", ["4", ">=", "at least 4", ">=4; import os"])
def test_a_cut_that_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(ScaleError, match="comparison"):
        Cut.parse(text)


def test_acceptable_categories_are_marked_by_name() -> None:
    ratings = read_ratings(
        [["agrees", "partly"], ["disagrees", None]], categories=["agrees", "partly", "disagrees"]
    )
    marked = mark_categories(ratings, {"agrees", "partly"})
    assert marked.values[0].tolist() == [1.0, 1.0]
    assert marked.values[1, 0] == 0.0
    assert np.isnan(marked.values[1, 1])
    with pytest.raises(ScaleError):
        mark_categories(ratings, {"perfect"})


def test_a_tie_is_half_a_win() -> None:
    estimate = win_rate(mark_wins(read_scores([[-2, 0], [1, -1]])))
    assert estimate.value == pytest.approx((1 + 0.5 + 0 + 1) / 4)


def arms() -> tuple[Scores, Scores]:
    generator = np.random.default_rng(3)
    names = [f"case{number:02d}" for number in range(20)]
    first = generator.integers(1, 6, size=(20, 4)).astype(float)
    second = np.clip(first + generator.integers(-1, 2, size=(20, 4)), 1, 5)
    second[3, 2] = np.nan
    return read_scores(first, units=names), read_scores(second, units=names)


def test_a_difference_is_the_mean_over_shared_pairs() -> None:
    first, second = arms()
    estimate = paired_difference("mean_score", first, second)
    differences = first.values - second.values
    expected = mean_score(first.with_values(differences))
    assert estimate.value == pytest.approx(np.nanmean(differences))
    assert (estimate.se, estimate.df) == (pytest.approx(expected.se), pytest.approx(expected.df))
    assert estimate.p == pytest.approx(2 * stats.t.sf(abs(estimate.statistic), estimate.df))
    assert estimate.n_ratings == 79


def test_a_difference_pairs_by_name_and_turns_its_sign() -> None:
    first, second = arms()
    shuffled = Scores(
        values=second.values[::-1, ::-1], units=second.units[::-1], readers=second.readers[::-1]
    )
    forward, back = (
        paired_difference("mean_score", first, shuffled),
        paired_difference("mean_score", shuffled, first),
    )
    assert forward.value == pytest.approx(paired_difference("mean_score", first, second).value)
    assert back.value == pytest.approx(-forward.value)
    assert back.p == pytest.approx(forward.p)


def test_arms_without_a_shared_case_have_no_difference() -> None:
    first = read_scores([[1, 2], [2, 1]], units=["a", "b"])
    second = read_scores([[1, 2], [2, 1]], units=["c", "d"])
    assert paired_difference("mean_score", first, second).reason is Reason.NO_SHARED_CASES


def test_an_arm_with_a_case_twice_cannot_be_paired() -> None:
    first = read_scores([[1], [2]], units=["o1", "o2"], cases=["a", "a"])
    with pytest.raises(RatingsError, match="two outputs of one case"):
        paired_difference("mean_score", first, first)


def test_worded_categories_score_by_their_place() -> None:
    ratings = read_ratings([["low", "high"]], categories=["low", "mid", "high"], kind=Kind.ORDINAL)
    assert ratings.scores().values.tolist() == [[1.0, 3.0]]
