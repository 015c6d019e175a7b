"""Which of two outputs is preferred: the sign test among judgements that are not ties, and win rates over readers."""

from __future__ import annotations

import math

import numpy as np

from readerstudy.stats.power.crossed import (
    POWER_FORMULA,
    SOURCE,
    Crossing,
    crossed_cases,
    crossed_power,
    unreachable,
)
from readerstudy.stats.power.discordant import MOST_EXACT, ExactTest, conditional_power, power_by_pairs
from readerstudy.stats.power.planned import Given, Planned, PowerError, check_count, check_share
from readerstudy.stats.power.proportions import SAWTOOTH, pair_cases
from readerstudy.stats.quantiles import normal_quantile

SIGN_FORMULA = "n = {z(1−α/2)/2 + z(1−β)·√(θ(1−θ))}² / (θ − ½)² / (1 − τ)"
SIGN_SOURCE = "Dixon & Mood, J Am Stat Assoc 41:557, 1946; Noether, J Am Stat Assoc 82:645, 1987"
EXACT_FORMULA = (
    "power = Σ_D B(D; n, 1−τ)·P(two-sided {kind} ≤ α | X ~ B(D, θ)); "
    "n = the smallest from which on power stays reached"
)
WIN_FORMULA = "μ = ½ + (1−τ)(θ − ½), μ₀ = ½, σ² = (1−τ)/4 − (μ − ½)²; " + POWER_FORMULA
INDEPENDENT = "Every judgement is taken as independent: one reader, or one judgement of each case."


def preference_power(
    share: float, *, judgements: int, ties: float = 0.0, alpha: float = 0.05, test: ExactTest = "exact"
) -> Planned:
    """Return the exact power of the sign test that the share of preferences among non-ties is not one half.

    ``ties`` is the expected share of judgements without a preference. Undefined beyond 3,000 judgements.
    """
    _check(share, ties, alpha)
    check_count(judgements, "judgements")
    value = None
    if judgements <= MOST_EXACT:
        conditional = conditional_power(judgements, share=share, alpha=alpha, test=test)
        value = float(
            power_by_pairs(np.array([judgements]), discordance=1.0 - ties, conditional=conditional)[0]
        )
    given = {"share": share, "ties": ties, "alpha": alpha, "judgements": judgements}
    return _sign_planned("Power, sign test", value, "power", test, given)


def preference_judgements(
    share: float, *, power: float = 0.8, ties: float = 0.0, alpha: float = 0.05, test: ExactTest = "exact"
) -> Planned:
    """Return the judgements, ties included, at which, and above which, the exact sign test has that power."""
    near = _normal(share, power, ties, alpha)
    found = pair_cases(1.0 - ties, share, power=power, alpha=alpha, test=test, near=near)
    given = {"share": share, "ties": ties, "alpha": alpha, "power": power}
    return _sign_planned("Judgements with ties, sign test", found, "judgements", test, given)


def preference_judgements_normal(
    share: float, *, power: float = 0.8, ties: float = 0.0, alpha: float = 0.05
) -> Planned:
    """Return the judgements by the normal formula, divided by the share that is not tied."""
    found = math.ceil(_normal(share, power, ties, alpha))
    return Planned(
        name="Judgements with ties, sign test (normal)",
        value=found,
        unit="judgements",
        formula=SIGN_FORMULA,
        source=SIGN_SOURCE,
        given={"share": share, "ties": ties, "alpha": alpha, "power": power},
        notes=("Normal approximation; the exact test needs somewhat more.", INDEPENDENT),
    )


def win_rate_power(
    share: float, crossing: Crossing, *, readers: int, cases: int, ties: float = 0.0, alpha: float = 0.05
) -> Planned:
    """Return the power to tell a win rate (win 1, tie ½, loss 0) from ½ where every reader judges every case."""
    _check(share, ties, alpha)
    check_count(readers, "readers", least=2)
    check_count(cases, "cases", least=2)
    difference, variance = _win_rate(share, ties)
    numbers = np.array([cases])
    power = crossed_power(difference, variance, crossing, readers=readers, cases=numbers, alpha=alpha)
    given = _crossed_given(share, crossing, readers, ties, alpha) | {"cases": cases}
    return _win_planned("Power, win rate over readers and cases", float(power[0]), "power", readers, given)


def win_rate_cases(
    share: float,
    crossing: Crossing,
    *,
    readers: int,
    power: float = 0.8,
    ties: float = 0.0,
    alpha: float = 0.05,
) -> Planned:
    """Return the cases that R readers each judge for that power; None where only more readers would do."""
    _check(share, ties, alpha)
    check_share(power, "power")
    check_count(readers, "readers", least=2)
    difference, variance = _win_rate(share, ties)
    found = crossed_cases(difference, variance, crossing, readers=readers, power=power, alpha=alpha)
    given = _crossed_given(share, crossing, readers, ties, alpha) | {"power": power}
    return _win_planned("Cases, win rate over readers and cases", found, "cases", readers, given)


def _normal(share: float, power: float, ties: float, alpha: float) -> float:
    _check(share, ties, alpha)
    check_share(power, "power")
    root = normal_quantile(1.0 - alpha / 2.0) / 2.0 + normal_quantile(power) * math.sqrt(
        share * (1.0 - share)
    )
    return root**2 / (share - 0.5) ** 2 / (1.0 - ties)


def _win_rate(share: float, ties: float) -> tuple[float, float]:
    difference = (1.0 - ties) * (share - 0.5)
    return difference, (1.0 - ties) / 4.0 - difference**2


def _check(share: float, ties: float, alpha: float) -> None:
    check_share(share, "share of preferences")
    check_share(alpha, "alpha")
    if not 0.0 <= ties < 1.0:
        raise PowerError(f"The share of ties is {ties:g}; it must be at least 0 and below 1.")
    if share == 0.5:
        raise PowerError("A share of one half is no preference, so there is nothing to find. Change it.")


def _crossed_given(
    share: float, crossing: Crossing, readers: int, ties: float, alpha: float
) -> dict[str, float | int | str | None]:
    return {
        "share": share,
        "ties": ties,
        "alpha": alpha,
        "readers": readers,
        "case_correlation": crossing.case_correlation,
        "reader_correlation": crossing.reader_correlation,
    }


def _sign_planned(name: str, value: float | int | None, unit: str, test: ExactTest, given: Given) -> Planned:
    notes: tuple[str, ...] = (INDEPENDENT,)
    if value is None:
        notes = (
            f"More than {MOST_EXACT:,} judgements are not enumerated; the normal formula is close there.",
        )
    elif unit == "judgements":
        notes = (INDEPENDENT, SAWTOOTH)
    return Planned(
        name=f"{name} ({'exact' if test == 'exact' else 'mid-p'})",
        value=value,
        unit=unit,
        formula=EXACT_FORMULA.format(kind="p" if test == "exact" else "mid-p"),
        source="Dixon & Mood, J Am Stat Assoc 41:557, 1946 (enumeration)",
        given=given,
        notes=notes,
    )


def _win_planned(name: str, value: float | int | None, unit: str, readers: int, given: Given) -> Planned:
    return Planned(
        name=name,
        value=value,
        unit=unit,
        formula=WIN_FORMULA,
        source=SOURCE,
        given=given,
        readers=readers,
        notes=(unreachable(readers),) if value is None else (),
    )
