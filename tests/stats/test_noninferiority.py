"""Non-inferiority by a margin, and the corrections of many p-values, against independent programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import t_uncertainty, with_test
from readerstudy.stats.intervals import benjamini_hochberg, corrected, holm
from readerstudy.stats.noninferiority import noninferiority

VALUES = np.random.default_rng(7).normal(-0.1, 1.0, 40)


def mean_of(values: np.ndarray, *, df: float | None = None, level: float = 0.95) -> Estimate:
    """The mean with its t interval; ``df`` infinite for the normal one."""
    mean, se = float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
    found = t_uncertainty(
        mean, se, len(values) - 1 if df is None else df, level=level, method="t", test=False
    )
    return found.attach(Estimate(estimator="mean_score", value=mean), level=level)


@pytest.mark.parametrize("margin", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("null", [0.0, 0.5])
def test_it_is_the_one_sided_t_test_against_the_margin(margin: float, null: float) -> None:
    more = noninferiority(mean_of(VALUES), margin=margin, null=null)
    less = noninferiority(mean_of(VALUES), margin=margin, null=null, higher_is_better=False)
    assert more.p == pytest.approx(stats.ttest_1samp(VALUES, null - margin, alternative="greater").pvalue)
    assert less.p == pytest.approx(stats.ttest_1samp(VALUES, null + margin, alternative="less").pvalue)
    assert (more.limit, less.limit) == (pytest.approx(null - margin), pytest.approx(null + margin))


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize("margin", [0.1, 0.3, 0.41, 0.42, 0.43, 0.6])
def test_it_is_rejected_exactly_where_the_interval_stays_within_the_limit(
    margin: float, level: float
) -> None:
    estimate = mean_of(VALUES, level=level)
    found = noninferiority(estimate, margin=margin)
    assert estimate.ci is not None
    assert found.p is not None
    assert (estimate.ci[0] > found.limit) is (found.p < (1 - level) / 2)


def test_without_degrees_of_freedom_it_is_the_normal_test() -> None:
    estimate = mean_of(VALUES, df=math.inf)
    assert estimate.df is None
    found = noninferiority(estimate, margin=0.2)
    assert found.p == pytest.approx(stats.norm.sf(found.statistic))


def test_without_a_standard_error_nothing_is_tested() -> None:
    same = mean_of(np.ones(5))
    none = Estimate.undefined("mean_score", Reason.NO_RATINGS)
    assert [noninferiority(each, margin=1.0).p for each in (same, none)] == [None, None]
    assert [with_test(each, null=0.0).p for each in (same, none)] == [None, None]


def test_a_value_is_tested_against_any_other() -> None:
    assert with_test(mean_of(VALUES), null=0.2).p == pytest.approx(stats.ttest_1samp(VALUES, 0.2).pvalue)


def test_one_of_the_declared_corrections_is_applied() -> None:
    p_values = [0.01, None, 0.04, 0.03]
    assert corrected(p_values, "holm") == holm(p_values)
    assert corrected(p_values, "benjamini-hochberg") == benjamini_hochberg(p_values)
    assert corrected(p_values, "none") == p_values
