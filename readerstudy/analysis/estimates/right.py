"""The arms' right labels: how many of a case's outputs had it, and what readers found wrong in outputs that had it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from readerstudy.analysis.estimates.alignment import SHARE, measures, scores_of
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, READINGS, Content, plain
from readerstudy.analysis.estimates.whose import labels_of
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.analysis.labels import fold
from readerstudy.analysis.replicates import Replicates
from readerstudy.stats.alignment import share_of_readings
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Caution
from readerstudy.stats.intervals import proportion
from readerstudy.stats.ratings import Scores

ANY = ""
"""Stands for “at least one of the questions”."""


def right(evidence: Evidence) -> Content | None:
    """Both kinds of figures; None where no case has a reference label or no output names it."""
    if not any(_is_right(evidence, outputs.labels).any() for outputs in evidence.outputs.values()):
        return None
    return {"replicates": list(_replicates(evidence)), "flawed": list(_flawed(evidence))}


def _is_right(evidence: Evidence, labels: Sequence[str | None]) -> BoolArray:
    """Whether each case's label is the reference, shape (cases,)."""
    truths = labels_of(evidence)
    pairs = zip(evidence.cases, labels, strict=True)
    return np.array([_same(truths.get(case), label) for case, label in pairs], dtype=np.bool_)


def _same(truth: str | None, label: str | None) -> bool:
    return truth is not None and label is not None and fold(truth) == fold(label)


def _replicates(evidence: Evidence) -> Iterator[Content]:
    """For every j the share of cases of whose k outputs at least j had the right label, with Wilson's interval."""
    for arm in evidence.arms:
        found = evidence.replicates.get(arm.pk)
        for refusals in READINGS if found else ():
            yield from (
                {**row, "arm": arm.name, "refusals": refusals} for row in _counted(evidence, found, refusals)
            )


def _counted(evidence: Evidence, found: Replicates | None, refusals: str) -> Iterator[Content]:
    """A case that lacks an output is left out; a refusal is not right, or as conditional its case is left out."""
    if found is None:
        return
    k, known = len(found.names), np.array([case in labels_of(evidence) for case in evidence.cases])
    complete = known & (found.declined >= 0).all(axis=1)
    kept = complete if refusals == AS_INTENDED else complete & (found.declined == 0).all(axis=1)
    columns = [_is_right(evidence, labels) for labels in zip(*found.labels, strict=True)]
    hits = (np.column_stack(columns) & (found.declined == 0)).sum(axis=1)[kept]
    for j in range(1, k + 1):
        held = proportion("right_labels", int((hits >= j).sum()), len(hits), inference=evidence.inference)
        told = replace(held, variant=f"at_least_{j}_of_{k}", category=j)
        partial = bool((known & ~complete).any())
        yield {**plain(told.with_cautions(*([Caution.CASES_LEFT_OUT] if partial else []))), "outputs": k}


def _flawed(evidence: Evidence) -> Iterator[Content]:
    """Of the readings of outputs with the right label the share found not acceptable: by each question, and by any."""
    cut = [sheet for sheet in evidence.sheets.values() if (SHARE, CONDITIONAL) in measures(sheet)]
    for place, arm in enumerate(evidence.arms):
        outputs = evidence.outputs[arm.pk]
        rows = _is_right(evidence, outputs.labels) & outputs.present & ~outputs.declined
        asked = [(sheet.criterion.key, [sheet]) for sheet in cut]
        for key, sheets in [*asked, (ANY, cut)] if len(cut) > 1 else asked:
            marks = _marks(evidence, place, sheets, rows)
            found = share_of_readings("flawed", marks, inference=evidence.inference)
            yield {**plain(found), "arm": arm.name, "criterion": key}


def _marks(evidence: Evidence, place: int, sheets: list[Sheet], rows: BoolArray) -> Scores:
    """1 where a reading found something not acceptable, 0 where all was acceptable, NaN where that is not known."""
    every = [_acceptable(evidence, sheet, place) for sheet in sheets]
    stacked = np.stack([each.values for each in every])
    flawed = (stacked == 0).any(axis=0)
    clean = (stacked == 1).all(axis=0)
    values: FloatArray = np.where(flawed, 1.0, np.where(clean, 0.0, np.nan))
    chosen = np.array([unit in _codes(evidence, rows) for unit in every[0].units], dtype=np.bool_)
    return every[0].with_values(values).rows(chosen)


def _acceptable(evidence: Evidence, sheet: Sheet, place: int) -> Scores:
    return scores_of(evidence, sheet, place, (SHARE, CONDITIONAL))


def _codes(evidence: Evidence, rows: BoolArray) -> frozenset[str]:
    return frozenset(case for case, chosen in zip(evidence.cases, rows, strict=True) if chosen)
