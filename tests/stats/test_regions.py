"""Boxes and masks: overlap, matches, and figures over cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from readerstudy.stats.estimate import Reason
from readerstudy.stats.regions import (
    RegionError,
    box_dice,
    box_iou,
    mask_dice,
    mask_iou,
    matched,
    overlap_scores,
    pairwise_overlap,
    parse_boxes,
    precision_recall,
    region_overlap,
    union_dice,
    union_iou,
)

EMPTY = parse_boxes("none")
corner, side = some.integers(0, 12), some.integers(1, 8)
boxes = some.lists(
    some.builds(lambda x, y, w, h: [x, y, x + w, y + h], corner, corner, side, side), max_size=4
).map(lambda rows: np.array(rows, dtype=float).reshape(-1, 4))


def painted(region: np.ndarray) -> np.ndarray:
    mask = np.zeros((20, 20), dtype=bool)
    for left, top, right, bottom in region.astype(int):
        mask[left:right, top:bottom] = True
    return mask


@given(boxes, boxes)
@settings(max_examples=60, deadline=None)
def test_regions_of_boxes_overlap_as_their_pixels_do(first: np.ndarray, second: np.ndarray) -> None:
    masks = painted(first), painted(second)
    assert union_iou(first, second) == pytest.approx(mask_iou(*masks))
    assert union_dice(first, second) == pytest.approx(mask_dice(*masks))


def test_every_two_boxes_have_an_overlap() -> None:
    first, second = parse_boxes("0 0 10 10; 20 20 30 30"), parse_boxes("5,0,15,10")
    assert box_iou(first, second).tolist() == [[pytest.approx(50 / 150)], [0.0]]
    assert box_dice(first, second).tolist() == [[pytest.approx(0.5)], [0.0]]


def test_nothing_beside_nothing_has_no_overlap_and_beside_something_none() -> None:
    box = parse_boxes("0 0 1 1")
    assert union_iou(EMPTY, EMPTY) is None
    assert union_dice(EMPTY, EMPTY) is None
    assert (union_iou(EMPTY, box), union_dice(box, EMPTY)) == (0.0, 0.0)
    assert mask_iou(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) is None
    assert mask_dice(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) is None


@pytest.mark.parametrize("text", ["", "1 2 3", "1 2 3 x", "5 5 5 9", "9 9 1 1", "0 0 inf 1", "1 2 3 4;"])
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(RegionError):
        parse_boxes(text)


def test_a_box_matches_once_and_as_many_match_as_can() -> None:
    found = parse_boxes("0 0 10 10; 0 0 10 20")
    truth = parse_boxes("0 0 10 9; 0 0 10 5")
    # Found 1 overlaps most with truth 1, which would leave found 2, below the threshold with truth 2, alone.
    assert box_iou(found, truth).tolist() == [[0.9, 0.5], [0.45, 0.25]]
    assert matched(found, truth, threshold=0.45).tolist() == [[0, 1], [1, 0]]
    assert matched(found, truth, threshold=0.5).tolist() == [[0, 0]]
    assert matched(EMPTY, truth).shape == (0, 2)


def test_precision_and_recall_count_boxes_over_cases() -> None:
    box, other = parse_boxes("0 0 10 10"), parse_boxes("50 50 60 60")
    found = {"a": box, "b": np.vstack([box, other]), "c": EMPTY, "x": box}
    truth = {"a": box, "b": box, "c": np.vstack([box, other]), "d": box}
    precision, recall, f1 = precision_recall(found, truth)
    assert (precision.value, recall.value) == (pytest.approx(2 / 3), pytest.approx(2 / 4))
    assert f1.value == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert (f1.variant, f1.n_cases, f1.n_ratings) == ("f1@0.5", 3, 3)
    nothing = precision_recall({"a": EMPTY}, {"a": EMPTY})
    assert {line.reason for line in nothing} == {Reason.NO_REGIONS}
    assert precision_recall({"a": EMPTY}, {"a": box})[1].value == 0.0


def readers() -> dict[str, dict[str, np.ndarray]]:
    generator = np.random.default_rng(3)
    corners = generator.integers(0, 30, (20, 2)).astype(float)

    def marks(jitter: int) -> dict[str, np.ndarray]:
        moved = corners + generator.integers(-jitter, jitter + 1, corners.shape)
        return {f"case{row}": np.array([[x, y, x + 20, y + 20]]) for row, (x, y) in enumerate(moved)}

    return {"truth": marks(0), "ana": marks(2), "bo": marks(6)}


def test_readers_are_held_against_the_reference_and_one_another() -> None:
    marks = readers()
    truth = marks.pop("truth")
    marks["bo"].pop("case0")
    marks["ana"]["case1"] = truth["case1"] = EMPTY
    iou, dice = region_overlap(marks, truth)
    scores = overlap_scores(marks, truth)
    assert iou.value == pytest.approx(np.nanmean(scores.values))
    assert (iou.variant, dice.variant, iou.n_readers, iou.n_ratings) == ("iou", "dice", 2, 38)
    assert iou.ci_method == "crossed moment components, Hillis df, t"
    pair = pairwise_overlap(marks)[0]
    expected = [union_iou(marks["ana"][case], marks["bo"][case]) for case in marks["bo"]]
    assert (pair.reader, pair.n_cases) == ("ana|bo", 19)
    assert pair.value == pytest.approx(np.mean(expected))


def test_readers_who_share_no_case_with_the_reference_have_no_overlap() -> None:
    assert {line.reason for line in region_overlap({"ana": {"x": EMPTY}}, {"y": EMPTY})} == {
        Reason.NO_REGIONS
    }
    assert {line.reason for line in pairwise_overlap({"a": {"x": EMPTY}, "b": {}})} == {Reason.NO_REGIONS}
