"""The arms' own labels against the reference standard.

As intended: a refusal and a text without a label are incorrect. Conditional: both are left out. Each case has one label
of each arm, so intervals are Wilson's and pairs of arms are compared by McNemar's exact test.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from readerstudy.analysis.estimates.constancy import model_name
from readerstudy.analysis.estimates.plain import CONDITIONAL, READINGS, Content, adjusted, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.labels import fold
from readerstudy.analysis.table import label_of
from readerstudy.stats.accuracy import Correctness, accuracy, correctness, mcnemar, sensitivity, specificity
from readerstudy.stats.arrays import BoolArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.ratings import MISSING, Ratings
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Arm

READER = "model"  # arms are compared as one reader under two conditions


def classification(evidence: Evidence) -> Content | None:
    """Accuracy of every arm; with a positive label sensitivity and specificity too; None without a reference."""
    references = _references(evidence)
    if not references:
        return None
    labels = _labels(evidence, references)
    positive = _spelled(evidence.study.positive_label, labels)
    marks = {
        refusals: [_marks(evidence, arm, labels, references, refusals) for arm in evidence.arms]
        for refusals in READINGS
    }
    return {
        "labels": labels,
        "positive": positive,
        "n_cases": len(evidence.cases),
        "n_references": len(references),
        "arms": [_counted(evidence, place, references) for place in range(len(evidence.arms))],
        "estimates": [
            plain(estimate.labelled(arm=arm.name), refusals=refusals, reader=model_name(arm))
            for refusals in READINGS
            for arm, found in zip(evidence.arms, marks[refusals], strict=True)
            for estimate in _estimates(evidence, found, positive)
        ],
        "differences": [
            row for refusals in READINGS for row in _contrasts(evidence, marks[refusals], refusals)
        ],
    }


def _labels(evidence: Evidence, references: dict[str, str]) -> list[str]:
    """Those of the reference, and what outputs name that none of these cases has: so it is where cases are a part."""
    named = (label for outputs in evidence.outputs.values() for label in outputs.labels if label)
    return sorted({fold(label): label for label in (*named, *references.values())}.values())


def _references(evidence: Evidence) -> dict[str, str]:
    found = {case.code: label_of(case) for case in evidence.table.cases.values()}
    return {code: label for code, label in found.items() if label}


def _spelled(wanted: str, labels: list[str]) -> str | None:
    return next((label for label in labels if wanted and fold(label) == fold(wanted)), None)


def _marks(
    evidence: Evidence, arm: Arm, labels: list[str], references: dict[str, str], refusals: str
) -> Correctness:
    outputs, folded = evidence.outputs[arm.pk], [fold(label) for label in labels]
    codes = np.array([MISSING if label is None else folded.index(fold(label)) for label in outputs.labels])
    codes = np.where(outputs.declined, MISSING, codes).astype(np.int64)
    ratings = Ratings(
        codes=codes[:, np.newaxis],
        scale=Scale(tuple(labels)),
        units=evidence.cases,
        readers=(READER,),
    )
    truth = {case: labels[folded.index(fold(label))] for case, label in references.items()}
    found = correctness(ratings, truth)
    if refusals == CONDITIONAL:
        return found
    return found.counting_refusals((outputs.present & (codes == MISSING))[:, np.newaxis])


def _estimates(evidence: Evidence, marks: Correctness, positive: str | None) -> list[Estimate]:
    overall = accuracy(marks, inference=evidence.inference)
    if positive is None:
        return [overall]
    return [
        overall,
        sensitivity(marks, positive, inference=evidence.inference),
        specificity(marks, positive, inference=evidence.inference),
    ]


def _counted(evidence: Evidence, place: int, references: dict[str, str]) -> Content:
    arm = evidence.arms[place]
    outputs = evidence.outputs[arm.pk]
    known: BoolArray = np.array([case in references for case in evidence.cases], dtype=np.bool_)
    unlabelled = np.array([label is None for label in outputs.labels], dtype=np.bool_)
    return {
        "arm": arm.name,
        "outputs": int((known & outputs.present).sum()),
        "declined": int((known & outputs.declined).sum()),
        "without_label": int((known & outputs.present & ~outputs.declined & unlabelled).sum()),
    }


def _contrasts(evidence: Evidence, marks: list[Correctness], refusals: str) -> list[Content]:
    pairs = list(combinations(range(len(marks)), 2))
    found = [
        test
        for first, second in pairs
        for test in mcnemar(marks[first].marks, marks[second].marks, inference=evidence.inference)
        if test.variant == "exact"
    ]
    p_values = adjusted(evidence, [test.p for test in found])
    return [
        plain(
            test,
            refusals=refusals,
            contrast=[evidence.arms[first].name, evidence.arms[second].name],
            p_adjusted=p,
        )
        for (first, second), test, p in zip(pairs, found, p_values, strict=True)
    ]
