"""What readers and models drew, and the marks of the reference, in pixels of the original: as a table and as COCO."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import Column
from readerstudy.analysis.exports.tables import ExportTable, Source, fetched, fixed
from readerstudy.cases.models import Image, ReferenceStandard, ShownAs, rules_of
from readerstudy.cases.viewing import size_shown
from readerstudy.generation.models import Extraction
from readerstudy.studies.models import Kind

READER, MODEL, REFERENCE = "reader", "model", "reference"
DRAWN = (Kind.BOX, Kind.POINT, Kind.LENGTH, Kind.POLYGON)
CORNERS = {1: Kind.POINT, 2: Kind.BOX}
"""What a mark of the reference is by how many corners it has; an outline has more."""
Point = tuple[float, float]

STANDING = """
SELECT s.seat, c.id, coalesce(o.arm_id, a.arm_id), v.criterion_id, v.value
FROM reading_rating v
JOIN reading_allocation a ON a.id = v.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id AND NOT p.is_pilot
JOIN studies_membership s ON s.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id AND c.left_out_at IS NULL
LEFT JOIN reading_allocatedoutput o ON o.id = v.output_id
WHERE p.study_id = %(study)s AND v.value <> '' AND v.criterion_id = ANY(%(criteria)s)
ORDER BY s.seat, a.position, array_position(%(criteria)s::bigint[], v.criterion_id), v.id
"""


@dataclass(frozen=True)
class Mark:
    """One mark: who drew it on what, and its corners in pixels of the original image."""

    drawn_by: str
    reader: str
    arm: str
    criterion: str
    kind: str
    number: int
    label: str
    image: Image
    frame: int
    points: tuple[Point, ...]

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of what surrounds it."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


@dataclass(frozen=True)
class Places:
    """The images of a study by case and slot, and how what is shown lies on the original."""

    images: dict[tuple[int, str], Image]
    shown_as: ShownAs
    order: list[Image] = field(default_factory=list)

    @classmethod
    def of(cls, source: Source) -> Places:
        rows = Image.objects.of(source.study).select_related("case")
        ordered = sorted(rows, key=lambda image: (image.case.position, image.slot))
        shown_as = ShownAs(rules_of(source.study).shown_as)
        return cls({(image.case_id, image.slot): image for image in ordered}, shown_as, ordered)

    def frame(self, image: Image, shown: int) -> int:
        """The frame of the original on which a mark lies; of smaller images readers see the middle one alone."""
        return shown if self.shown_as == ShownAs.FULL else image.key_frame

    def original(self, image: Image, point: Sequence[float]) -> Point:
        """A point of what the reader saw, in pixels of the original image; two decimals."""
        if self.shown_as == ShownAs.NORMAL:
            placed = image.meta["normal"]["placed"]
            x, y = (
                (each - placed[edge]) / placed["scale"]
                for each, edge in zip(point, ("left", "top"), strict=True)
            )
        else:
            width, height = size_shown(image, self.shown_as)
            x, y = point[0] * image.meta["width"] / width, point[1] * image.meta["height"] / height
        return round(x, 2) + 0.0, round(y, 2) + 0.0


def marks_of(source: Source) -> Iterator[Mark]:
    """Every mark that stands: readers', then boxes of models, who are given the middle frame, then the reference's."""
    places = Places.of(source)
    asked = [pk for pk, row in source.criteria.items() if row.kind in DRAWN]
    for seat, case, arm, criterion, value in fetched(STANDING, {"study": source.study.pk, "criteria": asked}):
        names = (READER, f"R{seat:02d}", source.arms[arm] if arm else "")
        question = source.criteria[criterion]
        for number, mark in enumerate(json.loads(value), 1):
            image = places.images.get((case, mark["slot"]))
            if image is not None:
                points = tuple(places.original(image, point) for point in mark["points"])
                frame = places.frame(image, mark["frame"])
                yield Mark(*names, question.key, question.kind, number, "", image, frame, points)
    yield from _of_models(source, places)
    yield from _of_reference(source, places)


def _of_reference(source: Source, places: Places) -> Iterator[Mark]:
    """What the reference standard marks: it is kept in pixels of the original."""
    rows = ReferenceStandard.objects.filter(study=source.study, case__left_out_at=None).exclude(marks=None)
    for row in rows.order_by("case__position"):
        for number, mark in enumerate(row.marks or [], 1):
            image = places.images.get((row.case_id, mark["slot"]))
            if image is not None:
                points = tuple((float(x), float(y)) for x, y in mark["points"])
                kind = CORNERS.get(len(points), Kind.POLYGON)
                label = mark.get("label", "")
                yield Mark(REFERENCE, "", "", "", kind, number, label, image, mark["frame"], points)


def _of_models(source: Source, places: Places) -> Iterator[Mark]:
    rows = (
        Extraction.objects.of(source.study)
        .exclude(boxes=[])
        .select_related("interpretation__generation__case")
    )
    order = {pk: place for place, pk in enumerate(source.arms)}
    found = [(row.interpretation.generation, row.boxes) for row in rows]
    for own, boxes in sorted(
        found, key=lambda row: (row[0].case.position, order[row[0].arm_id or 0], row[0].replicate)
    ):
        if own.replicate == 1:
            for number, box in enumerate(boxes, 1):
                image = places.images.get((own.case_id, box["slot"]))
                if image is not None:
                    arm = source.arms[own.arm_id or 0]
                    yield Mark(
                        MODEL,
                        "",
                        arm,
                        "",
                        Kind.BOX,
                        number,
                        box["label"],
                        image,
                        image.key_frame,
                        _corners(image, box),
                    )


def _corners(image: Image, box: dict[str, Any]) -> tuple[Point, Point]:
    """Upper left and lower right; a box ends where the image does."""
    width, height = image.meta["width"], image.meta["height"]
    low = round(box["x"] * width, 2), round(box["y"] * height, 2)
    right, bottom = min(box["x"] + box["width"], 1), min(box["y"] + box["height"], 1)
    return low, (round(right * width, 2), round(bottom * height, 2))


COLUMNS = (
    Column("case", "The case, by its code."),
    Column("slot", "The image of the case."),
    Column("frame", "The frame of the original, in the order that readers see.", "from 0", "count"),
    Column("image_width", "Width of the original image.", "number", "pixels"),
    Column("image_height", "Height of the original image.", "number", "pixels"),
    Column("drawn_by", "Who drew it.", "reader, model, reference = of the reference standard"),
    Column("reader", "The reader's pseudonym; empty for all others."),
    Column("arm", "The arm whose output is judged or drew it; empty for questions about the case."),
    Column("criterion", "The question it answers, by its short name; empty for all others."),
    Column("kind", "What it is.", "box, point, length, polygon"),
    Column("mark", "Its number within one answer.", "from 1", "count"),
    Column("label", "What the model, or the reference, calls it."),
    Column("left", "Left edge of what surrounds it.", "number", "pixels of the original"),
    Column("top", "Upper edge.", "number", "pixels of the original"),
    Column("width", "Width of what surrounds it.", "number", "pixels of the original"),
    Column("height", "Height of what surrounds it.", "number", "pixels of the original"),
    Column(
        "points",
        "Its corners as [x, y], x to the right, y down, from the outer corner of the first pixel.",
        "JSON",
    ),
)


def _rows(source: Source) -> Iterator[list[str]]:
    for mark in marks_of(source):
        meta = mark.image.meta
        yield [
            cells.text(mark.image.case.code),
            cells.text(mark.image.slot),
            str(mark.frame),
            *(cells.number(meta[name]) for name in ("width", "height")),
            mark.drawn_by,
            mark.reader,
            mark.arm,
            cells.text(mark.criterion),
            mark.kind,
            str(mark.number),
            cells.text(mark.label),
            *(cells.number(round(each, 2)) for each in mark.corners),
            json.dumps(mark.points),
        ]


marks = ExportTable(
    "marks.csv",
    _("What readers and models drew, and the marks of the reference, in pixels of the original images."),
    fixed(*COLUMNS),
    _rows,
    "marks",
)


def coco(source: Source) -> bytes:
    """The same in the form of COCO's object detection files.

    A category is a question, a label or who drew it; each annotation also tells `drawn_by`, `reader`, `arm`, `kind`.
    """
    images: dict[tuple[int, int], dict[str, Any]] = {}
    categories: dict[str, int] = {}
    found: list[dict[str, Any]] = []
    for mark in marks_of(source):
        image = images.setdefault((mark.image.pk, mark.frame), _image(mark, len(images) + 1))
        name = mark.criterion or mark.label or mark.drawn_by
        category = categories.setdefault(name, len(categories) + 1)
        found.append(_annotation(mark, len(found) + 1, image["id"], category))
    document = {
        "info": {
            "description": f"{source.study.title}: marks in pixels of the original images",
            "version": "1.0",
        },
        "licenses": [],
        "images": list(images.values()),
        "categories": [{"id": pk, "name": name, "supercategory": ""} for name, pk in categories.items()],
        "annotations": found,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _image(mark: Mark, number: int) -> dict[str, Any]:
    name = f"{mark.image.case.code}/{mark.image.slot}/{mark.frame}"
    return {
        "id": number,
        "file_name": name,
        "width": mark.image.meta["width"],
        "height": mark.image.meta["height"],
    }


def _annotation(mark: Mark, number: int, image: int, category: int) -> dict[str, Any]:
    left, top, width, height = (round(each, 2) for each in mark.corners)
    outline = [[each for point in mark.points for each in point]] if mark.kind == Kind.POLYGON else []
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": [left, top, width, height],
        "area": round(_area(mark), 2),
        "segmentation": outline,
        "iscrowd": 0,
        **(
            {"keypoints": [each for point in mark.points for each in (*point, 2)]}
            if mark.kind != Kind.BOX
            else {}
        ),
        "drawn_by": mark.drawn_by,
        "reader": mark.reader,
        "arm": mark.arm,
        "kind": mark.kind,
        "mark": mark.number,
    }


def _area(mark: Mark) -> float:
    """Pixels within a box or an outline, by the shoelace formula; none of points and lengths."""
    _left, _top, width, height = mark.corners
    if mark.kind != Kind.POLYGON:
        return width * height if mark.kind == Kind.BOX else 0.0
    pairs = zip(mark.points, (*mark.points[1:], mark.points[0]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
