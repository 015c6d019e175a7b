"""Marks on images, everybody against everybody: overlap of every two, and what of the reference was found.

The parties are the readers, the reference marks, and the models that gave boxes. As intended, a model that declined has
marked nothing; conditional leaves such cases out. Both are told where a model declined.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from readerstudy.analysis.answers import Answers
from readerstudy.analysis.drawn import Marks
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, READINGS, Content, plain
from readerstudy.analysis.estimates.readers_marks import counted, marks_in, overlap
from readerstudy.analysis.evidence import Evidence
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions import found_and_missed, mean_overlap

THRESHOLDS = (0.3, 0.5)
READER, REFERENCE, MODEL = "reader", "reference", "model"


@dataclass(frozen=True)
class Party:
    """Who marked what, by the primary key of the case; `declined` are the cases that a model refused."""

    kind: str
    name: str
    marks: Mapping[int, Marks]
    declined: frozenset[int] = field(default_factory=frozenset)

    def seen(self, refusals: str) -> Mapping[int, Marks]:
        """The marks under one reading of refusals."""
        kept = {case: marks for case, marks in self.marks.items() if case not in self.declined}
        return {**kept, **{case: {} for case in self.declined}} if refusals == AS_INTENDED else kept


def regions(evidence: Evidence) -> list[Content]:
    """One entry for each question with the endpoint `iou`, and for each arm where it is about outputs."""
    named = [each.get("criterion", "") for each in evidence.declared.endpoints if each["statistic"] == "iou"]
    found = [_entry(evidence, key, each) for key in dict.fromkeys(named) for each in _answers(evidence, key)]
    return [entry for entry in found if entry["pairs"]]


def _answers(evidence: Evidence, key: str) -> Sequence[Answers | None]:
    """What readers marked; one None where models alone did."""
    return evidence.declared.answers.get(key) or (None,)


def _entry(evidence: Evidence, key: str, answers: Answers | None) -> Content:
    arm = answers.arm if answers else None
    parties = [*_readers(answers), *_reference(evidence), *_models(evidence, arm)]
    return {
        "criterion": key,
        "question": answers.criterion.question if answers else "",
        "arm": None if arm is None else evidence.table.arms[arm].name,
        "parties": [{"kind": each.kind, "name": each.name} for each in parties],
        "pairs": [
            row for two in combinations(range(len(parties)), 2) for row in _pair(evidence, parties, two)
        ],
        "found": [row for each in parties for row in _against_reference(evidence, each)],
    }


def _readers(answers: Answers | None) -> list[Party]:
    records = answers.records if answers else ()
    names = {pk: row.pseudonym for pk, row in answers.table.readers.items()} if answers else {}
    drawn = {pk: {row.case: marks_in(row.value) for row in records if row.reader == pk} for pk in names}
    return [Party(READER, names[pk], marks) for pk, marks in drawn.items() if marks]


def _reference(evidence: Evidence) -> list[Party]:
    marks = evidence.declared.reference_marks
    return [Party(REFERENCE, "", marks)] if marks else []


def _models(evidence: Evidence, arm: int | None) -> list[Party]:
    """The arms that gave boxes; where the question is about the outputs of one arm that arm alone."""
    boxes = evidence.declared.model_boxes
    return [
        Party(MODEL, row.name, boxes[pk], _declined(evidence, pk))
        for pk, row in evidence.table.arms.items()
        if pk in boxes and arm in (None, pk)
    ]


def _declined(evidence: Evidence, arm: int) -> frozenset[int]:
    rows = zip(evidence.table.cases, evidence.outputs[arm].declined, strict=True)
    return frozenset(case for case, declined in rows if declined)


def _readings(parties: Sequence[Party]) -> Sequence[str]:
    return READINGS if any(each.declined for each in parties) else (CONDITIONAL,)


def _pair(evidence: Evidence, parties: list[Party], places: tuple[int, int]) -> Iterator[Content]:
    two = [parties[place] for place in places]
    for refusals in _readings(two):
        scores = _overlaps(evidence, *(each.seen(refusals) for each in two))
        found = mean_overlap(scores, inference=evidence.inference)
        readers = sum(each.kind == READER for each in two)
        yield plain(replace(found, n_readers=readers), refusals=refusals, between=list(places))


def _overlaps(evidence: Evidence, first: Mapping[int, Marks], second: Mapping[int, Marks]) -> Scores:
    """The overlap at each case that both have, shape (cases, 1); NaN where neither marked an area."""
    cases = [pk for pk in evidence.table.cases if pk in first and pk in second]
    shares = [overlap(first[pk], second[pk]) for pk in cases]
    values = np.array([math.nan if share is None else share for share in shares]).reshape(-1, 1)
    units = tuple(evidence.table.cases[pk].code for pk in cases)
    return Scores(values=values, units=units, readers=("pair",))


def _against_reference(evidence: Evidence, party: Party) -> Iterator[Content]:
    """Precision, recall and F1 at each threshold; nothing without reference marks."""
    truth = evidence.declared.reference_marks
    if party.kind == REFERENCE or not truth:
        return
    for refusals in _readings([party]):
        marks = party.seen(refusals)
        cases = [pk for pk in evidence.table.cases if pk in marks and pk in truth]
        for threshold in THRESHOLDS:
            counts = [counted(marks[pk], truth[pk], threshold=threshold) for pk in cases]
            table = np.array(counts, dtype=np.float64).reshape(-1, 3)
            for row in found_and_missed(table, threshold=threshold, inference=evidence.inference):
                yield plain(row, kind=party.kind, name=party.name, refusals=refusals)
