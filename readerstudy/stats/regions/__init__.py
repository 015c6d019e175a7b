"""Marked regions beside one another: boxes, masks, their overlap, and what was found or missed."""

from readerstudy.stats.regions.agreement import (
    overlap_scores,
    pairwise_overlap,
    precision_recall,
    region_overlap,
)
from readerstudy.stats.regions.boxes import (
    RegionError,
    box_dice,
    box_iou,
    matched,
    parse_boxes,
    union_dice,
    union_iou,
)
from readerstudy.stats.regions.masks import mask_dice, mask_iou

__all__ = [
    "RegionError",
    "box_dice",
    "box_iou",
    "mask_dice",
    "mask_iou",
    "matched",
    "overlap_scores",
    "pairwise_overlap",
    "parse_boxes",
    "precision_recall",
    "region_overlap",
    "union_dice",
    "union_iou",
]
