"""Refusals stay in the denominator."""

import numpy as np
import pytest

from readerstudy.stats.alignment import proportion_acceptable, win_rate
from readerstudy.stats.estimate import Reason
from readerstudy.stats.intervals import clopper_pearson
from readerstudy.stats.ratings import RatingsError, read_scores
from readerstudy.stats.refusals import (
    as_intended,
    comparisons_as_intended,
    conditional_on_response,
    refusal_rate,
    refused_cells,
)


def test_the_refusal_rate_has_the_exact_interval_and_counts_lost_calls_apart() -> None:
    estimate = refusal_rate(3, 42, failed=2)
    assert estimate.value == pytest.approx(3 / 42)
    assert estimate.ci == clopper_pearson(3, 42)
    assert (estimate.ci_method, estimate.n_cases, estimate.n_missing) == ("Clopper-Pearson exact", 42, 2)


def test_no_refusal_still_has_an_upper_limit() -> None:
    low, high = refusal_rate(0, 20).ci
    assert low == 0.0
    assert high == pytest.approx(0.1684, abs=1e-4)


def test_a_model_that_was_never_called_has_no_rate() -> None:
    assert refusal_rate(0, 0).reason is Reason.NO_OUTPUTS


def test_a_hidden_refusal_counts_against_the_model_for_every_reader() -> None:
    acceptable = read_scores([[1, 1], [None, None], [1, 0]])
    refused = refused_cells(acceptable, np.array([False, True, False]))
    assert refused.tolist() == [[False, False], [True, True], [False, False]]
    assert proportion_acceptable(as_intended(acceptable, refused)).value == pytest.approx(3 / 6)
    assert proportion_acceptable(conditional_on_response(acceptable, refused)).value == pytest.approx(3 / 4)


def test_a_shown_refusal_counts_for_the_readers_who_saw_it() -> None:
    acceptable = read_scores([[1, 1, 0], [None, 1, None]])
    refused = refused_cells(acceptable, np.array([False, True]))
    assert refused.tolist() == [[False] * 3, [False, True, False]]
    assert proportion_acceptable(as_intended(acceptable, refused)).value == pytest.approx(2 / 4)


def test_the_allocation_says_who_was_to_read_a_refusal() -> None:
    acceptable = read_scores([[1, None], [None, None]])
    allocated = np.array([[True, False], [False, True]])
    refused = refused_cells(acceptable, np.array([False, True]), allocated=allocated)
    assert refused.tolist() == [[False, False], [False, True]]


def test_a_grade_for_a_refusal_is_not_invented() -> None:
    with pytest.raises(RatingsError, match="Only shares"):
        as_intended(read_scores([[4], [5]]), np.array([[False], [True]]))


def test_a_refusal_loses_a_comparison_and_two_refusals_tie() -> None:
    wins = read_scores([[1.0], [1.0], [0.0], [None], [0.0]])
    left = np.array([[False], [True], [False], [True], [False]])
    right = np.array([[False], [False], [True], [True], [False]])
    counted = comparisons_as_intended(wins, left, right)
    assert counted.values.ravel().tolist() == [1.0, 0.0, 1.0, 0.5, 0.0]
    assert win_rate(counted).n_ratings == 5
