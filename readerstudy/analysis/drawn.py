"""Marks that were not drawn by readers: those of the reference standard, and the boxes of models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import Image, ShownAs, rules_of
from readerstudy.cases.viewing import points_shown, size_shown
from readerstudy.generation.models import Extraction

Points = list[list[list[float]]]
"""For each mark its corners: one of a point, two of a box, three or more of an outline."""
Marks = Mapping[tuple[str, int], Points]
"""Marks by the slot and frame on which they lie."""


def reference_marks(table: LongTable) -> dict[int, Marks]:
    """By the primary key of each case that has them its reference marks, in pixels of what readers saw."""
    told = {pk: case.reference.marks for pk, case in table.cases.items() if hasattr(case, "reference")}
    marked = {pk: marks for pk, marks in told.items() if marks is not None}
    shown_as = rules_of(table.study).shown_as
    images = _images(table) if any(marked.values()) and shown_as != ShownAs.FULL else {}
    found: dict[int, Marks] = {}
    for pk, marks in marked.items():
        placed: dict[tuple[str, int], Points] = defaultdict(list)
        for mark in marks:
            points = _shown(images.get((pk, mark["slot"])), mark["points"], ShownAs(shown_as))
            placed[mark["slot"], mark["frame"] if shown_as == ShownAs.FULL else 0].append(points)
        found[pk] = placed
    return found


def _shown(image: Image | None, points: list[list[float]], shown_as: ShownAs) -> list[list[float]]:
    return points if image is None else points_shown(image, points, shown_as)


def _images(table: LongTable) -> dict[tuple[int, str], Image]:
    rows = Image.objects.of(table.study).filter(case__in=table.cases)
    return {(image.case_id, image.slot): image for image in rows}


def boxes_of_models(table: LongTable) -> dict[int, dict[int, Marks]]:
    """By arm and case the boxes that were read out of an output, in the same pixels; an output without any has none."""
    rows = Extraction.objects.filter(
        interpretation__generation__arm__in=table.arms,
        interpretation__generation__case__in=table.cases,
        interpretation__generation__replicate=1,
    )
    columns = ("interpretation__generation__arm_id", "interpretation__generation__case_id", "boxes")
    told = list(rows.values_list(*columns))
    drawing = {arm for arm, _case, boxes in told if boxes}
    images, shown_as = (_images(table) if drawing else {}), ShownAs(rules_of(table.study).shown_as)
    found: dict[int, dict[int, Marks]] = defaultdict(dict)
    for arm, case, boxes in told:
        if arm in drawing:
            found[arm][case] = _boxes(boxes, case, images, shown_as)
    return dict(found)


def _boxes(
    boxes: list[dict[str, float]], case: int, images: Mapping[tuple[int, str], Image], shown_as: ShownAs
) -> Marks:
    """A model is given the key frame of a stack, so that is where its boxes lie."""
    placed: dict[tuple[str, int], Points] = defaultdict(list)
    for box in boxes:
        image = images.get((case, str(box["slot"])))
        if image is None:
            continue
        width, height = size_shown(image, shown_as)
        left, top = box["x"] * width, box["y"] * height
        corners = [[left, top], [left + box["width"] * width, top + box["height"] * height]]
        placed[image.slot, image.key_frame if shown_as == ShownAs.FULL else 0].append(corners)
    return placed
