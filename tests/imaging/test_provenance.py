"""Series, stacks, positions, days, age and sex: told only where asked, and never as an identifier."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from readerstudy.imaging.asked import Asked
from readerstudy.imaging.dicom_header import read_header
from readerstudy.imaging.limits import Limits
from readerstudy.imaging.rendition import Meta, render
from readerstudy.imaging.sandbox import render_in_child
from tests.imaging.make import dicom, gradient, rendered

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom's, about the nonsense that is written on purpose

KEY, OTHER_KEY = "5a" * 32, "a5" * 32
SERIES, INSTANCE = "1.2.826.0.1.3680043.8.498.1957", "1.2.826.0.1.3680043.8.498.0412"
AXIAL, TILTED = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0.8, 0.6]
ALL_SECRETS = [
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "StudyDate",
    "PatientAge",
    "PatientBirthDate",
    "PatientSex",
]
DERIVED = ("series", "stack", "instance", "position_mm", "day", "age_years", "sex")

Describe = Callable[..., Meta]


@pytest.fixture
def describe(tmp_path: Path) -> Describe:
    """The description of a slice with some attributes, for a study that asks."""
    count = iter(range(1000))

    def run(asked: Asked | None = None, pixels: Any = None, **attributes: Any) -> Meta:
        source = tmp_path / f"source-{next(count)}"
        source.write_bytes(dicom(pixels, **{**SLICE, **attributes}))
        folder = source.with_suffix(".out")
        return rendered(render(source, folder, None, Asked(KEY) if asked is None else asked)).meta

    return run


SLICE: dict[str, Any] = {
    "Modality": "CT",
    "SeriesInstanceUID": SERIES,
    "SOPInstanceUID": INSTANCE,
    "ImagePositionPatient": [-120.5, -130.25, 40],
    "ImageOrientationPatient": AXIAL,
    "InstanceNumber": 7,
    "StudyDate": "20261101",
    "PatientAge": "047Y",
    "PatientBirthDate": "19570412",
    "PatientSex": "F",
}


def test_a_study_that_asks_for_nothing_learns_nothing(describe: Describe) -> None:
    meta = describe(Asked())
    assert [meta[name] for name in DERIVED] == [None] * len(DERIVED)  # type: ignore[literal-required]
    assert meta["instance_number"] == 7


@pytest.mark.parametrize(
    ("asked", "parsed"),
    [
        (Asked(), set()),
        (Asked(KEY), {"SeriesInstanceUID", "SOPInstanceUID", "StudyDate"}),
        (Asked(age_and_sex=True), {"PatientAge", "PatientBirthDate", "PatientSex", "StudyDate"}),
    ],
)
def test_what_is_not_asked_for_is_not_even_parsed(asked: Asked, parsed: set[str]) -> None:
    dataset, _ = read_header(io.BytesIO(dicom(**SLICE)), Limits(), asked)
    secrets = {keyword for keyword in SLICE if keyword in ALL_SECRETS}
    assert {keyword for keyword in secrets if keyword in dataset} == parsed


def test_no_identifier_date_or_position_is_in_the_description(describe: Describe) -> None:
    meta = json.dumps(describe(Asked(KEY, age_and_sex=True)))
    for secret in (SERIES, INSTANCE, "20261101", "19570412", "1957", "2026-11", "40.0", KEY):
        assert secret not in meta


def hashes(meta: Meta) -> list[str]:
    found = [meta["series"], meta["stack"], meta["instance"]]
    return [name for name in found if name is not None]


def test_hashes_are_of_one_study_only(describe: Describe) -> None:
    one, again, other = hashes(describe()), hashes(describe()), hashes(describe(Asked(OTHER_KEY)))
    assert one == again
    assert len({*one, *other}) == 6
    for name in one:
        assert len(name) == 32
        assert int(name, 16)


def test_slices_of_a_series_are_one_stack_in_the_order_of_their_places(describe: Describe) -> None:
    places = [-20.0, 5.5, 41.25]
    slices = [
        describe(
            ImagePositionPatient=[3, 4, place], SOPInstanceUID=f"{INSTANCE}.{place:.0f}".replace("-", "")
        )
        for place in places
    ]
    assert len({meta["stack"] for meta in slices}) == 1
    assert len({meta["instance"] for meta in slices}) == 3
    found = [meta["position_mm"] or 0.0 for meta in slices]
    assert np.allclose(np.diff(found), np.diff(places), atol=2e-3)


def test_a_position_is_measured_along_the_normal_of_the_plane(describe: Describe) -> None:
    near, far = (
        describe(ImageOrientationPatient=TILTED, ImagePositionPatient=[0, y, z])["position_mm"] or 0.0
        for y, z in ((0, 0), (-6, 8))
    )
    assert far - near == pytest.approx(10, abs=2e-3)


def test_the_origin_of_positions_is_secret(describe: Describe) -> None:
    positions = [describe(Asked(key))["position_mm"] for key in (KEY, OTHER_KEY)]
    positions.append(describe(SeriesInstanceUID=f"{SERIES}.2")["position_mm"])
    assert len(set(positions)) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"SeriesInstanceUID": f"{SERIES}.2"},
        {"ImageOrientationPatient": TILTED},
        {"PixelSpacing": [0.5, 0.7]},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"BitsStored": 12, "HighBit": 11},
        {"pixels": gradient(32, 24)},
    ],
)
def test_what_cannot_be_leafed_through_as_one_is_another_stack(
    describe: Describe, changed: dict[str, Any]
) -> None:
    assert describe()["stack"] != describe(**changed)["stack"]


def test_tiny_differences_of_geometry_split_no_stack(describe: Describe) -> None:
    one = describe(PixelSpacing=[0.5, 0.5], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    other = describe(PixelSpacing=[0.50001, 0.5], ImageOrientationPatient=[0.9999, -0.0001, 0, 0, 1, 0])
    assert one["stack"] == other["stack"]


@pytest.mark.parametrize(
    ("attributes", "stacked"),
    [
        ({"Modality": "CT", "ImagePositionPatient": None, "ImageOrientationPatient": None}, True),
        ({"Modality": "OPT", "ImagePositionPatient": None}, True),
        ({"Modality": "OT"}, True),
        ({"Modality": "OT", "ImagePositionPatient": None}, False),
        *(({"Modality": name}, False) for name in ("CR", "DX", "MG", "US", "XA", "SC", "OP", "XC")),
        ({"pixels": np.stack([gradient()] * 2)}, False),
        ({"SeriesInstanceUID": None}, False),
    ],
)
def test_only_single_slices_of_a_volume_are_stacked(
    describe: Describe, attributes: dict[str, Any], stacked: bool
) -> None:
    assert (describe(**attributes)["stack"] is not None) == stacked


@pytest.mark.parametrize(
    "broken",
    [
        {"ImagePositionPatient": [1, 2]},
        {"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [1e9, 0, 0, 0, 1, 0]},
    ],
)
def test_a_broken_geometry_gives_no_position(describe: Describe, broken: dict[str, Any]) -> None:
    assert describe(**broken)["position_mm"] is None


@pytest.mark.parametrize("number", ["-3", "19570412", None])
def test_an_instance_number_that_counts_nothing_is_left_out(describe: Describe, number: str | None) -> None:
    assert describe(InstanceNumber=number)["instance_number"] is None


def test_days_differ_as_the_dates_do_and_tell_no_date(describe: Describe) -> None:
    first, second = (describe(StudyDate=day)["day"] or 0 for day in ("20240228", "20240301"))
    assert second - first == 2
    elsewhere = [describe(Asked(OTHER_KEY), StudyDate=day)["day"] or 0 for day in ("20240228", "20240301")]
    assert elsewhere[1] - elsewhere[0] == 2
    assert elsewhere[0] != first


def test_the_first_valid_date_counts(describe: Describe) -> None:
    plain = describe(StudyDate="20240310")["day"]
    for keyword in ("AcquisitionDate", "ContentDate", "SeriesDate"):
        assert describe(**{keyword: "20240310", "StudyDate": "20200101"})["day"] == plain
    for broken in ("00000000", "20240230", "18000101", "SMITH", ""):
        assert describe(AcquisitionDate=broken, StudyDate="20240310")["day"] == plain
        assert describe(StudyDate=broken)["day"] is None
    assert describe(StudyDate="2024.03.10")["day"] == plain


@pytest.mark.parametrize(
    ("age", "years"),
    [
        ("047Y", 47),
        ("090Y", 90),
        ("101Y", 90),
        ("030M", 2),
        ("011M", 0),
        ("060W", 1),
        ("400D", 1),
        ("005D", 0),
    ],
)
def test_an_age_is_in_whole_years_and_90_at_most(describe: Describe, age: str, years: int) -> None:
    assert describe(Asked(age_and_sex=True), PatientAge=age)["age_years"] == years


@pytest.mark.parametrize(
    ("birth", "taken", "years"),
    [
        ("19570412", "20260411", 68),
        ("19570412", "20260412", 69),
        ("19200101", "20260101", 90),
        ("20270101", "20260101", None),
        ("SMITH", "20260101", None),
        ("19570412", "", None),
    ],
)
def test_without_an_age_the_dates_give_it(
    describe: Describe, birth: str, taken: str, years: int | None
) -> None:
    asked = Asked(age_and_sex=True)
    meta = describe(asked, PatientAge="47", PatientBirthDate=birth, StudyDate=taken)
    assert meta["age_years"] == years
    assert meta["day"] is None


@pytest.mark.parametrize(("said", "sex"), [("F", "F"), ("m", "M"), ("O", "O"), ("SMITH", None), ("", None)])
def test_sex_is_one_of_three_letters(describe: Describe, said: str, sex: str | None) -> None:
    assert describe(Asked(age_and_sex=True), PatientSex=said)["sex"] == sex


def test_a_study_with_a_key_alone_learns_neither_age_nor_sex(describe: Describe) -> None:
    meta = describe(Asked(KEY))
    assert (meta["age_years"], meta["sex"]) == (None, None)


def test_a_key_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="hexadecimal") as refusal:
        Asked("not a secret")
    assert "not a secret" not in str(refusal.value)
    assert KEY not in repr(Asked(KEY))


def test_each_file_of_a_batch_is_asked_for_its_own_study(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(dicom(**SLICE))
    given: list[Path | tuple[Path, Asked]] = [
        source,
        (source, Asked(OTHER_KEY, age_and_sex=True)),
        (source, Asked()),
    ]
    first, second, third = (
        rendered(outcome).meta for outcome in render_in_child(given, tmp_path / "out", None, Asked(KEY))
    )
    assert first == rendered(render(source, tmp_path / "first", None, Asked(KEY))).meta
    assert second == rendered(render(source, tmp_path / "second", None, Asked(OTHER_KEY, True))).meta
    assert third["series"] is None
    assert (second["age_years"], second["sex"]) == (47, "F")


def test_the_key_is_in_neither_arguments_nor_environment_of_the_child(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(dicom(**SLICE))
    outcomes = render_in_child([source, source], tmp_path / "out", None, Asked(KEY))
    next(outcomes)
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                assert KEY.encode() not in (process / name).read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    outcomes.close()  # type: ignore[attr-defined]  # the iterator is a generator
