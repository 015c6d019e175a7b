"""How many cases agreement needs: other people's formulas, the report's own estimators, and simulated studies."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_cohen

from readerstudy.stats import agreement as report
from readerstudy.stats.estimate import Caution
from readerstudy.stats.inference import Inference
from readerstudy.stats.power import Agreement, PowerError, cases_for, half_width
from readerstudy.stats.power.agreement import COEFFICIENTS, case_variance
from readerstudy.stats.power.population import chances, pair_table, patterns
from readerstudy.stats.ratings import Ratings, read_ratings
from readerstudy.stats.scale import Kind

LINEARISED = Inference(method="linearised")
THREE = (0.2, 0.3, 0.5)


def expected(
    coefficient: Any, value: float = 0.6, shares: tuple[float, ...] = (0.3, 0.7), **rest: Any
) -> Agreement:
    return Agreement(coefficient=coefficient, value=value, shares=shares, **rest)


def population(shares: tuple[float, ...], kappa: float, readers: int, *, outputs: int) -> Ratings:
    """The patterns of the assumed population, each as often as it is likely."""
    counts = patterns(readers, len(shares))
    often = np.round(chances(counts, np.array(shares), kappa) * outputs).astype(int)
    rows = [np.repeat(np.arange(1, len(shares) + 1), count) for count in counts]
    return read_ratings(
        np.repeat(rows, often, axis=0), categories=range(1, len(shares) + 1), kind=Kind.ORDINAL
    )


@pytest.mark.parametrize(("first", "second", "kappa"), [(0.3, 0.3, 0.7), (0.2, 0.35, 0.4), (0.5, 0.45, 0.1)])
def test_two_readers_of_yes_and_no_have_the_closed_form_of_stata_s_kapssi(
    first: float, second: float, kappa: float
) -> None:
    # The variance in kapssi (Harrison 2004), which is that of Fleiss, Cohen & Everitt for two categories.
    cross = first * (1 - second) + second * (1 - first)
    both = 4 * first * second * (1 - first) * (1 - second) * (1 + kappa)
    closed = (
        (1 - kappa) * (both + (1 - 2 * first) * (1 - 2 * second) * cross * kappa * (2 - kappa)) / cross**2
    )
    plan = expected("cohen_kappa", kappa, (first, 1 - first), other_shares=(second, 1 - second))
    assert case_variance(plan) == pytest.approx(closed, rel=1e-12)


@pytest.mark.parametrize("coefficient", ["cohen_kappa", "fleiss_kappa", "krippendorff_alpha"])
@pytest.mark.parametrize(("share", "kappa"), [(0.5, 0.0), (0.3, 0.7), (0.05, 0.4)])
def test_with_equal_shares_it_is_the_variance_of_bloch_and_kraemer(
    coefficient: str, share: float, kappa: float
) -> None:
    # Biometrics 45:269, 1989; used by Donner & Eliasziw 1992.
    closed = (1 - kappa) * ((1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / (2 * share * (1 - share)))
    assert case_variance(expected(coefficient, kappa, (share, 1 - share))) == pytest.approx(closed, rel=1e-12)


def test_cantor_s_sample_size_follows_from_the_variances() -> None:
    # N.cohen.kappa(0.5, 0.5, 0.7, 0.85) of R's irr answers 96 (Cantor, Psychol Methods 1:150, 1996).
    true, null = (math.sqrt(case_variance(expected("cohen_kappa", k, (0.5, 0.5)))) for k in (0.7, 0.85))
    needed = ((stats.norm.ppf(0.95) * null + stats.norm.ppf(0.8) * true) / 0.15) ** 2
    assert math.ceil(needed) == 96


@pytest.mark.parametrize(
    ("weights", "name"), [("unweighted", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
@pytest.mark.parametrize("shares", [THREE, (0.1, 0.2, 0.3, 0.4)])
def test_cohens_standard_error_is_that_of_statsmodels(
    weights: Any, name: str | None, shares: tuple[float, ...]
) -> None:
    table = 400 * pair_table(np.array(shares), 0.6)
    answer = statsmodels_cohen(table, wt=name)
    plan = expected("cohen_kappa", 0.6, shares, weights=weights)
    assert math.sqrt(case_variance(plan) / 400) == pytest.approx(answer.std_kappa, rel=1e-9)
    assert answer.kappa == pytest.approx(0.6)
    width = half_width(plan, cases=400).value
    assert width == pytest.approx((answer.kappa_upp - answer.kappa_low) / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("coefficient", "estimate", "options"),
    [
        ("cohen_kappa", lambda r: report.cohen_kappa(r, "R1", "R2", weights="quadratic"), {"weights": "quadratic"}),
        ("fleiss_kappa", partial(report.fleiss_kappa, inference=LINEARISED), {}),
        ("fleiss_kappa", partial(report.fleiss_kappa, weights="linear", inference=LINEARISED), {"weights": "linear"}),
        ("gwet_ac", partial(report.gwet_ac, inference=LINEARISED), {}),
        ("gwet_ac", partial(report.gwet_ac, weights="ordinal", inference=LINEARISED), {"weights": "ordinal"}),
        *(
            ("krippendorff_alpha", partial(report.krippendorff_alpha, metric=m, inference=LINEARISED), {"metric": m})
            for m in report.METRICS
        ),
    ],
)  # fmt: skip
def test_the_plan_is_what_the_report_finds_in_such_a_population(
    coefficient: Any, estimate: Any, options: Any
) -> None:
    readers = 2 if coefficient == "cohen_kappa" else 4
    found = estimate(_shuffled(population(THREE, 0.55, readers, outputs=4000), coefficient))
    n = found.n_cases
    plan = expected(coefficient, found.value, THREE, readers=readers, **options)
    width = half_width(plan, cases=n).value
    assert width is not None
    assert width / stats.norm.ppf(0.975) == pytest.approx(found.se, rel=0.01)


def _shuffled(ratings: Ratings, coefficient: str) -> Ratings:
    # The patterns come sorted within a row; for the coefficient that tells readers apart half of the rows turn round.
    if coefficient == "cohen_kappa":
        ratings.codes[::2] = ratings.codes[::2, ::-1]
    return ratings


@pytest.mark.parametrize(
    ("coefficient", "estimate"),
    [
        ("fleiss_kappa", report.fleiss_kappa),
        ("gwet_ac", report.gwet_ac),
        ("krippendorff_alpha", report.krippendorff_alpha),
    ],
)
def test_simulated_studies_scatter_as_planned(coefficient: Any, estimate: Any) -> None:
    generator = np.random.default_rng(7)
    counts = patterns(3, 2)
    plan = expected(coefficient, 0.5, readers=3)
    likely = chances(counts, np.array(plan.shares), plan.intraclass)
    rows = np.array([np.repeat([1, 2], count) for count in counts])
    studies = [rows[generator.choice(len(rows), size=150, p=likely / likely.sum())] for _ in range(250)]
    values = [estimate(read_ratings(s, categories=[1, 2]), inference=LINEARISED).value for s in studies]
    planned = math.sqrt(case_variance(plan) / 150)
    assert np.std(values, ddof=1) == pytest.approx(planned, rel=0.15)  # the spread of 250 is known to 4.5 %
    assert np.mean(values) == pytest.approx(0.5, abs=4 * planned / math.sqrt(250) + 0.01)


@given(
    coefficient=st.sampled_from(COEFFICIENTS),
    value=st.floats(0.0, 0.95),
    share=st.floats(0.05, 0.95),
    width=st.floats(0.03, 0.3),
)
@settings(max_examples=60, deadline=None)
def test_the_cases_are_the_fewest_that_are_enough(
    coefficient: Any, value: float, share: float, width: float
) -> None:
    try:
        plan = expected(coefficient, value, (share, 1 - share))
        needed = cases_for(plan, half_width=width).value
    except PowerError:
        assert coefficient == "gwet_ac"
        return
    assert isinstance(needed, int)
    assert half_width(plan, cases=needed).value <= width
    assert needed == 2 or half_width(plan, cases=needed - 1).value > width


@given(cases=st.integers(2, 100_000), more=st.integers(1, 1000), coefficient=st.sampled_from(COEFFICIENTS))
@settings(max_examples=60, deadline=None)
def test_more_cases_never_widen_the_interval(cases: int, more: int, coefficient: Any) -> None:
    plan = expected(coefficient, 0.6)
    assert half_width(plan, cases=cases + more).value < half_width(plan, cases=cases).value


def test_more_readers_narrow_the_interval_but_never_below_what_the_cases_leave() -> None:
    widths = [half_width(expected("fleiss_kappa", readers=m), cases=100).value for m in (2, 3, 5, 10, 20)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0.1


def test_the_population_is_a_distribution_whose_pairs_have_the_kappa() -> None:
    counts = patterns(5, 3)
    assert len(counts) == math.comb(7, 2)
    assert set(counts.sum(axis=1)) == {5}
    assert len(np.unique(counts, axis=0)) == len(counts)
    likely = chances(counts, np.array(THREE), 0.4)
    assert likely.sum() == pytest.approx(1.0)
    assert likely @ counts / 5 == pytest.approx(np.array(THREE))
    agreeing = likely @ (counts * (counts - 1)).sum(axis=1) / 20
    by_chance = np.square(THREE).sum()
    assert (agreeing - by_chance) / (1 - by_chance) == pytest.approx(0.4)


def test_rare_findings_are_warned_of_and_formula_and_source_stand_beside() -> None:
    figure = cases_for(expected("krippendorff_alpha", 0.6, (0.05, 0.95)), half_width=0.1)
    assert Caution.HIGH_PREVALENCE.sentence in figure.notes
    assert "Krippendorff" in figure.source
    assert "√(V/n)" in figure.formula
    assert figure.as_dict()["given"]["shares"] == "0.05 0.95"
    assert figure.readers == 2


def test_what_no_number_of_cases_can_give_is_not_given() -> None:
    figure = cases_for(expected("cohen_kappa", 0.3), half_width=0.0001)
    assert figure.value is None
    assert figure.notes[-1].endswith("Accept a wider interval.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"value": 1.0}, "at 1 there is no variance"),
        ({"value": -0.1}, "must be at least 0"),
        ({"shares": (0.3, 0.3)}, "sum to 1"),
        ({"shares": (1.0, 0.0)}, "all above 0"),
        ({"readers": 1}, "at least 2 are needed"),
        ({"readers": 3}, "Cohen's kappa compares two readers"),
        ({"shares": THREE, "other_shares": THREE}, "on two categories"),
        ({"value": 0.9, "other_shares": (0.6, 0.4)}, "cannot reach a kappa of 0.9"),
        ({"coefficient": "gwet_ac", "value": 0.1, "shares": (0.05, 0.95)}, "already reach an AC of 0.895"),
        ({"coefficient": "fleiss_kappa", "readers": 400, "shares": (0.25,) * 4}, "too many patterns"),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    given = {"coefficient": "cohen_kappa", "value": 0.6, "shares": (0.3, 0.7)} | change
    with pytest.raises(PowerError, match=sentence):
        cases_for(Agreement(**given), half_width=0.1)


def test_widths_levels_and_counts_are_checked() -> None:
    plan = expected("gwet_ac")
    with pytest.raises(PowerError, match="half-width"):
        cases_for(plan, half_width=0.0)
    with pytest.raises(PowerError, match="level"):
        half_width(plan, cases=10, level=1.0)
    with pytest.raises(PowerError, match="There are 1 cases"):
        half_width(plan, cases=1)
