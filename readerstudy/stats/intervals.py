"""Intervals of proportions and their differences, and corrections for many comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.quantiles import beta_quantile, normal_quantile

Limits = tuple[float, float]
ProportionMethod = Literal["wilson", "clopper_pearson"]

WILSON = "Wilson score"
CLOPPER_PEARSON = "Clopper-Pearson exact"
NEWCOMBE = "Newcombe hybrid score"
NEWCOMBE_PAIRED = "Newcombe paired hybrid score"


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Limits | None:
    """Return Wilson's score interval (JASA 22:209, 1927); None without a trial."""
    _check(successes, trials)
    return _wilson(successes, trials, level) if trials else None


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> Limits | None:
    """Return the exact interval of Clopper & Pearson (Biometrika 26:404, 1934); None without a trial."""
    _check(successes, trials)
    if trials == 0:
        return None
    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, trials - successes + 1)
    high = 1.0 if successes == trials else beta_quantile(1.0 - tail, successes + 1, trials - successes)
    return low, high


def newcombe(first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95) -> Limits | None:
    """Return the interval of first - second, each (successes, trials), from independent samples.

    Newcombe's method 10 (Stat Med 17:873, 1998); None where a sample is empty.
    """
    _check(*first)
    _check(*second)
    if not first[1] or not second[1]:
        return None
    shares = first[0] / first[1], second[0] / second[1]
    return _hybrid(shares, (_wilson(*first, level), _wilson(*second, level)), phi=0.0)


def newcombe_paired(
    both: int, first_only: int, second_only: int, neither: int, *, level: float = 0.95
) -> Limits | None:
    """Return the interval of the difference of two shares measured on the same cases.

    Newcombe's method 10 for paired data, with the correlation corrected for continuity (Stat Med
    17:2635, 1998); None without a case.
    """
    n = both + first_only + second_only + neither
    if n == 0:
        return None
    first, second = both + first_only, both + second_only
    margins = first * (n - first) * second * (n - second)
    cross = both * neither - first_only * second_only
    corrected = max(cross - n / 2.0, 0.0) if cross > 0 else float(cross)
    phi = corrected / math.sqrt(margins) if margins > 0 else 0.0
    limits = _wilson(first, n, level), _wilson(second, n, level)
    return _hybrid((first / n, second / n), limits, phi=phi)


def proportion(
    estimator: str,
    successes: int,
    trials: int,
    *,
    method: ProportionMethod = "wilson",
    inference: Inference = DEFAULT,
) -> Estimate:
    """Return a share of independent cases with its interval; undefined without a case."""
    function, name = (wilson, WILSON) if method == "wilson" else (clopper_pearson, CLOPPER_PEARSON)
    limits = function(successes, trials, level=inference.level)
    if limits is None:
        return Estimate(estimator=estimator, reason=Reason.NO_OUTPUTS, n_cases=0)
    return Estimate(
        estimator=estimator,
        value=successes / trials,
        ci=limits,
        level=inference.level,
        ci_method=name,
        n_cases=trials,
    )


Correction = Literal["holm", "benjamini-hochberg", "none"]


def corrected(p_values: Sequence[float | None], correction: Correction) -> list[float | None]:
    """Return the p-values of one family under a correction; "none" leaves them as they are."""
    if correction == "none":
        return list(p_values)
    return holm(p_values) if correction == "holm" else benjamini_hochberg(p_values)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted by Holm's step-down method (Scand J Stat 6:65, 1979).

    Undefined p-values stay undefined and do not count as comparisons.
    """
    order, known = _ranked(p_values)
    adjusted, running = dict.fromkeys(order, 0.0), 0.0
    for rank, place in enumerate(order):
        running = max(running, min(1.0, (len(order) - rank) * known[place]))
        adjusted[place] = running
    return [adjusted.get(place) for place in range(len(p_values))]


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted for the false discovery rate (JRSS B 57:289, 1995)."""
    return _step_up(p_values, factor=1.0)


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted for the false discovery rate under any dependence (Ann Stat 29:1165, 2001)."""
    count = sum(p is not None for p in p_values)
    return _step_up(p_values, factor=sum(1.0 / rank for rank in range(1, count + 1)))


def _step_up(p_values: Sequence[float | None], *, factor: float) -> list[float | None]:
    order, known = _ranked(p_values)
    adjusted, running = dict.fromkeys(order, 0.0), 1.0
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        running = min(running, factor * len(order) / rank * known[place])
        adjusted[place] = running
    return [adjusted.get(place) for place in range(len(p_values))]


def _ranked(p_values: Sequence[float | None]) -> tuple[list[int], dict[int, float]]:
    known = {place: p for place, p in enumerate(p_values) if p is not None}
    return sorted(known, key=known.__getitem__), known


def _wilson(successes: int, trials: int, level: float) -> Limits:
    z = normal_quantile(0.5 + level / 2.0)
    share = successes / trials
    centre = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    divisor = 1 + z**2 / trials
    low = 0.0 if successes == 0 else (centre - half) / divisor
    high = 1.0 if successes == trials else (centre + half) / divisor
    return low, high


def _hybrid(shares: tuple[float, float], limits: tuple[Limits, Limits], *, phi: float) -> Limits:
    (first, second), ((low1, high1), (low2, high2)) = shares, limits
    difference = first - second
    down, up = (first - low1, high2 - second), (high1 - first, second - low2)
    below = down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2
    above = up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2
    return max(-1.0, difference - math.sqrt(below)), min(1.0, difference + math.sqrt(above))


def _check(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError("The successes must lie between zero and the number of trials.")
