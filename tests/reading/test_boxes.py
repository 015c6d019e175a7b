"""Boxes that a text's source drew: shown where the study says so, one text at a time, and nothing names the source."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.cases.models import Image, ShownAs
from readerstudy.generation.models import Extraction
from readerstudy.reading.actions import start_study
from readerstudy.reading.manifest import manifest
from readerstudy.reading.models import Allocation
from readerstudy.reading.visibility import ShownBox, show_boxes
from readerstudy.studies.models import Study
from tests import factories

pytestmark = pytest.mark.django_db
BOX = {
    "slot": "current",
    "frame": 0,
    "x": 0.25,
    "y": 0.5,
    "width": 0.5,
    "height": 0.25,
    "label": "GPT nodule",
}


def make_boxed_study(**changes: Any) -> Study:
    study = factories.make_study(**changes)
    factories.make_criterion(study)
    text = factories.make_output(factories.make_arm(study), factories.make_case(study))
    factories.make_reader(study)
    Extraction.objects.create(interpretation=text, status="valid", label="normal", boxes=[BOX])
    factories.freeze(study)
    return start_study(study=study, by=study.created_by)


def page_of(study: Study) -> str:
    allocation = Allocation.objects.get(seat__study=study)
    client = Client()
    client.force_login(allocation.seat.user)
    return client.get(reverse("reading:read", args=[study.key, allocation.key])).content.decode()


def test_boxes_come_in_pixels_and_without_words() -> None:
    page = page_of(make_boxed_study(show_boxes=True))
    given = re.search(r'data-boxes="([^"]*)"', page)
    assert given is not None
    assert json.loads(unescape(given[1])) == [{"image": 0, "frame": 0, "points": [[8.0, 12.0], [24.0, 18.0]]}]
    assert "GPT" not in page
    assert "js/boxes" in page


def test_by_default_nothing_of_them_is_in_the_page() -> None:
    page = page_of(make_boxed_study())
    assert "boxes" not in page


def test_an_output_without_boxes_has_the_same_button() -> None:
    study = factories.make_ready_study(cases=1, arms=1, readers=1, show_boxes=True)
    page = page_of(start_study(study=study, by=study.created_by))
    assert 'data-boxes="[]" aria-pressed="false" disabled' in page


def test_the_choice_is_frozen_with_the_manifest() -> None:
    study = make_boxed_study(show_boxes=True)
    assert manifest(study, study.allocation_plans.get())["show_boxes"] is True
    plain = make_boxed_study()
    assert "show_boxes" not in manifest(plain, plain.allocation_plans.get())


def image(slot: str, **meta: Any) -> Image:
    return Image(slot=slot, key=slot, meta={"width": 100, "height": 50, "frames": 1, **meta})


def test_a_box_lies_on_its_own_image_and_on_the_frame_that_the_model_saw() -> None:
    images = [image("current"), image("current-overlay"), image("prior", frames=9)]
    boxes = [{**BOX, "slot": "prior"}, {**BOX, "slot": "unknown"}]
    assert show_boxes(boxes, images, ShownAs.FULL) == (
        ShownBox(image=1, frame=4, points=((25.0, 25.0), (75.0, 37.5))),
    )


def test_a_box_ends_where_the_image_does() -> None:
    [box] = show_boxes([{**BOX, "x": 0.9, "y": 0.9}], [image("current")], ShownAs.FULL)
    assert box.points == ((90.0, 45.0), (100.0, 50.0))
