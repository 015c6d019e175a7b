"""Marked regions beside one another: boxes, outlines, masks, their overlap, and what was found or missed."""

from readerstudy.stats.regions.agreement import (
    overlap_scores,
    pairwise_overlap,
    precision_recall,
    region_overlap,
)
from readerstudy.stats.regions.boxes import (
    RegionError,
    areas_of_unions,
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
    "box_dice",
    "box_iou",
    "contains",
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
