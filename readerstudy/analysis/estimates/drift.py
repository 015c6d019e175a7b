"""Whether ratings and seconds drift: with the order of reading, within a sitting, between periods, with the side.

Each figure is the slope of all readers together, after the means of readers and cases are taken away; a trend in a
score counts in units of that score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from readerstudy.analysis.course import Turn
from readerstudy.analysis.estimates.alignment import MEAN, scores_of
from readerstudy.analysis.estimates.plain import CONDITIONAL, Content, adjusted, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.trends import Trace, fatigue_trend, learning_trend, order_trend, period_effect

SECONDS = "seconds"
Trend = Callable[..., list[Estimate]]
Point = tuple[Turn, str, float]
"""Where a value was given, the output or case it is about, and the value."""


def drift(evidence: Evidence) -> list[Content]:
    """The trends of each scored question and of the seconds of a reading; empty where nothing was timed.

    Trends in scores are one family, corrected as the protocol says.
    """
    asked = [sheet for sheet in evidence.sheets.values() if sheet.criterion.is_scored and sheet.rated.any()]
    found = [
        row for sheet in asked for row in _trends(evidence, sheet.criterion.key, _rated(evidence, sheet))
    ]
    for row, p in zip(found, adjusted(evidence, [row["p"] for row in found]), strict=True):
        row["p_adjusted"] = p
    timed = [(turn, str(turn.case), turn.seconds or 0.0) for turn in evidence.course.timed]
    return [*found, *_of_seconds(evidence, timed)] if timed else found


def _rated(evidence: Evidence, sheet: Sheet) -> list[Point]:
    """Every score of an answered output with the presentation that it was given in."""
    first = evidence.course.first
    found: list[Point] = []
    for place, arm in enumerate(evidence.arms):
        scores = scores_of(evidence, sheet, place, (MEAN, CONDITIONAL))
        codes = {case.code: pk for pk, case in evidence.table.cases.items()}
        cases, readers = [codes[unit] for unit in scores.units], list(evidence.table.readers)
        for row, column in zip(*np.nonzero(scores.rated), strict=True):
            turn = first.get((readers[column], cases[row], arm.pk))
            if turn is not None:
                found.append((turn, f"{cases[row]}|{arm.pk}", float(scores.values[row, column])))
    return found


def _trends(evidence: Evidence, key: str, points: list[Point]) -> Iterator[Content]:
    """Order and fatigue, and the period where there are several."""
    if not points:
        return
    wanted: list[tuple[Trend, Callable[[Turn], float]]] = [
        (order_trend, lambda turn: turn.position),
        (fatigue_trend, lambda turn: turn.place),
    ]
    if len({turn.period for turn, _unit, _value in points}) > 1:
        wanted.append((period_effect, lambda turn: turn.period))
    for trend, place in wanted:
        found = trend(_trace(points, place), inference=evidence.inference)[-1]
        cases = len({turn.case for turn, _unit, _value in points})  # whose outputs are the units of the trend
        yield plain(replace(found, n_cases=cases).labelled(criterion=key), about=key, p_adjusted=None)


def _of_seconds(evidence: Evidence, timed: list[Point]) -> Iterator[Content]:
    for trend, place in (
        (learning_trend, lambda turn: turn.position),
        (fatigue_trend, lambda turn: turn.place),
    ):
        found = trend(_trace(timed, place), inference=evidence.inference)[-1]
        yield plain(found, about=SECONDS, p_adjusted=None)


def _trace(points: list[Point], place: Callable[[Turn], float]) -> Trace:
    return Trace(
        readers=[str(turn.reader) for turn, _unit, _value in points],
        cases=[unit for _turn, unit, _value in points],
        values=np.array([value for _turn, _unit, value in points]),
        positions=np.array([float(place(turn)) for turn, _unit, _value in points]),
        sittings=[str(turn.session) for turn, _unit, _value in points],
    )
