"""How far what readers drew lies on each other: intersection over union of all that one and all that another marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from readerstudy.stats.arrays import BoolArray

Points = Sequence[Sequence[float]]
"""Corners in pixels: two of a box, three or more of an outline."""


def intersection_over_union(first: Sequence[Points], second: Sequence[Points]) -> float:
    """Return the area that both marked as a share of what either marked, exact for boxes with whole pixels.

    Two readers who both marked nothing agree: 1. Where one alone marked something it is 0.
    """
    if not first and not second:
        return 1.0
    if not first or not second:
        return 0.0
    xs, ys = _grid([*first, *second])
    one, other = _covered(first, xs, ys), _covered(second, xs, ys)
    area = np.outer(np.diff(ys), np.diff(xs))
    union = float(area[one | other].sum())
    return float(area[one & other].sum()) / union if union else 0.0


def _grid(marks: Sequence[Points]) -> tuple[np.ndarray, np.ndarray]:
    """Lines between cells: every corner, and where there are outlines every pixel."""
    points = np.array([point for mark in marks for point in mark], dtype=np.float64)
    if all(len(mark) == 2 for mark in marks):
        return np.unique(points[:, 0]), np.unique(points[:, 1])
    low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    return np.arange(low[0], high[0] + 1.0), np.arange(low[1], high[1] + 1.0)


def _covered(marks: Sequence[Points], xs: np.ndarray, ys: np.ndarray) -> BoolArray:
    x, y = np.meshgrid((xs[:-1] + xs[1:]) / 2.0, (ys[:-1] + ys[1:]) / 2.0)
    covered = np.zeros(x.shape, dtype=np.bool_)
    for mark in marks:
        covered |= _in_box(mark, x, y) if len(mark) == 2 else _in_outline(mark, x, y)
    return covered


def _in_box(mark: Points, x: np.ndarray, y: np.ndarray) -> BoolArray:
    (left, top), (right, bottom) = mark
    inside: BoolArray = (left < x) & (x < right) & (top < y) & (y < bottom)
    return inside


def _in_outline(mark: Points, x: np.ndarray, y: np.ndarray) -> BoolArray:
    """By the even-odd rule: a ray to the right crosses the outline an odd number of times."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(mark, [*mark[1:], mark[0]], strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
