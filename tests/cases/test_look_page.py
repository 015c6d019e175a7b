"""One image at large: yes, no, boxes, and the way to the next one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from readerstudy.audit.models import Event
from readerstudy.cases import actions, tasks
from readerstudy.cases.looking import walk_from
from readerstudy.cases.models import Case, Image, Mask, Rendition
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Role, Study
from tests.cases.files import dicom, receive
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_arm, make_case, make_image, make_member, make_output, make_study

RISKY = [{"code": "secondary_capture", "sentence": "It was captured from a screen."}]
SCRIPT = {"HTTP_HX_REQUEST": "true"}


def images_of(study: Study, count: int, *, confirmed: bool = False) -> list[Image]:
    return [make_case(study, confirmed=confirmed).images.get() for _number in range(count)]


def settle(client: Client, image: Image, deed: str, **more: Any) -> Any:
    answer = {"deed": deed, "state": image.state, **more}
    return client.post(address("settle", image.case.study, image.key), answer, follow=True)


def page_of(client: Client, image: Image, query: str = "") -> str:
    return text_of(client.get(address("look", image.case.study, image.key) + query))


def as_stack(image: Image, frames: int) -> Image:
    Image.objects.filter(pk=image.pk).update(meta={**image.meta, "frames": frames})
    return Image.objects.select_related("case__study").get(pk=image.pk)


# --- What it shows ---------------------------------------------------------------------------------------------
def test_the_page_shows_the_image_in_full_range_and_what_speaks_against_it(
    coordinator: Client, study: Study
) -> None:
    image, *_others = images_of(study, 3)
    Image.objects.filter(pk=image.pk).update(needs_look=RISKY)
    response = coordinator.get(address("look", study, image.key))
    page = text_of(response)
    for words in ("It was captured from a screen.", "Image 1 of 3", "3 still to be decided", "32 × 24"):
        assert words in page
    full = response.context["full_url"].replace("{frame}", "0")
    assert coordinator.get(full)["Content-Type"] == "image/png"
    assert coordinator.get(response.context["preview_url"])["Content-Type"] == "image/webp"
    assert coordinator.get(response.context["meta_url"]).json()["width"] == 32


def test_what_the_next_image_shows_first_is_fetched_ahead(coordinator: Client, study: Study) -> None:
    first, second = images_of(study, 2)
    ahead = coordinator.get(address("look", study, first.key)).context["ahead"]
    assert [url.split("/")[-2] for url in ahead] == ["preview", "meta", "full-0"]
    assert all(second.key in url and coordinator.get(url).status_code == 200 for url in ahead)


def test_no_file_name_is_on_the_page(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    image.uploads.update(original_name="SMITH_JOHN_1957.dcm")
    assert "SMITH" not in page_of(coordinator, image)


def test_pixels_belong_to_one_state_of_the_image(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    response = coordinator.get(address("pixels", study, image.key, image.state, "full-0"))
    assert "immutable" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert "Content-Disposition" not in response
    Image.objects.update(version=2)
    assert coordinator.get(address("pixels", study, image.key, image.state, "full-0")).status_code == 404


@pytest.mark.parametrize(
    "product",
    ["full", "full-1", "full-x", "full-999999", "display", "meta-1", "preview-1", "full-0-0", "overlay"],
)
def test_a_product_that_is_not_there_is_not_found(coordinator: Client, study: Study, product: str) -> None:
    (image,) = images_of(study, 1)
    known = address("pixels", study, image.key, image.state, "preview")
    assert coordinator.get(known).status_code == 200
    assert coordinator.get(known.replace("preview", product)).status_code == 404


@pytest.mark.parametrize("role", [Role.READER, Role.RESEARCHER, Role.ADJUDICATOR])
def test_nobody_else_sees_an_image_here(client: Client, study: Study, role: Role) -> None:
    (image,) = images_of(study, 1, confirmed=True)
    client.force_login(make_member(study, role).user)
    for name, args in (("look", ()), ("masking", ()), ("pixels", (image.state, "preview"))):
        assert client.get(address(name, study, image.key, *args)).status_code == 404
    for name in ("settle", "mask", "retry_mask"):
        assert client.post(address(name, study, image.key)).status_code == 404
    assert client.get(address("start_looking", study)).status_code == 404


def test_an_image_of_another_study_is_not_found(coordinator: Client, study: Study) -> None:
    (image,) = images_of(make_study(), 1)
    assert coordinator.get(address("look", study, image.key)).status_code == 404
    assert coordinator.post(address("settle", study, image.key), {"deed": "confirm"}).status_code == 404
    assert coordinator.get(address("pixels", study, image.key, "1-1", "preview")).status_code == 404


# --- The way on ----------------------------------------------------------------------------------------------------
def test_one_begins_with_the_riskiest_that_waits(coordinator: Client, study: Study) -> None:
    calm, risky, done = images_of(study, 3)
    Image.objects.filter(pk__in=[risky.pk, done.pk]).update(needs_look=RISKY)
    actions.confirm_images(images=[done], by=study.created_by)
    response = coordinator.get(address("start_looking", study))
    assert response["Location"] == address("look", study, risky.key)
    walk = walk_from(study, risky.key)
    assert (walk.number, walk.total, walk.left) == (1, 3, 2)
    assert (walk.before, walk.after, walk.undecided) == ("", done.key, calm.key)


def test_the_way_goes_on_from_the_end_at_the_beginning(study: Study) -> None:
    first, second, third = images_of(study, 3)
    assert walk_from(study, third.key).undecided == first.key
    assert walk_from(study, third.key).before == second.key
    actions.confirm_images(images=[first, second], by=study.created_by)
    walk = walk_from(study, third.key)
    assert (walk.undecided, walk.following) == ("", "")
    assert walk_from(study, first.key).following == third.key


def test_what_is_being_masked_comes_last(study: Study) -> None:
    first, second, third = images_of(study, 3)
    actions.mask_images(images=[second], boxes=[[0, 0, 4, 4]], by=study.created_by)
    assert walk_from(study, first.key).undecided == third.key
    actions.confirm_images(images=[first, third], by=study.created_by)
    assert walk_from(study, first.key).undecided == second.key


def test_a_yes_confirms_and_leads_to_the_next(coordinator: Client, study: Study) -> None:
    first, second = images_of(study, 2)
    response = settle(coordinator, first, "confirm")
    assert response.redirect_chain[-1][0] == address("look", study, second.key)
    assert messages_of(response) == ["C001 current: confirmed."]
    assert Image.objects.get(pk=first.pk).confirmed_by == study.created_by
    response = settle(coordinator, second, "confirm")
    assert response.redirect_chain[-1][0] == address("images", study) + "#sheet"
    assert messages_of(response)[-1] == "Every image is confirmed or left out."


def test_a_no_leaves_the_case_out_and_can_be_taken_back(coordinator: Client, study: Study) -> None:
    first, second = images_of(study, 2)
    response = settle(coordinator, first, "leave_out")
    assert response.redirect_chain[-1][0] == address("look", study, second.key)
    assert list(Case.objects.of(study)) == [second.case]
    assert "This case is left out" in page_of(coordinator, first)
    response = settle(coordinator, first, "take_back")
    assert response.redirect_chain[-1][0] == address("look", study, first.key)
    assert Case.objects.of(study).count() == 2


def test_a_yes_can_be_taken_back(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1, confirmed=True)
    assert f"Confirmed by {study.created_by}" in page_of(coordinator, image)
    settle(coordinator, image, "unconfirm")
    assert Image.objects.unconfirmed().count() == 1
    event = Event.objects.get(verb="image.unconfirm")
    assert (event.actor, event.data) == (study.created_by, {"images": [image.key], "cases": ["C001"]})


def test_a_yes_stays_once_a_model_was_asked_or_the_study_is_locked(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1, confirmed=True)
    make_output(make_arm(study), image.case)
    assert "A model was asked about case C001" in page_of(coordinator, image)
    assert "Take the yes back" not in page_of(coordinator, image)
    response = settle(coordinator, image, "unconfirm")
    assert "A model was asked about case C001" in messages_of(response)[0]
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    assert "its images no longer change" in page_of(coordinator, image)
    assert messages_of(settle(coordinator, image, "unconfirm")) == [
        "This study is locked, so its images stay confirmed."
    ]
    assert Image.objects.unconfirmed().count() == 0


def test_a_picture_that_has_changed_since_is_not_confirmed_unseen(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    Image.objects.update(version=2)
    response = settle(coordinator, image, "confirm")
    assert messages_of(response) == [
        "The image of case C001 has changed since you opened it. Look at it again."
    ]
    assert Image.objects.unconfirmed().count() == 1


def test_a_deed_that_is_none_does_nothing(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    response = settle(coordinator, image, "burn")
    assert messages_of(response) == ["This did not arrive whole. Reload the page and decide again."]


# --- Stacks --------------------------------------------------------------------------------------------------------
def test_a_yes_to_a_stack_is_asked_for_once_more_unless_all_frames_were_seen(
    coordinator: Client, study: Study
) -> None:
    image = as_stack(*images_of(study, 1), frames=60)
    assert "Scroll through all 60 frames" in page_of(coordinator, image)
    response = settle(coordinator, image, "confirm", seen=12)
    assert response.status_code == 422
    assert "You have seen 12 of 60 frames." in text_of(response)
    assert 'name="sure" value="on"' in text_of(response)
    assert Image.objects.unconfirmed().count() == 1
    settle(coordinator, image, "confirm", seen=12, sure="on")
    assert Image.objects.unconfirmed().count() == 0


@pytest.mark.parametrize(("seen", "status"), [("60", 200), ("61", 200), ("59", 422), ("", 422)])
def test_whoever_has_seen_all_frames_is_not_asked(
    coordinator: Client, study: Study, seen: str, status: int
) -> None:
    image = as_stack(*images_of(study, 1), frames=60)
    assert settle(coordinator, image, "confirm", seen=seen).status_code == status


def test_a_no_is_never_asked_for_twice(coordinator: Client, study: Study) -> None:
    image = as_stack(*images_of(study, 1), frames=60)
    settle(coordinator, image, "leave_out", seen=1)
    assert not Case.objects.of(study).exists()


# --- Boxes ---------------------------------------------------------------------------------------------------------
def boxed(*rows: tuple[str, str, str, str], scope: str = "one") -> dict[str, Any]:
    sides = zip(*rows, strict=True)
    return {"scope": scope, **dict(zip(("left", "top", "width", "height"), map(list, sides), strict=True))}


def test_typed_boxes_are_wanted(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    answer = boxed(("1", "2", "10", "5"), ("", "", "", ""), (" 20", "0", "4", "4 "))
    response = coordinator.post(address("mask", study, image.key), answer, follow=True)
    assert Mask.objects.get().boxes == [[1, 2, 11, 7], [20, 0, 24, 4]]
    page = text_of(response)
    assert "2 boxes are being burned in." in page
    assert 'hx-trigger="every 1s"' in page
    assert '<meta http-equiv="refresh"' in page
    assert "Yes, it is: confirm" not in page


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("1", "2", "", "5")], "Box 1 is not complete"),
        ([("1", "2", "3.5", "5")], "Box 1 is not complete"),
        ([("1", "2", "5", "5"), ("-1", "2", "5", "5")], "Box 2 is not complete"),
        ([("1", "2", "40", "5")], "Box 1 does not lie inside the image of case C001"),
        ([("1", "2", "1", "5")], "Box 1 is too small"),
        ([("", "", "", "")], "No box is drawn"),
        ([("9999999", "0", "5", "5")], "Box 1 is not complete"),
    ],
)
def test_boxes_that_are_wrong_are_kept_on_the_page_with_the_reason(
    coordinator: Client, study: Study, rows: list[tuple[str, str, str, str]], sentence: str
) -> None:
    (image,) = images_of(study, 1)
    response = coordinator.post(address("mask", study, image.key), boxed(*rows))
    assert response.status_code == 422
    page = text_of(response)
    assert sentence in page
    for row in rows:
        assert all(f'value="{side}"' in page for side in row if side)
    assert not Mask.objects.exists()


def test_boxes_of_unequal_lists_are_refused(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    answer = {"scope": "one", "left": ["1", "2"], "top": ["1"], "width": ["4"], "height": ["4"]}
    assert coordinator.post(address("mask", study, image.key), answer).status_code == 422
    assert coordinator.post(address("mask", study, image.key), {"scope": "all"}).status_code == 422
    assert not Mask.objects.exists()


@pytest.mark.parametrize(("scope", "masked"), [("one", 1), ("series", 2), ("alike", 3)])
def test_boxes_are_meant_for_the_image_its_series_or_all_alike(
    coordinator: Client, study: Study, scope: str, masked: int
) -> None:
    first, *_others = images_of(study, 3)
    Image.objects.filter(case__code__in=["C001", "C002"]).update(series="s")
    page = page_of(coordinator, first, "?mask=1")
    assert "all 2 images of this series" in page
    assert "all 3 images of 32 × 24 pixels" in page
    coordinator.post(address("mask", study, first.key), boxed(("0", "0", "4", "4"), scope=scope))
    assert Mask.objects.count() == masked


def test_a_lonely_image_offers_no_wider_choice(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    page = page_of(coordinator, image, "?mask=1")
    assert 'value="series"' not in page
    assert 'value="alike"' not in page


def test_the_page_is_loaded_anew_once_the_boxes_are_burned_in(
    coordinator: Client,
    study: Study,
    work: Callable[[], None],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    receive(study, dicom(1))
    work()
    image = Image.objects.get()
    coordinator.post(address("mask", study, image.key), boxed(("0", "0", "8", "8")))
    waiting = coordinator.get(address("masking", study, image.key), **SCRIPT)
    assert "HX-Refresh" not in waiting
    assert "1 box is being burned in" in text_of(waiting)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.mask(Mask.objects.get().pk)
    assert coordinator.get(address("masking", study, image.key), **SCRIPT)["HX-Refresh"] == "true"
    page = page_of(coordinator, image)
    assert "Yes, it is: confirm" in page
    assert "1 box" in page
    assert f"/{image.key}/2-1/preview/" in page


def test_boxes_that_were_given_up_say_why_and_can_be_tried_again(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    actions.mask_images(images=[image], boxes=[[0, 0, 4, 4]], by=study.created_by)
    Mask.objects.update(failure="The boxes could not be burned in.")
    page = page_of(coordinator, image)
    assert "The boxes could not be burned in." in page
    assert "Yes, it is: confirm" not in page
    assert "still to be burned" in messages_of(settle(coordinator, image, "confirm"))[0]
    coordinator.post(address("retry_mask", study, image.key))
    assert Mask.objects.waiting().count() == 1
    assert "1 box is being burned in" in page_of(coordinator, image)


def test_a_locked_study_offers_no_boxes(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    page = page_of(coordinator, image, "?mask=1")
    assert "Burn these boxes in" not in page
    assert 'value="leave_out"' not in page
    response = coordinator.post(address("mask", study, image.key), boxed(("0", "0", "4", "4")))
    assert response.status_code == 422
    assert "This study is locked" in text_of(response)


# --- A script on the sheet -----------------------------------------------------------------------------------------
def test_a_script_gets_the_tile_as_it_now_is_and_the_foot(coordinator: Client, study: Study) -> None:
    (image,) = images_of(study, 1)
    where = address("settle", study, image.key)
    told = text_of(coordinator.post(where, {"deed": "confirm", "state": "1-1", "left": "7"}, **SCRIPT))
    assert 'data-state="confirmed"' in told
    assert "Confirm all 7 images" in told
    told = text_of(coordinator.post(where, {"deed": "unconfirm", "left": "1"}, **SCRIPT))
    assert 'data-state="open"' in told
    assert "Confirm this image" in told
    told = text_of(coordinator.post(where, {"deed": "leave_out", "left": "0"}, **SCRIPT))
    assert 'data-state="left-out"' in told
    assert "Every image on this page is decided." in told


def test_a_script_gets_a_sentence_where_the_deed_is_refused(coordinator: Client, study: Study) -> None:
    image = as_stack(*images_of(study, 1), frames=3)
    where = address("settle", study, image.key)
    asked = coordinator.post(where, {"deed": "confirm", "seen": "1"}, **SCRIPT)
    assert (asked.status_code, asked.json()) == (422, {"ask": "You have seen 1 of 3 frames."})
    refused = coordinator.post(where, {"deed": "confirm", "seen": "3", "state": "9-9"}, **SCRIPT)
    assert refused.status_code == 409
    assert json.loads(refused.content)["error"].startswith("The image of case C001 has changed")


def test_the_page_needs_the_same_queries_however_many_images_there_are(
    coordinator: Client, study: Study, django_assert_max_num_queries: Any
) -> None:
    image, *_others = images_of(study, 2)

    def queries() -> int:
        with django_assert_max_num_queries(45) as counted:
            page_of(coordinator, image)
        return len(counted)

    images_of(study, 10)
    queries()
    before = queries()
    images_of(study, 10)
    queries()
    assert queries() == before


def test_an_image_in_another_slot_is_named_with_it(coordinator: Client, study: Study) -> None:
    case = make_case(study)
    prior = make_image(case, slot="prior", confirmed=False)
    assert "C001 prior" in page_of(coordinator, prior)
    assert Rendition.objects.filter(image=prior).count() == 3
