"""Per question and arm: the mean score and the share acceptable, and their differences between arms.

A choice has no mean, but a share acceptable where the protocol says which of its options are.

Refusals: a mean exists conditional on a response, because an answer that was not given has no grade; as intended only
where the protocol itself scores refusals as the worst of the scale. The share acceptable exists twice: as intended,
where a refusal is not acceptable, and conditional on a response.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from readerstudy.analysis.estimates.plain import (
    AS_INTENDED,
    CONDITIONAL,
    Content,
    adjusted,
    answered,
    arm_scores,
    plain,
)
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.analysis.table import cuts
from readerstudy.stats.alignment import (
    VARIANTS,
    Cut,
    mark_acceptable,
    mean_score,
    paired_difference,
    proportion_acceptable,
)
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.ratings import Scores
from readerstudy.stats.refusals import as_intended
from readerstudy.studies.models import Criterion, Direction

MEAN = "mean_score"
SHARE = "proportion_acceptable"
Measure = tuple[str, str]
"""What is measured and how refusals are read."""


def cut_of(criterion: Criterion) -> Cut:
    """The declared cut; of a scored question; call it only where `cuts(criterion)`."""
    comparison = "<=" if criterion.direction == Direction.LOWER else ">="
    return Cut(comparison, float(criterion.acceptable_from or 0.0))


def measures(sheet: Sheet) -> list[Measure]:
    """What a question admits, its primary measure first; nothing of a choice without a declared cut."""
    shares = [(SHARE, AS_INTENDED), (SHARE, CONDITIONAL)] if cuts(sheet.criterion) else []
    by_rule = [(MEAN, AS_INTENDED)] if sheet.scored_by_rule.any() else []
    means = [(MEAN, CONDITIONAL)] if sheet.criterion.is_scored else []
    return [*shares, *by_rule, *means]


def alignment(evidence: Evidence, sheet: Sheet) -> list[Content]:
    """Every measure of every arm with both intervals: other readers too ("rrrc"), these readers only ("frrc")."""
    return [
        plain(
            estimate(scores, variant=variant, inference=evidence.inference).labelled(
                criterion=sheet.criterion.key, arm=arm.name
            ),
            refusals=refusals,
        )
        for measure, refusals in measures(sheet)
        for place, arm in enumerate(evidence.arms)
        for scores in [scores_of(evidence, sheet, place, (measure, refusals))]
        for estimate in [mean_score if measure == MEAN else proportion_acceptable]
        for variant in VARIANTS
    ]


def differences(evidence: Evidence, sheet: Sheet) -> list[Content]:
    """First minus second for every pair of arms, on the cases and readers that both have; p also after Holm."""
    return [
        row
        for measure in measures(sheet)
        for variant in VARIANTS
        for row in _contrasts(evidence, sheet, measure, variant)
    ]


def scores_of(evidence: Evidence, sheet: Sheet, place: int, measure: Measure) -> Scores:
    """The numbers whose mean is the measure, shape (cases, readers), for the arm at this place."""
    name, refusals = measure
    arm, values = evidence.arms[place].pk, sheet.scores[place]
    if refusals == CONDITIONAL:
        scores = arm_scores(evidence, values, answered(evidence, arm))
        return scores if name == MEAN else _marked(sheet, scores)
    present = evidence.outputs[arm].present
    if name == MEAN:
        return arm_scores(evidence, _with_rule(sheet, place), present)
    acceptable = _marked(sheet, arm_scores(evidence, values, present))
    return as_intended(acceptable, sheet.refused[place][present])


def _marked(sheet: Sheet, scores: Scores) -> Scores:
    """1 where a score or a choice is acceptable, 0 where not, NaN where there is none."""
    criterion = sheet.criterion
    if criterion.is_scored:
        return mark_acceptable(scores, cut_of(criterion))
    places = [place for place, value in enumerate(criterion.values) if value in criterion.acceptable]
    held = np.isin(scores.values, places).astype(np.float64)
    return scores.with_values(np.where(scores.rated, held, np.nan))


def _with_rule(sheet: Sheet, place: int) -> FloatArray:
    """One arm's scores with the worst of the scale where the protocol scores a refusal so."""
    values: FloatArray = np.where(sheet.scored_by_rule[place], sheet.worst[place], sheet.scores[place])
    return values


def _contrasts(evidence: Evidence, sheet: Sheet, measure: Measure, variant: str) -> list[Content]:
    arms = [scores_of(evidence, sheet, place, measure) for place in range(len(evidence.arms))]
    pairs = list(combinations(range(len(arms)), 2))
    found = [
        paired_difference(
            measure[0],
            arms[first],
            arms[second],
            variant="frrc" if variant == "frrc" else "rrrc",
            inference=evidence.inference,
        )
        for first, second in pairs
    ]
    p_values = adjusted(evidence, [estimate.p for estimate in found])
    return [
        plain(
            estimate.labelled(criterion=sheet.criterion.key),
            refusals=measure[1],
            contrast=[evidence.arms[first].name, evidence.arms[second].name],
            p_adjusted=p,
        )
        for (first, second), estimate, p in zip(pairs, found, p_values, strict=True)
    ]
