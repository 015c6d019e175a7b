"""Shares and their differences on the same cases: published examples, enumeration by other programs, simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.proportion import proportion_confint

from readerstudy.stats.power import (
    PowerError,
    mcnemar_cases,
    mcnemar_power,
    noninferiority_cases,
    noninferiority_power,
    share_cases,
    share_half_width,
)
from readerstudy.stats.power.discordant import conditional_power, critical_values
from readerstudy.stats.power.noninferiority import tango_statistic
from readerstudy.stats.power.search import smallest, smallest_for_good, smallest_for_good_smooth


def enumerated(n: int, first: float, second: float, rejects: Any) -> float:
    """Power over every table of n pairs."""
    outcomes = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    chance = stats.multinomial(n, [first, second, 1 - first - second])
    return math.fsum(chance.pmf([b, c, n - b - c]) for b, c in outcomes if rejects(b, c))


def mid_p(b: int, c: int) -> float:
    low, differing = min(b, c), b + c
    return min(1.0, 2 * stats.binom.cdf(low, differing, 0.5) - stats.binom.pmf(low, differing, 0.5))


@pytest.mark.parametrize(("count", "n"), [(80, 100), (5, 40), (1, 9), (123, 246)])
def test_the_half_width_is_that_of_statsmodels_wilson_interval(count: int, n: int) -> None:
    low, high = proportion_confint(count, n, method="wilson")
    assert share_half_width(count / n, cases=n).value == pytest.approx((high - low) / 2, rel=1e-12)


@given(share=st.floats(0.01, 0.99), width=st.floats(0.01, 0.4), level=st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=80, deadline=None)
def test_the_cases_of_a_share_are_the_fewest_that_are_enough(
    share: float, width: float, level: float
) -> None:
    needed = share_cases(share, half_width=width, level=level).value
    assert share_half_width(share, cases=needed, level=level).value <= width
    assert needed == 1 or share_half_width(share, cases=needed - 1, level=level).value > width


@pytest.mark.parametrize(
    ("first", "second", "cases", "power"), [(0.45, 0.05, 23, None), (0.30, 0.15, 155, 0.801)]
)
def test_connor_s_formula_gives_the_numbers_of_public_calculators(
    first: float, second: float, cases: int, power: float | None
) -> None:
    # powerandsamplesize.com (Connor 1987, p. 209; two-sided 5 %, 80 %) and clinicaltrials-tools.
    assert mcnemar_cases(first, second, test="connor").value == cases
    assert mcnemar_cases(second, first, test="connor").value == cases
    found = mcnemar_power(first, second, cases=cases, test="connor").value
    assert found == pytest.approx(power or found, abs=5e-4)
    assert found >= 0.8


@pytest.mark.parametrize(("first", "second"), [(0.4, 0.1), (0.25, 0.3), (0.3, 0.0)])
def test_the_exact_power_is_the_sum_over_every_table(first: float, second: float) -> None:
    def significant(b: int, c: int) -> bool:
        return b + c > 0 and statsmodels_mcnemar([[0, b], [c, 0]], exact=True).pvalue <= 0.05

    expected = enumerated(14, first, second, significant)
    assert mcnemar_power(first, second, cases=14).value == pytest.approx(expected, abs=1e-12)


def test_the_mid_p_power_is_the_sum_over_every_table() -> None:
    expected = enumerated(16, 0.4, 0.1, lambda b, c: b + c > 0 and mid_p(b, c) <= 0.05)
    assert mcnemar_power(0.4, 0.1, cases=16, test="mid_p").value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("test", ["exact", "mid_p"])
@pytest.mark.parametrize(
    ("first", "second", "power"), [(0.3, 0.15, 0.8), (0.45, 0.05, 0.9), (0.02, 0.005, 0.8)]
)
def test_from_the_number_of_cases_on_the_power_stays_reached(
    test: Any, first: float, second: float, power: float
) -> None:
    needed = mcnemar_cases(first, second, power=power, test=test).value
    assert isinstance(needed, int)
    assert mcnemar_power(first, second, cases=needed - 1, test=test).value < power
    later = [*range(needed, needed + 40), *range(needed + 40, 2 * needed, max(needed // 20, 1))]
    assert min(mcnemar_power(first, second, cases=n, test=test).value for n in later) >= power - 1e-12
    assert needed == pytest.approx(
        mcnemar_cases(first, second, power=power, test="connor").value, rel=0.15, abs=3
    )


@given(differing=st.integers(0, 300), alpha=st.sampled_from([0.01, 0.05, 0.1]))
@settings(max_examples=60, deadline=None)
def test_the_exact_test_keeps_its_level_and_takes_as_much_of_it_as_it_can(
    differing: int, alpha: float
) -> None:
    critical = critical_values(differing, alpha=alpha)[-1]
    level = 2 * stats.binom.cdf(critical, differing, 0.5)
    assert level <= alpha
    assert 2 * stats.binom.cdf(critical + 1, differing, 0.5) > alpha or 2 * (critical + 1) >= differing
    assert conditional_power(differing, share=0.5, alpha=alpha)[-1] == pytest.approx(level, abs=1e-12)


@given(
    first=st.floats(0.05, 0.5),
    ratio=st.floats(0.1, 0.8),
    cases=st.integers(20, 400),
    test=st.sampled_from(["exact", "mid_p"]),
)
@settings(max_examples=40, deadline=None)
def test_a_third_more_cases_always_have_more_power(first: float, ratio: float, cases: int, test: Any) -> None:
    # One case more can have less power: the critical value moves in steps (the sawtooth of exact tests).
    more = cases + cases // 3 + 15
    powers = [mcnemar_power(first, ratio * first, cases=n, test=test).value for n in (cases, more)]
    assert powers[1] >= powers[0] - 1e-12


def test_one_case_more_can_have_less_power() -> None:
    # Here every pair differs; where few do, the random number of differing pairs smooths the steps away.
    powers = [mcnemar_power(0.8, 0.2, cases=n).value for n in range(10, 60)]
    assert min(np.diff(powers)) < 0
    normal = [mcnemar_power(0.8, 0.2, cases=n, test="connor").value for n in range(10, 60)]
    assert min(np.diff(normal)) > 0


def test_beyond_3000_pairs_only_the_formula_answers() -> None:
    figure = mcnemar_cases(0.05, 0.048)
    assert figure.value is None
    assert "the normal formula" in figure.notes[0]
    assert mcnemar_power(0.05, 0.048, cases=5000).value is None
    assert mcnemar_cases(0.05, 0.048, test="connor").value > 3000


def test_tango_s_contact_lenses() -> None:
    # Tango, Stat Med 17:891, 1998: 44 pairs, b = 0, c = 1, margin .1, Z = 1.709, P = .044.
    z = tango_statistic(np.array(0.0), np.array(1.0), cases=44, margin=0.1)
    assert float(z) == pytest.approx(1.709, abs=5e-4)


@pytest.mark.parametrize(
    ("b", "c", "n", "margin"), [(3, 7, 60, 0.1), (0, 4, 25, 0.05), (12, 9, 200, 0.02), (5, 5, 30, 0.3)]
)
def test_the_variance_under_h0_is_at_the_restricted_maximum_of_the_likelihood(
    b: int, c: int, n: int, margin: float
) -> None:
    def minus(second: float) -> float:
        first = second - margin
        logs = (b * math.log(first) if b else 0.0) + c * math.log(second)
        return -(logs + (n - b - c) * math.log(1 - first - second))

    best = optimize.minimize_scalar(
        minus, bounds=(margin + 1e-9, (1 + margin) / 2 - 1e-9), method="bounded", options={"xatol": 1e-12}
    )
    variance = n * (2 * best.x - margin - margin**2)
    expected = (b - c + n * margin) / math.sqrt(variance)
    assert tango_statistic(np.array(float(b)), np.array(float(c)), cases=n, margin=margin) == pytest.approx(
        expected, rel=1e-4
    )


def test_without_a_margin_it_is_connor_one_sided() -> None:
    for first, second in ((0.3, 0.15), (0.2, 0.05)):
        one_sided = noninferiority_cases(first, second, margin=0.0, alpha=0.025).value
        assert one_sided == mcnemar_cases(first, second, test="connor", alpha=0.05).value


@pytest.mark.parametrize(
    ("new", "standard", "margin"), [(0.1, 0.1, 0.1), (0.08, 0.12, 0.15), (0.15, 0.1, 0.05)]
)
def test_the_non_inferiority_formula_agrees_with_the_power_over_every_table(
    new: float, standard: float, margin: float
) -> None:
    needed = noninferiority_cases(new, standard, margin=margin).value
    assert noninferiority_power(new, standard, margin=margin, cases=needed).value == pytest.approx(
        0.8, abs=0.03
    )


def test_the_enumerated_power_is_that_of_simulated_studies() -> None:
    drawn = np.random.default_rng(3).multinomial(90, [0.1, 0.08, 0.82], size=20_000)
    z = tango_statistic(drawn[:, 0].astype(float), drawn[:, 1].astype(float), cases=90, margin=0.12)
    found = noninferiority_power(0.1, 0.08, margin=0.12, cases=90).value
    assert found == pytest.approx(
        float((z >= stats.norm.ppf(0.975)).mean()), abs=0.013
    )  # four standard errors


def test_the_level_holds_at_the_margin_itself() -> None:
    found = noninferiority_power(0.05, 0.15 - 1e-9, margin=0.1, cases=200).value
    assert found == pytest.approx(0.025, abs=0.006)


def test_beyond_1000_cases_the_normal_formula_carries_on_where_enumeration_ends() -> None:
    below, above = (noninferiority_power(0.06, 0.06, margin=0.03, cases=n).value for n in (1000, 1001))
    assert below == pytest.approx(above, abs=0.01)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: mcnemar_cases(0.2, 0.2), "equal"),
        (lambda: mcnemar_cases(0.8, 0.3), "at most 1"),
        (lambda: mcnemar_cases(-0.1, 0.3), "neither may be negative"),
        (lambda: mcnemar_cases(0.2, 0.1, power=1.0), "power"),
        (lambda: mcnemar_power(0.2, 0.1, cases=0), "There are 0 cases"),
        (lambda: mcnemar_power(0.2, 0.1, cases=9, alpha=0.0), "alpha"),
        (lambda: noninferiority_cases(0.05, 0.2, margin=0.1), "at or beyond the margin"),
        (lambda: noninferiority_cases(0.05, 0.2, margin=1.0), "margin is 1"),
        (lambda: share_cases(1.0, half_width=0.1), "share is 1"),
        (lambda: share_cases(0.5, half_width=1.5), "half-width"),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(PowerError, match=sentence):
        call()


@given(target=st.integers(1, 5000), least=st.integers(1, 50))
def test_the_smallest_enough_is_found(target: int, least: int) -> None:
    assert smallest(lambda n: n >= target, least=least) == max(target, least)
    assert smallest(lambda n: n >= target, least=least, most=least + 10) == (
        max(target, least) if target <= least + 10 else None
    )


@given(last=st.integers(0, 900), near=st.floats(1, 800))
def test_the_last_shortfall_is_found_wherever_the_guess_is(last: int, near: float) -> None:
    # 1 from the number after the last shortfall on, and at every third number before it.
    def power(n: Any) -> Any:
        return np.where((n > last) | ((n % 3 == 0) & (n != last)), 1.0, 0.0)

    found = smallest_for_good(power, 0.5, near=near)
    assert found == last + 1


@given(last=st.integers(2, 1200))
@settings(deadline=None)
def test_without_steps_the_number_after_the_last_shortfall_is_found(last: int) -> None:
    found = smallest_for_good_smooth(lambda n: np.where(n > last, 1.0, 0.0), 0.5, least=2, most=1000)
    assert found == (last + 1 if last < 1000 else None)
    assert smallest_for_good_smooth(lambda n: np.ones(len(n)), 0.5, least=2, most=9) == 2
