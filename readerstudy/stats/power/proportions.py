"""Shares of cases: how precisely one is known, and whether two of the same cases differ or one is not inferior."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.power.discordant import MOST_EXACT, ExactTest, conditional_power, power_by_pairs
from readerstudy.stats.power.planned import (
    Given,
    Planned,
    PowerError,
    check_count,
    check_discordant,
    check_share,
)
from readerstudy.stats.power.search import smallest, smallest_for_good
from readerstudy.stats.quantiles import normal_quantile

McNemarTest = Literal["connor", "exact", "mid_p"]
MCNEMAR_TESTS: tuple[McNemarTest, ...] = ("connor", "exact", "mid_p")

WILSON_FORMULA = "half-width = z/(1 + z²/n)·√(p(1−p)/n + z²/(4n²))"
WILSON_SOURCE = "Wilson, J Am Stat Assoc 22:209, 1927"
CONNOR_FORMULA = "n = {z(1−α/2)·√(p₁₀+p₀₁) + z(1−β)·√(p₁₀+p₀₁ − (p₁₀−p₀₁)²)}² / (p₁₀−p₀₁)²"
CONNOR_SOURCE = "Connor, Biometrics 43:207, 1987; Miettinen, Biometrics 24:339, 1968"
EXACT_FORMULA = (
    "power = Σ_D B(D; n, p₁₀+p₀₁)·P(two-sided {kind} ≤ α | X ~ B(D, p₁₀/(p₁₀+p₀₁))); "
    "n = the smallest from which on power stays reached"
)
EXACT_SOURCE = "McNemar, Psychometrika 12:153, 1947; Duffy, Biometrics 40:1005, 1984 (enumeration)"
_KINDS: dict[str, str] = {"exact": "binomial p", "mid_p": "mid-p"}
_UNREACHED = (
    f"More than {MOST_EXACT:,} pairs are not enumerated; the normal formula beside this is close there."
)
SAWTOOTH = "The power of an exact test is a sawtooth; from this number on it stays reached, below it may be in places."


def share_half_width(share: float, *, cases: int, level: float = 0.95) -> Planned:
    """Return half the length of Wilson's interval where ``share`` of n independent cases is found."""
    check_share(level, "level")
    check_count(cases, "cases")
    given = {"share": share, "cases": cases, "level": level}
    return _wilson_planned("Half-width of the interval", _wilson(share, cases, level), "half-width", given)


def share_cases(share: float, *, half_width: float, level: float = 0.95) -> Planned:
    """Return the smallest number of cases whose Wilson interval is at most ± half_width; more cases never widen it."""
    check_share(level, "level")
    check_share(half_width, "half-width")
    found = smallest(lambda n: _wilson(share, n, level) <= half_width)
    given = {"share": share, "half_width": half_width, "level": level}
    return _wilson_planned("Cases", found, "cases", given)


def mcnemar_power(
    first_only: float, second_only: float, *, cases: int, alpha: float = 0.05, test: McNemarTest = "exact"
) -> Planned:
    """Return the power to find that two shares measured on the same cases differ.

    ``first_only`` and ``second_only`` are the shares of cases that only the first, and only the second, gets right. By
    Connor's formula or, for up to 3,000 cases, by enumeration of McNemar's exact test or its mid-p form.
    """
    _check_discordant(first_only, second_only, alpha)
    check_count(cases, "cases")
    power = _mcnemar_powers(first_only, second_only, alpha, test, np.array([cases]))
    given = {"first_only": first_only, "second_only": second_only, "alpha": alpha, "cases": cases}
    return _mcnemar_planned("Power", None if power is None else float(power[0]), "power", test, given)


def mcnemar_cases(
    first_only: float,
    second_only: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    test: McNemarTest = "exact",
) -> Planned:
    """Return the number of cases at which, and above which, that power is reached; arguments as in mcnemar_power."""
    _check_discordant(first_only, second_only, alpha)
    check_share(power, "power")
    near = _connor_cases(first_only, second_only, power, alpha)
    found: int | None = math.ceil(near)
    if test != "connor":
        found = _exact_cases(first_only, second_only, power, alpha, test, near)
    given = {"first_only": first_only, "second_only": second_only, "alpha": alpha, "power": power}
    return _mcnemar_planned("Cases", found, "cases", test, given)


def pair_cases(
    discordance: float, share: float, *, power: float, alpha: float, test: ExactTest, near: float
) -> int | None:
    """Return the pairs from which on the exact test keeps the power, None beyond 3,000; ``near`` is a first guess."""
    if near > MOST_EXACT:
        return None

    def powers(pairs: IntArray) -> FloatArray:
        conditional = conditional_power(int(pairs.max()), share=share, alpha=alpha, test=test)
        return power_by_pairs(pairs, discordance=discordance, conditional=conditional)

    return smallest_for_good(powers, power, near=near)


def _wilson(share: float, cases: int, level: float) -> float:
    check_share(share, "share")
    z2 = normal_quantile(0.5 + level / 2.0) ** 2
    return math.sqrt(z2) / (1.0 + z2 / cases) * math.sqrt(share * (1 - share) / cases + z2 / (4 * cases**2))


def _wilson_planned(name: str, value: float | int | None, unit: str, given: Given) -> Planned:
    notes = (
        ()
        if value is not None
        else ("No number of cases up to a million is enough. Accept a wider interval.",)
    )
    return Planned(
        name=name,
        value=value,
        unit=unit,
        given=given,
        formula=WILSON_FORMULA,
        source=WILSON_SOURCE,
        notes=notes,
    )


def _check_discordant(first_only: float, second_only: float, alpha: float) -> None:
    check_share(alpha, "alpha")
    check_discordant(first_only, second_only)
    if first_only == second_only:
        raise PowerError(
            "The two discordant shares are equal, so there is no difference to find. Change one."
        )


def _connor_cases(first_only: float, second_only: float, power: float, alpha: float) -> float:
    apart, differ = first_only - second_only, first_only + second_only
    critical, wanted = normal_quantile(1.0 - alpha / 2.0), normal_quantile(power)
    return (critical * math.sqrt(differ) + wanted * math.sqrt(max(differ - apart**2, 0.0))) ** 2 / apart**2


def _connor_power(first_only: float, second_only: float, alpha: float, cases: IntArray) -> FloatArray:
    from scipy.special import ndtr

    apart, differ = abs(first_only - second_only), first_only + second_only
    reach = apart * np.sqrt(cases) - normal_quantile(1.0 - alpha / 2.0) * math.sqrt(differ)
    spread = math.sqrt(max(differ - apart**2, 0.0))
    power: FloatArray = ndtr(reach / spread) if spread > 0.0 else np.where(reach >= 0.0, 1.0, 0.0)
    return power


def _exact_cases(
    first_only: float, second_only: float, power: float, alpha: float, test: ExactTest, near: float
) -> int | None:
    differ = first_only + second_only
    return pair_cases(differ, first_only / differ, power=power, alpha=alpha, test=test, near=near)


def _mcnemar_powers(
    first_only: float, second_only: float, alpha: float, test: McNemarTest, cases: IntArray
) -> FloatArray | None:
    if test == "connor":
        return _connor_power(first_only, second_only, alpha, cases)
    if cases.max() > MOST_EXACT:
        return None
    differ = first_only + second_only
    conditional = conditional_power(int(cases.max()), share=first_only / differ, alpha=alpha, test=test)
    return power_by_pairs(cases, discordance=differ, conditional=conditional)


def _mcnemar_planned(
    name: str,
    value: float | int | None,
    unit: str,
    test: McNemarTest,
    given: Given,
) -> Planned:
    formula, source = CONNOR_FORMULA, CONNOR_SOURCE
    notes: tuple[str, ...] = ("Normal approximation; the exact test needs somewhat more cases.",)
    if test != "connor":
        formula, source = EXACT_FORMULA.format(kind=_KINDS[test]), EXACT_SOURCE
        notes = (_UNREACHED,) if value is None else (SAWTOOTH,) if unit == "cases" else ()
    name = f"{name}, McNemar's test ({ {'connor': 'normal', 'exact': 'exact', 'mid_p': 'mid-p'}[test] })"
    return Planned(
        name=name, value=value, unit=unit, given=given, formula=formula, source=source, notes=notes
    )
