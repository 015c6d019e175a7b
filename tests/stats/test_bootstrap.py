"""Resampling: reproducible, whole cases, and close to the linearised answer."""

import json

import numpy as np
import pytest

from readerstudy.stats import agreement
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Inference, seed_from
from readerstudy.stats.ratings import Ratings, read_ratings
from readerstudy.stats.scale import Kind
from readerstudy.stats.sums import percentile, resampling_weights
from tests.stats import datasets

LINEARISED = Inference(method="linearised")
BOOTSTRAP = Inference(method="bootstrap", seed=11)


def moderate(outputs: int = 200, missing: float = 0.2) -> Ratings:
    matrix = datasets.random_matrix(7, outputs=outputs, readers=4, categories=5, missing=missing)
    return read_ratings(matrix, categories=range(1, 6), kind=Kind.ORDINAL)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (
        json.dumps(
            [estimate.as_dict() for estimate in agreement.agreement_estimates(moderate(), kind=Kind.ORDINAL)]
        )
        for _ in range(2)
    )
    assert first == second


def test_another_seed_gives_another_interval_and_prints_itself() -> None:
    first = agreement.krippendorff_alpha(moderate(), inference=Inference(seed=1))
    second = agreement.krippendorff_alpha(moderate(), inference=Inference(seed=2))
    assert first.ci != second.ci
    assert (first.seed, first.resamples, first.level) == (1, 2000, 0.95)
    assert first.ci_method == "case bootstrap, percentile"


def test_a_seed_follows_from_the_study_and_the_export_alone() -> None:
    assert seed_from("study-1", "export-3") == seed_from("study-1", "export-3")
    assert seed_from("study-1", "export-3") != seed_from("study-1", "export-4")
    assert seed_from("ab", "c") != seed_from("a", "bc")
    assert 0 <= seed_from("study-1") < 2**48


def test_every_resample_draws_as_many_cases_as_there_are() -> None:
    weights = np.concatenate(list(resampling_weights(30, inference=Inference(resamples=500, seed=4))))
    assert weights.shape == (500, 30)
    assert (weights.sum(axis=1) == 30).all()
    assert weights.mean() == pytest.approx(1.0)
    assert weights.var() == pytest.approx(29 / 30, abs=0.03)


@pytest.mark.parametrize("metric", agreement.METRICS)
def test_alpha_has_the_same_standard_error_linearised_and_resampled(metric: str) -> None:
    linear = agreement.krippendorff_alpha(moderate(), metric=metric, inference=LINEARISED)
    drawn = agreement.krippendorff_alpha(moderate(), metric=metric, inference=BOOTSTRAP)
    assert linear.value == drawn.value
    assert linear.se == pytest.approx(drawn.se, rel=0.08)


@pytest.mark.parametrize("metric", agreement.METRICS)
def test_the_linearised_error_of_alpha_is_that_of_the_jackknife(metric: str) -> None:
    matrix = datasets.random_matrix(9, outputs=150, readers=3, categories=4, missing=0.2)
    ratings = read_ratings(matrix, categories=range(1, 5), kind=Kind.ORDINAL)
    linear = agreement.krippendorff_alpha(ratings, metric=metric, inference=LINEARISED)
    pairs = [row for row in matrix if (~np.isnan(row)).sum() >= 2]
    left_out = [
        agreement.krippendorff_alpha(
            read_ratings(pairs[:at] + pairs[at + 1 :], categories=range(1, 5), kind=Kind.ORDINAL),
            metric=metric,
            inference=LINEARISED,
        ).value
        for at in range(len(pairs))
    ]
    values = np.array(left_out, dtype=float)
    jackknife = np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum())
    assert linear.se == pytest.approx(jackknife, rel=0.03)


@pytest.mark.parametrize(
    "function",
    [
        agreement.gwet_ac,
        agreement.fleiss_kappa,
        agreement.conger_kappa,
        agreement.brennan_prediger,
        agreement.percent_agreement,
        agreement.light_kappa,
    ],
)
@pytest.mark.parametrize("weights", ["unweighted", "quadratic"])
def test_coefficients_have_the_same_standard_error_linearised_and_resampled(function, weights) -> None:
    linear = function(moderate(), weights=weights, inference=LINEARISED)
    drawn = function(moderate(), weights=weights, inference=BOOTSTRAP)
    assert linear.value == drawn.value
    assert linear.se == pytest.approx(drawn.se, rel=0.1)


def test_outputs_of_one_case_are_drawn_together() -> None:
    single = moderate(outputs=60, missing=0.0)
    thrice = read_ratings(
        np.repeat(single.codes + 1, 3, axis=0),
        categories=range(1, 6),
        kind=Kind.ORDINAL,
        cases=[f"case{row // 3:02d}" for row in range(180)],
    )
    plain = agreement.gwet_ac(single, inference=BOOTSTRAP)
    clustered = agreement.gwet_ac(thrice, inference=Inference(seed=11))
    naive = agreement.gwet_ac(
        read_ratings(np.repeat(single.codes + 1, 3, axis=0), categories=range(1, 6)), inference=BOOTSTRAP
    )
    assert clustered.ci_method == "case-cluster bootstrap, percentile"
    assert clustered.n_cases == 60
    assert clustered.value == pytest.approx(plain.value, abs=1e-12)
    assert clustered.se == pytest.approx(plain.se, rel=0.08)
    assert naive.se < 0.7 * clustered.se


def test_a_linearised_error_of_clustered_outputs_sums_over_cases() -> None:
    single = moderate(outputs=60, missing=0.0)
    thrice = read_ratings(
        np.repeat(single.codes + 1, 3, axis=0),
        categories=range(1, 6),
        cases=[f"case{row // 3:02d}" for row in range(180)],
    )
    one, three = (agreement.fleiss_kappa(ratings, inference=LINEARISED) for ratings in (single, thrice))
    assert three.se == pytest.approx(one.se, abs=1e-12)
    assert three.df == one.df == 59
    assert three.ci_method == "linearised by case clusters, t"


def test_light_kappa_is_resampled_over_more_pairs_than_fit_in_one_block() -> None:
    matrix = datasets.random_matrix(3, outputs=80, readers=8, categories=3, missing=0.1)
    ratings = read_ratings(matrix, categories=[1, 2, 3])
    drawn = agreement.light_kappa(ratings, inference=Inference(method="bootstrap", seed=2))
    linear = agreement.light_kappa(ratings, inference=LINEARISED)
    assert drawn.ci is not None
    assert drawn.ci[0] < drawn.value < drawn.ci[1]
    assert drawn.se == pytest.approx(linear.se, rel=0.1)


def test_undefined_resamples_are_left_out_and_said() -> None:
    values = np.append(np.linspace(0.0, 1.0, 95), [np.nan] * 5)
    kept = percentile(values, method="m", inference=Inference(resamples=100))
    assert kept.ci == pytest.approx((0.025, 0.975))
    assert kept.cautions == (Caution.RESAMPLES_DROPPED,)


def test_too_many_undefined_resamples_leave_no_interval() -> None:
    values = np.append(np.linspace(0.0, 1.0, 85), [np.nan] * 15)
    lost = percentile(values, method="m", inference=Inference(resamples=100))
    assert (lost.ci, lost.reason) == (None, Reason.UNSTABLE_RESAMPLING)


def test_one_case_cannot_be_resampled() -> None:
    one = read_ratings([[1, 2, 2]], categories=[1, 2])
    estimate = agreement.krippendorff_alpha(one)
    assert estimate.value == pytest.approx(0.0)
    assert (estimate.ci, estimate.reason) == (None, Reason.ONE_CASE)
    assert agreement.gwet_ac(one).reason is Reason.ONE_CASE


@pytest.mark.parametrize("wrong", [{"level": 1.0}, {"level": 0.0}, {"resamples": 10}, {"seed": -1}])
def test_an_impossible_request_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        Inference(**wrong)
