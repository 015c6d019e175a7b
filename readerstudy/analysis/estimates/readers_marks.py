"""What one rating counts for in an endpoint: a comparison by the arm it speaks for, a drawing by its overlap."""

from __future__ import annotations

import json
import math
from collections import defaultdict

import numpy as np

from readerstudy.analysis.answers import Answers, Mark
from readerstudy.analysis.declared import Declared, place_of
from readerstudy.analysis.drawn import Marks, Points
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions import areas_of_outlines, areas_of_unions, assigned, contains
from readerstudy.stats.text import edit_share
from readerstudy.studies.models import Criterion, Kind


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
        drawn[record.case][record.reader] = marks_in(record.value)
    readers = {reader: column for column, reader in enumerate(answers.table.readers)}
    values = np.full((len(drawn), len(readers)), math.nan)
    for row, marks in enumerate(drawn.values()):
        for reader, own in marks.items():
            found = [overlap(own, other) for each, other in marks.items() if each != reader]
            shares = [share for share in found if share is not None]
            values[row, readers[reader]] = sum(shares) / len(shares) if shares else math.nan
    units = tuple(answers.table.cases[case].code for case in drawn)
    return Scores(values=values, units=units, readers=answers.readers)


def marks_in(value: str) -> Marks:
    """The corners of each mark by the image and frame on which it lies."""
    found: dict[tuple[str, int], Points] = defaultdict(list)
    for mark in json.loads(value):
        found[mark["slot"], mark["frame"]].append(mark["points"])
    return found


def overlap_with_reference(declared: Declared) -> Mark:
    """Intersection over union of what was marked with the reference marks of the case.

    0 where one side alone marked an area; nothing where neither did, and of cases without reference marks.
    """

    def mark(record: Record) -> float | None:
        reference = declared.reference_marks.get(record.case)
        return None if reference is None else overlap(marks_in(record.value), reference)

    return mark


def hits(declared: Declared) -> Mark:
    """1 where the middle of at least one mark lies inside a reference mark with an area, else 0.

    Cases whose reference has no such mark count for nothing.
    """

    def mark(record: Record) -> float | None:
        regions = declared.reference_marks.get(record.case, {})
        if not any(len(each) > 1 for place in regions.values() for each in place):
            return None
        drawn = marks_in(record.value)
        found = (_inside(_middle(each), regions.get(place, [])) for place in drawn for each in drawn[place])
        return float(any(found))

    return mark


def _middle(points: list[list[float]]) -> tuple[float, float]:
    return sum(x for x, _y in points) / len(points), sum(y for _x, y in points) / len(points)


def _inside(point: tuple[float, float], regions: Points) -> bool:
    """Whether a point lies in one of these boxes, borders included, or outlines."""
    return any(
        _in_box(point, each) if len(each) == 2 else contains(each, *point)
        for each in regions
        if len(each) > 1
    )


def _in_box(point: tuple[float, float], box: list[list[float]]) -> bool:
    (left, top), (right, low) = box
    return left <= point[0] <= right and top <= point[1] <= low


def overlap(first: Marks, second: Marks) -> float | None:
    """Intersection over union of all that each marked, whatever the image; None where neither marked an area.

    Points have no area. Boxes are laid on each other exactly; where there is an outline, pixel by pixel.
    """
    first, second = _with_area(first), _with_area(second)
    is_exact = all(len(each) == 2 for marks in (first, second) for place in marks.values() for each in place)
    areas = _areas_of_boxes if is_exact else _areas_of_any
    found = [areas(first.get(place, []), second.get(place, [])) for place in {**first, **second}]
    shared = sum(both for _one, _other, both in found)
    union = sum(one + other for one, other, _both in found) - shared
    return shared / union if union else None


def counted(found: Marks, truth: Marks, *, threshold: float) -> tuple[int, int, int]:
    """How many marks with an area match a true one by `threshold` or more; how many there are, and how many true."""
    found, truth = _with_area(found), _with_area(truth)
    matches = sum(
        len(assigned(_overlaps(found[at], truth[at]), threshold=threshold)) for at in found if at in truth
    )
    return matches, sum(map(len, found.values())), sum(map(len, truth.values()))


def _overlaps(found: Points, truth: Points) -> FloatArray:
    """Intersection over union of every two marks on one image, shape (found, true)."""
    at = ("", 0)
    rows = [[overlap({at: [one]}, {at: [other]}) or 0.0 for other in truth] for one in found]
    return np.array(rows, dtype=np.float64).reshape(len(found), len(truth))


def _with_area(marks: Marks) -> Marks:
    return {place: [each for each in found if len(each) > 1] for place, found in marks.items()}


def _areas_of_any(first: Points, second: Points) -> tuple[float, float, float]:
    return areas_of_outlines([_outline(each) for each in first], [_outline(each) for each in second])


def _outline(points: list[list[float]]) -> list[list[float]]:
    """A box by its four corners; an outline as it is."""
    if len(points) != 2:
        return points
    (left, top), (right, low) = points
    return [[left, top], [right, top], [right, low], [left, low]]


def _areas_of_boxes(first: Points, second: Points) -> tuple[float, float, float]:
    sides = [np.array(marks, dtype=np.float64).reshape(-1, 4) for marks in (first, second)]
    return areas_of_unions(*sides)


def overlap_of_model(evidence: Evidence, arm: int) -> Scores | None:
    """For each case with reference marks the overlap of the model's boxes with them, shape (cases, 1).

    None where no box was read out of any of its outputs.
    """
    declared, cases = evidence.declared, evidence.table.cases
    boxes = declared.model_boxes.get(arm)
    if boxes is None or not declared.reference_marks:
        return None
    found = {pk: overlap(boxes[pk], marks) for pk, marks in declared.reference_marks.items() if pk in boxes}
    values = np.array([[math.nan if share is None else share] for share in found.values()]).reshape(-1, 1)
    return Scores(values=values, units=tuple(cases[pk].code for pk in found), readers=("model",))
