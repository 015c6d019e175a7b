"""Rank correlations and Friedman's test against scipy, and where they are undefined."""

import numpy as np
import pytest
from scipy import stats

from readerstudy.stats.correlation import (
    case_means,
    kendall_tau_b,
    metric_correlations,
    pairwise_correlations,
    spearman,
)
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Inference
from readerstudy.stats.ranks import friedman
from readerstudy.stats.ratings import read_scores

SEEDS = range(4)
FUNCTIONS = {"spearman": (spearman, stats.spearmanr), "kendall_tau_b": (kendall_tau_b, stats.kendalltau)}


def pair(seed: int, n: int = 60, levels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    first = generator.integers(1, levels + 1, n).astype(float)
    return first, np.clip(first + generator.integers(-2, 3, n), 1, levels)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("levels", [2, 5, 1000])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_correlations_equal_scipy_with_ties(seed: int, levels: int, name: str) -> None:
    ours, oracle = FUNCTIONS[name]
    first, second = pair(seed, levels=levels)
    options = {"method": "asymptotic"} if name == "kendall_tau_b" else {}
    expected = oracle(first, second, **options)
    estimate = ours(first, second)
    assert estimate.value == pytest.approx(expected.statistic, abs=1e-12)
    assert estimate.p == pytest.approx(expected.pvalue, abs=1e-10)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_interval_is_the_case_bootstrap(name: str) -> None:
    ours, oracle = FUNCTIONS[name]
    first, second = pair(1, n=40)
    generator = np.random.default_rng(3)
    drawn = [generator.integers(0, 40, 40) for _ in range(1500)]
    resampled = [oracle(first[rows], second[rows]).statistic for rows in drawn]
    estimate = ours(first, second, inference=Inference(resamples=4000, seed=1))
    assert estimate.se == pytest.approx(np.std(resampled), rel=0.08)
    assert estimate.ci == pytest.approx(np.quantile(resampled, [0.025, 0.975]), abs=0.04)
    assert (estimate.ci_method, estimate.n_cases, estimate.n_ratings) == (
        "case bootstrap, percentile",
        40,
        80,
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_order_of_cases_changes_nothing(name: str) -> None:
    ours = FUNCTIONS[name][0]
    first, second = pair(2)
    order = np.random.default_rng(0).permutation(60)
    assert ours(first, second).ci == ours(first[order], second[order]).ci


def test_several_pairs_of_one_case_are_drawn_together_and_not_tested() -> None:
    first, second = pair(3, n=30)
    cases = [f"case{row // 3}" for row in range(30)]
    estimate = spearman(first, second, cases=cases)
    assert estimate.ci_method == "case-cluster bootstrap, percentile"
    assert (estimate.n_cases, estimate.p) == (10, None)
    repeated = spearman(np.repeat(first, 3), np.repeat(second, 3), cases=np.repeat(range(30), 3).astype(str))
    alone = spearman(first, second)
    assert repeated.value == pytest.approx(alone.value, abs=1e-12)
    assert repeated.se == pytest.approx(alone.se, rel=0.1)


def test_undefined_correlations_say_why() -> None:
    nan = float("nan")
    assert spearman(np.array([nan, 1.0]), np.array([2.0, nan])).reason is Reason.NO_OVERLAP
    assert kendall_tau_b(np.array([1.0, nan]), np.array([2.0, 3.0])).reason is Reason.ONE_CASE
    assert spearman(np.array([1.0, 1.0, 1.0]), np.array([2.0, 3.0, 4.0])).reason is Reason.NO_VARIATION


def test_a_perfect_order_has_no_interval() -> None:
    values = np.arange(20.0)
    for function in (spearman, kendall_tau_b):
        estimate = function(values, values**3)
        assert estimate.value == pytest.approx(1.0)
        assert (estimate.ci, estimate.reason) == (None, Reason.ZERO_VARIANCE)


def test_few_cases_are_flagged() -> None:
    assert Caution.FEW_CASES in spearman(*pair(1, n=9)).cautions
    assert Caution.FEW_CASES not in spearman(*pair(1, n=10)).cautions


def test_every_reader_pair_has_both_correlations() -> None:
    values = np.random.default_rng(5).integers(1, 6, (30, 3)).astype(float)
    values[0, 0] = np.nan
    estimates = pairwise_correlations(read_scores(values, readers=["a", "b", "c"]))
    assert [line.reader for line in estimates[::2]] == ["a|b", "a|c", "b|c"]
    assert estimates[1].value == pytest.approx(stats.kendalltau(values[1:, 0], values[1:, 1]).statistic)
    assert (estimates[0].n_cases, estimates[0].n_missing) == (29, 1)


def test_a_metric_is_held_against_the_mean_of_each_case() -> None:
    scores = read_scores([[1, 2], [3, None], [None, None], [5, 4], [2, 2]], units=list("abcde"))
    assert case_means(scores) == {"a": 1.5, "b": 3.0, "d": 4.5, "e": 2.0}
    metric = {"a": 0.1, "b": 0.2, "c": 0.9, "d": 0.5, "e": 0.3, "z": 1.0}
    rho, tau = metric_correlations(metric, scores)
    oracle = [0.1, 0.2, 0.5, 0.3], [1.5, 3.0, 4.5, 2.0]
    assert rho.value == pytest.approx(stats.spearmanr(*oracle).statistic)
    assert tau.value == pytest.approx(stats.kendalltau(*oracle).statistic)


@pytest.mark.parametrize("seed", SEEDS)
def test_friedman_equals_scipy_with_ties(seed: int) -> None:
    arms = np.random.default_rng(seed).integers(1, 5, (25, 4)).astype(float)
    oracle = stats.friedmanchisquare(*arms.T)
    with_blank = np.vstack([arms, [1, np.nan, 2, 3]])
    estimate = friedman(with_blank)
    assert estimate.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert estimate.p == pytest.approx(oracle.pvalue, abs=1e-12)
    assert (estimate.df, estimate.n_cases, estimate.n_missing) == (3.0, 25, 1)


def test_arms_that_are_always_equal_have_no_friedman_test() -> None:
    assert friedman(np.ones((5, 3))).reason is Reason.NO_VARIATION
    assert friedman(np.full((5, 3), np.nan)).reason is Reason.NO_SHARED_CASES
