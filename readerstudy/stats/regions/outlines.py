"""Outlines: corners in pixels of the original image, three or more, the last joined to the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray

Outline = Sequence[Sequence[float]]


def areas_of_outlines(first: Sequence[Outline], second: Sequence[Outline]) -> tuple[float, float, float]:
    """Return the areas of two sets of outlines, each taken as one region, and the area that they share, in pixels.

    A pixel lies inside where its middle does.
    """
    points = np.array([point for outline in [*first, *second] for point in outline], dtype=np.float64)
    if not len(points):
        return 0.0, 0.0, 0.0
    low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    middles = np.meshgrid(*(np.arange(low[axis], high[axis]) + 0.5 for axis in (0, 1)))
    one, other = (_covered(outlines, *middles) for outlines in (first, second))
    return float(one.sum()), float(other.sum()), float((one & other).sum())


def contains(outline: Outline, x: float, y: float) -> bool:
    """Return whether a point lies inside an outline, by the even-odd rule (Shimrat 1962)."""
    return bool(_inside(outline, np.array([x]), np.array([y]))[0])


def _covered(outlines: Sequence[Outline], x: FloatArray, y: FloatArray) -> BoolArray:
    covered = np.zeros(x.shape, dtype=np.bool_)
    for outline in outlines:
        covered |= _inside(outline, x, y)
    return covered


def _inside(outline: Outline, x: FloatArray, y: FloatArray) -> BoolArray:
    # By the even-odd rule: a ray to the right crosses the outline an odd number of times.
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
