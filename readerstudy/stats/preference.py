"""Pairwise preferences between arms: Bradley-Terry and Davidson by maximum likelihood.

With log-abilities a and b of the left and the right arm, position effect g and tie parameter n, the
chances of left, right and tie are proportional to exp(a + g), exp(b) and exp(n + (a + b)/2)
(Bradley & Terry, Biometrika 39:324, 1952; Davidson, JASA 65:317, 1970; order effect as in Davidson
& Beaver, Biometrics 33:693, 1977). Bradley-Terry has no tie; a tie then counts as half a win for
each side. Standard errors come from the information matrix and take comparisons as independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty

INFORMATION = "information matrix, normal"
Model = Literal["bradley_terry", "davidson"]
_STEPS = 100
_BEYOND_REASON = 20.0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One judgement, or ``count`` equal ones; ``left_wins`` is 1, .5 for a tie, or 0."""

    left: str
    right: str
    left_wins: float
    count: float = 1.0
    case: str = ""
    reader: str = ""


@dataclass(frozen=True)
class PreferenceFit:
    """Abilities of the arms and what stands beside them.

    ``abilities`` has one estimate for each arm: its log-ability, with ``contrast`` "ARM-REFERENCE".
    ``tie`` and ``position`` are the logarithms of the tie parameter and of the advantage of the left
    side, where the model has them. ``win_probability`` has shape (arms, arms): the chance that the
    row beats the column where there is no tie and no position effect; NaN where not estimable.
    """

    arms: tuple[str, ...]
    abilities: tuple[Estimate, ...]
    tie: Estimate | None
    position: Estimate | None
    win_probability: FloatArray


def fit_preferences(
    comparisons: Iterable[Comparison],
    *,
    model: Model = "davidson",
    reference: str | None = None,
    position: bool = False,
    inference: Inference = DEFAULT,
) -> PreferenceFit:
    """Return the abilities of all arms relative to a reference arm (the first by name by default).

    Arms that the comparisons do not connect with the reference are compared among themselves, with
    their own reference. An arm that won or lost everything that could place it has no finite
    ability and is reported as not estimable.
    """
    judged = [checked(comparison) for comparison in comparisons]
    arms = tuple(sorted({name for comparison in judged for name in (comparison.left, comparison.right)}))
    groups = estimable_groups(judged, arms, reference)
    leader = groups[0][0] if groups else reference or (arms[0] if arms else "")
    abilities = {arm: _not_estimable(model, arm, judged, leader) for arm in arms}
    logs = dict.fromkeys(arms, math.nan)
    extras: list[tuple[Estimate | None, Estimate | None]] = []
    for group in groups:
        inside = [c for c in judged if c.left in group and c.right in group]
        fitted = _fit(inside, group, model=model, position=position)
        estimates, tie, advantage = _describe(fitted, group, model, _sample(inside), inference)
        abilities |= dict(zip(group, estimates, strict=True))
        logs |= {
            arm: math.nan if estimate.value is None else estimate.value
            for arm, estimate in zip(group, estimates, strict=True)
        }
        extras.append((tie, advantage))
    tie, advantage = extras[0] if extras else (None, None)
    return PreferenceFit(
        arms=arms,
        abilities=tuple(abilities[arm] for arm in arms),
        tie=tie,
        position=advantage,
        win_probability=_probabilities(np.array([logs[arm] for arm in arms]), groups, arms),
    )


@dataclass(frozen=True)
class _Fit:
    # Parameters in the order: abilities but the reference's, then position, then tie.
    parameters: FloatArray
    covariance: FloatArray | None
    has_position: bool
    has_tie: bool


def _fit(comparisons: Sequence[Comparison], group: tuple[str, ...], *, model: Model, position: bool) -> _Fit:
    ties = model == "davidson" and any(comparison.left_wins == 0.5 for comparison in comparisons)
    design, counts = design_of(comparisons, group, position=position, ties=ties)
    parameters, covariance = _newton(design, counts)
    return _Fit(parameters, covariance, position, ties)


def design_of(
    comparisons: Sequence[Comparison], group: tuple[str, ...], *, position: bool, ties: bool
) -> tuple[FloatArray, FloatArray]:
    """Return one multinomial for each comparison: its design and its counts.

    Outcomes are left, right and, where modelled, tie: shapes (comparisons, outcomes, parameters) and
    (comparisons, outcomes). Parameters: abilities but the first arm's, position, tie.
    """
    place = {arm: at - 1 for at, arm in enumerate(group)}
    width = len(group) - 1 + position + ties
    design = np.zeros((len(comparisons), 3 if ties else 2, width))
    counts = np.zeros(design.shape[:2])
    for row, comparison in enumerate(comparisons):
        for outcome, arm in enumerate((comparison.left, comparison.right)):
            if place[arm] >= 0:
                design[row, outcome, place[arm]] = 1.0
        if position:
            design[row, 0, len(group) - 1] = 1.0
        if ties:
            design[row, 2] = design[row, :2].mean(axis=0)
            if position:
                design[row, 2, len(group) - 1] = 0.0
            design[row, 2, -1] = 1.0
        counts[row] = _outcome(comparison, ties)
    return design, counts


def _outcome(comparison: Comparison, ties: bool) -> list[float]:
    won = comparison.left_wins
    if not ties:
        return [won * comparison.count, (1.0 - won) * comparison.count]
    shares = {1.0: [1.0, 0.0, 0.0], 0.0: [0.0, 1.0, 0.0], 0.5: [0.0, 0.0, 1.0]}[won]
    return [share * comparison.count for share in shares]


def _newton(design: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    # The likelihood is concave, so halving a step that lost ground is all the guard it needs.
    parameters = np.zeros(design.shape[2])
    likelihood, gradient, information = _likelihood(parameters, design, counts)
    for _ in range(_STEPS):
        if _is_singular(information):
            return parameters, None
        step = np.linalg.solve(information, gradient)
        for _ in range(_STEPS):
            moved = _likelihood(parameters + step, design, counts)
            if moved[0] >= likelihood - 1e-12 * abs(likelihood):
                break
            step = step / 2.0
        parameters = parameters + step
        likelihood, gradient, information = moved
        if np.abs(parameters).max(initial=0.0) > _BEYOND_REASON:
            return parameters, None
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    if _is_singular(information):
        return parameters, None
    covariance: FloatArray = np.linalg.inv(information).astype(np.float64)
    return parameters, covariance


def _is_singular(information: FloatArray) -> bool:
    # An arm that always stood on one side cannot be told from the side: rounding alone would give it a variance.
    spectrum = np.linalg.eigvalsh(information)
    return bool(len(spectrum) and spectrum[0] <= 1e-9 * max(float(spectrum[-1]), 1e-300))


def _likelihood(
    parameters: FloatArray, design: FloatArray, counts: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    predictors = design @ parameters
    highest = predictors.max(axis=1, keepdims=True)
    normaliser = highest + np.log(np.exp(predictors - highest).sum(axis=1, keepdims=True))
    chances = np.exp(predictors - normaliser)
    total = counts.sum(axis=1)
    likelihood = float((counts * (predictors - normaliser)).sum())
    gradient = np.einsum("nkp,nk->p", design, counts - total[:, np.newaxis] * chances)
    mean = np.einsum("nkp,nk->np", design, chances)
    weighted = total[:, np.newaxis] * chances
    information = np.einsum("nkp,nk,nkq->pq", design, weighted, design)
    information -= np.einsum("np,n,nq->pq", mean, total, mean)
    return likelihood, gradient, information


def _describe(
    fitted: _Fit, group: tuple[str, ...], model: Model, sample: Sample, inference: Inference
) -> tuple[list[Estimate], Estimate | None, Estimate | None]:
    def parameter(at: int, **names: str) -> Estimate:
        if fitted.covariance is None:
            missing = Estimate.undefined(model, Reason.NOT_ESTIMABLE)
            return replace(missing.with_sample(sample).labelled(**names), ci_method=INFORMATION)
        value, se = float(fitted.parameters[at]), math.sqrt(float(fitted.covariance[at, at]))
        estimate = Estimate(estimator=model, value=value).with_sample(sample).labelled(**names)
        uncertainty = t_uncertainty(value, se, math.inf, level=inference.level, method=INFORMATION)
        return uncertainty.attach(estimate, level=inference.level)

    reference = group[0]
    first = Estimate(estimator=model, arm=reference, contrast=f"{reference}-{reference}", value=0.0)
    others = [parameter(at, arm=arm, contrast=f"{arm}-{reference}") for at, arm in enumerate(group[1:])]
    extra = len(group) - 1
    advantage = replace(parameter(extra), variant="position") if fitted.has_position else None
    tie = replace(parameter(extra + fitted.has_position), variant="tie") if fitted.has_tie else None
    return [first.with_sample(sample), *others], tie, advantage


def estimable_groups(
    comparisons: Sequence[Comparison], arms: tuple[str, ...], reference: str | None
) -> list[tuple[str, ...]]:
    """Return the groups of arms that have finite abilities, the reference arm's first, its leader first.

    Abilities are finite exactly within arms that are joined by wins in both directions (Ford, Am Math
    Monthly 64:28, 1957); a tie counts in both. Of each connected part the largest such group is kept.
    """
    beaten = np.eye(len(arms), dtype=bool)
    for comparison in comparisons:
        left, right = arms.index(comparison.left), arms.index(comparison.right)
        beaten[left, right] |= comparison.left_wins > 0.0
        beaten[right, left] |= comparison.left_wins < 1.0
    reach, joined = _closure(beaten), _closure(beaten | beaten.T)
    groups = []
    for part in np.unique(joined, axis=0):
        members = np.flatnonzero(part)
        strong = {tuple(np.flatnonzero(reach[at] & reach[:, at]).tolist()) for at in members}
        best = max(sorted(strong), key=lambda group: (len(group), reference in {arms[at] for at in group}))
        if len(best) > 1:
            groups.append(tuple(sorted((arms[at] for at in best), key=lambda arm: (arm != reference, arm))))
    return sorted(groups, key=lambda group: (reference not in group, -len(group), group))


def _closure(
    adjacent: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    reach = adjacent.copy()
    for middle in range(len(reach)):
        reach |= np.outer(reach[:, middle], reach[middle])
    return reach


def _not_estimable(model: Model, arm: str, comparisons: Sequence[Comparison], reference: str) -> Estimate:
    own = [comparison for comparison in comparisons if arm in (comparison.left, comparison.right)]
    estimate = Estimate.undefined(model, Reason.NOT_ESTIMABLE).with_sample(_sample(own))
    return estimate.labelled(arm=arm, contrast=f"{arm}-{reference}")


def _probabilities(logs: FloatArray, groups: list[tuple[str, ...]], arms: tuple[str, ...]) -> FloatArray:
    comparable = np.zeros((len(arms),) * 2, dtype=bool)
    for group in groups:
        inside = np.array([arm in group for arm in arms])
        comparable |= np.outer(inside, inside)
    with np.errstate(over="ignore"):
        chances: FloatArray = 1.0 / (1.0 + np.exp(np.subtract.outer(-logs, -logs)))
    return np.where(comparable, chances, np.nan)


def _sample(comparisons: Sequence[Comparison]) -> Sample:
    return Sample(
        n_cases=len({comparison.case for comparison in comparisons if comparison.case}),
        n_readers=len({comparison.reader for comparison in comparisons if comparison.reader}),
        n_ratings=round(sum(comparison.count for comparison in comparisons)),
    )


def checked(comparison: Comparison) -> Comparison:
    """Return the comparison; raises ValueError where it is none."""
    if (
        comparison.left_wins not in (0.0, 0.5, 1.0)
        or comparison.count < 0
        or comparison.left == comparison.right
    ):
        raise ValueError("A comparison is won by the left arm (1), tied (0.5) or lost (0), between two arms.")
    return comparison
