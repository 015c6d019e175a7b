"""When the answers of several readers to one question set off a rule. Pure.

Values are those of ratings; comparisons of two texts and orders of texts are brought to one order of the texts before.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from readerstudy.stats.regions import areas_of_outlines, areas_of_unions
from readerstudy.studies.rubrics.values import read_number

Areas = tuple[float, float, float]


@dataclass(frozen=True)
class Rule:
    """A rule of the protocol about one criterion; `kind` is what an answer to it is."""

    criterion: str
    kind: str
    trigger: str
    limit: float = 0.0
    values: tuple[str, ...] = ()
    readers: int = 1


def sets_off(rule: Rule, answers: Collection[str]) -> bool:
    """Whether these answers, one of each reader who gave one, set off the rule."""
    return _TRIGGERS[rule.trigger](rule, answers)


def overlap(kind: str, one: str, other: str) -> float:
    """Intersection over union of what two readers marked, all marks of each taken as one region (Jaccard 1901).

    Marks on different images or frames share nothing. 1 where both say that there is nothing to mark.
    """
    first, second = _by_place(one), _by_place(other)
    areas = [_areas(kind, first.get(place, []), second.get(place, [])) for place in first.keys() | second]
    left, right, shared = (sum(each[at] for each in areas) for at in range(3))
    whole = left + right - shared
    return shared / whole if whole else 1.0


def apart(one: str, other: str) -> float:
    """How far the points of two readers lie apart, in pixels: the farthest that any of them is from all of the other's.

    It is the Hausdorff distance (Hausdorff 1914). Infinite where one alone marked something, or on another image.
    """
    first, second = _by_place(one), _by_place(other)
    if first.keys() != second.keys():
        return math.inf
    return max((_farthest(first[place], second[place]) for place in first), default=0.0)


def _differ(rule: Rule, answers: Collection[str]) -> bool:
    return len(set(answers)) > 1


def _lie_apart(rule: Rule, answers: Collection[str]) -> bool:
    numbers = _numbers(answers)
    return len(numbers) > 1 and max(numbers) - min(numbers) >= rule.limit - 1e-9


def _share_little(rule: Rule, answers: Collection[str]) -> bool:
    return any(overlap(rule.kind, *pair) < rule.limit for pair in combinations(answers, 2))


def _point_elsewhere(rule: Rule, answers: Collection[str]) -> bool:
    return any(apart(*pair) > rule.limit for pair in combinations(answers, 2))


def _are_among(rule: Rule, answers: Collection[str]) -> bool:
    said = sum(not set(_chosen(rule.kind, answer)).isdisjoint(rule.values) for answer in answers)
    return said >= rule.readers


def _reach(rule: Rule, answers: Collection[str]) -> bool:
    return sum(number >= rule.limit for number in _numbers(answers)) >= rule.readers


_TRIGGERS: Mapping[str, Callable[[Rule, Collection[str]], bool]] = {
    "difference": _differ,
    "gap": _lie_apart,
    "overlap": _share_little,
    "distance": _point_elsewhere,
    "any_of": _are_among,
    "at_least": _reach,
}


def _numbers(answers: Iterable[str]) -> list[float]:
    return [float(number) for number in map(read_number, answers) if number is not None]


def _chosen(kind: str, answer: str) -> Sequence[str]:
    return json.loads(answer) if kind == "multiple_choice" else (answer,)


def _by_place(answer: str) -> dict[tuple[str, int], list[Any]]:
    """The points of each mark, by image and frame."""
    found: dict[tuple[str, int], list[Any]] = {}
    for mark in json.loads(answer):
        found.setdefault((mark["slot"], mark["frame"]), []).append(mark["points"])
    return found


def _areas(kind: str, first: list[Any], second: list[Any]) -> Areas:
    if kind == "polygon":
        return areas_of_outlines(first, second)
    one, other = (np.array(marks, dtype=np.float64).reshape(-1, 4) for marks in (first, second))
    return areas_of_unions(one, other)


def _farthest(first: list[Any], second: list[Any]) -> float:
    one, other = (np.array(marks, dtype=np.float64).reshape(-1, 2) for marks in (first, second))
    between = np.hypot(*(one[:, None] - other[None]).transpose(2, 0, 1))
    return float(max(between.min(axis=0).max(), between.min(axis=1).max()))
