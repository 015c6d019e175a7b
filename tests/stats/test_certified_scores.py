"""ICC, Kendall's W, the crossed mean and the intervals of proportions against certified answers."""

import pytest

from readerstudy.stats.alignment import mean_score
from readerstudy.stats.crossed import CrossedSample, variance_components
from readerstudy.stats.icc import icc, mean_squares
from readerstudy.stats.intervals import clopper_pearson, newcombe, wilson
from readerstudy.stats.ranks import kendall_w
from tests.stats import datasets

SCORE_CHECKS = [
    (dataset, check)
    for dataset, check in datasets.checks("shrout_fleiss1979", "anxiety", "complete_likert")
    if check.startswith(("ICC", "MS", "kendall"))
]
CROSSED_CHECKS = [
    check for _, check in datasets.checks("complete_likert") if check.startswith(("mean", "variance"))
]


@pytest.mark.parametrize(("dataset", "check"), SCORE_CHECKS)
def test_icc_and_concordance_equal_the_certified_answer(dataset: str, check: str) -> None:
    datasets.assert_certified(dataset, check, computed(dataset, check))


def computed(dataset: str, check: str) -> float | None:
    scores = datasets.scores(dataset)
    if check.startswith("MS"):
        ms = mean_squares(scores)
        return {"MSR": ms.rows, "MSC": ms.columns, "MSW": ms.within, "MSE": ms.error}[check]
    if check.startswith("kendall"):
        w = kendall_w(scores, tie_corrected="uncorrected" not in check)
        return {"chi2": w.statistic, "p": w.p}.get(check.split(".")[-1], w.value)
    estimate = icc(scores, form=check[4:7])
    assert estimate.ci is not None
    parts = {"ci_low": estimate.ci[0], "ci_high": estimate.ci[1], "F": estimate.statistic, "p": estimate.p}
    return parts.get(check.split(".")[1], estimate.value)


@pytest.mark.parametrize("check", CROSSED_CHECKS)
def test_the_crossed_mean_equals_the_certified_answer(check: str) -> None:
    datasets.assert_certified("complete_likert", check, crossed_mean(check))


def crossed_mean(check: str) -> float | None:
    estimate = mean_score(datasets.likert())
    components = variance_components(CrossedSample.of(datasets.likert()))
    assert estimate.ci is not None
    assert components is not None
    return {
        "mean": estimate.value,
        "mean.se_random_raters_random_cases": estimate.se,
        "mean.df_hillis": estimate.df,
        "mean.ci_low": estimate.ci[0],
        "mean.ci_high": estimate.ci[1],
        "variance_component.s2_case": components.case,
        "variance_component.s2_rater": components.reader,
        "variance_component.s2_err": components.error,
    }[check]


@pytest.mark.parametrize("check", [check for _, check in datasets.checks("proportions")])
def test_intervals_of_proportions_equal_the_certified_answer(check: str) -> None:
    datasets.assert_certified("proportions", check, limit(check))


def limit(check: str) -> float | None:
    counts, method, end = check.split(".")
    if method == "newcombe":
        limits = newcombe((56, 70), (48, 80))
    else:
        successes, trials = map(int, counts.split("/"))
        limits = {"wilson": wilson, "clopper_pearson": clopper_pearson}[method](successes, trials)
    assert limits is not None
    return limits[end == "high"]
