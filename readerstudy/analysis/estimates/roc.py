"""Receiver operating characteristics of readers, and the comparison of arms with random readers and cases.

What is scored is what a declared endpoint of the area under the curve names: a scale, or a confidence that belongs to
a choice. Arms are compared by Obuchowski and Rockette's method where every reader has scored every case in every arm,
else by the U-statistics of Gallas where these admit it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.estimates.plain import Content, adjusted, plain
from readerstudy.analysis.estimates.readers_marks import signed_confidence
from readerstudy.analysis.estimates.whose import answers_by_arm, name_of, truth_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.stats.arrays import BoolArray
from readerstudy.stats.curves import Curve, average_curve, roc_curves
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.gallas import gallas
from readerstudy.stats.mrmc import complete_reads, mrmc
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import auc


def roc(evidence: Evidence) -> list[Content]:
    """One entry a question that an endpoint of the area names; empty without a positive label."""
    positive = evidence.study.positive_label
    keys = dict.fromkeys(
        each.get("criterion", "") for each in evidence.declared.endpoints if each["statistic"] == "auc"
    )
    if not positive:
        return []
    asked = {key: answers_by_arm(evidence, key) for key in keys}
    return [_question(evidence, answers, positive) for answers in asked.values() if answers]


def _question(evidence: Evidence, answers: list[Answers], positive: str) -> Content:
    truth = truth_of(evidence, positive)
    mark = signed_confidence(evidence.declared, answers[0].criterion, positive)
    scores = {name_of(evidence, each): each.scores(mark) for each in answers}
    return {
        "criterion": answers[0].criterion.key,
        "question": answers[0].criterion.question,
        "positive": positive,
        "arms": [_arm(evidence, name, found, truth) for name, found in scores.items()],
        **_compared(evidence, scores, truth),
    }


def _arm(evidence: Evidence, name: str, scores: Scores, truth: Mapping[str, bool]) -> Content:
    curves = roc_curves(scores, truth)
    average = average_curve(curves)
    areas = auc(scores, truth, inference=evidence.inference)
    return {
        "arm": name,
        "estimates": [plain(row.labelled(arm=name or None)) for row in areas if row.n_ratings],
        "curves": [{"reader": curve.reader, **_points(curve)} for curve in curves],
        "average": None if average is None else {"area": average.area, **_points(average)},
    }


def _points(curve: Curve) -> Content:
    """Corners of the curve, shares of false and of true positives."""
    return {
        "false_positive": [float(x) for x in curve.false_positive],
        "true_positive": [float(y) for y in curve.true_positive],
    }


def _compared(evidence: Evidence, scores: Mapping[str, Scores], truth: Mapping[str, bool]) -> Content:
    """The estimates of all arms together, and by which method."""
    used = {name: _used(found) for name, found in scores.items() if found.rated.any()}
    if not used:
        return {"method": None, "mrmc": []}
    is_complete = complete_reads(used, truth) is not None
    found = (
        mrmc(used, truth, inference=evidence.inference)
        if is_complete
        else gallas(used, truth, inference=evidence.inference)
    )
    rows = [_plain(row, list(scores)) for row in found]
    for variant in {row["variant"] for row in rows}:
        family = [row for row in rows if row["variant"] == variant and row["contrast"]]
        for row, p in zip(family, adjusted(evidence, [row["p"] for row in family]), strict=True):
            row["p_adjusted"] = p
    return {"method": "obuchowski_rockette" if is_complete else "gallas", "mrmc": rows}


def _plain(row: Estimate, names: list[str]) -> Content:
    """Contrasts by the names of their arms: a hyphen may stand in a name."""
    pairs = {f"{first}-{second}": [first, second] for first in names for second in names}
    told = plain(row, p_adjusted=None)
    return {**told, "contrast": pairs.get(row.contrast or "")}


def _used(scores: Scores) -> Scores:
    """Without readers who scored nothing and cases that nobody scored."""
    rows: BoolArray = np.asarray(scores.rated.any(axis=1))
    columns: BoolArray = np.asarray(scores.rated.any(axis=0))
    return Scores(
        values=scores.values[rows][:, columns],
        units=tuple(unit for unit, used in zip(scores.units, rows, strict=True) if used),
        readers=tuple(reader for reader, used in zip(scores.readers, columns, strict=True) if used),
    )
