"""Reference marks come in as CSV or COCO JSON, are checked against the images, and go round through a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import sentence
from readerstudy.cases import actions
from readerstudy.cases.models import Case, ReferenceStandard
from readerstudy.cases.policies import CasesError
from readerstudy.cases.reference_marks import read_marks
from readerstudy.cases.tables import Unreadable
from readerstudy.cases.viewing import points_shown
from readerstudy.studies.actions.files import load_protocol
from readerstudy.studies.models import Study
from readerstudy.studies.protocol.document import ProtocolError, read
from readerstudy.studies.protocol.exporting import canonical, data_of
from tests.factories import make_case, make_study, make_user

pytestmark = pytest.mark.django_db

TABLE = b"""case,points,slot,frame,label
C001,3 3 1 1,,,nodule
C001,1 1 2 1 2 2,current,0,
C002,,,,
"""
BOX = {"slot": "current", "frame": 0, "points": [[1.0, 1.0], [3.0, 3.0]], "label": "nodule"}
OUTLINE = {"slot": "current", "frame": 0, "points": [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0]]}


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_case(study, label="abnormal")
    make_case(study)
    return study


def store(study: Study, content: bytes) -> int:
    return actions.import_marks(study=study, table=read_marks(content), by=study.created_by)


def problems(study: Study, content: bytes) -> list[str]:
    return [str(each) for each in actions.problems_of_marks(study, read_marks(content))]


def marks_of(study: Study) -> dict[str, Any]:
    return dict(ReferenceStandard.objects.filter(study=study).values_list("case__code", "marks"))


def test_a_table_becomes_marks_beside_the_labels(study: Study) -> None:
    assert store(study, TABLE) == 2
    assert marks_of(study) == {"C001": [BOX, OUTLINE], "C002": []}
    assert ReferenceStandard.objects.get(case__code="C001").label == "abnormal"
    assert store(study, TABLE) == 0
    event = Event.objects.get(verb="marks.import")
    assert event.data == {"cases": ["C001", "C002"], "marks": 2}
    assert sentence(event) == "Stored reference marks"


def test_coco_names_images_by_their_files(study: Study) -> None:
    told = {
        "images": [{"id": 7, "file_name": "scans/C001.png"}, {"id": 8, "file_name": "C002.png"}],
        "categories": [{"id": 1, "name": "nodule"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "bbox": [1, 1, 2, 2]},
            {"image_id": 7, "bbox": [0, 0, 1, 1], "segmentation": [[1, 1, 2, 1, 2, 2]]},
        ],
    }
    assert store(study, json.dumps(told).encode()) == 2
    assert marks_of(study) == {"C001": [BOX, OUTLINE], "C002": []}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b"C009,1 1 2 2", "“C009” names no case of this study"),
        (b"C001,1 1 2", "Line 2: The points are no pairs of numbers"),
        (b"C001,1 1 nan 2", "Line 2: The points are no pairs of numbers"),
        (b",1 1 2 2", "Line 2: The case is missing"),
        (b"C001,1 1 900 2", "does not lie on the image"),
        (b"C001,1 1 1 2", "A box has no area"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(study: Study, rows: bytes, told: str) -> None:
    content = b"case,points\n" + rows
    assert any(told in each for each in problems(study, content))
    with pytest.raises(CasesError, match="Nothing was written"):
        store(study, content)
    assert marks_of(study) == {"C001": None}


def test_a_mark_lies_in_a_slot_and_frame_that_are_there(study: Study) -> None:
    (slot,) = problems(study, b"case,points,slot\nC001,1 1 2 2,prior")
    assert "There is no image in the slot “prior”" in slot
    (frame,) = problems(study, b"case,points,frame\nC001,1 1 2 2,5")
    assert "does not lie on the image" in frame


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2",
        b'{"images": 3}',
        b'{"annotations": []}',
        b'{"images": [[]], "annotations": []}',
        b"\xff\xfe",
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_marks(content)


def test_an_entry_of_coco_without_a_place_is_a_problem(study: Study) -> None:
    told = {"images": [{"id": 1, "file_name": "C001"}], "annotations": [{"image_id": 1}, {"image_id": 2}, 7]}
    assert len(problems(study, json.dumps(told).encode())) == 3


def test_a_locked_study_takes_no_marks() -> None:
    from tests.factories import make_running_study

    running = make_running_study()
    with pytest.raises(CasesError, match="locked"):
        store(running, b"case,points\nC001,1 1 3 3")


def test_a_reference_says_something(study: Study) -> None:
    case = Case.objects.get(study=study, code="C002")
    with pytest.raises(IntegrityError, match="says_something"), transaction.atomic():
        ReferenceStandard.objects.create(study=study, case=case)
    ReferenceStandard.objects.create(study=study, case=case, marks=[])


def test_points_follow_the_image_into_what_is_shown(study: Study) -> None:
    image = Case.objects.get(study=study, code="C001").images.get()
    image.meta = {**image.meta, "width": 4096, "height": 2048}
    assert points_shown(image, [[2048, 1024]], "full") == [[2048, 1024]]  # type: ignore[arg-type]
    assert points_shown(image, [[2048, 1024]], "sent") == [[1024, 512]]  # type: ignore[arg-type]
    placed = {"width": 512, "height": 512, "placed": {"scale": 0.125, "left": 0, "top": 128}}
    image.meta = {**image.meta, "normal": placed}
    assert points_shown(image, [[2048, 1024]], "normal") == [[256, 256]]  # type: ignore[arg-type]


# -- the page


def test_the_page_stores_a_file_or_says_what_is_wrong(study: Study) -> None:
    client = Client()
    client.force_login(study.created_by)
    address = reverse("cases:marks", args=[study.key])
    assert "0 cases have reference marks" in client.get(address).content.decode()
    wrong = client.post(address, {"file": SimpleUploadedFile("m.csv", b"case,points\nC001,1")})
    assert (wrong.status_code, "no pairs of numbers" in wrong.content.decode()) == (422, True)
    assert client.post(address).status_code == 422
    assert client.post(address, {"file": SimpleUploadedFile("m.csv", TABLE)}).status_code == 302
    shown = client.get(address).content.decode()
    assert "2 cases have reference marks" in shown
    assert "nothing to mark" in shown


# -- the protocol file

FILE = """
format: 1
study: {title: T, question: Q}
cases:
  reference: boxes
  table:
    - code: A1
      reference: sick
      marks: [{points: [[3, 3], [1, 1]], label: nodule}, {slot: prior, frame: 2, points: [[1, 1]]}]
    - {code: A2, marks: []}
    - {code: A3}
arms: [{name: A, source: unaided}]
criteria: [{key: k, kind: box, question: Where?, applies_to: case}]
allocation: {plan: crossed}
"""


def test_marks_go_round_through_a_protocol_file() -> None:
    document = read(FILE.encode())
    study = load_protocol(document=document, by=make_user())
    assert data_of(study) == canonical(document)
    assert marks_of(study) == {
        "A1": [BOX, {"slot": "prior", "frame": 2, "points": [[1.0, 1.0]]}],
        "A2": [],
    }
    assert data_of(study)["cases"]["table"][0]["marks"][0] == {
        "label": "nodule",
        "points": [[1.0, 1.0], [3.0, 3.0]],
    }


def test_an_endpoint_that_counts_hits_needs_reference_marks() -> None:
    endpoints = "endpoints: [{name: E, statistic: hit_share, criterion: k}]\n"
    assert read((FILE + endpoints).encode())
    assert read((FILE + endpoints).replace("reference: boxes", "reference: label").encode())
    head, rest = FILE.split("cases:")[0], FILE.split("arms:")[1]
    with pytest.raises(ProtocolError, match="Nothing is there to hit"):
        read(f"{head}arms:{rest}{endpoints}".encode())
