"""Files, images and labels over the API: every write is the console's own."""

from __future__ import annotations

from typing import Any

import pytest

from readerstudy.audit.models import Event
from readerstudy.cases import tasks
from readerstudy.cases.models import Image, Mask, ReferenceStandard, Upload
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.api.programs import Program, coordinator_of, member_of, program_of, sent
from tests.cases.files import dicom, huge_png, png, table, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def render(tmp_path: Any, settings: Any, django_capture_on_commit_callbacks: Any) -> Any:
    """A worker that renders whatever waits."""
    settings.VAR = tmp_path / "var"

    def run() -> None:
        while (
            pk := Upload.objects.waiting().order_by("pk").values_list("pk", flat=True).first()
        ) is not None:
            with django_capture_on_commit_callbacks(execute=True):
                tasks.ingest(pk)

    return run


@pytest.fixture
def uploads(study: Study) -> str:
    return f"studies/{study.key}/uploads/"


def test_good_and_bad_files_each_meet_their_own_fate(
    study: Study, coordinator: Program, uploads: str, render: Any
) -> None:
    files = {
        "good.png": png(1),
        "scan.dcm": dicom(2),
        "again.png": png(1),
        "empty.png": b"",
        "notes.dcm": b"Patient: nobody\n",
        "huge.png": huge_png(),
        "many.zip": zipped({"a/one.png": png(3), "b/broken.png": b"\x89PNG\r\n\x1a\nnothing"}),
        "broken.zip": b"PK\x03\x04 and no more",
    }
    received = coordinator.post(uploads, {"file": [sent(content, name) for name, content in files.items()]})
    assert received.status_code == 201
    at_once = {file["name"]: file["fate"] for file in received.json()["files"]}
    assert at_once["empty.png"] == "refused"
    assert at_once["again.png"] == "duplicate"
    assert {at_once[name] for name in ("good.png", "scan.dcm", "many.zip")} == {"received"}
    render()
    told = {file["name"]: file for file in coordinator.get(uploads).json()["results"]}
    fates = {name: told[name]["fate"] for name in [*files, "a/one.png", "b/broken.png"]}
    assert fates == {
        "good.png": "rendered",
        "scan.dcm": "rendered",
        "again.png": "duplicate",
        "empty.png": "refused",
        "notes.dcm": "refused",
        "huge.png": "refused",
        "many.zip": "unpacked",
        "broken.zip": "refused",
        "a/one.png": "rendered",
        "b/broken.png": "refused",
    }
    for file in told.values():
        assert (file["reason"] == "") == (file["fate"] in {"rendered", "unpacked"})
        assert "nobody" not in file["reason"]
    assert told["a/one.png"]["archive"] == told["many.zip"]["id"]
    assert told["good.png"]["case"] == "C003"
    assert told["good.png"]["finished_at"] >= told["good.png"]["received_at"]


def test_files_sent_twice_are_kept_once(study: Study, coordinator: Program, uploads: str) -> None:
    for _time in range(2):
        response = coordinator.post(uploads, {"file": sent(png(1), "scan.png")})
        assert response.status_code == 201
    assert [file["fate"] for file in response.json()["files"]] == ["duplicate"]
    assert Upload.objects.of(study).filter(fate="received").count() == 1


def test_a_worker_is_rung_for_each_file(
    coordinator: Program, uploads: str, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        coordinator.post(
            uploads, {"file": [sent(png(1), "a.png"), sent(png(2), "b.png"), sent(b"", "c.png")]}
        )
    assert bells == ["readerstudy.cases.tasks.ingest"] * 2


def test_paths_replace_names_where_there_is_one_for_each_file(coordinator: Program, uploads: str) -> None:
    files = [sent(png(1), "a.png"), sent(png(2), "a.png")]
    received = coordinator.post(uploads, {"file": files, "path": ["left/a.png", "right/a.png"]})
    assert [file["name"] for file in received.json()["files"]] == ["left/a.png", "right/a.png"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"file": []}, "file"),
        ({"file": "no file at all"}, "file.0"),
        ({"file": [sent(png(1), "a.png")], "path": ["a", "b"]}, "path"),
    ],
)
def test_an_upload_that_is_not_right_says_where(
    coordinator: Program, uploads: str, body: dict[str, Any], field: str
) -> None:
    response = coordinator.post(uploads, body)
    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]
    assert response.json()["fields"][field][0].endswith(".")


def test_no_more_files_than_the_site_takes_at_once(coordinator: Program, uploads: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    response = coordinator.post(uploads, {"file": [sent(b"x", f"{number}.png") for number in range(4)]})
    assert response.status_code == 413
    assert "Split it" in response.json()["error"]


def test_a_file_over_the_sites_limit_is_refused_with_its_reason(
    coordinator: Program, uploads: str, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024 * 1024
    file = coordinator.post(uploads, {"file": sent(b"x" * (1024 * 1024 + 1), "big.png")}).json()["files"][0]
    assert (file["fate"], file["reason_code"]) == ("refused", "too_large")


@pytest.mark.parametrize(
    ("path", "more"), [("uploads/", {}), ("labels/", {}), ("labels/", {"dry_run": "true"})]
)
def test_a_locked_study_takes_no_files_and_no_labels(running: Study, path: str, more: dict[str, str]) -> None:
    body = {"file": sent(b"case,reference\nC001,x\n", "a.csv"), **more}
    response = coordinator_of(running).post(f"studies/{running.key}/{path}", body)
    assert response.status_code == 409
    assert response.json()["error"].startswith("This study is locked")


def test_the_report_comes_in_pages_without_gaps(coordinator: Program, uploads: str) -> None:
    for number in range(4):
        coordinator.post(
            uploads, {"file": [sent(png(number * 60 + n), f"{number}-{n}.png") for n in range(60)]}
        )
    page = coordinator.get(uploads).json()
    names, sizes = [], []
    while True:
        names += [file["name"] for file in page["results"]]
        sizes.append(len(page["results"]))
        if page["next"] is None:
            break
        page = coordinator.get(page["next"]).json()
    assert sizes == [100, 100, 42]
    assert len(set(names)) == 242
    assert coordinator.get(page["previous"]).json()["results"][-1]["id"] < page["results"][0]["id"]


def test_the_report_can_be_asked_for_one_fate(coordinator: Program, uploads: str) -> None:
    coordinator.post(uploads, {"file": [sent(b"", "empty.png"), sent(png(1), "a.png")]})
    assert [file["name"] for file in coordinator.get(uploads, fate="refused").json()["results"]] == [
        "empty.png"
    ]
    response = coordinator.get(uploads, fate="lost")
    assert response.status_code == 422
    assert list(response.json()["fields"]) == ["fate"]


@pytest.mark.parametrize(
    "cursor", ["x", "cD1hYmM=", "cD0xOzI=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "é", "", "cj14"]
)
def test_a_cursor_that_is_not_ours_is_refused(coordinator: Program, uploads: str, cursor: str) -> None:
    response = coordinator.get(uploads, cursor=cursor)
    assert response.status_code in (200, 404)
    assert (response.status_code == 200) == (cursor == "")


def test_images_are_listed_with_what_still_needs_a_look(study: Study, coordinator: Program) -> None:
    Image.objects.filter(case__code="C001").update(
        confirmed_at=None, confirmed_by=None, needs_look=[{"code": "x", "sentence": "Text is likely."}]
    )
    address = f"studies/{study.key}/images/"
    waiting = coordinator.get(address, confirmed="false").json()["results"]
    assert [(image["case"], image["needs_look"]) for image in waiting] == [("C001", ["Text is likely."])]
    assert [image["case"] for image in coordinator.get(address, confirmed="true").json()["results"]] == [
        "C002"
    ]
    assert [image["case"] for image in coordinator.get(address).json()["results"]] == ["C001", "C002"]
    assert coordinator.get(address, confirmed="perhaps").status_code == 422


@pytest.fixture
def unconfirmed(study: Study) -> list[str]:
    Image.objects.update(confirmed_at=None, confirmed_by=None)
    return list(Image.objects.of(study).values_list("key", flat=True))


def test_images_are_confirmed_by_key_or_all_at_once(
    study: Study, coordinator: Program, unconfirmed: list[str]
) -> None:
    address = f"studies/{study.key}/images/confirm/"
    first = coordinator.post(address, {"images": unconfirmed[:1], "i_have_looked": True})
    assert first.json() == {"confirmed": 1, "unconfirmed": 1}
    assert coordinator.post(address, {"all": True, "i_have_looked": True}).json() == {
        "confirmed": 1,
        "unconfirmed": 0,
    }
    assert coordinator.post(address, {"all": True, "i_have_looked": True}).json()["confirmed"] == 0
    assert set(Image.objects.values_list("confirmed_by", flat=True)) == {study.created_by_id}
    assert Event.objects.filter(verb="image.confirm", actor=study.created_by).count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"all": True}, "i_have_looked"),
        ({"all": True, "i_have_looked": False}, "i_have_looked"),
        ({"i_have_looked": True}, "images"),
        ({"all": True, "images": ["x"], "i_have_looked": True}, "images"),
        ({"images": [], "i_have_looked": True}, "images"),
        ({"images": ["no such key"], "i_have_looked": True}, "images"),
        ({"images": ["\u0000"], "i_have_looked": True}, "images.0"),
        ({"images": ["\ud800"], "i_have_looked": True}, "images.0"),
        (["all"], "body"),
        ("all", "body"),
        (None, "i_have_looked"),
    ],
)
def test_nothing_is_confirmed_without_a_look_or_by_halves(
    study: Study, coordinator: Program, unconfirmed: list[str], body: Any, field: str
) -> None:
    response = coordinator.post(f"studies/{study.key}/images/confirm/", body)
    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]
    assert Image.objects.unconfirmed().count() == len(unconfirmed)


def test_an_image_of_another_study_is_not_confirmed(
    coordinator: Program, study: Study, unconfirmed: list[str]
) -> None:
    other = factories.make_case(factories.make_study(), confirmed=False)
    key = other.images.get().key
    response = coordinator.post(
        f"studies/{study.key}/images/confirm/", {"images": [key, unconfirmed[0]], "i_have_looked": True}
    )
    assert response.status_code == 422
    assert response.json()["error"] == "1 of these keys is no image of this study. Nothing was confirmed."
    assert not Image.objects.filter(confirmed_at__isnull=False).exists()


LABELS = [["case", "reference", "sex"], ["C001", "nodule", "f"], ["C002", "normal", "m"]]


def test_labels_are_told_in_a_dry_run_and_stored_without_one(study: Study, coordinator: Program) -> None:
    address = f"studies/{study.key}/labels/"
    dry = coordinator.post(address, {"file": sent(table(LABELS), "labels.csv"), "dry_run": "true"}).json()
    assert dry == {
        "dry_run": True,
        "rows": 2,
        "stored": 0,
        "changes": [
            {"line": 2, "case": "C001", "changed": ["reference", "sex"]},
            {"line": 3, "case": "C002", "changed": ["reference", "sex"]},
        ],
    }
    assert ReferenceStandard.objects.get(case__code="C001").label == "normal"
    stored = coordinator.post(address, {"file": sent(table(LABELS), "labels.csv")}).json()
    assert {**stored, "dry_run": True, "stored": 0} == dry
    assert stored["stored"] == 2
    assert ReferenceStandard.objects.get(case__code="C001").label == "nodule"
    again = coordinator.post(address, {"file": sent(table(LABELS), "labels.csv")}).json()
    assert (again["stored"], again["changes"]) == (0, [])


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_labels_that_do_not_fit_are_refused_line_by_line(
    study: Study, coordinator: Program, dry_run: str
) -> None:
    rows = [*LABELS, ["C009", "normal", "f"], ["C001", "normal", "f"]]
    body = {"file": sent(table(rows), "labels.csv"), "dry_run": dry_run}
    response = coordinator.post(f"studies/{study.key}/labels/", body)
    assert response.status_code == 422
    assert response.json()["error"] == "Nothing was written, because the table has 2 problems."
    assert [sentence.split(":")[0] for sentence in response.json()["fields"]["file"]] == ["Line 4", "Line 5"]
    assert ReferenceStandard.objects.get(case__code="C001").label == "normal"


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"PK\x03\x04", b"a,a\n1,2\n", b"x" * 2_000_001, b'case,"open\n', b"case\0,b\n"],
)
def test_a_table_that_is_none_is_refused_in_a_sentence(
    study: Study, coordinator: Program, content: bytes
) -> None:
    response = coordinator.post(f"studies/{study.key}/labels/", {"file": sent(content, "labels.csv")})
    assert response.status_code == 422
    assert response.json()["fields"]["file"][0].endswith(".")


def test_of_very_many_problems_the_first_hundred_are_told(study: Study, coordinator: Program) -> None:
    rows = [LABELS[0], *([f"X{number}", "normal", "f"] for number in range(150))]
    response = coordinator.post(f"studies/{study.key}/labels/", {"file": sent(table(rows), "labels.csv")})
    assert "150 problems. The first 100 are shown." in response.json()["error"]
    assert len(response.json()["fields"]["file"]) == 100


def test_names_of_files_reach_coordinators_alone(study: Study, coordinator: Program, uploads: str) -> None:
    coordinator.post(uploads, {"file": sent(png(1), "DOE_JANE_1960.png")})
    researcher = program_of(member_of(study, Role.RESEARCHER))
    for path in ("", "generations/", "readings/progress/", "ratings/", "report/"):
        assert b"DOE_JANE" not in researcher.get(f"studies/{study.key}/{path}").content


@pytest.mark.parametrize("path", ["uploads/", "images/"])
def test_a_list_needs_the_same_queries_however_long_it_is(
    study: Study, coordinator: Program, path: str, django_assert_max_num_queries: Any
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(40) as counted:
            coordinator.get(f"studies/{study.key}/{path}")
        return len(counted)

    queries()
    before = queries()
    for _number in range(10):
        factories.make_case(study)
    assert queries() == before


# --- Boxes -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def maskable(study: Study) -> list[str]:
    """Keys of two images that no model was asked about."""
    return [factories.make_case(study).images.get().key for _number in range(2)]


def test_boxes_are_wanted_and_the_yes_is_gone(
    study: Study, coordinator: Program, maskable: list[str]
) -> None:
    body = {"images": maskable, "boxes": [[0, 0, 8, 8], [10, 2, 32, 24]]}
    response = coordinator.post(f"studies/{study.key}/images/mask/", body)
    assert (response.status_code, response.json()) == (202, {"masking": 2, "unconfirmed": 2})
    masks = Mask.objects.order_by("image__case__position")
    assert [(mask.image.key, mask.boxes) for mask in masks] == [(key, body["boxes"]) for key in maskable]
    assert {mask.by for mask in masks} == {study.created_by}
    told = coordinator.get(f"studies/{study.key}/images/", confirmed="false").json()["results"]
    assert [(each["key"], each["width"], each["height"], each["version"]) for each in told] == [
        (key, 32, 24, 1) for key in maskable
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"boxes": []}, "boxes"),
        ({"boxes": [[0, 0, 8]]}, "boxes.0"),
        ({"boxes": [[0, 0, 8, -8]]}, "boxes.0.3"),
        ({"boxes": [[0, 0, 8, "x"]]}, "boxes.0.3"),
        ({"boxes": [[0, 0, 8, 8]] * 51}, "boxes"),
        ({"images": []}, "images"),
        ({"images": ["no such key"]}, "images"),
    ],
)
def test_boxes_that_are_not_right_say_where(
    study: Study, coordinator: Program, maskable: list[str], change: dict[str, Any], field: str
) -> None:
    body = {"images": maskable, "boxes": [[0, 0, 8, 8]], **change}
    response = coordinator.post(f"studies/{study.key}/images/mask/", body)
    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]
    assert not Mask.objects.exists()


def test_boxes_that_do_not_fit_the_image_or_its_state_are_a_conflict(
    study: Study, coordinator: Program, maskable: list[str]
) -> None:
    address = f"studies/{study.key}/images/mask/"
    outside = coordinator.post(address, {"images": maskable, "boxes": [[0, 0, 33, 8]]})
    assert outside.status_code == 409
    assert outside.json()["error"].startswith("Box 1 does not lie inside the image of case C003")
    asked = Image.objects.get(case__code="C001").key
    used = coordinator.post(address, {"images": [asked], "boxes": [[0, 0, 8, 8]]})
    assert used.status_code == 409
    assert used.json()["error"].startswith("A model was asked about case C001")
