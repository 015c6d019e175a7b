"""Files find their case, their slot and their place in a stack."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.mapping import read_mapping
from readerstudy.cases.models import (
    Case,
    Fate,
    Image,
    ImageRules,
    Placement,
    ReferenceStandard,
    Rendition,
    ShownAs,
    Upload,
)
from readerstudy.cases.pixels import images_for_vendor, open_for_reader
from readerstudy.cases.policies import CasesError
from readerstudy.cases.viewing import viewer_meta
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Role, Study
from tests.cases.files import dicom, png, receive, zipped
from tests.factories import make_arm, make_member, make_output

Render = Callable[..., Upload]
Work = Callable[[], None]
SERIES = "1.2.826.0.1.3680043.8.498.1"


def slice_of(number: int, *, series: str = SERIES, **attributes: object) -> bytes:
    """One slice of a CT, the number of which is in its corner pixel."""
    return dicom(
        number,
        modality="CT",
        SeriesInstanceUID=series,
        InstanceNumber=number,
        ImagePositionPatient=[0.0, 0.0, 2.5 * number],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        **attributes,
    )


def seats(study: Study) -> dict[str, list[str]]:
    """Slots by case."""
    return {case.code: sorted(image.slot for image in case.images.all()) for case in Case.objects.of(study)}


def corner(study: Study, image: Image, frame: int, shown_as: ShownAs = ShownAs.FULL) -> int:
    stored = open_for_reader(image, product="full", frame=frame, shown_as=shown_as)
    assert stored is not None
    return int(np.asarray(Picture.open(io.BytesIO(stored.file.read())))[0, 0])


def confirmed(study: Study) -> Image:
    image = Image.objects.of(study).get()
    actions.confirm_images(images=[image], by=study.created_by)
    image.refresh_from_db()
    return image


# --- Folders ---------------------------------------------------------------------------------------------
def test_a_zip_with_folders_becomes_cases_with_slots(study: Study, work: Work) -> None:
    members = {
        "study/case-17/current.dcm": dicom(1),
        "study/case-17/prior.dcm": dicom(2),
        "study/case-18/current.png": png(3),
        "study/loose.png": png(4),
    }
    receive(study, zipped(members), "all.zip")
    work()
    assert seats(study) == {"C001": ["current", "prior"], "C002": ["current"], "C003": ["current"]}
    assert list(Case.objects.of(study).values_list("folder", flat=True)) == [
        "study/case-17",
        "study/case-18",
        "",
    ]


def test_a_second_image_for_a_slot_is_refused_and_nothing_of_it_stays(study: Study, render: Render) -> None:
    render(png(1), "case-17/current.png")
    before = stored_bytes()
    refused = render(png(2), "case-17/current.jpg")
    assert (refused.fate, refused.reason_code) == (Fate.REFUSED, "slot_taken")
    assert "Rename the file" in refused.reason
    assert stored_bytes() == before


def test_a_case_left_out_keeps_its_folder_to_itself(study: Study, render: Render) -> None:
    render(png(1), "case-17/current.png")
    actions.leave_out(study=study, cases=Case.objects.of(study), by=study.created_by)
    render(png(2), "case-17/current.png")
    assert seats(study) == {"C002": ["current"]}


def stored_bytes() -> list[str]:
    folders = default_storage.listdir("renditions")[0]
    return sorted(name for folder in folders for name in default_storage.listdir(f"renditions/{folder}")[1])


# --- Stacks ----------------------------------------------------------------------------------------------
def test_slices_become_one_stack_sorted_by_position_in_whatever_order_they_come(
    study: Study, work: Work
) -> None:
    numbers = list(range(7))
    random.Random(4).shuffle(numbers)
    for number in numbers:
        receive(study, slice_of(number), f"IM{number:04}.dcm")
    work()
    image = confirmed(study)
    expected = [
        int(np.random.default_rng(number).integers(0, 4096, (24, 32), dtype=np.uint16)[0, 0])
        for number in range(7)
    ]
    assert [corner(study, image, frame) for frame in range(7)] == expected
    assert open_for_reader(image, product="full", frame=7, shown_as=ShownAs.FULL) is None
    assert (image.frames, image.key_frame, viewer_meta(image, ShownAs.FULL)["frames"]) == (7, 3, 7)
    assert seats(study) == {"C001": ["current"]}


def test_what_models_and_previews_show_of_a_stack_is_its_middle(study: Study, work: Work) -> None:
    for number in (4, 0, 2):
        receive(study, slice_of(number), f"{number}.dcm")
    work()
    image = confirmed(study)
    middle = Upload.objects.get(original_name="2.dcm")
    ((_slot, _mime, sent),) = images_for_vendor(image.case)
    own = image.renditions.get(kind="display", frame=middle.frame)
    with default_storage.open(own.stored) as content:
        assert content.read() == sent


def test_another_series_another_size_and_a_radiograph_are_no_slices(study: Study, work: Work) -> None:
    receive(study, slice_of(0))
    receive(study, slice_of(1, series=f"{SERIES}.2"))
    receive(study, slice_of(2, Rows=12, PixelData=bytes(12 * 32 * 2)))
    receive(study, dicom(3, SeriesInstanceUID=SERIES))
    receive(study, dicom(4, SeriesInstanceUID=SERIES))
    work()
    assert list(Image.objects.of(study).values_list("meta__frames", flat=True)) == [1] * 5


def test_slices_with_values_of_their_own_keep_them(study: Study, work: Work) -> None:
    for number, slope in ((0, 1.0), (1, 2.0)):
        receive(study, slice_of(number, RescaleSlope=slope, RescaleIntercept=-10.0))
    work()
    assert viewer_meta(confirmed(study), ShownAs.FULL)["frame_values"] == [[1.0, -10.0], [2.0, -10.0]]


def test_a_slice_that_joins_takes_the_yes_back(study: Study, render: Render) -> None:
    render(slice_of(0))
    confirmed(study)
    render(slice_of(1))
    assert Image.objects.of(study).get().confirmed_at is None


def test_two_series_of_one_case_take_their_slots_from_the_folders(study: Study, work: Work) -> None:
    members = {
        f"case-1/{slot}/{n}.dcm": slice_of(n, series=f"{SERIES}.{place}")
        for place, slot in enumerate(("current", "prior"))
        for n in range(2)
    }
    receive(study, zipped(members), "ct.zip")
    work()
    assert seats(study) == {"C001": ["current", "prior"]}


def test_the_days_between_two_images_are_kept_and_no_date(study: Study, work: Work) -> None:
    receive(study, dicom(1, StudyDate="20240301"), "a/current.dcm")
    receive(study, dicom(2, StudyDate="20231201"), "a/prior.dcm")
    work()
    current, prior = (Image.objects.get(slot=slot).day for slot in ("current", "prior"))
    assert current is not None
    assert prior is not None
    assert current - prior == 91
    assert "2024" not in str(list(Image.objects.values()))


@pytest.mark.parametrize(("asks", "strata"), [(True, {"sex": "F", "age": "90+"}), (False, {})])
def test_age_and_sex_are_kept_only_where_the_study_asks(
    study: Study, render: Render, asks: bool, strata: dict[str, str]
) -> None:
    ImageRules.objects.create(study=study, keeps_age_and_sex=asks)
    render(dicom(1, PatientAge="093Y", PatientSex="F"))
    assert Case.objects.get().strata == strata
    assert "93" not in str(Image.objects.get().meta.get("age_years", ""))


# --- Mapping tables --------------------------------------------------------------------------------------
def mapped(study: Study, text: str) -> actions.Placed:
    return actions.apply_mapping(study=study, table=read_mapping(text.encode()), by=study.created_by)


def test_a_table_moves_images_that_are_there_and_waits_for_the_others(study: Study, work: Work) -> None:
    for number in range(3):
        receive(study, png(number), f"ward/IM{number}.png")
    work()
    placed = mapped(study, "file,case,slot\nIM2.png,alpha,prior\nim0,alpha,current\nIM9.png,alpha,left\n")
    assert (placed.moved, placed.waiting) == (2, 1)
    assert seats(study) == {"C001": ["current", "prior"], "C002": ["current"]}
    receive(study, png(9), "IM9.png")
    work()
    assert seats(study)["C001"] == ["current", "left", "prior"]
    event = Event.objects.get(verb="image.place")
    assert (event.data["rows"], event.data["moved"]) == (3, 2)
    assert "alpha" not in str(event.data)


def test_two_images_can_change_places_and_the_same_table_twice_changes_nothing(
    study: Study, work: Work
) -> None:
    receive(study, png(1), "case-1/current.png")
    receive(study, png(2), "case-1/prior.png")
    work()
    table = "file,case,slot\ncase-1/current.png,case-1,prior\ncase-1/prior.png,case-1,current\n"
    assert mapped(study, table).moved == 2
    assert Upload.objects.get(original_name="case-1/current.png").image.slot == "prior"  # type: ignore[union-attr]
    assert mapped(study, table).moved == 0


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("file,case\nb.png,case-1\n", "Line 2: This slot of this case is taken"),
        ("file,case\nb.png,x\nc.png,x\n", "Line 3: This slot of this case is taken"),
        ("file,case\nb.png,x\nb.png,y\n", "Line 3: This file is already in line 2"),
    ],
)
def test_a_table_that_does_not_fit_changes_nothing(
    study: Study, work: Work, table: str, sentence: str
) -> None:
    for number, name in enumerate(("case-1/current.png", "b.png", "c.png")):
        receive(study, png(number), name)
    work()
    before = seats(study)
    with pytest.raises(CasesError, match=sentence):
        mapped(study, table)
    assert seats(study) == before
    assert not Placement.objects.exists()


def test_a_case_with_labels_is_not_emptied(study: Study, work: Work) -> None:
    for name in ("a.png", "b.png"):
        receive(study, png(ord(name[0])), name)
    work()
    case = Case.objects.get(code="C002")
    ReferenceStandard.objects.create(study=study, case=case, label="normal")
    with pytest.raises(CasesError, match="C002 would lose its only image but has labels"):
        mapped(study, "file,case,slot\na.png,x,current\nb.png,x,prior\n")


def test_a_locked_study_takes_no_table(study: Study) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CasesError, match="locked"):
        mapped(study, "file,case\na,b\n")


def test_a_table_among_the_files_of_a_zip_is_read(study: Study, work: Work) -> None:
    members = {
        "IM1.png": png(1),
        "IM2.png": png(2),
        "map.csv": b"file,case,slot\nIM1.png,x,\nIM2.png,x,prior\n",
    }
    receive(study, zipped(members), "all.zip")
    work()
    assert seats(study) == {"C001": ["current", "prior"]}
    assert Upload.objects.get(original_name="map.csv").fate == Fate.READ


def test_a_bad_table_among_the_files_is_refused_with_its_reason(study: Study, render: Render) -> None:
    refused = render(b"file,case\na,b\na,c\n", "map.csv")
    assert (refused.fate, refused.reason_code) == (Fate.REFUSED, "mapping")
    assert "already in line 2" in refused.reason


def test_erased_names_are_gone_from_cases_and_tables_too(study: Study, render: Render) -> None:
    render(png(1), "SMITH/current.png")
    mapped(study, "file,case\nJONES.png,SMITH 2\n")
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    actions.erase_names(study=study, by=study.created_by)
    assert not Placement.objects.exists()
    assert set(Case.objects.values_list("folder", flat=True)) == {""}


def test_labels_find_a_case_by_its_folder(study: Study, work: Work) -> None:
    from readerstudy.cases.labels import read_labels

    receive(study, png(1), "site a/case-17/current.png")
    receive(study, png(2), "site b/case-17/current.png")
    receive(study, png(3), "site b/case-18/current.png")
    work()
    plan = actions.plan_import(study, read_labels(b"case,label\ncase-18,normal\nsite a/case-17,normal\n"))
    assert [change.code for change in plan.changes] == ["C003", "C001"]
    ambiguous = actions.plan_import(study, read_labels(b"case,label\ncase-17,normal\n"))
    assert "fits several cases (C001, C002)" in str(ambiguous.problems[0])


# --- What readers get ------------------------------------------------------------------------------------
def test_readers_get_the_very_bytes_of_the_model_where_the_study_says_so(
    study: Study, render: Render
) -> None:
    render(dicom(1))
    image = confirmed(study)
    ImageRules.objects.create(study=study, shown_as=ShownAs.SENT)
    ((_slot, _mime, sent),) = images_for_vendor(image.case)
    shown = open_for_reader(image, product="full", frame=0, shown_as=ShownAs.SENT)
    assert shown is not None
    assert shown.file.read() == sent
    meta = viewer_meta(image, ShownAs.SENT)
    assert (meta["kind"], meta["width"], meta["height"], meta["frames"]) == ("rgb8", 32, 24, 1)


def test_an_overlay_goes_to_readers_and_not_to_models(study: Study, work: Work) -> None:
    receive(study, png(1), "case-1/current.png")
    receive(study, png(2), "case-1/current-overlay.png")
    work()
    actions.confirm_images(images=Image.objects.of(study), by=study.created_by)
    case = Case.objects.of(study).get()
    assert [slot for slot, _mime, _content in images_for_vendor(case)] == ["current"]
    overlay = case.images.get(slot="current-overlay")
    assert open_for_reader(overlay, product="overlay", frame=0, shown_as=ShownAs.FULL) is not None


def test_how_each_clean_file_was_made_can_be_downloaded_by_researchers_too(
    study: Study, render: Render, client: Client
) -> None:
    upload = render(dicom(1), "SMITH.dcm")
    client.force_login(make_member(study, role=Role.RESEARCHER).user)
    response = client.get(reverse("cases:recipes", args=[study.key]))
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["kind"] for row in rows} == {"full", "display", "preview"}
    assert {row["sha256_in"] for row in rows} == {upload.sha256}
    assert {row["sha256_out"] for row in rows} == set(Rendition.objects.values_list("sha256", flat=True))
    recipe = json.loads(rows[0]["recipe"])
    assert recipe["decoder"].startswith("pydicom")
    assert recipe["default_window"]["width"] > 1
    assert "SMITH" not in text


def test_no_image_joins_or_leaves_a_case_that_a_model_was_asked_about(study: Study, render: Render) -> None:
    render(png(1), "case-1/current.png")
    render(slice_of(0), "slice.dcm")
    actions.confirm_images(images=Image.objects.of(study), by=study.created_by)
    arm = make_arm(study)
    for case in Case.objects.of(study):
        make_output(arm, case)
    refused = [render(png(2), "case-1/prior.png"), render(slice_of(1), "next.dcm")]
    assert [each.reason_code for each in refused] == ["case_used", "case_used"]
    with pytest.raises(CasesError, match="Line 2: A model was already asked"):
        mapped(study, "file,case,slot\ncase-1/current.png,other,current\n")
