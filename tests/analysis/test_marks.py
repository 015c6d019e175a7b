"""What readers and models drew, read back by other means: in pixels of the original image, frame by frame."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw

from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.cases.models import Case, Image, ImageRules, ReferenceStandard, ShownAs
from readerstudy.cases.normalising import normalise_study
from readerstudy.generation.models import Extraction
from readerstudy.imaging.products import DISPLAY_SIDE
from readerstudy.reading.actions import start_study
from readerstudy.studies.actions import save_criterion
from readerstudy.studies.models import Study
from readerstudy.studies.rubrics.documents import from_document
from tests import factories
from tests.analysis.test_endpoints import each_case, say

pytestmark = pytest.mark.django_db

ASKED = [
    {"key": key, "kind": kind, "question": "Where?", "applies_to": "case", "direction": "none"}
    for key, kind in (("place", "box"), ("shape", "polygon"), ("spot", "point"), ("across", "length"))
]
BIG = {"width": 2 * DISPLAY_SIDE, "height": DISPLAY_SIDE}
STACK = {"width": 64, "height": 48, "frames": 9}


def drawn_study(
    shown_as: ShownAs = ShownAs.FULL, reference: Sequence[Mapping[str, Any]] | None = None
) -> Study:
    """Two cases with a large image each and a stack of nine frames before it; one arm drew a box on the stack."""
    study = factories.make_study(positive_label="abnormal")
    arm = factories.make_arm(study, name="Arm 1")
    for question in ASKED:
        save_criterion(study=study, fields=from_document(question), by=study.created_by)
    texts = [factories.make_output(arm, make_case(study, shown_as)) for _case in range(2)]
    for _reader in range(2):
        factories.make_reader(study)
    ImageRules.objects.create(study=study, shown_as=shown_as, side=256)
    normalise_study(study.pk)
    box = {"slot": "prior", "frame": 0, "x": 0.5, "y": 0.25, "width": 0.75, "height": 0.5, "label": "nodule"}
    Extraction.objects.create(interpretation=texts[0], status="valid", label="normal", boxes=[box])
    ReferenceStandard.objects.filter(case=study.cases.get(code="C001")).update(marks=reference)
    factories.freeze(study)
    study = start_study(study=Study.objects.get(pk=study.pk), by=study.created_by)
    return factories.name_arms(study)


def make_case(study: Study, shown_as: ShownAs) -> Case:
    """Normalised images keep the size of their pixels, 32 by 24, which lie eight times as large in a square of 256."""
    case = factories.make_case(study, label="normal")
    if shown_as != ShownAs.NORMAL:
        again(case.images.get(), BIG)
        again(factories.make_image(case, slot="prior"), STACK)
    return case


def again(image: Image, meta: dict[str, int]) -> None:
    """Gives a stored image another size."""
    Image.objects.filter(pk=image.pk).update(meta={**image.meta, **meta})


def mark(slot: str, frame: int, *points: list[float]) -> dict[str, Any]:
    return {"slot": slot, "frame": frame, "points": list(points)}


def draw(study: Study, **marks: list[dict[str, Any]]) -> None:
    """The first reader marks these on the first case."""
    allocation = each_case(study).first()
    for key, found in marks.items():
        say(allocation, key, json.dumps(found))


def table(study: Study) -> list[dict[str, str]]:
    text = b"".join(streamed(study, "marks.csv")).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def coco(study: Study) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b"".join(streamed(study, "marks.json")))
    return found


def painted(annotation: dict[str, Any], image: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The mask of an outline, painted by another library on a canvas of the original's size."""
    canvas = Picture.new("1", (image["width"], image["height"]))
    for flat in annotation["segmentation"]:
        ImageDraw.Draw(canvas).polygon(list(zip(flat[::2], flat[1::2], strict=True)), fill=1)
    return np.asarray(canvas)


OUTLINE = ([10.0, 10.0], [40.0, 10.0], [40.0, 30.0], [25.0, 42.0], [10.0, 30.0])


def test_every_kind_of_mark_lies_where_it_was_drawn() -> None:
    study = drawn_study()
    draw(
        study,
        place=[mark("current", 0, [100, 200], [300, 260.5]), mark("prior", 2, [1, 2], [11, 22])],
        shape=[mark("prior", 3, *OUTLINE)],
        spot=[mark("current", 0, [7.25, 8.5])],
        across=[mark("prior", 8, [0, 0], [30, 40])],
    )
    rows = [row for row in table(study) if row["drawn_by"] == "reader"]
    told = [(row["kind"], row["slot"], row["frame"], row["mark"], json.loads(row["points"])) for row in rows]
    assert told == [
        ("box", "current", "0", "1", [[100.0, 200.0], [300.0, 260.5]]),
        ("box", "prior", "2", "2", [[1.0, 2.0], [11.0, 22.0]]),
        ("polygon", "prior", "3", "1", list(OUTLINE)),
        ("point", "current", "0", "1", [[7.25, 8.5]]),
        ("length", "prior", "8", "1", [[0.0, 0.0], [30.0, 40.0]]),
    ]
    assert {(row["case"], row["reader"], row["arm"]) for row in rows} == {("C001", "R01", "")}
    assert (rows[0]["left"], rows[0]["top"], rows[0]["width"], rows[0]["height"]) == (
        "100",
        "200",
        "200",
        "60.5",
    )


def test_coco_says_the_same_and_an_outline_painted_from_it_has_its_area() -> None:
    study = drawn_study()
    draw(study, place=[mark("current", 0, [100, 200], [300, 260])], shape=[mark("prior", 3, *OUTLINE)])
    found = coco(study)
    images = {each["id"]: each for each in found["images"]}
    names = {each["id"]: each["name"] for each in found["categories"]}
    assert len({each["id"] for each in found["annotations"]}) == len(found["annotations"])
    by_name = {names[each["category_id"]]: each for each in found["annotations"]}
    box, shape = by_name["place"], by_name["shape"]
    assert (box["bbox"], box["area"], box["segmentation"]) == ([100.0, 200.0, 200.0, 60.0], 12000.0, [])
    assert images[box["image_id"]]["file_name"] == "C001/current/0"
    assert images[shape["image_id"]]["file_name"] == "C001/prior/3"
    mask = painted(shape, images[shape["image_id"]])
    assert mask.shape == (48, 64)
    assert shape["area"] == 30 * 20 + 30 * 12 / 2
    assert mask.sum() == pytest.approx(shape["area"], rel=0.1)
    rows, columns = np.nonzero(mask)
    left, top, width, height = shape["bbox"]
    assert (columns.min(), rows.min()) == (left, top)
    assert (columns.max() - left, rows.max() - top) == pytest.approx((width, height), abs=1)
    assert all(each["iscrowd"] == 0 for each in found["annotations"])


def test_the_table_and_coco_hold_the_same_marks() -> None:
    study = drawn_study()
    draw(study, place=[mark("prior", 1, [1, 2], [11, 22])], spot=[mark("current", 0, [7, 8])])
    rows, found = table(study), coco(study)
    images = {each["id"]: each["file_name"] for each in found["images"]}
    assert [f"{row['case']}/{row['slot']}/{row['frame']}" for row in rows] == [
        images[each["image_id"]] for each in found["annotations"]
    ]
    assert [[float(row[name]) for name in ("left", "top", "width", "height")] for row in rows] == [
        each["bbox"] for each in found["annotations"]
    ]


def test_a_models_box_lies_on_the_frame_that_it_was_given_and_ends_with_the_image() -> None:
    study = drawn_study()
    (row,) = [row for row in table(study) if row["drawn_by"] == "model"]
    assert (row["frame"], row["label"], row["arm"], row["reader"]) == ("4", "nodule", "Arm 1", "")
    assert json.loads(row["points"]) == [[32.0, 12.0], [64.0, 36.0]]


@pytest.mark.parametrize("shown_as", [ShownAs.FULL, ShownAs.SENT])
def test_the_marks_of_the_reference_stand_beside_them_as_they_were_given(shown_as: ShownAs) -> None:
    given = [
        {"slot": "current", "frame": 0, "points": [[1, 2], [30, 40.5]], "label": "mass"},
        {"slot": "prior", "frame": 7, "points": list(OUTLINE), "label": ""},
    ]
    study = drawn_study(shown_as, given)
    box, outline = [row for row in table(study) if row["drawn_by"] == "reference"]
    assert [json.loads(row["points"]) for row in (box, outline)] == [
        [[1.0, 2.0], [30.0, 40.5]],
        list(OUTLINE),
    ]
    assert (box["kind"], box["label"], box["frame"]) == ("box", "mass", "0")
    assert (outline["kind"], outline["frame"], outline["arm"], outline["reader"]) == ("polygon", "7", "", "")
    names = {each["name"] for each in coco(study)["categories"]}
    assert {"mass", "reference"} <= names


def test_marks_on_smaller_images_stand_in_pixels_and_on_the_frame_of_the_original() -> None:
    study = drawn_study(ShownAs.SENT)
    draw(study, place=[mark("current", 0, [10, 20], [110, 70])], spot=[mark("prior", 0, [1, 2])])
    box, spot = [row for row in table(study) if row["drawn_by"] == "reader"]
    assert json.loads(box["points"]) == [[20.0, 40.0], [220.0, 140.0]]
    assert (box["image_width"], box["frame"]) == (str(2 * DISPLAY_SIDE), "0")
    assert (json.loads(spot["points"]), spot["frame"]) == ([[1.0, 2.0]], "4")


def test_marks_on_normalised_images_are_freed_of_their_rim() -> None:
    study = drawn_study(ShownAs.NORMAL)
    draw(study, place=[mark("current", 0, [8, 32], [128, 32 + 96])])
    (box,) = [row for row in table(study) if row["drawn_by"] == "reader"]
    assert json.loads(box["points"]) == [[1.0, 0.0], [16.0, 12.0]]
    assert (box["image_width"], box["image_height"]) == ("32", "24")


def test_an_answer_that_there_is_nothing_to_mark_has_no_row() -> None:
    study = drawn_study()
    draw(study, place=[])
    assert [row for row in table(study) if row["drawn_by"] == "reader"] == []
