"""What a reader gets of a case's images: slots, days between, overlays, stacks, and the rule how they are shown."""

from __future__ import annotations

import html
import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from readerstudy.cases.actions.rules import save_image_rules
from readerstudy.cases.models import Case, Image, ImageRules, ShownAs
from readerstudy.cases.normalising import normalise_study
from readerstudy.cases.pixels import images_for_vendor
from readerstudy.cases.policies import CasesError
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Study
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = factories.make_study(instructions="Judge the text.")
    factories.make_criterion(study)
    return study


def pair(study: Study) -> Case:
    """A case with a prior made 91 days earlier and something laid over the current image."""
    case = factories.make_case(study)
    factories.make_image(case, slot="prior")
    factories.make_image(case, slot="current-overlay")
    Image.objects.filter(slot="current").update(day=20_100)
    Image.objects.filter(slot="prior").update(day=20_009)
    return case


def opened(study: Study, client: Client) -> tuple[str, Allocation]:
    """The reading page of the first presentation, as its reader gets it."""
    arm = factories.make_arm(study)
    for case in Case.objects.of(study):
        factories.make_output(arm, case)
    seat = factories.make_reader(study)
    factories.freeze(study)
    start_study(study=study, by=study.created_by)
    client.force_login(seat.user)
    allocation = Allocation.objects.filter(seat=seat).order_by("position")[0]
    page = client.get(reverse("reading:read", args=[study.key, allocation.key]))
    return html.unescape(page.content.decode()), allocation


def product(study: Study, allocation: Allocation, slot: str, name: str) -> str:
    return reverse("reading:image", args=[study.key, allocation.case_key, slot, name])


def test_slots_are_labelled_with_the_days_between_and_an_overlay_lies_over_its_image(
    study: Study, client: Client
) -> None:
    pair(study)
    page, allocation = opened(study, client)
    labels = re.findall(r'<rs-viewer data-label="([^"]+)"', page)
    assert labels == ["Current", "Prior, 91 days before"]
    overlay = product(study, allocation, "current-overlay", "overlay")
    assert page.count(f'data-overlay="{overlay}"') == 1
    assert client.get(overlay)["Content-Type"] == "image/png"
    assert client.get(product(study, allocation, "prior", "overlay")).status_code == 200


def test_an_overlay_without_its_image_is_an_image(study: Study, client: Client) -> None:
    case = pair(study)
    case.images.filter(slot="current").update(slot="other")
    page, _allocation = opened(study, client)
    assert re.findall(r'<rs-viewer data-label="([^"]+)"', page) == ["current overlay", "other", "Prior"]


def test_where_the_study_says_so_a_reader_gets_the_bytes_that_models_get(
    study: Study, client: Client
) -> None:
    case = factories.make_case(study)
    ImageRules.objects.create(study=study, shown_as=ShownAs.SENT)
    _page, allocation = opened(study, client)
    full = client.get(product(study, allocation, "current", "full-0"))
    ((_slot, _mime, sent),) = images_for_vendor(case)
    assert b"".join(full.streaming_content) == sent  # type: ignore[attr-defined]
    meta = client.get(product(study, allocation, "current", "meta")).json()
    assert (meta["kind"], meta["frames"], meta["windows"]) == ("rgb8", 1, [])
    assert client.get(product(study, allocation, "current", "full-1")).status_code == 404


def test_normalised_images_are_one_size_for_readers_and_models(study: Study, client: Client) -> None:
    cases = [factories.make_case(study), factories.make_case(study)]
    save_image_rules(study=study, changes={"shown_as": ShownAs.NORMAL, "side": 256}, by=study.created_by)
    with pytest.raises(CasesError, match="not normalised yet"):
        images_for_vendor(cases[0])
    assert normalise_study(study.pk) == 2
    _page, allocation = opened(study, client)
    full = client.get(product(study, allocation, "current", "full-0"))
    shown = b"".join(full.streaming_content)  # type: ignore[attr-defined]
    sent = {data for case in cases for _slot, _mime, data in images_for_vendor(case)}
    assert shown in sent
    assert {len(data) for data in sent} == {len(shown)}
    assert Picture.open(io.BytesIO(shown)).size == (256, 256)
    meta = client.get(product(study, allocation, "current", "meta")).json()
    assert (meta["width"], meta["height"], meta["frames"]) == (256, 256, 1)


def test_a_stack_opens_at_its_middle_and_the_next_case_is_fetched_from_there(
    study: Study, client: Client
) -> None:
    case = factories.make_case(study)
    factories.make_case(study)
    for image in Image.objects.all():
        image.order, image.meta = [2, 0, 1], {**image.meta, "frames": 3}
        image.save()
    page, allocation = opened(study, client)
    meta = client.get(product(study, allocation, "current", "meta")).json()
    assert (meta["frames"], meta["key_frame"]) == (3, 1)
    assert "/current/full-1/" in re.findall(r'data-prefetch="([^"]+)"', page)[0]
    assert client.get(product(study, allocation, "current", "full-1")).status_code == 200, case
