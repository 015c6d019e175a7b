"""Questions without a score, and those about the case, within one level of a stratum.

Choices have the share of each option, numbers about the case a mean, comparisons the win rate and, for every k, the
share of cases where at least k of m readers prefer an arm or find both equal. Shares of choices leave refusals out, as
distributions do; in comparisons a refusal loses.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.estimates.plain import (
    AS_INTENDED,
    CONDITIONAL,
    Content,
    answered,
    arm_scores,
    plain,
)
from readerstudy.analysis.estimates.preferences import panels
from readerstudy.analysis.estimates.whose import answers_by_arm, name_of
from readerstudy.analysis.evidence import Evidence, is_comparison
from readerstudy.stats.alignment import crossed_mean, mean_score, share_of_readings
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.panel import at_least
from readerstudy.stats.ratings import Scores
from readerstudy.studies.models import Criterion, Kind
from readerstudy.studies.models.criterion import Option

CATEGORY = "category_share"


def unscored(part: Evidence) -> Iterator[Content]:
    """The figures of these questions over the cases of the part, in the order of the questions."""
    for criterion in part.table.criteria.values():
        for row in _figures(part, criterion):
            yield {**row, "about": criterion.key, "question": criterion.question}


def _figures(part: Evidence, criterion: Criterion) -> Iterator[Content]:
    if criterion.key in part.sheets and criterion.kind == Kind.SINGLE_CHOICE:
        return _choices(part, criterion)
    if criterion.key in part.compared and is_comparison(criterion):
        return _comparisons(part, criterion)
    if criterion.key in part.of_cases:
        return chain.from_iterable(_about_case(part, each) for each in answers_by_arm(part, criterion.key))
    return iter(())


def _choices(part: Evidence, criterion: Criterion) -> Iterator[Content]:
    """The share of each option in each arm's readings."""
    scores = part.sheets[criterion.key].scores
    for place, arm in enumerate(part.arms):
        chosen = arm_scores(part, scores[place], answered(part, arm.pk))
        for at, option in enumerate(criterion.options):
            held = np.where(chosen.rated, (chosen.values == at).astype(np.float64), np.nan)
            yield _share(part, chosen.with_values(held), option, arm.name)


def _about_case(part: Evidence, answers: Answers) -> Iterator[Content]:
    """What was answered about the case beside one arm, or beside none."""
    criterion, arm = answers.criterion, name_of(part, answers)
    if criterion.kind == Kind.SINGLE_CHOICE:
        for option in criterion.options:
            yield _share(part, _chose(answers, option["value"]), option, arm)
    elif criterion.is_scored:
        mean = mean_score(answers.scores(lambda record: record.score), inference=part.inference)
        yield _told(mean, refusals=CONDITIONAL, arm=arm)


def _chose(answers: Answers, value: str) -> Scores:
    return answers.scores(lambda record: float(record.value == value))


def _share(part: Evidence, marks: Scores, option: Option, arm: str) -> Content:
    found = share_of_readings(CATEGORY, marks, inference=part.inference)
    told = _told(found, refusals=CONDITIONAL, arm=arm)
    return {**told, "category": option["value"], "label": option["label"] or option["value"]}


def _comparisons(part: Evidence, criterion: Criterion) -> Iterator[Content]:
    """Of every two arms what the first won, then the shares of cases for it and for the other."""
    for names, wins in panels(part, criterion.key):
        rate = crossed_mean("win_rate", wins, variant="rrrc", inference=part.inference)
        yield _told(rate, refusals=AS_INTENDED, contrast=names)
        for contrast, won in ((names, wins), (names[::-1], wins.with_values(1.0 - wins.values))):
            panel = int(won.rated.sum(axis=1).max())
            for found in at_least(won, inference=part.inference):
                yield _told(found, refusals=AS_INTENDED, contrast=contrast, panel=panel)


def _told(
    found: Estimate,
    *,
    refusals: str,
    arm: str | None = None,
    contrast: list[str] | None = None,
    panel: int | None = None,
) -> Content:
    return {**plain(found), "arm": arm, "contrast": contrast, "refusals": refusals, "panel": panel}
