"""Power of a comparison of two arms by several readers, from Obuchowski-Rockette components.

Source: Hillis, Obuchowski & Berbaum, Acad Radiol 18:129, 2011. The error covariances shrink as 1/cases, so components
found with K* cases stand for a study of K cases with the factor K*/K, as long as the share of abnormal cases stays the
same. The figure may be an area under the ROC curve, a sensitivity or a specificity: it enters by its components alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.mrmc import Decomposition, Figure, Reads, Variant, decompose
from readerstudy.stats.power.noncentral import f_power
from readerstudy.stats.power.planned import Given, Planned, PowerError, check_count, check_share
from readerstudy.stats.power.search import smallest_for_good_smooth
from readerstudy.stats.roc import Covariance

MOST_CASES = 20_000
SOURCE = "Hillis, Obuchowski & Berbaum, Acad Radiol 18:129, 2011; Hillis, Stat Med 26:596, 2007"
FORMULAS: dict[Variant, str] = {
    "rrrc": (
        "power = P(F(1, df; λ) > F₁₋α(1, df)); λ = (J/2)d²/D, "
        "D = σ²_TR + (K*/K)[σ²_ε − Cov1 + (J−1)max(Cov2 − Cov3, 0)], "
        "df = (J−1)·D²/{σ²_TR + (K*/K)[σ²_ε − Cov1 − max(Cov2 − Cov3, 0)]}²"
    ),
    "frrc": "power = P(χ²(1; λ) > χ²₁₋α(1)); λ = (J/2)d²/{(K*/K)[σ²_ε − Cov1 + (J−1)max(Cov2 − Cov3, 0)]}",
    "rrfc": (
        "power = P(F(1, J−1; λ) > F₁₋α(1, J−1)); "
        "λ = (J/2)d²/{σ²_TR + (K*/K)[σ²_ε − Cov1 − max(Cov2 − Cov3, 0)]}"
    ),
}
WHO: dict[Variant, str] = {
    "rrrc": "readers and cases random",
    "frrc": "these readers, cases random",
    "rrfc": "readers random, these cases",
}
HANLEY_FORMULA = (
    "σ²_ε = {A(1−A) + (n₁−1)(Q₁−A²) + (n₀−1)(Q₂−A²)}/(n₁n₀), Q₁ = A/(2−A), Q₂ = 2A²/(1+A); Covᵢ = rᵢσ²_ε"
)
HANLEY_SOURCE = (
    "Hanley & McNeil, Radiology 143:29, 1982; Obuchowski & Rockette, Commun Stat Simul 24:285, 1995"
)


@dataclass(frozen=True, kw_only=True)
class Components:
    """Variances and covariances of the figures of readers, found or expected with ``cases`` cases.

    ``arm_reader`` is the variance of arm by reader, ``variance`` that of the error, ``cov1`` to ``cov3`` the error
    covariances of same reader and other arm, other reader and same arm, both other.
    """

    cases: int
    arm_reader: float
    variance: float
    cov1: float
    cov2: float
    cov3: float

    def __post_init__(self) -> None:
        check_count(self.cases, "cases behind the components")
        if self.variance <= 0.0 or self.variance <= self.cov1 + max(self.cov2 - self.cov3, 0.0):
            raise PowerError(
                "The error variance must be above 0 and above Cov1 + Cov2 − Cov3; otherwise these are no components "
                "of a reader study. Check their order."
            )

    @property
    def interaction(self) -> float:
        """The variance of arm by reader, 0 where it was estimated below."""
        return max(self.arm_reader, 0.0)

    @property
    def shared(self) -> float:
        """Cov2 - Cov3, 0 where it was estimated below."""
        return max(self.cov2 - self.cov3, 0.0)

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return the components by name."""
        return {
            "component_cases": self.cases,
            "var_arm_reader": self.arm_reader,
            "var_error": self.variance,
            "cov1": self.cov1,
            "cov2": self.cov2,
            "cov3": self.cov3,
        }


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """The power of one number of readers and cases; ``df`` is infinite where the test is a chi-square."""

    readers: int
    cases: int
    power: float
    df: float
    noncentrality: float


def components_of(found: Decomposition, *, cases: int) -> Components:
    """Return the components of an analysed study of so many cases."""
    return Components(
        cases=cases,
        arm_reader=found.arm_reader_variance,
        variance=found.variance,
        cov1=found.cov1,
        cov2=found.cov2,
        cov3=found.cov3,
    )


def pilot_components(
    reads: Reads, *, figure: Figure = "auc", covariance: Covariance = "jackknife"
) -> Components:
    """Return the components of a pilot's complete reads; at least two arms, two readers, two cases of each class."""
    arms, readers, cases = reads.values.shape
    check_count(arms, "arms in the pilot", least=2)
    check_count(readers, "readers in the pilot", least=2)
    for name, count in (("abnormal", int(reads.abnormal.sum())), ("normal", int((~reads.abnormal).sum()))):
        needed = figure == "auc" or (figure == "sensitivity") == (name == "abnormal")
        check_count(count, f"{name} cases in the pilot", least=2 if needed else 0)
    return components_of(decompose(reads, figure=figure, covariance=covariance), cases=cases)


def expected_components(
    value: float,
    *,
    figure: Figure = "auc",
    cases: int,
    abnormal: float,
    correlations: tuple[float, float, float],
    arm_reader_sd: float,
) -> Components:
    """Return components to expect without a pilot, for a figure of that value.

    ``abnormal`` is the share of abnormal cases, ``correlations`` are Cov1, Cov2 and Cov3 over the error variance, and
    ``arm_reader_sd`` the standard deviation of what an arm changes from reader to reader. The error variance is Hanley
    and McNeil's for an area, p(1-p)/n for a share.
    """
    check_share(value, figure)
    check_share(abnormal, "share of abnormal cases")
    positive, negative = round(cases * abnormal), cases - round(cases * abnormal)
    check_count(min(positive, negative), "cases in the smaller class", least=2)
    if figure == "auc":
        variance = hanley_mcneil(value, positive, negative)
    else:
        variance = value * (1.0 - value) / (positive if figure == "sensitivity" else negative)
    covariances = [correlation * variance for correlation in correlations]
    return Components(
        cases=cases,
        arm_reader=arm_reader_sd**2,
        variance=variance,
        cov1=covariances[0],
        cov2=covariances[1],
        cov3=covariances[2],
    )


def hanley_mcneil(area: float, abnormal: int, normal: int) -> float:
    """Return the variance of an empirical area under the negative exponential model (Radiology 143:29, 1982)."""
    first, second = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    spread = area * (1.0 - area) + (abnormal - 1) * (first - area**2) + (normal - 1) * (second - area**2)
    return spread / (abnormal * normal)


def mrmc_power(
    components: Components,
    difference: float,
    *,
    readers: int,
    cases: int,
    alpha: float = 0.05,
    variant: Variant = "rrrc",
) -> Planned:
    """Return the power to find that two arms differ by ``difference`` on average over readers."""
    _check(difference, readers, alpha, variant)
    check_count(cases, "cases", least=2)
    power, df, noncentrality = _power(components, difference, readers, np.array([cases]), alpha, variant)
    given = _given(components, difference, readers, alpha) | {"cases": cases}
    given |= {"df": float(df[0]) if math.isfinite(df[0]) else None, "noncentrality": float(noncentrality[0])}
    return _planned("Power", float(power[0]), "power", variant, given, readers)


def mrmc_cases(
    components: Components,
    difference: float,
    *,
    readers: int,
    power: float = 0.8,
    alpha: float = 0.05,
    variant: Variant = "rrrc",
) -> Planned:
    """Return the cases from which on that power stays reached, up to 20,000; None where only more readers would do."""
    _check(difference, readers, alpha, variant)
    check_share(power, "power")
    found = smallest_for_good_smooth(
        lambda cases: _power(components, difference, readers, cases, alpha, variant)[0],
        power,
        least=2,
        most=MOST_CASES,
    )
    given = _given(components, difference, readers, alpha) | {"power": power}
    return _planned("Cases", found, "cases", variant, given, readers)


def mrmc_grid(
    components: Components,
    difference: float,
    *,
    readers: Sequence[int],
    cases: Sequence[int],
    alpha: float = 0.05,
    variant: Variant = "rrrc",
) -> tuple[GridRow, ...]:
    """Return the power of every number of readers with every number of cases, by readers and then cases."""
    rows: list[GridRow] = []
    numbers = np.array(cases, dtype=np.int64)
    check_count(int(numbers.min(initial=2)), "cases", least=2)
    for count in readers:
        _check(difference, count, alpha, variant)
        found = _power(components, difference, count, numbers, alpha, variant)
        rows += [
            GridRow(readers=count, cases=int(n), power=float(power), df=float(df), noncentrality=float(moved))
            for n, power, df, moved in zip(numbers, *found, strict=True)
        ]
    return tuple(rows)


def _power(
    components: Components, difference: float, readers: int, cases: IntArray, alpha: float, variant: Variant
) -> tuple[FloatArray, FloatArray, FloatArray]:
    # Power, denominator degrees of freedom and noncentrality, each of shape (n,).
    from scipy.special import chdtri, ndtr

    own, total = _spread(components, readers, cases, variant)
    noncentrality = readers / 2.0 * difference**2 / total
    if variant == "frrc":
        bound, moved = math.sqrt(chdtri(1, alpha)), np.sqrt(noncentrality)
        return ndtr(moved - bound) + ndtr(-moved - bound), np.full(len(cases), math.inf), noncentrality
    df = (readers - 1) * (total / own) ** 2
    return f_power(df, noncentrality, alpha), df, noncentrality


def _spread(
    components: Components, readers: int, cases: IntArray, variant: Variant
) -> tuple[FloatArray, FloatArray]:
    # The expected mean square of arm by reader, and the expected denominator of F.
    scale = components.cases / cases
    error = components.variance - components.cov1
    own = components.interaction + scale * (error - components.shared)
    if variant == "rrfc":
        return own, own
    fixed = scale * (error + (readers - 1) * components.shared)
    return own, fixed if variant == "frrc" else components.interaction + fixed


def _check(difference: float, readers: int, alpha: float, variant: Variant) -> None:
    check_share(alpha, "alpha")
    check_count(readers, "readers", least=1 if variant == "frrc" else 2)
    if difference == 0.0 or not -1.0 < difference < 1.0:
        raise PowerError(f"The difference is {difference:g}; it must lie between -1 and 1 and not be 0.")


def _given(
    components: Components, difference: float, readers: int, alpha: float
) -> dict[str, float | int | str | None]:
    return components.as_dict() | {"difference": difference, "alpha": alpha, "readers": readers}


def _planned(
    name: str, value: float | int | None, unit: str, variant: Variant, given: Given, readers: int
) -> Planned:
    notes = ["The share of abnormal cases must be the one behind the components."]
    if value is None:
        notes.append(
            f"With {readers} readers no number of cases up to {MOST_CASES:,} is enough. Add readers."
        )
    return Planned(
        name=f"{name}, {WHO[variant]}",
        value=value,
        unit=unit,
        formula=FORMULAS[variant],
        source=SOURCE,
        given=given,
        readers=readers,
        notes=tuple(notes),
    )
