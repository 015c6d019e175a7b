"""Bradley-Terry, areas under the curve and the multi-reader analysis against certified answers."""

from functools import cache

import pytest

from readerstudy.stats.estimate import Estimate
from readerstudy.stats.mrmc import Decomposition, complete_reads, decompose, mrmc
from readerstudy.stats.preference import Comparison, PreferenceFit, fit_preferences
from readerstudy.stats.ratings import Scores, read_scores
from readerstudy.stats.roc import auc, auc_difference
from tests.stats import datasets

VARIANTS = {"rrrc": "rrrc", "fixed_readers": "frrc", "fixed_cases": "rrfc"}
MRMC_CHECKS = [check for _, check in datasets.checks("franken_mrmc")]
BASEBALL_CHECKS = [check for _, check in datasets.checks("agresti_baseball")]


@cache
def franken() -> tuple[dict[str, Scores], dict[str, bool]]:
    cells = {}
    truth = {}
    for treatment, reader, case, abnormal, rating in datasets.lines("franken_mrmc"):
        cells[treatment, case, f"reader{reader}"] = int(rating)
        truth[case] = abnormal == "1"
    readers = sorted({reader for _, _, reader in cells})
    arms = {
        f"treatment{treatment}": read_scores(
            [[cells[treatment, case, reader] for reader in readers] for case in truth],
            units=list(truth),
            readers=readers,
        )
        for treatment in ("1", "2")
    }
    return arms, truth


@pytest.mark.parametrize("check", MRMC_CHECKS)
def test_the_multi_reader_analysis_equals_the_certified_answer(check: str) -> None:
    kind, *parts = check.split(".")
    computed = {"auc": area, "delong": delong, "or": obuchowski_rockette}[kind](*parts)
    datasets.assert_certified("franken_mrmc", check, computed)


def area(treatment: str, reader: str) -> float | None:
    arms, truth = franken()
    return by_reader(auc(arms[treatment], truth), reader).value


def delong(reader: str, *parts: str) -> float | None:
    arms, truth = franken()
    if len(parts) == 1:
        tested = by_reader(auc_difference(arms["treatment1"], arms["treatment2"], truth), reader)
        return {"z": tested.statistic, "p": tested.p}[parts[0]]
    estimate = by_reader(auc(arms[parts[0]], truth), reader)
    if parts[1] == "var":
        return estimate.se**2
    return figure(estimate, parts[1])


def obuchowski_rockette(covariance: str, name: str, *parts: str) -> float | None:
    if not parts:
        return component(decomposition(covariance), name)
    lines = [line for line in analysis(covariance) if line.variant == VARIANTS[name]]
    if parts[0].startswith("treatment"):
        return figure(next(line for line in lines if line.arm == parts[0]), parts[1])
    if parts[0] in ("F", "chi2", "ddf", "df2", "p"):
        overall = next(line for line in lines if line.arm is None and line.contrast is None)
        return {"p": overall.p, "ddf": overall.df, "df2": overall.df}.get(parts[0], overall.statistic)
    return figure(next(line for line in lines if line.contrast == "treatment1-treatment2"), parts[0])


@cache
def decomposition(covariance: str) -> Decomposition:
    reads = complete_reads(*franken())
    assert reads is not None
    return decompose(reads, covariance=covariance)


@cache
def analysis(covariance: str) -> list[Estimate]:
    return mrmc(*franken(), covariance=covariance)


def component(found: Decomposition, name: str) -> float:
    return {
        "MS_T": found.ms_arm,
        "MS_R": found.ms_reader,
        "MS_TR": found.ms_arm_reader,
        "var_error": found.variance,
        "cov1": found.cov1,
        "cov2": found.cov2,
        "cov3": found.cov3,
        "varR": found.reader_variance,
        "varTR": found.arm_reader_variance,
    }[name]


def figure(estimate: Estimate, name: str) -> float | None:
    low, high = estimate.ci
    parts = {
        "auc": estimate.value,
        "diff": estimate.value,
        "se": estimate.se,
        "df": estimate.df,
        "t": estimate.statistic,
        "ci_low": low,
        "lo": low,
        "ci_high": high,
        "hi": high,
    }
    return parts[name]


def by_reader(estimates: list[Estimate], reader: str) -> Estimate:
    return next(estimate for estimate in estimates if estimate.reader == reader)


@cache
def baseball(position: bool = False) -> PreferenceFit:
    comparisons = []
    for home, away, home_wins, away_wins in datasets.lines("agresti_baseball"):
        comparisons.append(Comparison(left=home, right=away, left_wins=1.0, count=int(home_wins)))
        comparisons.append(Comparison(left=home, right=away, left_wins=0.0, count=int(away_wins)))
    return fit_preferences(comparisons, model="bradley_terry", reference="Baltimore", position=position)


@pytest.mark.parametrize("check", BASEBALL_CHECKS)
def test_bradley_terry_equals_the_certified_answer(check: str) -> None:
    _, part, team = check.split(".")
    ability = next(estimate for estimate in baseball().abilities if estimate.arm == team)
    datasets.assert_certified("agresti_baseball", check, ability.se if part == "se" else ability.value)


def test_the_position_effect_is_the_published_home_advantage() -> None:
    # Agresti 2002, p. 438: home teams have a log-odds advantage of .302, standard error .131.
    advantage = baseball(position=True).position
    assert advantage.value == pytest.approx(0.302, abs=5e-4)
    assert advantage.se == pytest.approx(0.131, abs=5e-4)
