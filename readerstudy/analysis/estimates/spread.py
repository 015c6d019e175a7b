"""How ratings spread over the options: refused readings stand beside the shares, not in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from readerstudy.analysis.cells import number
from readerstudy.analysis.estimates.agreement import of_arm
from readerstudy.analysis.estimates.plain import Content, answered
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.distribution import distribution
from readerstudy.stats.ratings import MISSING, Ratings
from readerstudy.stats.scale import Scale

MOST_VALUES = 12
BINS = 10


@dataclass(frozen=True)
class _Spread:
    # Ratings by arm on one scale, and (value, label) of each place on it.
    by_arm: list[Ratings]
    names: list[tuple[str, str]]


def spread(evidence: Evidence, sheet: Sheet) -> list[Content]:
    """One entry an arm with a count and share for each option, or for each range of a number."""
    by_arm = [_answered(evidence, sheet, place) for place in range(len(evidence.arms))]
    found = _in_ranges(sheet, by_arm) if sheet.scale is None else _by_option(sheet, by_arm)
    return [_of_arm(evidence, sheet, place, found) for place in range(len(evidence.arms))]


def _of_arm(evidence: Evidence, sheet: Sheet, place: int, spread_: _Spread) -> Content:
    arm = evidence.arms[place]
    rows = ~evidence.outputs[arm.pk].declined
    blank = sheet.shown[place] & ~sheet.rated[place] & ~sheet.cannot_judge[place]
    found = distribution(spread_.by_arm[place], arm=arm.name)
    shares = found.shares or [None] * len(found.counts)
    return {
        "arm": arm.name,
        "options": [
            {"value": value, "label": label, "count": count, "share": share}
            for (value, label), count, share in zip(spread_.names, found.counts, shares, strict=True)
        ],
        "n": found.n,
        "n_refused": int(sheet.refused[place].sum()),
        "n_cannot_judge": int(sheet.cannot_judge[place][rows].sum()),
        "n_missing": int(blank[rows].sum()),
    }


def _answered(evidence: Evidence, sheet: Sheet, place: int) -> Ratings:
    ratings = of_arm(evidence, sheet, place)
    rows = answered(evidence, evidence.arms[place].pk)
    return replace(ratings, codes=np.where(rows[:, np.newaxis], ratings.codes, MISSING))


def _by_option(sheet: Sheet, by_arm: list[Ratings]) -> _Spread:
    return _Spread(by_arm, [(option["value"], option["label"]) for option in sheet.options])


def _in_ranges(sheet: Sheet, by_arm: list[Ratings]) -> _Spread:
    """Numbers with many values, in ranges of equal width over the declared or observed span."""
    values = by_arm[0].scale.values()
    if len(values) <= MOST_VALUES:
        return _Spread(by_arm, [(number(value), "") for value in values.tolist()])
    low, high = sheet.criterion.minimum, sheet.criterion.maximum
    edges = np.linspace(
        values.min() if low is None else low, values.max() if high is None else high, BINS + 1
    )
    places = np.append(np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BINS - 1), MISSING)
    ranges = [(f"{edges[i]:.4g} to {edges[i + 1]:.4g}", "") for i in range(BINS)]
    scale = Scale(tuple(range(BINS)))
    return _Spread([replace(ratings, codes=places[ratings.codes], scale=scale) for ratings in by_arm], ranges)
