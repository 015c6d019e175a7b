"""Preferences with ties, and readers crossed with cases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from readerstudy.stats.crossed import CrossedSample, random_reader_uncertainty
from readerstudy.stats.power import (
    Crossing,
    PowerError,
    crossed_half_width,
    crossed_share_cases,
    design_effect,
    difference_cases,
    difference_power,
    preference_judgements,
    preference_judgements_normal,
    preference_power,
    win_rate_cases,
    win_rate_power,
)
from readerstudy.stats.power.crossed import crossed_power

USUAL = Crossing(case_correlation=0.3, reader_correlation=0.05)


@pytest.mark.parametrize(
    ("n", "power"), [(17, 0.7582), (19, 0.6733), (20, 0.8042), (22, 0.7326), (23, 0.8402)]
)
def test_the_sign_test_without_ties_has_the_power_of_binomial_tables(n: int, power: float) -> None:
    assert preference_power(0.8, judgements=n).value == pytest.approx(power, abs=5e-5)


def test_twenty_are_enough_but_twentytwo_are_not() -> None:
    assert preference_judgements(0.8).value == 23


@pytest.mark.parametrize(("share", "ties"), [(0.7, 0.3), (0.35, 0.1), (0.9, 0.0)])
def test_the_power_with_ties_is_the_sum_over_all_outcomes(share: float, ties: float) -> None:
    total = 0.0
    for differing in range(26):
        significant = (
            [x for x in range(differing + 1) if stats.binomtest(x, differing).pvalue <= 0.05]
            if differing
            else []
        )
        total += (
            stats.binom.pmf(differing, 25, 1 - ties) * stats.binom.pmf(significant, differing, share).sum()
        )
    assert preference_power(share, judgements=25, ties=ties).value == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize(("share", "ties"), [(0.6, 0.2), (0.7, 0.5), (0.3, 0.0)])
def test_the_judgements_reach_the_power_for_good_and_lie_near_the_normal_formula(
    share: float, ties: float
) -> None:
    needed = preference_judgements(share, ties=ties).value
    assert preference_power(share, judgements=needed - 1, ties=ties).value < 0.8
    assert (
        min(preference_power(share, judgements=n, ties=ties).value for n in range(needed, needed + 30)) >= 0.8
    )
    normal = preference_judgements_normal(share, ties=ties).value
    assert normal <= needed <= 1.12 * normal + 6
    assert preference_judgements(share, ties=ties, test="mid_p").value <= needed


def test_ties_only_inflate_the_normal_formula() -> None:
    none, half = (preference_judgements_normal(0.65, ties=ties).value for ties in (0.0, 0.5))
    assert abs(half - 2 * none) <= 2


def test_beyond_3000_judgements_only_the_formula_answers() -> None:
    figure = preference_judgements(0.51)
    assert figure.value is None
    assert "normal formula" in figure.notes[0]
    assert preference_power(0.51, judgements=4000).value is None
    assert preference_judgements_normal(0.51).value > 3000


@given(
    readers=st.integers(1, 12), cases=st.integers(1, 12), case=st.floats(0, 0.5), reader=st.floats(0, 0.5)
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_the_design_effect_is_the_variance_of_the_mean_of_all_judgements(
    readers: int, cases: int, case: float, reader: float
) -> None:
    same_reader = np.kron(np.eye(readers), np.ones((cases, cases)))
    same_case = np.kron(np.ones((readers, readers)), np.eye(cases))
    covariance = case * same_case + reader * same_reader + (1 - case - reader) * np.eye(readers * cases)
    crossing = Crossing(case_correlation=case, reader_correlation=reader)
    figure = design_effect(crossing, readers=readers, cases=cases)
    assert figure.value == pytest.approx(covariance.sum() / (readers * cases))
    assert figure.given["worth"] == pytest.approx((readers * cases) ** 2 / covariance.sum())


@pytest.mark.parametrize(
    ("crossing", "sample"),
    [
        (Crossing(case_correlation=0.0, reader_correlation=1.0), 6),
        (Crossing(case_correlation=1.0, reader_correlation=0.0), 40),
    ],
)
def test_where_only_readers_or_only_cases_vary_it_is_the_power_of_the_t_test(
    crossing: Crossing, sample: int
) -> None:
    expected = TTestPower().power(0.5, nobs=sample, alpha=0.05)
    found = crossed_power(0.5, 1.0, crossing, readers=6, cases=np.array([40]), alpha=0.05)
    assert found[0] == pytest.approx(expected, abs=1e-9)


def simulated(
    crossing: Crossing, readers: int, cases: int, mean: float, seed: int, studies: int
) -> list[Any]:
    """What the report says about crossed normal judgements with variance 1."""
    generator = np.random.default_rng(seed)
    at_case, at_reader = np.repeat(np.arange(cases), readers), np.tile(np.arange(readers), cases)
    found = []
    for _ in range(studies):
        own = generator.normal(0, math.sqrt(crossing.case_correlation), cases)[at_case]
        by = generator.normal(0, math.sqrt(crossing.reader_correlation), readers)[at_reader]
        values = mean + own + by + generator.normal(0, math.sqrt(crossing.error), cases * readers)
        sample = CrossedSample(cases=at_case, readers=at_reader, values=values)
        found.append(random_reader_uncertainty(sample, level=0.95, bounds=(-9.0, 9.0), test=True))
    return found


def test_the_power_is_how_often_the_report_finds_the_difference() -> None:
    found = simulated(USUAL, 6, 60, 0.35, seed=5, studies=800)
    share = np.mean([each.p < 0.05 for each in found])
    planned = crossed_power(0.35, 1.0, USUAL, readers=6, cases=np.array([60]), alpha=0.05)[0]
    assert share == pytest.approx(planned, abs=0.065)  # four standard errors


def test_the_half_width_is_that_of_the_report_s_interval() -> None:
    found = simulated(USUAL, 8, 80, 0.0, seed=6, studies=300)
    widths = [(each.ci[1] - each.ci[0]) / 2 for each in found]
    planned = (
        crossed_half_width(0.5, USUAL, readers=8, cases=80).value / 0.5
    )  # a share of .5 has variance .25
    assert np.mean(widths) == pytest.approx(planned, rel=0.06)


@given(
    share=st.floats(0.2, 0.8).filter(lambda share: abs(share - 0.5) > 0.05),
    readers=st.integers(2, 20),
    ties=st.floats(0, 0.6),
)
@settings(max_examples=30, deadline=None)
def test_the_cases_of_a_win_rate_are_enough_for_good_or_there_are_none(
    share: float, readers: int, ties: float
) -> None:
    figure = win_rate_cases(share, USUAL, readers=readers, ties=ties)
    if figure.value is None:
        assert "Add readers" in figure.notes[0]
        assert win_rate_power(share, USUAL, readers=readers, cases=20_000, ties=ties).value < 0.8
        return
    needed = figure.value
    assert win_rate_power(share, USUAL, readers=readers, cases=needed, ties=ties).value >= 0.8 - 1e-9
    assert (
        needed == 2 or win_rate_power(share, USUAL, readers=readers, cases=needed - 1, ties=ties).value < 0.8
    )
    assert win_rate_power(share, USUAL, readers=readers, cases=2 * needed, ties=ties).value >= 0.8 - 1e-9


def test_more_cases_cannot_replace_readers() -> None:
    figure = crossed_share_cases(0.7, USUAL, readers=5, half_width=0.05)
    assert figure.value is None
    assert figure.notes == ("With 5 readers no number of cases up to 20,000 is enough. Add readers.",)
    assert crossed_share_cases(0.7, USUAL, readers=30, half_width=0.07).value is not None


def test_the_cases_of_a_crossed_share_are_the_fewest_that_are_enough() -> None:
    needed = crossed_share_cases(0.7, USUAL, readers=5, half_width=0.15).value
    assert crossed_half_width(0.7, USUAL, readers=5, cases=needed).value <= 0.15
    assert crossed_half_width(0.7, USUAL, readers=5, cases=needed - 1).value > 0.15


def test_a_difference_over_readers_and_cases_counts_its_own_variance_and_margin() -> None:
    cases = difference_cases(0.2, 0.1, USUAL, readers=25).value
    assert difference_power(0.2, 0.1, USUAL, readers=25, cases=cases).value >= 0.8
    assert difference_power(0.2, 0.1, USUAL, readers=25, cases=cases - 1).value < 0.8
    shifted = difference_power(0.15, 0.15, USUAL, readers=25, cases=cases, margin=0.1)
    assert shifted.value == pytest.approx(
        difference_power(0.2, 0.1, USUAL, readers=25, cases=cases).value, abs=0.02
    )
    assert "margin" in shifted.formula


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: preference_judgements(0.5), "one half is no preference"),
        (lambda: preference_judgements(0.6, ties=1.0), "share of ties"),
        (lambda: preference_power(0.6, judgements=0), "There are 0 judgements"),
        (lambda: Crossing(case_correlation=0.7, reader_correlation=0.4), "at most 1"),
        (lambda: Crossing(case_correlation=-0.1, reader_correlation=0.4), "neither may be negative"),
        (lambda: win_rate_power(0.6, USUAL, readers=1, cases=10), "There are 1 readers"),
        (lambda: crossed_half_width(0.6, USUAL, readers=3, cases=1), "There are 1 cases"),
        (lambda: difference_cases(0.1, 0.1, USUAL, readers=4), "nothing to find"),
        (lambda: difference_cases(0.1, 0.3, USUAL, readers=4, margin=0.1), "beyond the margin"),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(PowerError, match=sentence):
        call()
