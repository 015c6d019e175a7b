"""How precisely agreement will be known: the half-width of its interval for a number of cases, and the reverse.

The variance of every coefficient is that of its large-sample (linearised) distribution under the population model of
:mod:`~readerstudy.stats.power.population`: with F_u the influence of a case of pattern u and p_u the chance of that
pattern, n Var = sum p_u F_u^2. This is the variance that the report estimates from data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from readerstudy.stats.agreement.alpha import Metric
from readerstudy.stats.agreement.weights import Weights, agreement_weights
from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.estimate import Caution
from readerstudy.stats.power.planned import Given, Planned, PowerError, check_count, check_share
from readerstudy.stats.power.population import MODEL_SOURCE, binary_table, chances, pair_table, patterns
from readerstudy.stats.power.search import smallest
from readerstudy.stats.quantiles import t_quantile
from readerstudy.stats.scale import Scale

Coefficient = Literal["cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac"]
COEFFICIENTS: tuple[Coefficient, ...] = ("cohen_kappa", "fleiss_kappa", "krippendorff_alpha", "gwet_ac")

_STEP = 1e-30
_PREVALENT = 0.9
_FORMULAS: dict[Coefficient, str] = {
    "cohen_kappa": (
        "half-width = z·√(V/n); unweighted V = {Σᵢ pᵢᵢ[(1−pe) − (pᵢ. + p.ᵢ)(1−po)]² + (1−po)²·Σᵢ≠ⱼ pᵢⱼ(p.ᵢ + pⱼ.)² "
        "− (po·pe − 2pe + po)²} / (1−pe)⁴"
    ),
    "fleiss_kappa": (
        "half-width = t(n−1)·√(V/n); V = Σᵤ pᵤFᵤ², Fᵤ = [aᵤ − pa − (1−κ)·2π′W(sᵤ − π)]/(1−pe), pe = π′Wπ"
    ),
    "krippendorff_alpha": (
        "half-width = z·(1 − 1/(nm))·√(V/n); V = Σᵤ pᵤFᵤ², F the derivative of 1 − Do/De along a case of pattern u"
    ),
    "gwet_ac": (
        "half-width = t(n−1)·√(V/n); V = Σᵤ pᵤFᵤ², Fᵤ = [aᵤ − pa − (1−AC)·T_w/(q(q−1))·Σₖ(1−2πₖ)(sᵤₖ − πₖ)]/(1−pe)"
    ),
}
_NAMES: dict[Coefficient, str] = {
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac": "Gwet's AC",
}
_SOURCES: dict[Coefficient, str] = {
    "cohen_kappa": "Fleiss, Cohen & Everitt, Psychol Bull 72:323, 1969",
    "fleiss_kappa": "Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014; Fleiss, Psychol Bull 76:378, 1971",
    "krippendorff_alpha": "Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011; delta method",
    "gwet_ac": "Gwet, Br J Math Stat Psychol 61:29, 2008",
}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The agreement that a plan expects.

    ``shares`` are the shares of the k categories, summing to 1; ``other_shares`` those of the second reader where the
    two of a Cohen's kappa on yes and no differ. ``weights`` belong to the kappas and AC, ``metric`` to alpha; both take
    the categories as 1 … k.
    """

    coefficient: Coefficient
    value: float
    shares: tuple[float, ...]
    readers: int = 2
    weights: Weights = "unweighted"
    metric: Metric = "nominal"
    other_shares: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_count(self.readers, "readers", least=2)
        if not 0.0 <= self.value < 1.0:
            raise PowerError(
                f"The expected agreement is {self.value:g}; it must be at least 0 and below 1, "
                "because at 1 there is no variance to plan with."
            )
        for shares in (self.shares, self.other_shares or self.shares):
            _check_shares(shares)
        if self.coefficient == "cohen_kappa" and self.readers != 2:
            raise PowerError(
                "Cohen's kappa compares two readers. Choose fleiss_kappa, krippendorff_alpha or gwet_ac for more."
            )
        if self.other_shares is not None and (self.coefficient != "cohen_kappa" or len(self.shares) != 2):
            raise PowerError("Only Cohen's kappa on two categories takes shares of its own for each reader.")

    @property
    def graded(self) -> FloatArray:
        """The agreement weights, shape (k, k)."""
        return agreement_weights(Scale(tuple(range(1, len(self.shares) + 1)), ordered=True), self.weights)

    @property
    def intraclass(self) -> float:
        """The kappa of the population model at which the coefficient has its value.

        Raises PowerError where that is below 0, which the model cannot hold.
        """
        if self.coefficient != "gwet_ac":
            return self.value
        shares, graded = np.array(self.shares), self.graded
        expected = float(_gwet_expected(shares, graded))
        by_chance = float(shares @ graded @ shares)
        kappa = (self.value * (1.0 - expected) + expected - by_chance) / (1.0 - by_chance)
        if kappa < -1e-12:
            least = (by_chance - expected) / (1.0 - expected)
            raise PowerError(
                f"At these shares readers who decide by chance already reach an AC of {least:.3f}. "
                f"Expect at least that, not {self.value:g}."
            )
        return max(kappa, 0.0)


def case_variance(agreement: Agreement) -> float:
    """Return n times the large-sample variance of the coefficient."""
    if agreement.coefficient == "cohen_kappa":
        return _cohen_variance(agreement)
    shares = np.array(agreement.shares)
    counts = patterns(agreement.readers, len(shares))
    weight = chances(counts, shares, agreement.intraclass)
    features = _features(counts, agreement.readers)
    means = weight @ features
    influence = (features - means) @ _gradient(_coefficient(agreement), means)
    return float(weight @ influence**2)


def half_width(agreement: Agreement, *, cases: int, level: float = 0.95) -> Planned:
    """Return half the length of the interval that so many cases (outputs that every reader rates) will give."""
    check_share(level, "level")
    check_count(cases, "cases", least=2)
    width = _width(agreement, case_variance(agreement), cases, level)
    given = _given(agreement, level) | {"cases": cases}
    return _planned(agreement, "Half-width", width, "half-width", given)


def cases_for(agreement: Agreement, *, half_width: float, level: float = 0.95) -> Planned:
    """Return the smallest number of cases whose interval is at most ± half_width; more cases never widen it."""
    check_share(level, "level")
    check_share(half_width, "half-width")
    variance = case_variance(agreement)
    found = smallest(lambda n: _width(agreement, variance, n, level) <= half_width, least=2)
    given = _given(agreement, level) | {"half_width": half_width}
    return _planned(agreement, "Cases", found, "cases", given)


def _width(agreement: Agreement, variance: float, cases: int, level: float) -> float:
    studentised = agreement.coefficient in ("fleiss_kappa", "gwet_ac")
    quantile = t_quantile(0.5 + level / 2.0, cases - 1 if studentised else math.inf)
    small = 1.0 - 1.0 / (cases * agreement.readers) if agreement.coefficient == "krippendorff_alpha" else 1.0
    return quantile * small * math.sqrt(variance / cases)


def _cohen_variance(agreement: Agreement) -> float:
    if agreement.other_shares is None:
        table = pair_table(np.array(agreement.shares), agreement.value)
    else:
        table = binary_table(agreement.shares[0], agreement.other_shares[0], agreement.value)
    graded = agreement.graded

    def kappa(cells: NumberArray) -> NumberArray:
        joint = cells.reshape(table.shape)
        return _corrected((graded * joint).sum(), joint.sum(axis=1) @ graded @ joint.sum(axis=0))

    cells = table.ravel()
    slopes = _gradient(kappa, cells)
    return float(cells @ (slopes - cells @ slopes) ** 2)


def _features(counts: NumberArray, readers: int) -> FloatArray:
    # Of each pattern: the share of reader pairs on each cell of k x k, then the share of each category.
    pairs = counts[:, :, np.newaxis] * counts[:, np.newaxis, :].astype(np.float64)
    places = np.arange(counts.shape[1])
    pairs[:, places, places] -= counts
    flat = pairs.reshape(len(counts), -1) / (readers * (readers - 1))
    return np.concatenate([flat, counts / readers], axis=1)


def _coefficient(agreement: Agreement) -> Callable[[NumberArray], NumberArray]:
    graded, q = agreement.graded, len(agreement.shares)

    def function(means: NumberArray) -> NumberArray:
        pairs, shares = means[: q * q].reshape(q, q), means[q * q :]
        if agreement.coefficient == "krippendorff_alpha":
            distance = _distances(shares, agreement.metric)
            return np.asarray(1.0 - (distance * pairs).sum() / (shares @ distance @ shares))
        expected = shares @ graded @ shares
        if agreement.coefficient == "gwet_ac":
            expected = _gwet_expected(shares, graded)
        return _corrected((graded * pairs).sum(), expected)

    return function


def _corrected(observed: NumberArray, expected: NumberArray) -> NumberArray:
    return np.asarray((observed - expected) / (1.0 - expected))


def _gwet_expected(shares: NumberArray, graded: FloatArray) -> NumberArray:
    q = len(shares)
    return np.asarray(graded.sum() / (q * (q - 1)) * (shares * (1.0 - shares)).sum())


def _distances(shares: NumberArray, metric: Metric) -> NumberArray:
    # Krippendorff's squared distances of the categories 1 … k; the ordinal ones come from the shares themselves.
    places = np.arange(1.0, len(shares) + 1.0)
    apart = np.subtract.outer(places, places)
    if metric == "nominal":
        return np.asarray(apart != 0.0, dtype=np.float64)
    if metric == "ordinal":
        middles = np.cumsum(shares) - shares / 2.0
        return np.asarray(np.subtract.outer(middles, middles) ** 2)
    ratio = np.add.outer(places, places) if metric == "ratio" else 1.0
    return np.asarray((apart / ratio) ** 2)


def _gradient(function: Callable[[NumberArray], NumberArray], at: FloatArray) -> FloatArray:
    # The derivative along the imaginary axis has no cancellation and is exact to rounding.
    steps = at + 1j * _STEP * np.eye(len(at))
    return np.array([float(function(step).imag) / _STEP for step in steps])


def _check_shares(shares: tuple[float, ...]) -> None:
    if len(shares) < 2 or min(shares) <= 0.0 or abs(sum(shares) - 1.0) > 1e-6:
        told = ", ".join(f"{share:g}" for share in shares)
        raise PowerError(
            f"The shares of the categories are {told}; there must be at least two, all above 0, that sum to 1."
        )


def _given(agreement: Agreement, level: float) -> dict[str, float | int | str | None]:
    shares = " ".join(f"{share:g}" for share in agreement.shares)
    alpha = agreement.coefficient == "krippendorff_alpha"
    given: dict[str, float | int | str | None] = {
        "coefficient": agreement.coefficient,
        "expected": agreement.value,
        "shares": shares,
        "metric" if alpha else "weights": agreement.metric if alpha else agreement.weights,
        "readers": agreement.readers,
        "level": level,
    }
    if agreement.other_shares is not None:
        given["shares_of_the_second_reader"] = " ".join(f"{share:g}" for share in agreement.other_shares)
    return given


def _planned(agreement: Agreement, name: str, value: float | int | None, unit: str, given: Given) -> Planned:
    notes = ["Every case is rated by every reader; of several outputs of a case, count one."]
    if max(*agreement.shares, *(agreement.other_shares or ())) > _PREVALENT:
        notes.append(Caution.HIGH_PREVALENCE.sentence)
    if value is None:
        notes.append("No number of cases up to a million is enough. Accept a wider interval.")
    return Planned(
        name=f"{name}, {_NAMES[agreement.coefficient]}",
        value=value,
        unit=unit,
        formula=_FORMULAS[agreement.coefficient],
        source=f"{_SOURCES[agreement.coefficient]}; {MODEL_SOURCE}",
        given=given,
        readers=agreement.readers,
        notes=tuple(notes),
    )
