"""Whether a share is not worse than another of the same cases by more than a margin: the score test for pairs.

With p10 the share of cases that only the new side gets right and p01 the share that only the standard does, H0 says
p10 - p01 <= -margin. Tango's statistic (Stat Med 17:891, 1998) divides b - c + n margin by its standard error under
H0, whose variance has the restricted maximum likelihood estimate of p01 in it (Nam, Biometrics 53:1422, 1997). With a
margin of 0 it is McNemar's.
"""

from __future__ import annotations

import math

import numpy as np

from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.power.planned import (
    Given,
    Planned,
    PowerError,
    check_count,
    check_discordant,
    check_share,
)
from readerstudy.stats.quantiles import normal_quantile

MOST_ENUMERATED = 1000
FORMULA = (
    "n = {z(1−α)·σ₀ + z(1−β)·σ₁}² / (p₁₀ − p₀₁ + Δ)²; σ₁² = p₁₀+p₀₁ − (p₁₀−p₀₁)², σ₀² = 2p̃₀₁ − Δ(Δ+1), "
    "p̃₀₁ the share under p₁₀ − p₀₁ = −Δ nearest to the expected ones by likelihood"
)
ENUMERATED = (
    "power = Σ_b Σ_c P(b, c; n, p₁₀, p₀₁) over all b, c with (b − c + nΔ)/√(n(2p̃₀₁ − Δ(Δ+1))) ≥ z(1−α)"
)
SOURCE = "Nam, Biometrics 53:1422, 1997; Tango, Stat Med 17:891, 1998"
_NOTE = "One-sided: alpha .025 goes with a 95 % interval that stays above the margin."


def noninferiority_cases(
    new_only: float, standard_only: float, *, margin: float, power: float = 0.8, alpha: float = 0.025
) -> Planned:
    """Return the cases that show with that power that the new side is not worse by ``margin`` or more.

    ``alpha`` is one-sided. Raises PowerError where the expected difference lies at or beyond the margin.
    """
    _check(new_only, standard_only, margin, alpha)
    check_share(power, "power")
    root = normal_quantile(1.0 - alpha) * math.sqrt(_null_variance(new_only, standard_only, margin))
    root += normal_quantile(power) * math.sqrt(_variance(new_only, standard_only))
    found = math.ceil(root**2 / (new_only - standard_only + margin) ** 2)
    given = _given(new_only, standard_only, margin, alpha) | {"power": power}
    return _planned("Cases, non-inferiority", max(found, 1), "cases", FORMULA, given)


def noninferiority_power(
    new_only: float, standard_only: float, *, margin: float, cases: int, alpha: float = 0.025
) -> Planned:
    """Return the power with n cases: enumerated over every outcome up to 1,000 cases, else by the normal formula."""
    _check(new_only, standard_only, margin, alpha)
    check_count(cases, "cases")
    given = _given(new_only, standard_only, margin, alpha) | {"cases": cases}
    if cases <= MOST_ENUMERATED:
        value = _enumerated(new_only, standard_only, margin, alpha, cases)
        return _planned("Power, non-inferiority", value, "power", ENUMERATED, given)
    value = _normal_power(new_only, standard_only, margin, alpha, cases)
    return _planned("Power, non-inferiority", value, "power", FORMULA, given)


def tango_statistic(
    new_only: NumberArray, standard_only: NumberArray, *, cases: int, margin: float
) -> FloatArray:
    """Return Tango's z for counts b and c of differing cases, broadcast; 0 where it has no variance."""
    variance = cases * _null_variance(new_only / cases, standard_only / cases, margin)
    above = new_only - standard_only + cases * margin
    return np.divide(above, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0.0)


def _normal_power(new_only: float, standard_only: float, margin: float, alpha: float, cases: int) -> float:
    from scipy.special import ndtr

    critical = normal_quantile(1.0 - alpha) * math.sqrt(_null_variance(new_only, standard_only, margin))
    above = math.sqrt(cases) * (new_only - standard_only + margin) - critical
    return float(ndtr(above / math.sqrt(_variance(new_only, standard_only))))


def _enumerated(new_only: float, standard_only: float, margin: float, alpha: float, cases: int) -> float:
    from scipy.special import gammaln, xlogy

    first, second = np.meshgrid(np.arange(cases + 1.0), np.arange(cases + 1.0), indexing="ij")
    same = cases - first - second
    possible = same >= 0.0
    first, second, same = first[possible], second[possible], same[possible]
    ways = gammaln(cases + 1) - gammaln(first + 1) - gammaln(second + 1) - gammaln(same + 1)
    logs = ways + xlogy(first, new_only) + xlogy(second, standard_only)
    chance = np.exp(logs + xlogy(same, 1.0 - new_only - standard_only))
    significant = tango_statistic(first, second, cases=cases, margin=margin) >= normal_quantile(1.0 - alpha)
    return float(chance[significant].sum())


def _variance(new_only: float, standard_only: float) -> float:
    return new_only + standard_only - (new_only - standard_only) ** 2


def _null_variance(
    new_only: NumberArray | float, standard_only: NumberArray | float, margin: float
) -> FloatArray:
    # The larger root of 2x^2 - bx - c = 0 is the restricted maximum likelihood estimate of p01.
    b = new_only + standard_only + margin * (2.0 - new_only + standard_only)
    c = -np.asarray(standard_only) * margin * (margin + 1.0)
    restricted = (b + np.sqrt(np.maximum(b**2 + 8.0 * c, 0.0))) / 4.0
    variance: FloatArray = np.maximum(2.0 * restricted - margin * (margin + 1.0), 0.0)
    return variance


def _check(new_only: float, standard_only: float, margin: float, alpha: float) -> None:
    check_share(alpha, "alpha")
    check_discordant(new_only, standard_only)
    if not 0.0 <= margin < 1.0:
        raise PowerError(f"The margin is {margin:g}; it must be at least 0 and below 1.")
    if new_only - standard_only + margin <= 0.0:
        raise PowerError(
            f"A difference of {new_only - standard_only:g} is expected, at or beyond the margin of {margin:g}, "
            "so non-inferiority cannot be shown. Widen the margin or expect more of the new side."
        )


def _given(
    new_only: float, standard_only: float, margin: float, alpha: float
) -> dict[str, float | int | str | None]:
    return {"new_only": new_only, "standard_only": standard_only, "margin": margin, "alpha": alpha}


def _planned(name: str, value: float | int, unit: str, formula: str, given: Given) -> Planned:
    return Planned(
        name=name, value=value, unit=unit, formula=formula, source=SOURCE, given=given, notes=(_NOTE,)
    )
