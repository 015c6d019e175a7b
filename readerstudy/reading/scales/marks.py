"""Kinds that are answered on the image: boxes, points, lengths and polygons in pixels of what the reader sees."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from readerstudy.reading.scales.base import About, Answer, Frame, canonical, parsed, refuse
from readerstudy.reading.scales.numbers import within
from readerstudy.studies.models import Criterion

MOST_MARKS = 500
MOST_CORNERS = 1000
POINTS = {"point": (1, 1), "length": (2, 2), "box": (2, 2), "polygon": (3, MOST_CORNERS)}
MILLIMETRES = "mm"

Point = tuple[float, float]


def marks(criterion: Criterion, raw: str, about: About) -> Answer:
    """Marks `[{"slot", "frame", "points": [[x, y], …]}]`, in the order in which they were drawn.

    x to the right, y down, [0, 0] the outer corner of the first pixel; a box is its upper left and lower right corner.
    An empty list says that there is nothing to mark. One length has a score: its millimetres where the image is
    calibrated and the criterion asks for mm, its pixels where it asks for anything else.
    """
    found = parsed(criterion, raw)
    if not isinstance(found, list) or len(found) > MOST_MARKS:
        refuse(criterion, _("draw at most %(most)d marks."), most=MOST_MARKS)
    drawn = [_mark(criterion, each, about) for each in found]
    score = _length(criterion, drawn, about)
    if score is not None:
        within(criterion, score)
    return Answer(value=canonical(drawn), score=score)


def _mark(criterion: Criterion, found: Any, about: About) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != {"slot", "frame", "points"}:
        _not_on_the_image(criterion)
    slot, frame, points = found["slot"], found["frame"], found["points"]
    least, most = POINTS[criterion.kind]
    if not isinstance(slot, str) or type(frame) is not int or frame < 0 or not isinstance(points, list):
        _not_on_the_image(criterion)
    if not least <= len(points) <= most or not all(map(_is_point, points)):
        _not_on_the_image(criterion)
    placed = [[_hundredths(x), _hundredths(y)] for x, y in points]
    if criterion.kind == "box":
        placed = _box(criterion, placed)
    if about.images is not None and not _lies_on(about.images.get(slot), frame, placed):
        _not_on_the_image(criterion)
    return {"slot": slot, "frame": frame, "points": placed}


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(each) in (int, float) and math.isfinite(each) for each in point)
    )


def _hundredths(value: float) -> float:
    return round(float(value), 2) + 0.0


def _box(criterion: Criterion, corners: list[list[float]]) -> list[list[float]]:
    [(left, top), (right, low)] = corners
    if left == right or top == low:
        refuse(criterion, _("a box needs an area. Draw it again."))
    return [[min(left, right), min(top, low)], [max(left, right), max(top, low)]]


def _lies_on(image: Frame | None, frame: int, points: list[list[float]]) -> bool:
    if image is None or frame >= image.frames:
        return False
    return all(0 <= x <= image.width and 0 <= y <= image.height for x, y in points)


def _length(criterion: Criterion, drawn: list[dict[str, Any]], about: About) -> float | None:
    if criterion.kind != "length" or len(drawn) != 1:
        return None
    [(x, y), (u, v)] = drawn[0]["points"]
    if criterion.unit != MILLIMETRES:
        return round(math.hypot(u - x, v - y), 3)
    image = (about.images or {}).get(drawn[0]["slot"])
    if image is None or image.spacing is None:
        return None
    down, across = image.spacing
    return round(math.hypot((u - x) * across, (v - y) * down), 3)


def _not_on_the_image(criterion: Criterion) -> NoReturn:
    refuse(criterion, _("draw on the image."))
