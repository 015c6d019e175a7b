"""How far measured numbers are from the reference: in units, without their sign, and as a part of the reference.

Of each question that an endpoint `mean_error` or `limits_of_agreement` names. Answers without a number in the reference
are left out; of relative figures also those whose reference is 0. All are conditional on what was shown and answered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.estimates.endpoints import numbers_in
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.estimates.whose import labels_of, name_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.stats.alignment import crossed_mean
from readerstudy.stats.bland_altman import bland_altman_reference, errors, relative_errors
from readerstudy.stats.ratings import Scores

ASKING = ("mean_error", "limits_of_agreement")
ABSOLUTE, RELATIVE, RELATIVE_ABSOLUTE = MEASURES = (
    "absolute_error",
    "relative_error",
    "absolute_relative_error",
)


def measured(evidence: Evidence) -> list[Content]:
    """One entry for each such question, and for each arm where it is about outputs."""
    named = [each.get("criterion", "") for each in evidence.declared.endpoints if each["statistic"] in ASKING]
    truth = numbers_in(labels_of(evidence))
    found = [
        _entry(evidence, answers, truth)
        for key in dict.fromkeys(named)
        for answers in evidence.declared.answers.get(key, [])
    ]
    return [entry for entry in found if entry["estimates"][0]["n_ratings"]]


def _entry(evidence: Evidence, answers: Answers, truth: dict[str, float]) -> Content:
    given = answers.scores(lambda record: record.score)
    relative = relative_errors(given, truth)
    zeros = [case for case in given.units if truth.get(case) == 0.0]
    criterion = answers.criterion
    return {
        "criterion": criterion.key,
        "question": criterion.question,
        "unit": criterion.unit,
        "arm": name_of(evidence, answers) or None,
        "zero_references": len(zeros),
        "estimates": list(_means(evidence, errors(given, truth), relative)),
        "limits": list(_limits(evidence, relative)),
    }


def _means(evidence: Evidence, apart: Scores, relative: Scores) -> Iterator[Content]:
    """The mean of each measure over cases and readers."""
    sizes = (apart.with_values(np.abs(apart.values)), relative, relative.with_values(np.abs(relative.values)))
    for name, scores in zip(MEASURES, sizes, strict=True):
        bounds = (-math.inf if name == RELATIVE else 0.0, math.inf)
        yield plain(crossed_mean(name, scores, bounds=bounds, inference=evidence.inference))


def _limits(evidence: Evidence, relative: Scores) -> Iterator[Content]:
    """Limits of agreement of each reader's relative errors."""
    none = dict.fromkeys(relative.units, 0.0)
    for row in bland_altman_reference(relative, none, inference=evidence.inference):
        yield plain(row)
