"""Outputs with an error, two arms beside each other: both, one alone, or neither, and the tests of the difference.

An error is an answer about a piece of a text that is not among the question's acceptable ones. A reader has judged an
output where the question, or one that it follows from, was answered about any of its pieces. As intended, an output
that was refused has an error; conditional leaves cases out where one of the two was refused. Both are told where there
is a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, READINGS, Content, adjusted, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import Record
from readerstudy.stats.accuracy import mcnemar
from readerstudy.stats.alignment import crossed_mean, paired_difference
from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.ratings import Scores
from readerstudy.studies.models import Criterion

ESTIMATOR = "error_share"
ANY, MOST = "any", "most"
RULES = (ANY, MOST)
"""When a case counts as one with an error: where any reader found one, or more than half of them did."""
CELLS = {"both": (1.0, 1.0), "first_only": (1.0, 0.0), "second_only": (0.0, 1.0), "neither": (0.0, 0.0)}


@dataclass(frozen=True)
class Pair:
    """Whether each reader found an error in the outputs of each case, shape (cases, readers), NaN where not judged."""

    first: Scores
    second: Scores

    @property
    def both(self) -> BoolArray:
        """Where one reader judged both outputs of a case."""
        judged: BoolArray = self.first.rated & self.second.rated
        return judged

    def together(self) -> Pair:
        """The same where both were judged, and nothing else."""
        sides = (
            each.with_values(np.where(self.both, each.values, math.nan)) for each in (self.first, self.second)
        )
        return Pair(*sides)


def errors(evidence: Evidence) -> list[Content]:
    """One entry for each question about pieces of texts that says which answers are acceptable."""
    found = [
        _entry(evidence, row) for row in evidence.table.criteria.values() if _tells_errors(evidence, row)
    ]
    return [entry for entry in found if entry["pairs"]]


def _tells_errors(evidence: Evidence, criterion: Criterion) -> bool:
    return criterion.key in evidence.pieces and bool(criterion.acceptable)


def _entry(evidence: Evidence, criterion: Criterion) -> Content:
    marks = _marks(evidence, criterion)
    pairs = [
        _reading(evidence, criterion, places, refusals, Pair(*(marks[place] for place in places)))
        for places in combinations(range(len(evidence.arms)), 2)
        for refusals in _readings(evidence, places)
    ]
    kept = [each for each in pairs if each["difference"]["n_ratings"]]
    _correct(evidence, kept)
    return {"criterion": criterion.key, "question": criterion.question, "pairs": kept}


def _marks(evidence: Evidence, criterion: Criterion) -> list[Scores]:
    """For each arm 1 where a reader found an error, 0 where an output was judged without one."""
    shape = (len(evidence.arms), len(evidence.cases), len(evidence.readers))
    values = np.full(shape, math.nan)
    places = [
        {pk: at for at, pk in enumerate(rows)}
        for rows in (evidence.table.arms, evidence.table.cases, evidence.table.readers)
    ]
    for record in _judging(evidence, criterion):
        keys = (record.arm or 0, record.case, record.reader)
        place = tuple(rows[key] for rows, key in zip(places, keys, strict=True))
        wrong = record.criterion == criterion.pk and criterion.accepts(record.value) is False
        values[place] = max(float(wrong), 0.0 if math.isnan(values[place]) else values[place])
    return [Scores(values=each, units=evidence.cases, readers=evidence.readers) for each in values]


def _judging(evidence: Evidence, criterion: Criterion) -> Iterator[Record]:
    """The answers to the question and to those that it follows from."""
    for key in (criterion.key, *(each.get("criterion", "") for each in criterion.when)):
        yield from evidence.pieces.get(key, ())


def _declined(evidence: Evidence, places: tuple[int, int]) -> tuple[BoolArray, BoolArray]:
    first, second = (evidence.outputs[evidence.arms[place].pk].declined for place in places)
    return first, second


def _readings(evidence: Evidence, places: tuple[int, int]) -> tuple[str, ...]:
    return READINGS if any(each.any() for each in _declined(evidence, places)) else (CONDITIONAL,)


def _seen(pair: Pair, declined: tuple[BoolArray, BoolArray], refusals: str) -> Pair:
    """The pair under one reading of refusals."""
    sides = (pair.first, pair.second)
    if refusals == CONDITIONAL:
        refused = (declined[0] | declined[1])[:, np.newaxis]
        return Pair(
            *(each.with_values(np.where(refused, math.nan, each.values)) for each in sides)
        ).together()
    judged = pair.first.rated | pair.second.rated
    return Pair(
        *(
            each.with_values(np.where(judged & own[:, np.newaxis], 1.0, each.values))
            for each, own in zip(sides, declined, strict=True)
        )
    ).together()


def _reading(
    evidence: Evidence, criterion: Criterion, places: tuple[int, int], refusals: str, pair: Pair
) -> Content:
    seen, inference = _seen(pair, _declined(evidence, places), refusals), evidence.inference
    difference = paired_difference(ESTIMATOR, seen.first, seen.second, variant="rrrc", inference=inference)
    return {
        "contrast": [evidence.arms[place].name for place in places],
        "refusals": refusals,
        "readings": [_cell(evidence, seen, name) for name in CELLS],
        "difference": {**plain(difference.labelled(criterion=criterion.key)), "p_adjusted": None},
        "cases": [_by_case(evidence, seen, rule) for rule in RULES],
    }


def _cell(evidence: Evidence, seen: Pair, name: str) -> Content:
    """How often one reader found errors in both outputs of a case, in one alone, or in neither."""
    held = (seen.first.values == CELLS[name][0]) & (seen.second.values == CELLS[name][1])
    marks = seen.first.with_values(np.where(seen.both, held.astype(np.float64), math.nan))
    found = crossed_mean(ESTIMATOR, marks, variant="rrrc", inference=evidence.inference)
    return plain(replace(found, category=name), count=int(held.sum()))


def _by_case(evidence: Evidence, seen: Pair, rule: str) -> Content:
    """The two by two table of cases and its exact test; a case whose readers are split in half is left out."""
    sides = [_settled(each, rule) for each in (seen.first, seen.second)]
    known = ~np.isnan(sides[0]) & ~np.isnan(sides[1])
    cases = [_column(evidence, np.where(known, each, math.nan)) for each in sides]
    tests = mcnemar(*cases, inference=evidence.inference)
    readers = int(seen.both.any(axis=0).sum())
    return {
        "rule": rule,
        **{name: int(((sides[0] == one) & (sides[1] == two)).sum()) for name, (one, two) in CELLS.items()},
        "split": int((seen.both.any(axis=1) & ~known).sum()),
        "tests": [{**plain(replace(each, n_readers=readers)), "p_adjusted": None} for each in tests],
    }


def _settled(scores: Scores, rule: str) -> FloatArray:
    """Whether each case has an error, shape (cases,); NaN where nobody judged it or the readers are split."""
    number = scores.rated.sum(axis=1)
    share = np.nansum(scores.values, axis=1) / np.maximum(number, 1)
    found = (share > (0.0 if rule == ANY else 0.5)).astype(np.float64)
    split = (share == 0.5) if rule == MOST else np.zeros(len(share), dtype=np.bool_)
    return np.where((number == 0) | split, math.nan, found)


def _column(evidence: Evidence, values: FloatArray) -> Scores:
    return Scores(values=values[:, np.newaxis], units=evidence.cases, readers=("panel",))


def _correct(evidence: Evidence, pairs: list[Content]) -> None:
    """All pairs of arms on one question under one reading of refusals are a family, for each test by itself."""
    for refusals in (AS_INTENDED, CONDITIONAL):
        kept = [each for each in pairs if each["refusals"] == refusals]
        tests = [[each["difference"] for each in kept]]
        tests += [[each["cases"][rule]["tests"][test] for each in kept] for rule in (0, 1) for test in (0, 1)]
        for family in tests:
            for row, p in zip(family, adjusted(evidence, [row["p"] for row in family]), strict=True):
                row["p_adjusted"] = p
