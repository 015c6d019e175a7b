"""Marked regions beside one another: boxes, outlines, masks, their overlap, and what was found or missed."""

from readerstudy.stats.regions.agreement import (
    found_and_missed,
    mean_overlap,
    overlap_scores,
    pairwise_overlap,
    precision_recall,
    region_overlap,
)
from readerstudy.stats.regions.boxes import (
    RegionError,
    areas_of_unions,
    assigned,
    box_dice,
    box_iou,
    matched,
    parse_boxes,
    union_dice,
    union_iou,
)
from readerstudy.stats.regions.masks import mask_dice, mask_iou
from readerstudy.stats.regions.outlines import areas_of_outlines, contains

__all__ = [
    "RegionError",
    "areas_of_outlines",
    "areas_of_unions",
    "assigned",
    "box_dice",
    "box_iou",
    "contains",
    "found_and_missed",
    "mask_dice",
    "mask_iou",
    "matched",
    "mean_overlap",
    "overlap_scores",
    "pairwise_overlap",
    "parse_boxes",
    "precision_recall",
    "region_overlap",
    "union_dice",
    "union_iou",
]
