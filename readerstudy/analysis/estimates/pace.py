"""How fast each arm wrote: characters a second, seconds and characters of its outputs, as medians with quartiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.estimates.texts import median_of
from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.pace import Written

MEASURES: Mapping[str, Callable[[Written], float]] = {
    "characters_per_second": lambda each: each.characters / each.seconds,
    "seconds": lambda each: each.seconds,
    "characters": lambda each: float(each.characters),
}


def pace(evidence: Evidence) -> list[Content]:
    """One entry an arm with timed calls, refusals and replicates included; empty where none was timed."""
    return [
        {"arm": row.name, "estimates": [_told(evidence, name, arm) for name in MEASURES]}
        for arm, row in evidence.table.arms.items()
        if any(each.arm == arm for each in evidence.pace.outputs)
    ]


def _told(evidence: Evidence, name: str, arm: int) -> Content:
    """The median with the interval of order statistics, outputs taken as independent, and the quartiles."""
    mine = [each for each in evidence.pace.outputs if each.arm == arm]
    values = [MEASURES[name](each) for each in mine]
    low, high = np.quantile(values, [0.25, 0.75])
    found = replace(median_of(values, evidence.inference.level), estimator=name)
    told = replace(found, n_cases=len({each.case for each in mine}))
    return {**plain(told), "quartiles": [float(low), float(high)]}
