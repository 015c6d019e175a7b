"""The sheet on which a coordinator looks at every image."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from readerstudy.cases.models import Case, Image
from readerstudy.studies.models import Study
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_case


def test_the_sheet_shows_what_nobody_confirmed_with_the_risky_marked(
    coordinator: Client, study: Study
) -> None:
    make_case(study, confirmed=False, label="normal", strata={"sex": "F"})
    risky = make_case(study, confirmed=False).images.get()
    reason = [{"code": "secondary_capture", "sentence": "It was captured from a screen."}]
    Image.objects.filter(pk=risky.pk).update(needs_look=reason)
    response = coordinator.get(address("images", study))
    page = text_of(response)
    assert [image.case.code for image in response.context["unconfirmed"]] == ["C002", "C001"]
    assert "Not declared free of text" not in page
    assert "It was captured from a screen." in page
    assert "I have looked at these 2 images" in page
    assert "Confirm all 2 images" in page
    assert "sex: F" in page


def test_confirming_all_confirms_what_was_shown_and_nothing_that_came_since(
    coordinator: Client, study: Study
) -> None:
    shown = [make_case(study, confirmed=False).images.get().key for _number in range(2)]
    make_case(study, confirmed=False)
    answer = {"deed": "confirm_all", "looked": "on", "shown": shown}
    response = coordinator.post(address("confirm", study), answer, follow=True)
    assert messages_of(response) == ["2 images are confirmed."]
    assert set(Image.objects.exclude(confirmed_at=None).values_list("key", flat=True)) == set(shown)
    assert Image.objects.exclude(confirmed_at=None)[0].confirmed_by == study.created_by


def test_confirming_the_ticked_leaves_the_others(coordinator: Client, study: Study) -> None:
    first, second = (make_case(study, confirmed=False).images.get() for _number in range(2))
    answer = {
        "deed": "confirm_ticked",
        "looked": "on",
        "shown": [first.key, second.key],
        "ticked": [second.key],
    }
    coordinator.post(address("confirm", study), answer)
    assert list(Image.objects.unconfirmed()) == [first]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            {"deed": "confirm_all"},
            "Nothing was confirmed. Tick the sentence that says you have looked, then press the button again.",
        ),
        ({"deed": "confirm_ticked", "looked": "on"}, "No image is ticked. Tick the images that you mean."),
        ({"deed": "leave_out"}, "No image is ticked. Tick the images that you mean."),
    ],
)
def test_a_sheet_sent_half_says_what_is_missing(
    coordinator: Client, study: Study, answer: dict[str, str], sentence: str
) -> None:
    shown = make_case(study, confirmed=False).images.get().key
    response = coordinator.post(address("confirm", study), {**answer, "shown": shown}, follow=True)
    assert messages_of(response) == [sentence]
    assert Image.objects.unconfirmed().count() == 1
    assert Case.objects.of(study).count() == 1


def test_a_ticked_image_is_left_out_and_can_be_taken_back(coordinator: Client, study: Study) -> None:
    first, second = (make_case(study, confirmed=False).images.get() for _number in range(2))
    answer = {"deed": "leave_out", "shown": [first.key, second.key], "ticked": first.key}
    page = text_of(coordinator.post(address("confirm", study), answer, follow=True))
    assert "1 case is left out" in page
    assert list(Case.objects.of(study)) == [second.case]
    coordinator.post(address("take_back", study, first.key))
    assert Case.objects.of(study).count() == 2


def test_the_thumbnail_is_the_small_preview_and_says_nothing_else(coordinator: Client, study: Study) -> None:
    image = make_case(study, confirmed=False).images.get()
    response = coordinator.get(address("thumbnail", study, image.key))
    assert response["Content-Type"] == "image/webp"
    assert b"".join(response.streaming_content).startswith(b"RIFF")
    assert response["Cache-Control"].startswith("private")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert image.upload.original_name not in str(response.headers)


def test_a_page_of_images_asks_the_database_the_same_however_many_there_are(
    coordinator: Client, study: Study, django_assert_max_num_queries: Any
) -> None:
    for _number in range(8):
        make_case(study, label="normal", confirmed=False)
    coordinator.get(address("images", study))
    with django_assert_max_num_queries(40):
        coordinator.get(address("images", study))
