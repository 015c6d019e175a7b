"""What one rating counts for in an endpoint: a comparison by the arm it speaks for, a drawing by its overlap."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from readerstudy.analysis.answers import Answers, Mark
from readerstudy.analysis.declared import Declared, place_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions import areas_of_outlines, areas_of_unions
from readerstudy.stats.text import edit_share
from readerstudy.studies.models import Criterion, Kind

Points = list[list[list[float]]]
"""For each mark its corners: two of a box, three or more of an outline."""
Marks = dict[tuple[str, int], Points]
Areas = Callable[[Points, Points], tuple[float, float, float]]


def conforms(accepted: bool | None) -> float | None:
    return None if accepted is None else float(accepted)


def as_answered(criterion: Criterion, value: str) -> str:
    """The answer that is compared with a reference: of a ranking its first place."""
    if criterion.kind == Kind.RANKING:
        ranked = json.loads(value)
        return str(ranked[0]) if ranked else ""
    return value


def oriented(evidence: Evidence, wanted: int, other: int | None) -> Mark:
    """A comparison as a grade for one arm, against another one or against whichever it was shown with.

    The page's scale is negative where output A seems better and positive where B does. Answers that are no grade, and
    pairs without the arm, count for nothing.
    """
    letters = evidence.declared.letters

    def mark(record: Record) -> float | None:
        arms = letters.get(place_of(record), {})
        if record.score is None or len(arms) != 2:
            return None
        first, second = arms[min(arms)], arms[max(arms)]
        if wanted not in (first, second) or (other is not None and other not in (first, second)):
            return None
        return record.score if wanted == second else -record.score

    return mark


def changed_words(declared: Declared) -> Mark:
    """The share of words that an edit changed."""

    def mark(record: Record) -> float | None:
        source = declared.sources.get((place_of(record), record.arm or 0))
        return None if source is None else edit_share(source, str(json.loads(record.value)["text"]))

    return mark


def signed_confidence(declared: Declared, criterion: Criterion, positive: str) -> Mark:
    """Confidence as a scale from sure of the negative to sure of the positive class.

    A confidence belongs to the choice that is asked before it. Without one the number stands as it is.
    """
    said = declared.choices.get(criterion.key)

    def mark(record: Record) -> float | None:
        if said is None or record.score is None:
            return record.score
        answer = said.get(place_of(record))
        if not answer:
            return None
        return record.score if answer == positive else -record.score

    return mark


def overlap_with_others(answers: Answers) -> Scores:
    """For each case and reader the mean overlap of the reader's marks with those of every other reader.

    Pairs of readers who both marked nothing are left out, for then there is nothing to overlap.
    """
    drawn: dict[int, dict[int, Marks]] = defaultdict(dict)
    for record in answers.records:
        drawn[record.case][record.reader] = _marks(record.value)
    readers = {reader: column for column, reader in enumerate(answers.table.readers)}
    areas = _areas_of_boxes if answers.criterion.kind == Kind.BOX else areas_of_outlines
    values = np.full((len(drawn), len(readers)), math.nan)
    for row, marks in enumerate(drawn.values()):
        for reader, own in marks.items():
            found = [_overlap(own, other, areas) for each, other in marks.items() if each != reader]
            shares = [share for share in found if share is not None]
            values[row, readers[reader]] = sum(shares) / len(shares) if shares else math.nan
    units = tuple(answers.table.cases[case].code for case in drawn)
    return Scores(values=values, units=units, readers=answers.readers)


def _marks(value: str) -> Marks:
    """The corners of each mark by the image and frame on which it lies."""
    found: Marks = defaultdict(list)
    for mark in json.loads(value):
        found[mark["slot"], mark["frame"]].append(mark["points"])
    return found


def _overlap(first: Marks, second: Marks, areas: Areas) -> float | None:
    """Intersection over union of all that each marked, whatever the image; None where neither marked anything."""
    found = [areas(first.get(place, []), second.get(place, [])) for place in {**first, **second}]
    shared = sum(both for _one, _other, both in found)
    union = sum(one + other for one, other, _both in found) - shared
    return shared / union if union else None


def _areas_of_boxes(first: Points, second: Points) -> tuple[float, float, float]:
    sides = [np.array(marks, dtype=np.float64).reshape(-1, 4) for marks in (first, second)]
    return areas_of_unions(*sides)
