"""Estimates as JSON: null with a reason where a figure does not exist, never NaN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.intervals import corrected
from readerstudy.stats.ratings import Scores

Content = dict[str, Any]

AS_INTENDED = "as_intended"
CONDITIONAL = "conditional"
READINGS = (AS_INTENDED, CONDITIONAL)


def plain(estimate: Estimate, **more: Any) -> Content:
    """All fields of an estimate, its reason and cautions in words, and what `more` adds."""
    return {
        **estimate.as_dict(),
        "reason_sentence": estimate.reason.sentence if estimate.reason else None,
        "caution_sentences": [caution.sentence for caution in estimate.cautions],
        **more,
    }


def adjusted(evidence: Evidence, family: Sequence[float | None]) -> list[float | None]:
    """The corrected p-values of a family; None for each where it has one member or the protocol corrects none."""
    if len(family) < 2 or evidence.correction == "none":
        return [None] * len(family)
    return corrected(family, evidence.correction)


def arm_scores(evidence: Evidence, values: FloatArray, rows: BoolArray) -> Scores:
    """One arm's values of shape (cases, readers), at the chosen cases."""
    units = tuple(case for case, chosen in zip(evidence.cases, rows, strict=True) if chosen)
    return Scores(values=values[rows], units=units, readers=evidence.readers)


def answered(evidence: Evidence, arm: int) -> BoolArray:
    """The cases for which the arm gave an answer: an output that is no refusal."""
    outputs = evidence.outputs[arm]
    rows: BoolArray = outputs.present & ~outputs.declined
    return rows


def by_arm(evidence: Evidence, sheet: Sheet) -> list[tuple[int, str, FloatArray]]:
    """(primary key, name, scores) of each arm in order."""
    return [(arm.pk, arm.name, sheet.scores[place]) for place, arm in enumerate(evidence.arms)]
