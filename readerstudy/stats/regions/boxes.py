"""Boxes: rows x0, y0, x1, y1 in pixels of the original image, x0 < x1 and y0 < y1."""

from __future__ import annotations

import re

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray


class RegionError(ValueError):
    """A region that cannot be read."""


def parse_boxes(text: str) -> FloatArray:
    """Return the boxes in a text such as "10 20 50 60; 70 80 90 100", shape (boxes, 4).

    Numbers are parted by blanks or commas, boxes by semicolons; "none" means nothing was marked.
    Raises RegionError for other text and for a box without an area.
    """
    if text.strip().lower() == "none":
        return np.zeros((0, 4))
    return as_boxes(np.array([_box(part) for part in text.split(";")], dtype=np.float64))


def as_boxes(boxes: FloatArray) -> FloatArray:
    """Return boxes of shape (boxes, 4); raises RegionError for another shape or a box without an area."""
    array = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not (np.isfinite(array).all() and (array[:, :2] < array[:, 2:]).all()):
        raise RegionError("A box needs its left, top, right and bottom edge, and an area above zero.")
    return array


def box_iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return intersection over union of every two boxes, shape (first, second) (Jaccard 1901)."""
    shared = _shared(first, second)
    return shared / (_area(first)[:, np.newaxis] + _area(second) - shared)


def box_dice(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return twice the intersection over the sum of areas, shape (first, second) (Dice 1945)."""
    return 2.0 * _shared(first, second) / (_area(first)[:, np.newaxis] + _area(second))


def union_iou(first: FloatArray, second: FloatArray) -> float | None:
    """Return intersection over union of two sets of boxes, each taken as one region.

    0 where one side alone is empty; None where both are, for then there is nothing to overlap.
    """
    one, other, shared = areas_of_unions(first, second)
    return shared / (one + other - shared) if one or other else None


def union_dice(first: FloatArray, second: FloatArray) -> float | None:
    """Return twice the intersection over the sum of areas of two sets of boxes; None as `union_iou`."""
    one, other, shared = areas_of_unions(first, second)
    return 2.0 * shared / (one + other) if one or other else None


def areas_of_unions(first: FloatArray, second: FloatArray) -> tuple[float, float, float]:
    """Return the areas of two sets of boxes, each taken as one region, and the area that they share."""
    # All edges cut the plane into a grid whose cells lie wholly inside or outside of every box.
    edges = [np.unique(np.concatenate([first[:, axis::2], second[:, axis::2]])) for axis in (0, 1)]
    cells = np.outer(np.diff(edges[0]), np.diff(edges[1]))
    inside = [_inside(boxes, edges[0], edges[1]) for boxes in (first, second)]
    both = inside[0] & inside[1]
    return float(cells[inside[0]].sum()), float(cells[inside[1]].sum()), float(cells[both].sum())


def matched(found: FloatArray, truth: FloatArray, *, threshold: float = 0.5) -> IntArray:
    """Return pairs of found and true boxes that overlap by ``threshold`` or more, shape (pairs, 2).

    Each box is in one pair at most; the assignment has as many pairs as can be and, among these, the
    largest sum of intersection over union.
    """
    return assigned(box_iou(found, truth), threshold=threshold)


def assigned(overlap: FloatArray, *, threshold: float = 0.5) -> IntArray:
    """Return the pairs of `matched` for regions of any form; ``overlap`` has shape (found, true)."""
    from scipy.optimize import linear_sum_assignment

    worth = np.where(overlap >= threshold, 1.0 + overlap / (1.0 + min(overlap.shape)), 0.0)
    pairs = np.stack(linear_sum_assignment(worth, maximize=True), axis=1)
    chosen: IntArray = pairs[worth[pairs[:, 0], pairs[:, 1]] > 0.0].astype(np.int64)
    return chosen


def _box(part: str) -> list[float]:
    cells = [cell for cell in re.split(r"[\s,]+", part.strip()) if cell]
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise RegionError(
            f'"{part.strip()}" is not a box. Write its left, top, right and bottom edge in pixels.'
        )
    return numbers


def _shared(first: FloatArray, second: FloatArray) -> FloatArray:
    low = np.maximum(first[:, np.newaxis, :2], second[np.newaxis, :, :2])
    high = np.minimum(first[:, np.newaxis, 2:], second[np.newaxis, :, 2:])
    shared: FloatArray = np.clip(high - low, 0.0, None).prod(axis=2)
    return shared


def _area(boxes: FloatArray) -> FloatArray:
    area: FloatArray = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return area


def _inside(
    boxes: FloatArray, across: FloatArray, down: FloatArray
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    inside = np.zeros((max(len(across) - 1, 0), max(len(down) - 1, 0)), dtype=bool)
    for left, top, right, bottom in boxes:
        columns = slice(*np.searchsorted(across, [left, right]))
        rows = slice(*np.searchsorted(down, [top, bottom]))
        inside[columns, rows] = True
    return inside
