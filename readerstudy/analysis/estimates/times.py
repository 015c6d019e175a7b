"""How long a reading takes: of all, of each arm, of each reader, and along the order of reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.estimates.texts import median_of
from readerstudy.analysis.evidence import Evidence

STEPS = 10
"""Into how many parts of equal length the order of reading is cut at most."""


def times(evidence: Evidence) -> Content | None:
    """Medians with their intervals and quartiles, in seconds; None where nothing was submitted."""
    timed = [(turn, turn.seconds or 0.0) for turn in evidence.course.timed]
    if not timed:
        return None
    names = dict(zip(evidence.table.readers, evidence.readers, strict=True))
    arms = {pk: arm.name for pk, arm in evidence.table.arms.items()}
    by_arm = _grouped((arms[turn.arms[0]], seconds) for turn, seconds in timed if len(turn.arms) == 1)
    by_reader = _grouped((names[turn.reader], seconds) for turn, seconds in timed)
    whole = [seconds for _turn, seconds in timed]
    return {
        "all": _told(evidence, whole),
        "arms": [_told(evidence, by_arm[name], arm=name) for name in arms.values() if name in by_arm],
        "readers": [
            {**_told(evidence, by_reader[name], reader=name), "hours": sum(by_reader[name]) / 3600}
            for name in evidence.readers
            if name in by_reader
        ],
        "steps": _steps([(turn.position, seconds) for turn, seconds in timed]),
    }


def _grouped(pairs: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for name, seconds in pairs:
        found[name].append(seconds)
    return found


def _told(
    evidence: Evidence, seconds: list[float], *, arm: str | None = None, reader: str | None = None
) -> Content:
    low, high = np.quantile(seconds, [0.25, 0.75])
    told = median_of(seconds, evidence.inference.level).labelled(arm=arm, reader=reader)
    return {**plain(told), "quartiles": [float(low), float(high)]}


def _steps(timed: list[tuple[int, float]]) -> list[Content]:
    """Median and quartiles of the readings in each part of the order, positions from and to inclusive."""
    last = max(position for position, _seconds in timed)
    edges = np.unique(np.linspace(0, last, min(STEPS, last) + 1).round().astype(int))
    found = []
    for low, high in pairwise(edges):
        inside = [seconds for position, seconds in timed if low < position <= high]
        if inside:
            lower, median, upper = (float(each) for each in np.quantile(inside, [0.25, 0.5, 0.75]))
            found.append(
                {
                    "first": int(low) + 1,
                    "last": int(high),
                    "n": len(inside),
                    "median": median,
                    "quartiles": [lower, upper],
                }
            )
    return found
