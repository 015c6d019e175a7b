"""Other people's programs on random data, blanks included where they can read them."""

import warnings

import krippendorff
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import SquareTable, cochrans_q
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_cohen
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from readerstudy.stats import agreement, intervals, quantiles
from readerstudy.stats.accuracy import cochran_q, mcnemar
from readerstudy.stats.icc import all_icc
from readerstudy.stats.inference import Inference
from readerstudy.stats.ranks import kendall_w
from readerstudy.stats.ratings import read_ratings, read_scores
from readerstudy.stats.scale import Kind
from tests.stats import datasets

SEEDS = range(4)
LINEARISED = Inference(method="linearised")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("metric", agreement.METRICS)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_alpha_equals_the_krippendorff_library(seed: int, metric: str, missing: float) -> None:
    matrix = datasets.random_matrix(seed, outputs=40, readers=5, categories=6, missing=missing)
    ratings = read_ratings(matrix, categories=range(1, 7), kind=Kind.ORDINAL)
    oracle = krippendorff.alpha(reliability_data=matrix.T, level_of_measurement=metric)
    ours = agreement.krippendorff_alpha(ratings, metric=metric, inference=LINEARISED).value
    assert ours == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_cohen_equals_scikit_learn_and_statsmodels(seed: int, weights: str) -> None:
    matrix = datasets.random_matrix(seed, outputs=60, readers=2, categories=4)
    estimate = agreement.cohen_kappa(
        read_ratings(matrix, categories=range(1, 5), kind=Kind.ORDINAL), "R1", "R2", weights=weights
    )
    oracle = cohen_kappa_score(
        *matrix.T.astype(int), weights=None if weights == "unweighted" else weights, labels=[1, 2, 3, 4]
    )
    table = np.zeros((4, 4))
    np.add.at(table, tuple(matrix.T.astype(int) - 1), 1)
    kind = {"unweighted": None, "linear": "linear", "quadratic": "quadratic"}[weights]
    tested = statsmodels_cohen(table, wt=kind)
    assert estimate.value == pytest.approx(oracle, abs=1e-12)
    assert estimate.se == pytest.approx(tested.std_kappa, abs=1e-9)
    assert estimate.statistic == pytest.approx(tested.kappa / tested.std_kappa0, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_fleiss_equals_statsmodels_on_complete_data(seed: int) -> None:
    matrix = datasets.random_matrix(seed, outputs=50, readers=4, categories=5).astype(int)
    oracle = statsmodels_fleiss(aggregate_raters(matrix, n_cat=6)[0])
    assert agreement.fleiss_kappa(read_ratings(matrix, categories=range(1, 6))).value == pytest.approx(oracle)


@pytest.mark.parametrize("seed", SEEDS)
def test_icc_equals_pingouin(seed: int) -> None:
    import pandas as pd
    import pingouin

    matrix = datasets.random_matrix(seed, outputs=25, readers=4, categories=9) + seed
    long = pd.DataFrame(
        [(row, column, value) for (row, column), value in np.ndenumerate(matrix)],
        columns=["case", "reader", "score"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = pingouin.intraclass_corr(data=long, targets="case", raters="reader", ratings="score")
    ours = all_icc(read_scores(matrix))
    assert [estimate.value for estimate in ours] == pytest.approx(oracle["ICC"].to_list(), abs=1e-9)
    assert [estimate.statistic for estimate in ours] == pytest.approx(oracle["F"].to_list(), rel=1e-9)
    assert [estimate.p for estimate in ours] == pytest.approx(oracle["pval"].to_list(), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_concordance_equals_the_friedman_test(seed: int) -> None:
    matrix = datasets.random_matrix(seed, outputs=12, readers=5, categories=6)
    oracle = stats.friedmanchisquare(*matrix)
    ours = kendall_w(read_scores(matrix))
    assert ours.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert ours.p == pytest.approx(oracle.pvalue, abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (3, 7), (7, 7), (1, 1), (123, 456)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_intervals_of_one_proportion_equal_statsmodels(successes: int, trials: int, level: float) -> None:
    for ours, name in ((intervals.wilson, "wilson"), (intervals.clopper_pearson, "beta")):
        oracle = proportion_confint(successes, trials, alpha=1 - level, method=name)
        assert ours(successes, trials, level=level) == pytest.approx(oracle, abs=1e-9)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (0, 10, 0, 20), (9, 10, 3, 10), (10, 10, 0, 20)])
def test_newcombe_equals_statsmodels(counts: tuple[int, int, int, int]) -> None:
    oracle = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    ours = intervals.newcombe(counts[:2], counts[2:])
    assert ours == pytest.approx(oracle, abs=1e-9)


def test_adjusted_p_values_equal_statsmodels() -> None:
    p_values = np.random.default_rng(2).random(12) ** 3
    ours = {
        "holm": intervals.holm,
        "fdr_bh": intervals.benjamini_hochberg,
        "fdr_by": intervals.benjamini_yekutieli,
    }
    for method, function in ours.items():
        assert function(list(p_values)) == pytest.approx(multipletests(p_values, method=method)[1], abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_mcnemar_and_cochran_equal_statsmodels(seed: int) -> None:
    right = (np.random.default_rng(seed).random((40, 3)) < [0.5, 0.6, 0.8]).astype(float)
    arms = [read_scores(right[:, [column]], readers=["model"]) for column in range(3)]
    table = np.array([[np.sum((right[:, 0] == a) & (right[:, 1] == b)) for b in (1, 0)] for a in (1, 0)])
    exact, mid = mcnemar(arms[0], arms[1])
    assert exact.p == pytest.approx(statsmodels_mcnemar(table, exact=True).pvalue, abs=1e-12)
    assert mid.p < exact.p
    oracle = cochrans_q(right)
    assert cochran_q(right).statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert cochran_q(right).p == pytest.approx(oracle.pvalue, abs=1e-12)


def test_marginal_homogeneity_equals_statsmodels() -> None:
    matrix = datasets.random_matrix(1, outputs=120, readers=2, categories=4).astype(int)
    table = np.zeros((4, 4))
    np.add.at(table, tuple(matrix.T - 1), 1)
    oracle = SquareTable(table, shift_zeros=False).homogeneity()
    ours = agreement.stuart_maxwell(read_ratings(matrix, categories=range(1, 5)), "R1", "R2")
    assert ours.statistic == pytest.approx(oracle.statistic, abs=1e-9)
    assert (ours.df, ours.p) == (oracle.df, pytest.approx(oracle.pvalue, abs=1e-12))


def test_quantiles_equal_scipy_stats() -> None:
    assert quantiles.normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975), abs=1e-12)
    assert quantiles.t_quantile(0.975, 7.0347) == pytest.approx(stats.t.ppf(0.975, 7.0347), abs=1e-9)
    assert quantiles.t_quantile(0.975, np.inf) == pytest.approx(stats.norm.ppf(0.975), abs=1e-12)
    assert quantiles.t_two_sided_p(-2.1, 9) == pytest.approx(2 * stats.t.sf(2.1, 9), abs=1e-12)
    assert quantiles.normal_two_sided_p(1.3) == pytest.approx(2 * stats.norm.sf(1.3), abs=1e-12)
    assert quantiles.chi2_upper_p(5.0, 3) == pytest.approx(stats.chi2.sf(5.0, 3), abs=1e-12)
    assert quantiles.f_quantile(0.975, 5, 2.8) == pytest.approx(stats.f.ppf(0.975, 5, 2.8), rel=1e-9)
    assert quantiles.f_upper_p(3.1, 5, 15) == pytest.approx(stats.f.sf(3.1, 5, 15), abs=1e-12)
    assert quantiles.binomial_p(3, 9, 0.5) == pytest.approx(stats.binom.pmf(3, 9, 0.5), abs=1e-12)
