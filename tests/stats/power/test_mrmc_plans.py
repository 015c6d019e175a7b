"""Power of reader comparisons: figures of other programs, full analyses of simulated readings, and limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from readerstudy.stats.mrmc import Reads, complete_reads, decompose, mrmc
from readerstudy.stats.power import (
    Components,
    PowerError,
    expected_components,
    mrmc_cases,
    mrmc_grid,
    mrmc_power,
    pilot_components,
    read_pilot,
    simulated_power,
)
from readerstudy.stats.power.mrmc import components_of, hanley_mcneil
from readerstudy.stats.power.mrmc_simulation import draw_figures, rejections
from readerstudy.stats.power.noncentral import f_power, f_power_by_quadrature
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import placements
from tests.stats import datasets
from tests.stats.test_certified_arms import franken

# Van Dyke's 114 cases: the components that RJafroc and MRMCaov print, and the effect that was observed.
VAN_DYKE = Components(
    cases=114,
    arm_reader=0.00020040252,
    variance=0.00080228827,
    cov1=0.00034661371,
    cov2=0.00034407483,
    cov3=0.00023902837,
)
OBSERVED = -0.043800322
PILOT = "".join(
    [
        "reader,case,arm,truth,value\n",
        *(f"R{r},C{c},{arm},{c % 2},{(c * 7 + r * 3) % 5 + (c % 2) * (arm == 'B')}\n"
          for arm in "AB" for r in range(3) for c in range(8)),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("readers", "cases", "variant", "power"),
    [
        (10, 165, "rrrc", 0.80541995),
        (10, 131, "frrc", 0.80091813),
        (10, 53, "rrfc", 0.80496663),
        (6, 111, "rrrc", 0.5526116),
    ],
)
def test_the_power_of_van_dyke_s_study_is_that_of_rjafroc(
    readers: int, cases: int, variant: Any, power: float
) -> None:
    # tests/testthat of RJafroc 2, after Hillis, Obuchowski & Berbaum 2011 and Hillis & Schartz 2018.
    figure = mrmc_power(VAN_DYKE, OBSERVED, readers=readers, cases=cases, variant=variant)
    assert figure.value == pytest.approx(power, abs=4e-8)


def test_so_are_the_cases() -> None:
    figure = mrmc_cases(VAN_DYKE, OBSERVED, readers=6)
    assert figure.value == 251
    assert mrmc_power(VAN_DYKE, OBSERVED, readers=6, cases=251).value == pytest.approx(0.801, abs=5e-4)


def test_the_power_from_franken_s_ratings_is_that_of_rjafroc() -> None:
    # From the ratings to the number: SsSampleSizeKGivenJ(dataset03, effectSize = 0.05, J = 6) has power 0.8004469.
    components = pilot_components(complete_reads(*franken()))
    needed = mrmc_cases(components, 0.05, readers=6).value
    assert mrmc_power(components, 0.05, readers=6, cases=needed).value == pytest.approx(0.8004469, abs=1e-7)
    assert components.arm_reader < 0.0 == components.interaction


def test_a_pilot_is_read_from_a_table() -> None:
    rows = "".join(
        f"{r},{c},{arm},{truth},{value}\n" for arm, r, c, truth, value in datasets.lines("franken_mrmc")
    )
    reads = read_pilot("\ufeffreader,case,arm,truth,value\n" + rows)
    assert pilot_components(reads).as_dict() == pytest.approx(
        pilot_components(complete_reads(*franken())).as_dict()
    )


def test_random_readers_and_fixed_cases_are_a_paired_t_test_of_readers() -> None:
    own = VAN_DYKE.interaction + (114 / 80) * (VAN_DYKE.variance - VAN_DYKE.cov1 - VAN_DYKE.shared)
    expected = TTestPower().power(0.04 / np.sqrt(2 * own), nobs=7, alpha=0.05)
    found = mrmc_power(VAN_DYKE, 0.04, readers=7, cases=80, variant="rrfc").value
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("readers", "cases"), [(5, 114), (10, 165), (20, 60)])
def test_simulated_studies_find_what_the_formula_says(readers: int, cases: int) -> None:
    formula = mrmc_power(VAN_DYKE, OBSERVED, readers=readers, cases=cases).value
    figure = simulated_power(VAN_DYKE, OBSERVED, readers=readers, cases=cases, seed=11)
    assert figure.value == pytest.approx(formula, abs=0.02)
    assert figure.given["simulation_low"] < figure.value < figure.given["simulation_high"]


def test_without_a_difference_the_level_is_kept() -> None:
    figures = draw_figures(VAN_DYKE, 0.0, readers=5, cases=114, studies=10_000, seed=2)
    assert rejections(figures, shared=VAN_DYKE.shared, alpha=0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_drawn_figures_have_the_components() -> None:
    figures = draw_figures(VAN_DYKE, 0.1, readers=3, cases=57, studies=60_000, seed=4).reshape(60_000, 6)
    found = np.cov(figures, rowvar=False)
    expected = {"var": 2 * VAN_DYKE.variance + VAN_DYKE.arm_reader, "cov1": 2 * VAN_DYKE.cov1}
    assert np.diag(found).mean() == pytest.approx(expected["var"], rel=0.02)
    assert found[0, 3] == pytest.approx(expected["cov1"], rel=0.05)
    assert found[0, 1] == pytest.approx(2 * VAN_DYKE.cov2, rel=0.05)
    assert found[0, 4] == pytest.approx(2 * VAN_DYKE.cov3, rel=0.05)
    assert figures[:, 3:].mean() - figures[:, :3].mean() == pytest.approx(0.1, abs=0.001)


def test_the_same_seed_gives_the_same_power() -> None:
    runs = [
        simulated_power(VAN_DYKE, 0.05, readers=4, cases=50, studies=500, seed=seed).value
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_simulated_study_is_tested_as_the_report_tests_it() -> None:
    arms, truth = franken()
    found = decompose(complete_reads(arms, truth))
    p = next(line.p for line in mrmc(arms, truth) if line.variant == "rrrc" and line.arm is None)
    shared = components_of(found, cases=100).shared
    for alpha, significant in ((p * 1.0001, True), (p * 0.9999, False)):
        assert rejections(found.figures[np.newaxis], shared=shared, alpha=alpha)[0] == significant


def roe_metz(generator: Any, *, readers: int, cases: int, apart: float) -> Reads:
    """Ratings under the model of Roe & Metz (Acad Radiol 4:298, 1997): every effect normal."""
    abnormal = np.arange(cases) % 2 == 1
    spread = {"r": 0.01, "tr": 0.01, "c": 0.3, "tc": 0.15, "rc": 0.2, "e": 0.35}
    sd = {name: np.sqrt(value) for name, value in spread.items()}
    mean = np.array([0.9, 0.9 + apart])[:, None, None]
    values = sd["c"] * generator.standard_normal((1, 1, cases)) + sd["tc"] * generator.standard_normal(
        (2, 1, cases)
    )
    values = values + sd["rc"] * generator.standard_normal((1, readers, cases))
    values = values + sd["e"] * generator.standard_normal((2, readers, cases))
    by_reader = sd["r"] * generator.standard_normal((1, readers, 1)) + sd["tr"] * generator.standard_normal(
        (2, readers, 1)
    )
    values = values + abnormal * (mean + by_reader * np.sqrt(2))
    return Reads(arms=("A", "B"), readers=tuple(map(str, range(readers))), values=values, abnormal=abnormal)


@pytest.mark.parametrize(("figure", "apart"), [("auc", 0.5), ("sensitivity", 0.45)])
def test_whole_studies_with_estimated_components_have_the_power_of_the_formula(
    figure: Any, apart: float
) -> None:
    generator = np.random.default_rng(8)
    found, significant = [], []
    for _ in range(400):
        reads = roe_metz(generator, readers=5, cases=80, apart=apart)
        if figure == "sensitivity":
            calls = (reads.values > 0.5).astype(float)
            reads = Reads(arms=reads.arms, readers=reads.readers, values=calls, abnormal=reads.abnormal)
        each = decompose(reads, figure=figure)
        found.append(each)
        shared = components_of(each, cases=80).shared
        significant.append(rejections(each.figures[np.newaxis], shared=shared, alpha=0.05)[0])
    names = ("arm_reader_variance", "variance", "cov1", "cov2", "cov3")
    own, *rest = (float(np.mean([getattr(each, name) for each in found])) for name in names)
    components = Components(
        cases=80, arm_reader=own, **dict(zip(("variance", "cov1", "cov2", "cov3"), rest, strict=True))
    )
    difference = float(np.mean([each.figures[1].mean() - each.figures[0].mean() for each in found]))
    planned = mrmc_power(components, difference, readers=5, cases=80).value
    assert 0.3 < planned < 0.95
    assert np.mean(significant) == pytest.approx(planned, abs=0.1)  # four standard errors of 400 studies


def test_the_grid_is_every_number_of_readers_with_every_number_of_cases() -> None:
    rows = mrmc_grid(VAN_DYKE, 0.05, readers=[4, 6], cases=[50, 100, 200])
    assert [(row.readers, row.cases) for row in rows] == [(r, c) for r in (4, 6) for c in (50, 100, 200)]
    for row in rows:
        single = mrmc_power(VAN_DYKE, 0.05, readers=row.readers, cases=row.cases)
        assert (row.power, row.df) == (pytest.approx(single.value), pytest.approx(single.given["df"]))
    assert all(np.isinf(row.df) for row in mrmc_grid(VAN_DYKE, 0.05, readers=[4], cases=[50], variant="frrc"))


components_drawn = st.builds(
    lambda variance, r1, gap, extra, own: Components(
        cases=100, arm_reader=own, variance=variance, cov1=r1 * variance,
        cov2=(gap + extra) * variance, cov3=gap * variance,
    ),
    variance=st.floats(2e-4, 5e-3), r1=st.floats(0.0, 0.6), gap=st.floats(0.0, 0.3),
    extra=st.floats(0.0, 0.3), own=st.floats(-1e-4, 1e-3),
)  # fmt: skip


@given(
    components=components_drawn, difference=st.floats(0.02, 0.15), readers=st.integers(2, 30),
    cases=st.integers(10, 2000), variant=st.sampled_from(["rrrc", "frrc", "rrfc"]),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_more_readers_have_more_power(
    components: Components, difference: float, readers: int, cases: int, variant: Any
) -> None:
    fewer, more = (
        mrmc_power(components, difference, readers=count, cases=cases, variant=variant).value
        for count in (readers, readers + 1)
    )
    assert more >= fewer - 1e-9


@given(
    components=components_drawn, difference=st.floats(0.02, 0.15), readers=st.integers(2, 30),
    cases=st.integers(10, 2000), variant=st.sampled_from(["frrc", "rrfc"]),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_more_cases_have_more_power(
    components: Components, difference: float, readers: int, cases: int, variant: Any
) -> None:
    """Not where both are random: there more cases can leave Hillis' test fewer degrees of freedom."""
    fewer, more = (
        mrmc_power(components, difference, readers=readers, cases=count, variant=variant).value
        for count in (cases, cases + cases // 4 + 1)
    )
    assert more >= fewer - 1e-9


@given(components=components_drawn, difference=st.floats(0.02, 0.15), readers=st.integers(2, 30))
@settings(max_examples=40, deadline=None)
def test_the_cases_are_enough_or_more_readers_are_asked_for(
    components: Components, difference: float, readers: int
) -> None:
    figure = mrmc_cases(components, difference, readers=readers)
    if figure.value is None:
        assert "Add readers" in figure.notes[-1]
        assert mrmc_power(components, difference, readers=readers, cases=20_000).value < 0.8
        return
    assert mrmc_power(components, difference, readers=readers, cases=figure.value).value >= 0.8 - 1e-9
    if figure.value > 2:
        assert mrmc_power(components, difference, readers=readers, cases=figure.value - 1).value < 0.8


def test_hanley_and_mcneil_s_variance_is_that_of_exponential_scores() -> None:
    # Under their model: P(abnormal > normal) = r/(1 + r) for exponentials whose means have the ratio r.
    generator = np.random.default_rng(9)
    normal, abnormal = generator.exponential(size=(20, 4000)), generator.exponential(4.0, size=(15, 4000))
    areas = placements(np.concatenate([abnormal, normal]), np.arange(35) < 15).figures
    assert areas.mean() == pytest.approx(0.8, abs=0.005)
    assert areas.var() == pytest.approx(hanley_mcneil(0.8, 15, 20), rel=0.1)


def test_components_can_be_expected_without_a_pilot() -> None:
    rest = {"cases": 120, "abnormal": 0.25, "correlations": (0.4, 0.4, 0.3), "arm_reader_sd": 0.02}
    area = expected_components(0.85, **rest)
    assert area.variance == pytest.approx(hanley_mcneil(0.85, 30, 90))
    assert (area.cov1, area.cov3, area.arm_reader) == pytest.approx(
        (0.4 * area.variance, 0.3 * area.variance, 0.0004)
    )
    assert expected_components(0.8, figure="sensitivity", **rest).variance == pytest.approx(0.16 / 30)
    assert expected_components(0.8, figure="specificity", **rest).variance == pytest.approx(0.16 / 90)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("truth", "gold", "no column “truth”"),
        ("R0,C1,A,1", "R0,C1,A,yes", "Line 3: the truth is “yes”"),
        ("R1,C1,A,1", "R1,C1,A,0", "case C1 has another truth"),
        ("R0,C1,A,1", "R0,C0,A,0", "Line 3: reader R0 reads case C0 in arm A twice"),
        ("R2,C7,B,1,", "R2,C7,B,1,x", "is not a number"),
        ("R0,C1,A,1", "R0,,A,1", "Line 3: “case” is empty"),
        ("R0,C1,A,1", "R0,C9,A,1", "Every reader must have read every case"),
        (",B,", ",A2,", None),
    ],
)
def test_a_wrong_pilot_is_told_with_its_line(old: str, new: str, sentence: str | None) -> None:
    assert old in PILOT
    changed = PILOT.replace(old, new)
    if sentence is None:
        assert read_pilot(changed).arms == ("A", "A2")
        return
    with pytest.raises(PowerError, match=sentence):
        read_pilot(changed)


def test_a_pilot_of_one_arm_or_one_class_has_no_components() -> None:
    with pytest.raises(PowerError, match="The pilot has 1 arms"):
        read_pilot("\n".join(line for line in PILOT.splitlines() if ",B," not in line))
    reads = read_pilot(PILOT)
    alone = Reads(
        arms=reads.arms, readers=reads.readers, values=reads.values, abnormal=np.ones(8, dtype=bool)
    )
    with pytest.raises(PowerError, match="There are 0 normal cases in the pilot"):
        pilot_components(alone)
    calls = Reads(
        arms=reads.arms,
        readers=reads.readers,
        values=(reads.values > 2).astype(float),
        abnormal=alone.abnormal,
    )
    assert pilot_components(calls, figure="sensitivity").variance > 0.0
    one = Reads(arms=reads.arms, readers=("R0",), values=reads.values[:, :1], abnormal=reads.abnormal)
    with pytest.raises(PowerError, match="There are 1 readers in the pilot"):
        pilot_components(one)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: mrmc_power(VAN_DYKE, 0.0, readers=5, cases=50), "not be 0"),
        (lambda: mrmc_power(VAN_DYKE, 0.05, readers=1, cases=50), "There are 1 readers"),
        (lambda: mrmc_power(VAN_DYKE, 0.05, readers=5, cases=1), "There are 1 cases"),
        (lambda: mrmc_cases(VAN_DYKE, 0.05, readers=5, power=0.0), "power"),
        (lambda: mrmc_grid(VAN_DYKE, 0.05, readers=[5], cases=[0]), "There are 0 cases"),
        (lambda: Components(cases=9, arm_reader=0.0, variance=0.1, cov1=0.2, cov2=0.0, cov3=0.0), "Check their order"),
        (lambda: simulated_power(VAN_DYKE, 0.05, readers=5, cases=50, studies=10), "There are 10 simulated studies"),
        (
            lambda: simulated_power(
                Components(cases=50, arm_reader=0.0, variance=1.0, cov1=0.0, cov2=-0.5, cov3=0.0),
                0.05,
                readers=5,
                cases=50,
            ),
            "No errors can have these covariances",
        ),
        (
            lambda: expected_components(0.8, cases=10, abnormal=0.05, correlations=(0.4, 0.4, 0.3), arm_reader_sd=0.01),
            "smaller class",
        ),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused_in_a_sentence(call: Any, sentence: str) -> None:
    with pytest.raises(PowerError, match=sentence):
        call()


def test_power_is_defined_however_large_the_difference_and_the_integral_agrees_with_scipy() -> None:
    df, moved = np.array([1.0, 4.0, 30.5, 1e5]), np.array([3.0, 9.0, 20.0, 40.0])
    critical = stats.f.isf(0.05, 1, df)
    assert f_power_by_quadrature(df, moved, critical) == pytest.approx(
        stats.ncf.sf(critical, 1, df, moved), abs=2e-4
    )
    assert f_power(df, np.full(4, 1e5), 0.05) == pytest.approx(1.0)


def test_one_reader_may_be_planned_for_as_that_reader() -> None:
    assert mrmc_power(VAN_DYKE, 0.05, readers=1, cases=200, variant="frrc").value > 0.05


def test_scores_of_the_report_are_those_of_the_pilot() -> None:
    reads = read_pilot(PILOT)
    arms = {
        arm: Scores(values=reads.values[at].T, units=tuple(f"C{c}" for c in range(8)), readers=reads.readers)
        for at, arm in enumerate(reads.arms)
    }
    again = complete_reads(arms, {f"C{c}": bool(c % 2) for c in range(8)})
    assert np.array_equal(again.values, reads.values)
    assert np.array_equal(again.abnormal, reads.abnormal)
