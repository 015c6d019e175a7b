"""The figures of each question, and the accuracy of the arms' own labels, within each level of each stratum.

A question with a measure has its first one here. These are looks into parts: no level is tested against another, and
nothing is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator

from readerstudy.analysis.estimates.alignment import MEAN, measures, scores_of
from readerstudy.analysis.estimates.classification import classification
from readerstudy.analysis.estimates.levels import unscored
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.analysis.narrow import narrowed
from readerstudy.stats.alignment import mean_score, proportion_acceptable

MOST_LEVELS = 12
"""A stratum with more levels than these is no grouping but a property of each case."""
LABELS = "labels"
"""What accuracy of the arms' own labels is told under, where a question has its key."""


def levels_of(evidence: Evidence) -> dict[str, list[str]]:
    """The levels of each stratum that groups the cases, in order."""
    found = {
        name: sorted({str(case.strata.get(name, "")) for case in evidence.table.cases.values()})
        for name in evidence.table.strata
    }
    return {name: levels for name, levels in found.items() if 1 < len(levels) <= MOST_LEVELS}


def strata(evidence: Evidence) -> list[Content]:
    """One entry a stratum with its levels and their figures; empty where the cases have none."""
    return [
        {"name": name, "levels": [_level(evidence, name, level) for level in levels]}
        for name, levels in levels_of(evidence).items()
    ]


def cases_at(evidence: Evidence, name: str, level: str) -> frozenset[int]:
    """The cases at a level, by primary key."""
    cases = evidence.table.cases
    return frozenset(pk for pk, case in cases.items() if str(case.strata.get(name, "")) == level)


def _level(evidence: Evidence, name: str, level: str) -> Content:
    cases = cases_at(evidence, name, level)
    part = narrowed(evidence, cases=cases)
    return {
        "level": level,
        "n_cases": len(cases),
        "estimates": [*_scored(part), *unscored(part), *_labelled(part)],
    }


def _scored(part: Evidence) -> Iterator[Content]:
    for sheet in part.sheets.values():
        if measures(sheet):
            yield from _first_measure(part, sheet)


def _first_measure(part: Evidence, sheet: Sheet) -> Iterator[Content]:
    measure = measures(sheet)[0]
    estimate = mean_score if measure[0] == MEAN else proportion_acceptable
    for place, arm in enumerate(part.arms):
        found = estimate(scores_of(part, sheet, place, measure), inference=part.inference)
        yield plain(
            found.labelled(criterion=sheet.criterion.key, arm=arm.name),
            about=sheet.criterion.key,
            refusals=measure[1],
        )


def _labelled(part: Evidence) -> list[Content]:
    found = classification(part)
    if found is None:
        return []
    return [{**row, "about": LABELS} for row in found["estimates"] if row["estimator"] == "accuracy"]
