"""A person looks at every image before anybody else sees it."""

from __future__ import annotations

import hashlib

import pytest

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.models import Case, Image, ShownAs
from readerstudy.cases.pixels import (
    images_for_vendor,
    open_for_coordinator,
    open_for_reader,
    sent_rendition,
)
from readerstudy.cases.policies import CasesError
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.factories import make_case, make_image, make_study, make_user


def test_confirming_stores_who_and_when_once(study: Study) -> None:
    case, other = make_case(study, confirmed=False), make_user()
    images = list(case.images.all())
    assert actions.confirm_images(images=images, by=study.created_by) == 1
    assert actions.confirm_images(images=images, by=other) == 0
    image = case.images.get()
    assert image.confirmed_by == study.created_by
    assert image.confirmed_at is not None
    event = Event.objects.get(verb="image.confirm")
    assert event.data == {"images": [image.key], "cases": ["C001"]}
    assert event.stream == f"study/{study.pk}"


def test_images_of_two_studies_are_not_confirmed_together(study: Study) -> None:
    for each in (study, make_study()):
        make_case(each, confirmed=False)
    with pytest.raises(CasesError, match="several studies"):
        actions.confirm_images(images=Image.objects.all(), by=study.created_by)
    assert Image.objects.unconfirmed().count() == 2


def test_a_vendor_gets_the_display_image_of_a_confirmed_image(study: Study) -> None:
    case = make_case(study)
    make_image(case, slot="prior")
    images = images_for_vendor(case)
    assert [(slot, mime) for slot, mime, _content in images] == [
        ("current", "image/png"),
        ("prior", "image/png"),
    ]
    sent = sent_rendition(case.images.get(slot="current"), ShownAs.FULL)
    assert hashlib.sha256(images[0][2]).hexdigest() == sent.sha256
    assert all(content.startswith(b"\x89PNG") for _slot, _mime, content in images)


def test_nothing_of_an_unconfirmed_image_leaves(study: Study) -> None:
    image = make_case(study, confirmed=False).images.get()
    with pytest.raises(CasesError, match="Nobody has confirmed yet"):
        sent_rendition(image, ShownAs.FULL)
    with pytest.raises(CasesError):
        images_for_vendor(image.case)
    for shown_as in ShownAs:
        for product in ("full", "preview", "overlay"):
            assert open_for_reader(image, product=product, frame=0, shown_as=shown_as) is None
    preview = open_for_coordinator(image, product="preview")
    assert preview is not None
    assert preview.mime == "image/webp"


def test_one_unconfirmed_image_keeps_its_whole_case_from_vendors(study: Study) -> None:
    case = make_case(study)
    make_image(case, slot="prior", confirmed=False)
    with pytest.raises(CasesError):
        images_for_vendor(case)


@pytest.mark.parametrize(("product", "frame"), [("full", 1), ("preview", 1), ("original", 0), ("", 0)])
def test_a_product_that_is_not_there_is_none(study: Study, product: str, frame: int) -> None:
    image = make_case(study).images.get()
    assert open_for_reader(image, product=product, frame=frame, shown_as=ShownAs.FULL) is None


def test_a_case_left_out_is_in_no_list_but_its_own_and_can_come_back(study: Study) -> None:
    first, second = make_case(study), make_case(study)
    assert actions.leave_out(study=study, cases=[first], by=study.created_by) == 1
    assert actions.leave_out(study=study, cases=[first], by=study.created_by) == 0
    assert list(Case.objects.of(study)) == [second]
    assert [image.case for image in Image.objects.of(study)] == [second]
    assert [image.case for image in Image.objects.left_out(study)] == [first]
    assert actions.take_back(study=study, case=first, by=study.created_by)
    assert not actions.take_back(study=study, case=first, by=study.created_by)
    assert list(Case.objects.of(study)) == [first, second]
    verbs = Event.objects.filter(verb__startswith="case.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["case.leave_out", "case.take_back"]


def test_a_locked_study_leaves_nothing_out(study: Study) -> None:
    case = make_case(study)
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CasesError):
        actions.leave_out(study=study, cases=[case], by=study.created_by)
    with pytest.raises(CasesError):
        actions.take_back(study=study, case=case, by=study.created_by)


def test_a_case_of_another_study_is_not_left_out(study: Study) -> None:
    other = make_case(make_study())
    assert actions.leave_out(study=study, cases=[other], by=study.created_by) == 0


def test_what_is_likely_to_show_a_name_comes_first(study: Study) -> None:
    calm, silent, risky, done = (make_case(study, confirmed=number == 3) for number in range(4))
    unknown = {"code": "burned_in_text_unknown", "sentence": "The file does not say."}
    captured = {"code": "secondary_capture", "sentence": "It was captured from a screen."}
    Image.objects.filter(case=silent).update(needs_look=[unknown])
    Image.objects.filter(case=risky).update(needs_look=[unknown, captured])
    found = list(Image.objects.of(study).in_order_of_looking())
    assert [image.case for image in found] == [risky, silent, calm, done]
    assert [image.warnings for image in found] == [["It was captured from a screen."], [], [], []]


def test_a_single_grave_reason_comes_before_a_mild_one(study: Study) -> None:
    silent, risky = make_case(study, confirmed=False), make_case(study, confirmed=False)
    Image.objects.filter(case=silent).update(needs_look=[{"code": "burned_in_text_unknown", "sentence": "x"}])
    Image.objects.filter(case=risky).update(needs_look=[{"code": "text_burned_in", "sentence": "y"}])
    assert [image.case for image in Image.objects.of(study).in_order_of_looking()] == [risky, silent]
