"""Masks: arrays of the image's shape, true inside the region."""

from __future__ import annotations

import numpy as np

from readerstudy.stats.arrays import BoolArray


def mask_iou(first: BoolArray, second: BoolArray) -> float | None:
    """Return intersection over union in pixels; None where both masks are empty."""
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else None


def mask_dice(first: BoolArray, second: BoolArray) -> float | None:
    """Return twice the intersection over the sum of areas; None where both masks are empty."""
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else None
