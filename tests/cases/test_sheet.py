"""The sheet on which a coordinator looks at every image."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from readerstudy.cases import actions
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
    assert image.uploads.get().original_name not in str(response.headers)


def test_a_page_of_images_asks_the_database_the_same_however_many_there_are(
    coordinator: Client, study: Study
) -> None:
    counts = []
    for more in (2, 6):
        for _number in range(more):
            make_case(study, label="normal", confirmed=False)
        coordinator.get(address("images", study))
        with CaptureQueriesContext(connection) as asked:
            coordinator.get(address("images", study))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 40


def test_the_sheet_can_be_filtered_and_says_how_many_each_filter_lets_through(
    coordinator: Client, study: Study
) -> None:
    make_case(study, confirmed=True)
    make_case(study, confirmed=False)
    risky = make_case(study, confirmed=False).images.get()
    silent = make_case(study, confirmed=False).images.get()
    Image.objects.filter(pk=risky.pk).update(needs_look=[{"code": "text_burned_in", "sentence": "x"}])
    Image.objects.filter(pk=silent.pk).update(
        needs_look=[{"code": "burned_in_text_unknown", "sentence": "x"}]
    )
    counts = {"": 4, "unconfirmed": 3, "risky": 1, "confirmed": 1, "nonsense": 4}
    for show, count in counts.items():
        response = coordinator.get(address("images", study), {"show": show})
        assert response.context["page"].paginator.count == count, show
        assert [number for _name, _label, number in response.context["filters"]] == [4, 3, 1, 1]
    assert "There are none." not in text_of(response)


def test_a_filter_that_lets_nothing_through_says_so_and_stays(coordinator: Client, study: Study) -> None:
    image = make_case(study, confirmed=False).images.get()
    assert "There are none." in text_of(coordinator.get(address("images", study), {"show": "confirmed"}))
    answer = {"deed": "confirm_all", "looked": "on", "shown": image.key, "show": "unconfirmed"}
    response = coordinator.post(address("confirm", study), answer)
    assert response["Location"] == address("images", study) + "?show=unconfirmed#sheet"


def test_an_image_that_has_changed_since_is_not_confirmed_unseen(coordinator: Client, study: Study) -> None:
    first, second = (make_case(study, confirmed=False).images.get() for _number in range(2))
    shown = [first.key, second.key]
    states = [f"{key}:1-1" for key in shown]
    Image.objects.filter(pk=second.pk).update(meta={**second.meta, "frames": 2})
    answer = {"deed": "confirm_all", "looked": "on", "shown": shown, "state_of": states}
    response = coordinator.post(address("confirm", study), answer, follow=True)
    assert messages_of(response) == [
        "The image of case C002 has changed since you opened it. Look at it again."
    ]
    assert Image.objects.unconfirmed().count() == 2


def test_what_is_being_masked_cannot_be_ticked(coordinator: Client, study: Study) -> None:
    first, second = (make_case(study, confirmed=False).images.get() for _number in range(2))
    actions.mask_images(images=[first], boxes=[[0, 0, 4, 4]], by=study.created_by)
    page = text_of(coordinator.get(address("images", study)))
    assert f'name="shown" value="{first.key}"' not in page
    assert f'name="shown" value="{second.key}"' in page
    assert "Boxes are still to be burned in." in page
    assert "Confirm this image" in page
    answer = {"deed": "confirm_all", "looked": "on", "shown": [first.key, second.key]}
    response = coordinator.post(address("confirm", study), answer, follow=True)
    assert "Boxes are still to be burned into an image of case C001" in messages_of(response)[0]
    assert Image.objects.unconfirmed().count() == 2


def test_a_confirmed_image_offers_to_take_the_yes_back(coordinator: Client, study: Study) -> None:
    image = make_case(study).images.get()
    assert "Take the yes back" in text_of(coordinator.get(address("images", study)))
    coordinator.post(address("settle", study, image.key), {"deed": "unconfirm"})
    assert Image.objects.unconfirmed().count() == 1


def test_addresses_of_small_pictures_change_with_the_picture(coordinator: Client, study: Study) -> None:
    image = make_case(study, confirmed=False).images.get()
    assert f"{address('thumbnail', study, image.key)}?of=1-1" in text_of(
        coordinator.get(address("images", study))
    )
    Image.objects.update(version=2)
    assert f"{address('thumbnail', study, image.key)}?of=2-1" in text_of(
        coordinator.get(address("images", study))
    )
