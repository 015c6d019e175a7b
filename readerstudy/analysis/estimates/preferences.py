"""Comparisons of two outputs beside each other: won, tied and lost, how many readers of each case, and the side.

The sides are undone: two arms are named in the order of the report, whichever stood left. As intended, a refusal loses
to an answer and two refusals tie, whatever the rating says; conditional leaves every pair with a refusal out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from readerstudy.analysis.declared import place_of
from readerstudy.analysis.estimates.plain import AS_INTENDED, CONDITIONAL, Content, adjusted, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.stats.alignment import crossed_mean
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import with_test
from readerstudy.stats.panel import at_least, outcomes, side_effect
from readerstudy.stats.preference import Comparison
from readerstudy.stats.preference_bootstrap import bootstrap_preferences
from readerstudy.stats.ratings import Scores

EVEN = 0.5
Pair = tuple[int, int]


@dataclass(frozen=True)
class Judged:
    """One comparison: who judged which case, the arms that stood as A and as B, and what A won: 1, .5 or 0."""

    reader: int
    case: int
    arms: Pair
    won: float
    declined: tuple[bool, bool]

    def seen(self, first: int) -> tuple[float, float]:
        """What the arm `first` won as it was rated, and as intended."""
        turned = self.arms[0] != first
        won = 1.0 - self.won if turned else self.won
        own, other = self.declined[::-1] if turned else self.declined
        return won, EVEN if own and other else 0.0 if own else 1.0 if other else won


def preferences(evidence: Evidence) -> list[Content]:
    """One entry a question that compares two outputs; empty where none was answered."""
    return [
        _question(evidence, key, judged)
        for key in evidence.compared
        if (judged := list(_judged(evidence, key)))
    ]


def _judged(evidence: Evidence, key: str) -> Iterator[Judged]:
    turns, cases = evidence.course.at, {pk: at for at, pk in enumerate(evidence.table.cases)}
    for record in evidence.compared[key]:
        turn = turns.get(place_of(record))
        if turn is None or turn.is_repeat or len(turn.arms) != 2 or record.score is None:
            continue
        arms = turn.arms
        if not set(arms) <= set(evidence.table.arms):
            continue
        declined = [bool(evidence.outputs[arm].declined[cases[record.case]]) for arm in arms]
        yield Judged(
            reader=record.reader,
            case=record.case,
            arms=(arms[0], arms[1]),
            won=0.5 - 0.5 * float(np.sign(record.score)),
            declined=(declined[0], declined[1]),
        )


def _question(evidence: Evidence, key: str, judged: list[Judged]) -> Content:
    criterion = next(row for row in evidence.table.criteria.values() if row.key == key)
    pairs = [pair for pair in combinations(evidence.table.arms, 2) if _of(judged, pair)]
    found = [row for pair in pairs for row in _pair(evidence, pair, _of(judged, pair))]
    _correct(evidence, found)
    return {
        "key": key,
        "question": criterion.question,
        "direction": criterion.direction,
        "n": len(judged),
        "pairs": [{**row, "criterion": key} for row in found],
        "left": plain(_left(evidence, judged).labelled(criterion=key)),
        "abilities": _abilities(evidence, key, judged) if len(pairs) > 1 else [],
    }


def judged_by_case(evidence: Evidence) -> dict[str, tuple[str, FloatArray]]:
    """For each question its words and what each reader gave the first of the two arms, shape (cases, readers).

    Of a case on which several pairs were compared it is the pair that stands first in the report.
    """
    found = {}
    for entry in evidence.compared:
        criterion = next(row for row in evidence.table.criteria.values() if row.key == entry)
        judged = list(_judged(evidence, entry))
        pairs = [pair for pair in combinations(evidence.table.arms, 2) if _of(judged, pair)]
        values = np.full((len(evidence.cases), len(evidence.readers)), math.nan)
        for pair in reversed(pairs):
            own = _scores(evidence, [(each, each.seen(pair[0])[0]) for each in _of(judged, pair)])
            rows = {code: at for at, code in enumerate(evidence.cases)}
            values[[rows[unit] for unit in own.units]] = own.values
        found[entry] = criterion.question, values
    return found


def panels(evidence: Evidence, key: str) -> Iterator[tuple[list[str], Scores]]:
    """The names of every two arms that were compared, and what the first won of each reader, as intended."""
    judged = list(_judged(evidence, key))
    for pair in combinations(evidence.table.arms, 2):
        if own := _of(judged, pair):
            names = [evidence.table.arms[arm].name for arm in pair]
            yield names, _scores(evidence, [(each, each.seen(pair[0])[1]) for each in own])


def _of(judged: list[Judged], pair: Pair) -> list[Judged]:
    return [each for each in judged if set(each.arms) == set(pair)]


def _pair(evidence: Evidence, pair: Pair, judged: list[Judged]) -> list[Content]:
    """The two arms under each reading of refusals that differs from the other."""
    readings = [AS_INTENDED, CONDITIONAL] if any(any(each.declined) for each in judged) else [CONDITIONAL]
    return [_reading(evidence, pair, judged, refusals) for refusals in readings]


def _reading(evidence: Evidence, pair: Pair, judged: list[Judged], refusals: str) -> Content:
    kept = judged if refusals == AS_INTENDED else [each for each in judged if not any(each.declined)]
    wins = _scores(
        evidence, [(each, each.seen(pair[0])[0 if refusals == CONDITIONAL else 1]) for each in kept]
    )
    names = [evidence.table.arms[arm].name for arm in pair]
    inference = evidence.inference
    rate = with_test(crossed_mean("win_rate", wins, variant="rrrc", inference=inference), null=EVEN)
    return {
        "contrast": names,
        "refusals": refusals,
        "win_rate": {**plain(rate), "p_adjusted": None},
        "outcomes": [plain(row) for row in outcomes(wins, variant="rrrc", inference=inference)],
        "at_least": [plain(row) for row in at_least(wins, inference=inference)],
        "other_at_least": [
            plain(row) for row in at_least(wins.with_values(1.0 - wins.values), inference=inference)
        ],
        "by_reader": list(_by_reader(wins)),
    }


def _by_reader(wins: Scores) -> Iterator[Content]:
    for column, reader in enumerate(wins.readers):
        values = wins.values[:, column]
        if np.isfinite(values).any():
            counts = [int((values == mark).sum()) for mark in (1.0, EVEN, 0.0)]
            yield {"reader": reader, **dict(zip(("win", "tie", "loss"), counts, strict=True))}


def _scores(evidence: Evidence, marked: list[tuple[Judged, float]]) -> Scores:
    """One number for each case and reader that has one; the mean where a reader judged a pair more than once."""
    rows = {pk: at for at, pk in enumerate(dict.fromkeys(each.case for each, _mark in marked))}
    columns = {pk: at for at, pk in enumerate(evidence.table.readers)}
    sums, counts = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    for each, mark in marked:
        place = rows[each.case], columns[each.reader]
        sums[place] += mark
        counts[place] += 1
    values = np.divide(sums, counts, out=np.full_like(sums, math.nan), where=counts > 0)
    codes = tuple(evidence.table.cases[pk].code for pk in rows)
    return Scores(values=values, units=codes, readers=evidence.readers)


def _left(evidence: Evidence, judged: list[Judged]) -> Estimate:
    """How often the output that stood first won, whichever arm it was."""
    return side_effect(_scores(evidence, [(each, each.won) for each in judged]), inference=evidence.inference)


def _abilities(evidence: Evidence, key: str, judged: list[Judged]) -> list[Content]:
    """Davidson's model over all arms, with ties and the advantage of the first side."""
    arms, cases = evidence.table.arms, evidence.table.cases
    readers = dict(zip(evidence.table.readers, evidence.readers, strict=True))
    compared = [
        Comparison(
            left=arms[each.arms[0]].name,
            right=arms[each.arms[1]].name,
            left_wins=each.won,
            case=cases[each.case].code,
            reader=readers[each.reader],
        )
        for each in judged
    ]
    first = next(arm.name for arm in evidence.arms if any(arm.pk in each.arms for each in judged))
    fit = bootstrap_preferences(compared, reference=first, position=True, inference=evidence.inference)
    found = [*fit.abilities, *filter(None, (fit.tie, fit.position))]
    return [plain(row.labelled(criterion=key)) for row in found]


def _correct(evidence: Evidence, pairs: list[Content]) -> None:
    """The comparisons of one question under one reading of refusals are a family."""
    for refusals in (AS_INTENDED, CONDITIONAL):
        rows = [each["win_rate"] for each in pairs if each["refusals"] == refusals]
        for row, p in zip(rows, adjusted(evidence, [row["p"] for row in rows]), strict=True):
            row["p_adjusted"] = p
