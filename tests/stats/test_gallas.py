"""The U-statistic of multi-reader studies with blanks, against its definition written out."""

from itertools import product

import numpy as np
import pytest

from readerstudy.stats.estimate import Reason
from readerstudy.stats.gallas import gallas, unbiased_covariance
from readerstudy.stats.mrmc import mrmc
from readerstudy.stats.ratings import RatingsError, Scores, read_scores
from tests.stats.test_certified_arms import franken
from tests.stats.test_mrmc import TRUTH, reads


@pytest.mark.parametrize("shape", [(3, 4, 3), (3, 5)])
def test_the_covariance_follows_from_pairs_of_reads_that_share_nothing(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(8)
    kernels = generator.random((2, *shape))
    kernels[generator.random(kernels.shape) < 0.2] = np.nan
    first, second = kernels
    apart = [
        first[one] * second[other]
        for one, other in product(np.ndindex(shape), np.ndindex(shape))
        if all(a != b for a, b in zip(one, other, strict=True))
    ]
    expected = np.nanmean(first) * np.nanmean(second) - np.nanmean(apart)
    assert unbiased_covariance(first, second) == pytest.approx(expected, abs=1e-12)


def test_a_negative_variance_gives_no_standard_error() -> None:
    # On these data the unbiased variance of the difference is -3.16e-05.
    difference, *means = gallas(*franken())
    assert difference.value == pytest.approx(0.01085481682496603, abs=1e-10)
    assert (difference.se, difference.ci, difference.reason) == (None, None, Reason.NEGATIVE_VARIANCE)
    assert all(mean.ci is not None for mean in means)


def test_figures_equal_those_of_the_full_crossing() -> None:
    full = {line.arm: line.value for line in mrmc(reads(), TRUTH) if line.variant == "rrrc" and line.arm}
    assert {line.arm: line.value for line in gallas(reads(), TRUTH) if line.arm} == pytest.approx(full)


def test_blanks_are_allowed_and_counted() -> None:
    arms = reads(seed=5)
    arms["A"].values[::3, 1] = np.nan
    difference = next(line for line in gallas(arms, TRUTH) if line.contrast == "A-B")
    assert difference.n_missing == 10
    assert difference.se is not None


@pytest.mark.parametrize("figure", ["sensitivity", "specificity"])
def test_calls_are_compared_on_their_own_cases(figure: str) -> None:
    calls = {
        arm: scores.with_values((scores.values > 0.5).astype(float)) for arm, scores in reads(seed=3).items()
    }
    lines = gallas(calls, TRUTH, figure=figure)
    expected = {line.arm: line.value for line in mrmc(calls, TRUTH, figure=figure) if line.arm}
    assert {line.arm: line.value for line in lines if line.arm} == pytest.approx(expected)


def test_one_reader_and_one_class_have_their_reasons() -> None:
    lone = reads(readers=1)
    assert {line.reason for line in gallas(lone, TRUTH)} == {Reason.ONE_READER}
    assert {line.reason for line in gallas(reads(), dict.fromkeys(TRUTH, True))} == {Reason.ONE_CLASS}


def test_an_unread_arm_has_no_figure() -> None:
    arms = reads(arms=2)
    arms["B"] = arms["B"].with_values(np.full_like(arms["B"].values, np.nan))
    reasons = {line.arm or line.contrast: line.reason for line in gallas(arms, TRUTH)}
    assert (reasons["B"], reasons["A-B"]) == (Reason.NO_RATINGS, Reason.NO_RATINGS)


def test_an_arm_with_a_case_twice_is_refused() -> None:
    twice = read_scores([[1], [2]], units=["o1", "o2"], cases=["c", "c"])
    with pytest.raises(RatingsError, match="two outputs of one case"):
        gallas({"A": twice}, {"c": True})


def test_readers_may_differ_between_arms() -> None:
    arms = reads(arms=2)
    arms["B"] = Scores(values=arms["B"].values, units=arms["B"].units, readers=("R5", "R6", "R7", "R8"))
    difference = next(line for line in gallas(arms, TRUTH) if line.contrast)
    assert difference.n_readers == 8
    assert difference.se is not None
