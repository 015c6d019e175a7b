"""How far readers disagree on each case: where to look first.

For each output and question the mean distance of two readers' answers, from 0 (the same) to 1 (the ends of the scale);
of choices the share of reader pairs that chose differently; of numbers without a declared range the distance over the
range that was given. A case has the mean over the outputs that two readers rated, and over its questions.
"""

from __future__ import annotations

import numpy as np

from readerstudy.analysis.estimates.plain import Content
from readerstudy.analysis.estimates.preferences import judged_by_case
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.arrays import FloatArray
from readerstudy.studies.models import Kind


def disagreement(evidence: Evidence) -> Content:
    """The questions, and for each case in descending order its figure on each; null where nobody can differ."""
    by_question = {
        sheet.criterion.key: (sheet.criterion.question, _of_cases(sheet))
        for sheet in evidence.sheets.values()
        if sheet.criterion.kind != Kind.FREE_TEXT
    }
    for key, (question, values) in judged_by_case(evidence).items():
        by_question[key] = question, _distances(values, 1.0)
    shown = {key: found for key, found in by_question.items() if np.isfinite(found[1]).any()}
    return {
        "questions": [{"key": key, "question": question} for key, (question, _values) in shown.items()],
        "cases": _ordered(evidence, [values for _question, values in shown.values()]),
    }


def _ordered(evidence: Evidence, columns: list[FloatArray]) -> list[Content]:
    if not columns:
        return []
    table = np.stack(columns, axis=1)
    counts = np.isfinite(table).sum(axis=1)
    whole = np.divide(np.nansum(table, axis=1), counts, out=np.full(len(table), np.nan), where=counts > 0)
    order = sorted(np.flatnonzero(counts), key=lambda place: (-round(float(whole[place]), 12), place))
    return [
        {
            "case": evidence.cases[place],
            "value": float(whole[place]),
            "by_question": [float(value) if np.isfinite(value) else None for value in table[place]],
        }
        for place in order
    ]


def _of_cases(sheet: Sheet) -> FloatArray:
    """The mean distance over the outputs of each case, shape (cases,), NaN where no output has two ratings."""
    found = np.stack([_distances(scores, _span(sheet)) for scores in sheet.scores])
    counts = np.isfinite(found).sum(axis=0)
    means: FloatArray = np.divide(
        np.nansum(found, axis=0), counts, out=np.full(found.shape[1], np.nan), where=counts > 0
    )
    return means


def _span(sheet: Sheet) -> float:
    """The longest distance on the scale; 0 for choices, which have none."""
    if sheet.criterion.kind == Kind.SINGLE_CHOICE:
        return 0.0
    if sheet.criterion.options:
        values = [float(option["value"]) for option in sheet.options]
        return max(values) - min(values)
    low, high = sheet.criterion.minimum, sheet.criterion.maximum
    given = sheet.scores[sheet.rated]
    if low is None or high is None:
        return float(given.max() - given.min()) if given.size else 0.0
    return float(high) - float(low)


def _distances(scores: FloatArray, span: float) -> FloatArray:
    """The mean distance of two readers in each row of (outputs, readers); by equality where `span` is 0."""
    rated = ~np.isnan(scores)
    number = rated.sum(axis=1)
    pairs = number * (number - 1) / 2
    # Sorted, the distances of all pairs of a row are sums of its values by rank.
    ranked = np.sort(np.where(rated, scores, np.inf), axis=1)
    finite = np.where(np.isfinite(ranked), ranked, 0.0)
    if span:
        rank = np.arange(1, scores.shape[1] + 1)
        weights = np.where(rank <= number[:, np.newaxis], 2 * rank - number[:, np.newaxis] - 1, 0)
        apart = (finite * weights).sum(axis=1) / span
    else:
        apart = pairs - _alike(ranked)
    found: FloatArray = np.divide(apart, pairs, out=np.full(len(scores), np.nan), where=pairs > 0)
    return found


def _alike(ranked: FloatArray) -> FloatArray:
    """How many pairs of readers gave the same answer in each row."""
    alike = np.zeros(len(ranked))
    for step in range(1, ranked.shape[1]):
        same = (ranked[:, step:] == ranked[:, :-step]) & np.isfinite(ranked[:, step:])
        alike += same.sum(axis=1)
    return alike
