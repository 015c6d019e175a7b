"""Readers who read outputs twice."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from readerstudy.stats.estimate import Reason
from readerstudy.stats.icc import icc
from readerstudy.stats.intra_reader import intra_reader, intra_reader_scores
from readerstudy.stats.ratings import RatingsError, read_ratings, read_scores
from readerstudy.stats.scale import Kind
from tests.stats import datasets

READERS = ["ana", "bo", "cy"]
UNITS = [f"unit{row:02d}" for row in range(30)]


def twice() -> tuple[np.ndarray, np.ndarray]:
    first = datasets.random_matrix(1, outputs=30, readers=3, categories=5)
    again = np.clip(first + np.random.default_rng(2).integers(-1, 2, first.shape), 1, 5)
    again[:5, 0] = np.nan
    again[:, 2] = np.nan
    return first, again


def ratings():
    return [
        read_ratings(side, categories=range(1, 6), kind=Kind.ORDINAL, units=UNITS, readers=READERS)
        for side in twice()
    ]


@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_each_reader_has_the_kappa_of_their_own_two_readings(weights: str) -> None:
    lines = {
        line.reader: line for line in intra_reader(*ratings(), kind=Kind.ORDINAL) if line.variant == weights
    }
    first, again = twice()
    oracle_weights = None if weights == "unweighted" else weights
    expected = cohen_kappa_score(first[5:, 0], again[5:, 0], weights=oracle_weights, labels=[1, 2, 3, 4, 5])
    assert lines["ana"].value == pytest.approx(expected)
    assert (lines["ana"].n_cases, lines["ana"].n_ratings, lines["ana"].n_readers) == (25, 50, 1)
    assert (lines["cy"].value, lines["cy"].reason) == (None, Reason.NO_REPEATS)
    mean = lines[None]
    assert mean.value == pytest.approx((lines["ana"].value + lines["bo"].value) / 2)
    assert (mean.n_readers, mean.n_ratings, mean.ci_method) == (2, 110, "mean of the readers, t")


def test_the_share_of_equal_readings_is_there_too() -> None:
    first, again = twice()
    line = next(line for line in intra_reader(*ratings()) if line.variant == "percent_agreement")
    assert line.value == pytest.approx(np.mean(first[5:, 0] == again[5:, 0]))


def test_a_nominal_criterion_has_the_unweighted_kappa_only() -> None:
    assert {line.variant for line in intra_reader(*ratings())} == {"percent_agreement", "unweighted"}
    assert {line.variant for line in intra_reader(*ratings(), kind=Kind.ORDINAL)} == {
        "percent_agreement",
        "unweighted",
        "linear",
        "quadratic",
        "ordinal",
    }


def test_numbers_have_reliability_and_repeatability() -> None:
    first, again = twice()
    once, twice_ = (read_scores(side, units=UNITS, readers=READERS) for side in (first, again))
    lines = {(line.variant, line.reader): line for line in intra_reader_scores(once, twice_)}
    own = read_scores(np.column_stack([first[5:, 0], again[5:, 0]]))
    assert lines["icc_2_1", "ana"].value == pytest.approx(icc(own, form="2,1").value)
    sd = np.sqrt(((first[5:, 0] - again[5:, 0]) ** 2).mean() / 2)
    assert lines["within_sd", "ana"].value == pytest.approx(sd)
    assert lines["repeatability", "ana"].value == pytest.approx(1.959964 * np.sqrt(2) * sd, rel=1e-6)
    assert lines["within_sd", "cy"].reason is Reason.NO_REPEATS
    assert lines["within_sd", None].n_readers == 2


def test_the_interval_of_the_within_reader_deviation_covers_it() -> None:
    generator = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        truth = generator.normal(size=20)
        sides = [read_scores((truth + generator.normal(0, 0.5, 20))[:, None]) for _ in range(2)]
        line = next(line for line in intra_reader_scores(*sides) if line.variant == "within_sd")
        covered += line.ci[0] <= 0.5 <= line.ci[1]
    assert 0.91 <= covered / 300 <= 0.98


def test_a_reader_who_never_differs_has_no_interval() -> None:
    scores = read_scores([[1], [2], [4]])
    lines = {line.variant: line for line in intra_reader_scores(scores, scores) if line.reader}
    assert (lines["within_sd"].value, lines["within_sd"].reason) == (0.0, Reason.ZERO_VARIANCE)
    assert lines["icc_2_1"].value == pytest.approx(1.0)


def test_two_scales_cannot_be_compared() -> None:
    with pytest.raises(RatingsError, match="different scales"):
        intra_reader(read_ratings([[1], [2]]), read_ratings([[1], [3]]))
