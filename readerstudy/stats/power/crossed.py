"""Readers crossed with cases: what so many judgements are worth, and the power and precision that they give.

Of the variance of one judgement the share ``case_correlation`` belongs to the case (what two readers of a case have in
common) and ``reader_correlation`` to the reader (what two cases of a reader have in common). The interval is the one
that the report gives: crossed moment components with Hillis degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.power.noncentral import f_power
from readerstudy.stats.power.planned import (
    Given,
    Planned,
    PowerError,
    check_count,
    check_discordant,
    check_share,
)
from readerstudy.stats.power.search import smallest_for_good_smooth

MOST_CROSSED = 20_000
EFFECT_FORMULA = (
    "design effect = 1 + (R−1)ρ_case + (C−1)ρ_reader; worth RC/design effect independent judgements"
)
EFFECT_SOURCE = "Kish, Survey Sampling, 1965; two-way random effects, Gao & Owen, Ann Appl Stat 11:1814, 2017"
WIDTH_FORMULA = (
    "half-width = t(df)·√(V_c + V_r); V_c = σ²ρ_case/C, V_r = σ²[ρ_reader/R + (1−ρ_case−ρ_reader)/(RC)], "
    "df = (V_c + V_r)²/(V_r²/(R−1))"
)
POWER_FORMULA = (
    "power = P(F(1, df; λ) > F₁₋α(1, df)), λ = (μ − μ₀)²/(V_c + V_r); V_c = σ²ρ_case/C, "
    "V_r = σ²[ρ_reader/R + (1−ρ_case−ρ_reader)/(RC)], df = (V_c + V_r)²/(V_r²/(R−1))"
)
DIFFERENCE_FORMULA = "μ = p₁₀ − p₀₁, μ₀ = −margin, σ² = p₁₀ + p₀₁ − μ²; " + POWER_FORMULA
SOURCE = "Gao & Owen, Ann Appl Stat 11:1814, 2017; Hillis, Stat Med 26:596, 2007"


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """How much of a judgement's variance readers of a case, and cases of a reader, have in common; each from 0 to 1."""

    case_correlation: float
    reader_correlation: float

    def __post_init__(self) -> None:
        parts = self.case_correlation, self.reader_correlation
        if min(parts) < 0.0 or sum(parts) > 1.0:
            raise PowerError(
                f"The correlations are {parts[0]:g} for cases and {parts[1]:g} for readers; "
                "neither may be negative, and together they may be at most 1."
            )

    @property
    def error(self) -> float:
        """What is left of the variance."""
        return 1.0 - self.case_correlation - self.reader_correlation


def design_effect(crossing: Crossing, *, readers: int, cases: int) -> Planned:
    """Return how many times as many judgements are needed as if all were independent."""
    _check_counts(readers, cases, least=1)
    effect = 1.0 + (readers - 1) * crossing.case_correlation + (cases - 1) * crossing.reader_correlation
    worth = readers * cases / effect
    return Planned(
        name="Design effect of readers crossed with cases",
        value=effect,
        unit="times",
        formula=EFFECT_FORMULA,
        source=EFFECT_SOURCE,
        given=_given(crossing, readers) | {"cases": cases, "judgements": readers * cases, "worth": worth},
        readers=readers,
    )


def crossed_half_width(
    share: float, crossing: Crossing, *, readers: int, cases: int, level: float = 0.95
) -> Planned:
    """Return half the length of the interval of a share that every reader judges on every case."""
    check_share(share, "share")
    check_share(level, "level")
    _check_counts(readers, cases)
    width = float(_widths(share * (1.0 - share), crossing, readers, np.array([cases]), level)[0])
    given = _given(crossing, readers) | {"share": share, "cases": cases, "level": level}
    return _planned(
        "Half-width, random readers and cases", width, "half-width", WIDTH_FORMULA, given, readers
    )


def crossed_share_cases(
    share: float, crossing: Crossing, *, readers: int, half_width: float, level: float = 0.95
) -> Planned:
    """Return the cases from which on the interval is at most ± half_width; None where only more readers would do.

    Up to 20,000 are looked through: the interval can widen as cases are added, where it then rests on
    fewer degrees of freedom.
    """
    check_share(share, "share")
    check_share(level, "level")
    check_share(half_width, "half-width")
    _check_counts(readers, 2)
    variance = share * (1.0 - share)
    found = smallest_for_good_smooth(
        lambda cases: -_widths(variance, crossing, readers, cases, level),
        -half_width,
        least=2,
        most=MOST_CROSSED,
    )
    given = _given(crossing, readers) | {"share": share, "half_width": half_width, "level": level}
    return _planned("Cases, random readers and cases", found, "cases", WIDTH_FORMULA, given, readers)


def difference_power(
    first_only: float,
    second_only: float,
    crossing: Crossing,
    *,
    readers: int,
    cases: int,
    margin: float = 0.0,
    alpha: float = 0.05,
) -> Planned:
    """Return the power to find that two shares differ where every reader judges both arms of every case.

    ``first_only`` and ``second_only`` are the shares of judgements in which only the first, and only the second, is
    right; ``crossing`` is that of their difference. With a margin: to find that the first is no worse than by that.
    """
    difference, variance = _difference(first_only, second_only, margin, alpha)
    _check_counts(readers, cases)
    numbers = np.array([cases])
    power = crossed_power(difference, variance, crossing, readers=readers, cases=numbers, alpha=alpha)
    given = _given(crossing, readers) | {
        "first_only": first_only,
        "second_only": second_only,
        "margin": margin,
    }
    given |= {"alpha": alpha, "cases": cases}
    name = "Power, two shares over readers and cases"
    return _planned(name, float(power[0]), "power", DIFFERENCE_FORMULA, given, readers)


def difference_cases(
    first_only: float,
    second_only: float,
    crossing: Crossing,
    *,
    readers: int,
    margin: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> Planned:
    """Return the cases for that power; None where only more readers would do. Arguments as in difference_power."""
    difference, variance = _difference(first_only, second_only, margin, alpha)
    check_share(power, "power")
    _check_counts(readers, 2)
    found = crossed_cases(difference, variance, crossing, readers=readers, power=power, alpha=alpha)
    given = _given(crossing, readers) | {
        "first_only": first_only,
        "second_only": second_only,
        "margin": margin,
    }
    given |= {"alpha": alpha, "power": power}
    name = "Cases, two shares over readers and cases"
    return _planned(name, found, "cases", DIFFERENCE_FORMULA, given, readers)


def crossed_power(
    difference: float, variance: float, crossing: Crossing, *, readers: int, cases: IntArray, alpha: float
) -> FloatArray:
    """Return the power to tell a mean from a fixed value that lies ``difference`` away, for each number of cases.

    ``variance`` is that of one judgement; ``cases`` and the result have shape (n,).
    """
    by_case, by_reader = _parts(variance, crossing, readers, cases)
    df = _df(by_case, by_reader, readers, cases)
    noncentrality = difference**2 / (by_case + by_reader)
    return f_power(df, noncentrality, alpha)


def crossed_cases(
    difference: float, variance: float, crossing: Crossing, *, readers: int, power: float, alpha: float
) -> int | None:
    """Return the cases from which on that power stays reached; None where only more readers would do.

    Up to 20,000 are looked through: power can fall slightly as cases are added, where it then rests on
    fewer degrees of freedom.
    """
    return smallest_for_good_smooth(
        lambda cases: crossed_power(
            difference, variance, crossing, readers=readers, cases=cases, alpha=alpha
        ),
        power,
        least=2,
        most=MOST_CROSSED,
    )


def unreachable(readers: int) -> str:
    """Say that more cases do not help."""
    return f"With {readers} readers no number of cases up to {MOST_CROSSED:,} is enough. Add readers."


def _difference(first_only: float, second_only: float, margin: float, alpha: float) -> tuple[float, float]:
    check_share(alpha, "alpha")
    check_discordant(first_only, second_only)
    difference = first_only - second_only + margin
    if difference == 0.0 or (margin != 0.0 and not 0.0 < margin < 1.0) or (margin > 0.0 and difference < 0.0):
        raise PowerError(
            "No difference is expected, or it lies beyond the margin, so there is nothing to find. "
            "Change the shares or the margin; a margin lies between 0 and 1."
        )
    return difference, first_only + second_only - (first_only - second_only) ** 2


def _parts(
    variance: float, crossing: Crossing, readers: int, cases: IntArray
) -> tuple[FloatArray, FloatArray]:
    counts = cases.astype(np.float64)
    by_case = variance * crossing.case_correlation / counts
    by_reader = variance * (crossing.reader_correlation / readers + crossing.error / (readers * counts))
    return by_case, by_reader


def _df(by_case: FloatArray, by_reader: FloatArray, readers: int, cases: IntArray) -> FloatArray:
    # Readers who add no variance leave the cases as the only sampling, as in the report.
    own = by_reader > 0.0
    divisor = np.where(own, by_reader, 1.0) ** 2 / (readers - 1)
    df: FloatArray = np.where(own, (by_case + by_reader) ** 2 / divisor, cases - 1.0)
    return df


def _widths(variance: float, crossing: Crossing, readers: int, cases: IntArray, level: float) -> FloatArray:
    from scipy.special import stdtrit

    by_case, by_reader = _parts(variance, crossing, readers, cases)
    df = _df(by_case, by_reader, readers, cases)
    widths: FloatArray = stdtrit(df, 0.5 + level / 2.0) * np.sqrt(by_case + by_reader)
    return widths


def _check_counts(readers: int, cases: int, least: int = 2) -> None:
    check_count(readers, "readers", least=least)
    check_count(cases, "cases", least=least)


def _given(crossing: Crossing, readers: int) -> dict[str, float | int | str | None]:
    return {
        "readers": readers,
        "case_correlation": crossing.case_correlation,
        "reader_correlation": crossing.reader_correlation,
    }


def _planned(
    name: str, value: float | int | None, unit: str, formula: str, given: Given, readers: int
) -> Planned:
    notes = () if value is not None else (unreachable(readers),)
    return Planned(
        name=name,
        value=value,
        unit=unit,
        formula=formula,
        source=SOURCE,
        given=given,
        readers=readers,
        notes=notes,
    )
