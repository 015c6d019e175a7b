"""What gives strata away: found, shown, warned of, gone once the images are normalised, and never computed twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readerstudy.cases import tells as room
from readerstudy.cases.actions import leave_out
from readerstudy.cases.actions.rules import save_image_rules
from readerstudy.cases.models import Case, Image, ReferenceStandard, Rendition, RenditionKind, ShownAs
from readerstudy.cases.tells import PROPERTIES, Target, tells_of
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Sign, readiness
from tests.cases.pages import address, text_of
from tests.factories import make_running_study, make_study

NAMES = list(PROPERTIES)
REAL, MADE = {"source": "real"}, {"source": "made"}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def add(study: Study, strata: dict[str, str], *sizes: tuple[int, int], **facts: Any) -> list[Image]:
    """A case with one image of each size, without pixels: only what is stored of them is looked at here."""
    return [add_image(add_case(study, strata), size, **facts) for size in sizes]


def add_case(study: Study, strata: dict[str, str], label: str = "") -> Case:
    position = Case.objects.filter(study=study).count()
    case = Case.objects.create(study=study, position=position, code=f"C{position:04d}", strata=strata)
    if label:
        ReferenceStandard.objects.create(study=study, case=case, label=label)
    return case


def add_image(case: Case, size: tuple[int, int], *, slot: str = "current", **facts: Any) -> Image:
    width, height = size
    meta = {"kind": "grey16", "width": width, "height": height, "bits": 12, "frames": 1, **facts}
    by = case.study.created_by
    image = Image.objects.create(
        case=case, slot=slot, key=uuid.uuid4().hex, meta=meta, confirmed_at=timezone.now(), confirmed_by=by
    )
    for kind, share in (("full", 2), ("display", 1), ("preview", 0.1)):
        add_rendition(image, kind, size, int(width * height * share))
    return image


def add_rendition(image: Image, kind: str, size: tuple[int, int], bytes_: int, frame: int = 0) -> None:
    Rendition.objects.create(
        image=image,
        kind=kind,
        version=image.version,
        frame=frame,
        stored=f"renditions/{uuid.uuid4().hex}",
        mime="image/png",
        width=size[0],
        height=size[1],
        size=bytes_,
        sha256="",
    )


def show_as(study: Study, shown_as: ShownAs, side: int = 1024) -> None:
    changes = {"shown_as": shown_as, "side": side}
    save_image_rules(study=study, changes=changes, by=study.created_by)


def leaking(study: Study) -> Study:
    """Twelve photographs of a camera and twelve images of a generator: same shape, other size."""
    add(study, REAL, *[(1600 + 8 * number, 1600 + 8 * number) for number in range(12)])
    add(study, MADE, *[(1024 + 8 * (number % 2), 1024 + 8 * (number % 2)) for number in range(12)])
    return study


def the_target(study: Study) -> Target:
    (target,) = tells_of(study).targets
    return target


def area(target: Target, name: str) -> float:
    return target.now.found.single[NAMES.index(name)]


def warnings(study: Study) -> list[str]:
    return [line.text for line in readiness(study) if line.sign is Sign.WARN and "tell apart" in line.text]


def test_a_stratum_whose_images_differ_in_size_is_found_and_warned_of(study: Study) -> None:
    target = the_target(leaking(study))
    assert (target.name, target.values) == ("source", (("made", 12), ("real", 12)))
    assert (area(target, "width"), area(target, "bytes"), area(target, "aspect")) == (1.0, 1.0, 0.5)
    assert target.now.found.is_clear
    assert [told.name for told in tells_of(study).clear] == ["source"]
    assert warnings(study) == [
        "Size, format and file size alone tell apart: source. A reader or a model may use that."
    ]


def test_the_warning_leads_to_the_page_that_explains_it(coordinator: Client, study: Study) -> None:
    leaking(study)
    line = next(line for line in readiness(study) if "tell apart" in line.text)
    assert line.remedy_url == address("tells", study)
    page = text_of(coordinator.get(line.remedy_url))
    assert "These properties alone give the values away." in page
    assert address("rules", study) in page
    assert "Width in pixels" in page
    assert "1644 (1600 to 1688)" in page


def test_normalised_images_no_longer_tell_and_the_page_shows_both(coordinator: Client, study: Study) -> None:
    leaking(study)
    show_as(study, ShownAs.NORMAL)
    target = the_target(study)
    assert target.now.found.combined.value == 0.5
    assert target.whole.found.combined.value > 0.9
    assert warnings(study) == []
    page = text_of(coordinator.get(address("tells", study)))
    assert "the images are alike in all of these properties" in page
    assert "The same in full range" in page
    assert "They are not all made yet" in page
    assert "readers see the images normalised" in page


def test_the_shape_shows_in_the_rims_of_a_normalised_image(coordinator: Client, study: Study) -> None:
    add(study, REAL, *[(1600, 1200 + number) for number in range(12)])
    add(study, MADE, *[(1200, 1200)] * 12)
    show_as(study, ShownAs.NORMAL)
    target = the_target(study)
    assert area(target, "aspect") == 1.0
    assert area(target, "width") == 0.5
    assert target.now.found.is_clear
    assert "Crop the images to one shape" in text_of(coordinator.get(address("tells", study)))


@pytest.mark.parametrize(("side", "tells"), [(1024, 1.0), (512, 0.5)])
def test_small_images_are_softened_by_enlarging_them_unless_the_side_is_small(
    study: Study, side: int, tells: float
) -> None:
    add(study, REAL, *[(2000, 2000)] * 12)
    add(study, MADE, *[(512, 512)] * 12)
    show_as(study, ShownAs.NORMAL, side)
    assert area(the_target(study), "enlarged") == tells
    assert bool(tells_of(study).clear) == (tells == 1.0)


def test_as_models_get_them_depth_and_frames_are_the_same_but_not_the_size(study: Study) -> None:
    add(study, REAL, *[(1024, 1024)] * 6, bits=16)
    add(study, MADE, *[(1000, 1000)] * 6, bits=8)
    assert area(the_target(study), "bits") == 1.0
    show_as(study, ShownAs.SENT)
    target = the_target(study)
    assert (area(target, "bits"), area(target, "width")) == (0.5, 1.0)
    assert target.whole.found.single[NAMES.index("bits")] == 1.0


def test_stored_files_that_differ_after_all_are_seen(study: Study) -> None:
    """The figures of normalised images come from what is stored, once it is."""
    leaking(study)
    show_as(study, ShownAs.NORMAL)
    for number, image in enumerate(Image.objects.of(study)):
        add_rendition(image, RenditionKind.NORMAL, (1024, 1024), 5000 + (number < 12))
        add_rendition(image, RenditionKind.NORMAL_PREVIEW, (1024, 1024), 900)
    cache.clear()
    assert area(the_target(study), "bytes") == 1.0


def test_the_reference_standard_is_compared_too(study: Study) -> None:
    for number in range(24):
        label = "normal" if number < 12 else "pneumonia"
        add_image(add_case(study, {}, label), (1000 + 10 * number, 1000))
    target = the_target(study)
    assert (target.name, area(target, "width")) == ("", 1.0)
    assert warnings(study)[0].startswith(
        "Size, format and file size alone tell apart: the reference standard."
    )


def test_reference_reports_are_no_groups_to_tell_apart(study: Study) -> None:
    for number in range(24):
        report = ("Clear lungs. " if number < 12 else "A dense left lung. ") * 10
        add_image(add_case(study, {}, report), (1000 + 10 * number, 1000))
    assert tells_of(study).targets == ()


def test_of_a_stack_the_bytes_of_all_slices_and_the_preview_of_the_middle_one_count(study: Study) -> None:
    for strata in (REAL, MADE):
        for _case in range(5):
            image = add(study, strata, (100, 100), frames=3)[0]
            Image.objects.filter(pk=image.pk).update(order=[2, 1, 0])
            for frame in (1, 2):
                add_rendition(image, "full", (100, 100), 7, frame)
            add_rendition(image, "preview", (100, 100), 55 if strata is REAL else 44, frame=1)
    target = the_target(study)
    spread = target.now.spreads[NAMES.index("bytes")][0]
    assert (spread.low, spread.high) == (20_014, 20_014)
    assert [found.median for found in target.now.spreads[NAMES.index("preview")]] == [44, 55]
    assert target.now.spreads[NAMES.index("frames")][0].median == 3


def test_what_was_replaced_laid_over_or_left_out_does_not_count(study: Study) -> None:
    leaking(study)
    before = tells_of(study)
    case = Case.objects.filter(study=study).first()
    add_image(case, (9, 9), slot="current-overlay")
    Rendition.objects.create(
        image=case.images.first(), version=9, kind="full", stored="x", mime="", width=1, height=1, size=10**9
    )
    assert tells_of(study) == before
    leave_out(study=study, cases=[case], by=study.created_by)
    assert tells_of(study).images == before.images - 1


def test_images_of_one_case_count_as_one(study: Study) -> None:
    for strata in (REAL, MADE):
        for _case in range(5):
            case = add_case(study, strata)
            add_image(case, (10, 10))
            add_image(case, (10, 10), slot="prior")
    assert the_target(study).values == (("made", 5), ("real", 5))
    assert the_target(study).now.found.combined.n_ratings == 20


def test_values_with_few_cases_and_strata_without_groups_are_left_out_and_said(
    coordinator: Client, study: Study
) -> None:
    leaking(study)
    add(study, {"source": "phone", "site": "north"}, (10, 10))
    assert the_target(study).rare == 1
    assert tells_of(study).passed_over == ("site",)
    page = text_of(coordinator.get(address("tells", study)))
    assert "1 value with fewer than 5 cases is left out." in page
    assert "have enough cases: site." in page


def test_too_many_values_are_no_groups(study: Study) -> None:
    for value in range(13):
        add(study, {"site": f"site {value}"}, *[(10, 10)] * 5)
    assert tells_of(study).targets == ()
    assert tells_of(study).passed_over == ("site",)


def test_with_nothing_to_tell_apart_the_page_says_what_is_needed(coordinator: Client, study: Study) -> None:
    page = text_of(coordinator.get(address("tells", study)))
    assert "There is nothing to tell apart yet." in page
    assert "Add images" in page
    add(study, {}, (10, 10))
    assert "Add labels" in text_of(coordinator.get(address("tells", study)))
    assert warnings(study) == []


def test_a_few_images_do_not_raise_an_alarm(study: Study) -> None:
    """Six against six of all sizes: a difference of this size is to be expected."""
    add(study, REAL, *[(100 * number, 900 - 50 * number) for number in (1, 4, 5, 8, 9, 12)])
    add(study, MADE, *[(100 * number, 900 - 50 * number) for number in (2, 3, 6, 7, 10, 11)])
    assert not tells_of(study).clear
    assert warnings(study) == []


def test_names_in_the_strata_are_text_and_never_markup(coordinator: Client, study: Study) -> None:
    for value in ("<b>a</b>", "<i>b</i>"):
        add(study, {"<u>source</u>": value}, *[(10, 10)] * 5)
    page = text_of(coordinator.get(address("tells", study)))
    assert "<u>" not in page
    assert "&lt;b&gt;a&lt;/b&gt;" in page


def test_a_locked_study_is_told_without_remedies(client: Client, db: None) -> None:
    study = make_running_study(cases=12)
    client.force_login(study.created_by)
    page = text_of(client.get(address("tells", study)))
    assert "Reference standard" in page
    assert "Normalise the images" not in page


def count_computations(monkeypatch: pytest.MonkeyPatch) -> list[Study]:
    computed: list[Study] = []
    compute = room._compute

    def note(study: Study, *args: Any) -> Any:
        computed.append(study)
        return compute(study, *args)

    monkeypatch.setattr(room, "_compute", note)
    return computed


def test_it_is_computed_once_and_again_only_when_something_has_changed(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = count_computations(monkeypatch)
    leaking(study)
    tells_of(study)
    readiness(study)
    assert len(computed) == 1
    case = Case.objects.filter(study=study).first()
    changes = (
        lambda: Case.objects.filter(pk=case.pk).update(strata=MADE),
        lambda: ReferenceStandard.objects.create(study=study, case=case, label="normal"),
        lambda: Image.objects.filter(case=case).update(version=2),
        lambda: show_as(study, ShownAs.NORMAL),
        lambda: add(study, REAL, (1, 1)),
        lambda: leave_out(study=study, cases=[case], by=study.created_by),
    )
    for number, change in enumerate(changes, start=2):
        change()
        tells_of(study)
        tells_of(study)
        assert len(computed) == number


def test_studies_do_not_share_what_is_remembered(study: Study) -> None:
    leaking(study)
    other = make_study()
    assert tells_of(study).targets
    assert not tells_of(other).targets


def test_the_number_of_queries_does_not_grow_with_the_images(study: Study) -> None:
    leaking(study)
    with CaptureQueriesContext(
        connection,
    ) as few:
        tells_of(study)
    add(study, REAL, *[(10, 10)] * 20)
    with CaptureQueriesContext(connection) as many:
        tells_of(study)
    assert len(many) == len(few) == 3
