"""Reference marks: boxes, points and outlines that experts drew, as a CSV table or COCO JSON gives them.

A mark is `{"slot", "frame", "label", "points"}` in pixels of the image itself: x to the right, y down, [0, 0] the outer
corner of the first pixel. One point is a point, two are the upper left and lower right corner of a box, three or more
an outline. An empty list says that there is nothing to mark.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from readerstudy.cases.tables import Problem, Unreadable, cells_of, text_of
from readerstudy.studies.protocol.case_tables import USUAL_SLOT, canonical_mark

Mark = dict[str, Any]
MOST_MARKS, MOST_CORNERS, LONGEST_LABEL = 500, 1000, 80
COLUMNS = ("case", "slot", "frame", "label", "points")
COCO_PARTS = ("images", "annotations")


@dataclass
class MarkTable:
    """The marks by the name under which the table calls a case, and the first line that names it."""

    marks: dict[str, list[Mark]] = field(default_factory=dict)
    lines: dict[str, int | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, case: str, line: int | None, mark: Mark | None) -> None:
        """Notes that the case was looked at, and its mark if there is one."""
        self.lines.setdefault(case, line)
        self.marks.setdefault(case, [])
        if mark is not None:
            self.marks[case].append(mark)
        if len(self.marks[case]) > MOST_MARKS:
            raise Unreadable(Problem(_("A case has at most %(most)d marks.") % {"most": MOST_MARKS}, line))


def whole_mark(told: Mapping[str, Any]) -> Mark:
    """A mark as it is stored, from the form of a protocol file: with its slot and frame."""
    return {"slot": USUAL_SLOT, "frame": 0, **canonical_mark(told)}


def read_marks(content: bytes) -> MarkTable:
    """The marks of an uploaded file: COCO JSON where it begins like JSON, else a CSV table.

    CSV columns: `case`, `points` (“x y” pairs parted by blanks; empty where there is nothing to mark), and if wanted
    `slot`, `frame`, `label`; one row a mark. Raises `Unreadable` where the file cannot be read at all; what is wrong
    with single marks is in `problems`.
    """
    text = text_of(content)
    return _read_coco(text) if text.lstrip().startswith("{") else _read_csv(text)


def _read_csv(text: str) -> MarkTable:
    rows = cells_of(text)
    _line, head = next(rows, (1, []))
    names = [name.lower() for name in head]
    if "case" not in names or "points" not in names:
        raise Unreadable(
            Problem(_("The table needs the columns “case” and “points”. Add them to its first line."))
        )
    table = MarkTable()
    for line, cells in rows:
        row = dict(zip(names, [*cells, *[""] * len(names)], strict=False))
        _add_row(table, line, row)
    return table


def _add_row(table: MarkTable, line: int, row: Mapping[str, str]) -> None:
    if not row["case"]:
        table.problems.append(Problem(_("The case is missing. Name it."), line))
        return
    if not row["points"]:
        table.add(row["case"], line, None)
        return
    points, frame = _points(row["points"]), row.get("frame") or "0"
    if points is None or not frame.isdecimal():
        sentence = _("The points are no pairs of numbers, or the frame is no number from 0. Write “x y x y”.")
        table.problems.append(Problem(sentence, line))
        return
    told = {"points": points, "frame": int(frame), "label": row.get("label", "")[:LONGEST_LABEL]}
    table.add(row["case"], line, whole_mark({**told, **({"slot": row["slot"]} if row.get("slot") else {})}))


def _points(text: str) -> list[list[float]] | None:
    try:
        numbers = [float(each) for each in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        return None
    return _paired(numbers)


def _paired(numbers: Sequence[float]) -> list[list[float]] | None:
    pairs = [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=False)]
    is_whole = len(numbers) % 2 == 0 and 0 < len(pairs) <= MOST_CORNERS
    return pairs if is_whole and all(map(math.isfinite, numbers)) else None


def _read_coco(text: str) -> MarkTable:
    try:
        told = json.loads(text)
        parts = [told[name] for name in COCO_PARTS]
        files = {each["id"]: str(each["file_name"]) for each in parts[0]}
        labels = {each["id"]: str(each["name"]) for each in told.get("categories", ())}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        sentence = _("This is no COCO file: it needs “images” with “id” and “file_name”, and “annotations”.")
        raise Unreadable(Problem(sentence)) from error
    table = MarkTable()
    for name in files.values():
        table.add(name, None, None)
    for number, each in enumerate(parts[1], start=1):
        _add_coco(table, number, each, files, labels)
    return table


def _add_coco(
    table: MarkTable, number: int, told: Any, files: Mapping[Any, str], labels: Mapping[Any, str]
) -> None:
    """One entry of `annotations`: its outline where there is one, else its box."""
    try:
        name, marks = files[told["image_id"]], list(_coco_points(told))
    except (KeyError, TypeError, ValueError):
        sentence = _("Entry %(n)d names no image of the file, or has neither “bbox” nor “segmentation”.")
        table.problems.append(Problem(sentence % {"n": number}))
        return
    label = labels.get(told.get("category_id"), "")[:LONGEST_LABEL]
    for points in marks:
        table.add(name, None, whole_mark({"points": points, "label": label}))


def _coco_points(told: Mapping[str, Any]) -> Iterator[list[list[float]]]:
    outlines = told.get("segmentation")
    if isinstance(outlines, list) and outlines:
        found = [_paired([float(number) for number in outline]) for outline in outlines]
    else:
        x, y, width, height = (float(number) for number in told["bbox"])
        found = [[[x, y], [x + width, y + height]]]
    for points in found:
        if points is None or not all(math.isfinite(number) for point in points for number in point):
            raise ValueError("no points")
        yield points


def misplaced(mark: Mark, frames: Mapping[str, tuple[int, int, int]]) -> str:
    """Why a mark does not lie on the images of its case, as a sentence; empty where it does.

    `frames` gives width, height and number of frames by slot.
    """
    size = frames.get(mark["slot"])
    if size is None:
        return _("There is no image in the slot “%(slot)s”.") % {"slot": mark["slot"]}
    width, height, count = size
    points = mark["points"]
    if mark["frame"] >= count or not all(0 <= x <= width and 0 <= y <= height for x, y in points):
        told = {"width": width, "height": height, "frames": count}
        return (
            _("A mark does not lie on the image of %(width)d × %(height)d pixels and %(frames)d frames.")
            % told
        )
    if len(points) == 2 and (points[0][0] == points[1][0] or points[0][1] == points[1][1]):
        return _("A box has no area.")
    return ""
