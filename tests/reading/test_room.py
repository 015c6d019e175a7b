"""The reader's pages: who gets in, what is saved, what is refused."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.reading.actions import show_reading
from readerstudy.reading.models import Allocation, Rating, RatingEvent, Reading
from readerstudy.reading.pages import progress_of
from readerstudy.studies.actions import move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Membership, Study
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def study() -> Study:
    return factories.make_running_study(cases=3, arms=2, readers=2)


@pytest.fixture
def seat(study: Study) -> Membership:
    return Membership.objects.readers(study)[0]


def addresses(seat: Membership, allocation: Allocation) -> dict[str, str]:
    key, here = seat.study.key, [seat.study.key, allocation.key]
    return {
        "start": reverse("reading:start", args=[key]),
        "read": reverse("reading:read", args=here),
        "image": reverse("reading:image", args=[key, allocation.case_key, "current", "preview"]),
    }


def posts(seat: Membership, allocation: Allocation) -> dict[str, str]:
    here = [seat.study.key, allocation.key]
    return {
        "rate": reverse("reading:rate", args=here),
        "submit": reverse("reading:submit", args=here),
        "stop": reverse("reading:stop", args=[seat.study.key]),
        "consent": reverse("reading:consent", args=[seat.study.key]),
    }


def rating(allocation: Allocation, value: str = "4", **more: str) -> dict[str, str]:
    letter = allocation.outputs.get().letter
    return {"output": letter, "criterion": "correctness", "value": value, "token": str(uuid.uuid4()), **more}


def test_only_the_reader_reaches_the_own_reading(study: Study, seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    other_reader = Membership.objects.readers(study)[1].user
    strangers = [other_reader, study.created_by, factories.make_user(), factories.make_user(is_staff=True)]
    for url in [addresses(seat, allocation)[name] for name in ("read", "image")]:
        assert signed_in(seat.user).get(url).status_code == 200
        for stranger in strangers:
            assert signed_in(stranger).get(url).status_code == 404
        assert Client().get(url).status_code == 302
    for name in ("rate", "submit"):
        for stranger in strangers:
            assert (
                signed_in(stranger).post(posts(seat, allocation)[name], rating(allocation)).status_code == 404
            )
    assert not RatingEvent.objects.exists()


def test_a_reader_who_was_removed_is_a_stranger(seat: Membership) -> None:
    from readerstudy.studies.actions import remove_member

    allocation = Allocation.objects.of(seat)[0]
    remove_member(membership=seat, by=seat.study.created_by)
    for url in addresses(seat, allocation).values():
        assert signed_in(seat.user).get(url).status_code == 404


def test_a_rating_is_saved_and_its_time_told(seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    sent = rating(allocation)
    response = signed_in(seat.user).post(posts(seat, allocation)["rate"], sent)
    assert response.status_code == 200
    assert response.json()["token"] == sent["token"]
    assert Rating.objects.get().value == "4"


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"value": "6"}, 422, "choose one of the options"),
        ({"value": ""}, 422, "choose one of the options"),
        ({"value": "4; DROP TABLE"}, 422, "choose one of the options"),
        ({"token": "not-a-token"}, 400, "did not arrive whole"),
        ({"criterion": "unknown"}, 404, ""),
        ({"output": "Z"}, 404, ""),
    ],
)
def test_a_rating_outside_its_scale_or_place_is_refused(
    seat: Membership, change: dict[str, str], status: int, sentence: str
) -> None:
    allocation = Allocation.objects.of(seat)[0]
    response = signed_in(seat.user).post(posts(seat, allocation)["rate"], {**rating(allocation), **change})
    assert response.status_code == status
    assert sentence in response.content.decode()
    assert not RatingEvent.objects.exists()


def test_cannot_judge_is_a_rating_of_its_own(seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    sent = rating(allocation, "", cannot_judge="1")
    assert signed_in(seat.user).post(posts(seat, allocation)["rate"], sent).status_code == 200
    stored = Rating.objects.get()
    assert (stored.cannot_judge, stored.value, stored.score) == (True, "", None)


def test_the_page_works_as_one_plain_form(seat: Membership) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    page = client.get(addresses(seat, allocation)["read"]).content.decode()
    letter = allocation.outputs.get().letter
    assert f'name="{letter}-correctness"' in page
    response = client.post(posts(seat, allocation)["submit"], {f"{letter}-correctness": "5", "submit": "1"})
    following = Allocation.objects.of(seat)[1]
    assert response["Location"] == addresses(seat, following)["read"]
    assert Rating.objects.get().value == "5"
    assert Reading.objects.filter(submitted_at__isnull=False).count() == 1


def test_an_incomplete_plain_form_says_what_is_open_and_keeps_the_rest(seat: Membership) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    client.get(addresses(seat, allocation)["read"])
    response = client.post(posts(seat, allocation)["submit"], {"submit": "1"})
    assert response.status_code == 422
    assert "Still open: “Correctness”" in response.content.decode()


def test_a_script_gets_the_next_case_as_a_fragment_with_its_address(seat: Membership) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    client.post(posts(seat, allocation)["rate"], rating(allocation))
    response = client.post(posts(seat, allocation)["submit"], headers={"HX-Request": "true"})
    following = Allocation.objects.of(seat)[1]
    assert response["HX-Push-Url"] == addresses(seat, following)["read"]
    assert response.content.decode().lstrip().startswith("<form")


def test_a_double_submit_goes_on_once(seat: Membership) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    client.post(posts(seat, allocation)["rate"], rating(allocation))
    first = client.post(posts(seat, allocation)["submit"])
    second = client.post(posts(seat, allocation)["submit"])
    assert first["Location"] == second["Location"]
    assert Reading.objects.filter(submitted_at__isnull=False).count() == 1


def test_after_the_last_case_the_reader_is_done(seat: Membership) -> None:
    client = signed_in(seat.user)
    response = None
    for allocation in Allocation.objects.of(seat):
        client.post(posts(seat, allocation)["rate"], rating(allocation))
        response = client.post(posts(seat, allocation)["submit"])
    assert response is not None
    assert response["Location"] == addresses(seat, allocation)["start"]
    assert "All done" in client.get(response["Location"]).content.decode()


def test_a_paused_study_tells_the_reader_that_all_is_safe(seat: Membership) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    move_study(study=seat.study, then=State.PAUSED, by=seat.study.created_by)
    response = client.post(posts(seat, allocation)["rate"], rating(allocation))
    assert response.status_code == 409
    assert "Your ratings are safe" in response.json()["error"]
    assert client.get(addresses(seat, allocation)["read"])["Location"] == addresses(seat, allocation)["start"]


def test_a_reader_without_profile_is_asked_for_it_and_without_consent_for_that(study: Study) -> None:
    user = factories.make_user()
    seat = factories.make_member(study, user=user)
    client = signed_in(user)
    url = reverse("reading:start", args=[study.key])
    form = client.get(url)["Location"]
    assert form == reverse("accounts:profile", query={"next": url})
    profile = {"name": "Dr Example", "specialty": "radiology", "years_experience": "8"}
    assert client.post(form, profile)["Location"] == url, "from the profile it goes on with the study"
    assert "I agree" in client.get(url).content.decode()
    client.post(reverse("reading:consent", args=[study.key]), {"printed_name": "Dr Example"})
    page = client.get(url).content.decode()
    assert "6 cases wait for you" in page
    assert Allocation.objects.filter(seat=seat).count() == 6


def test_a_model_text_is_text_whatever_it_contains() -> None:
    study = factories.make_study()
    arm = factories.make_arm(study)
    factories.make_criterion(study)
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\n\n"
    hostile += "[a](javascript:alert(1)) \x01\u202eevil {{ page }}"
    factories.make_output(arm, factories.make_case(study), text=hostile)
    seat = factories.make_reader(study)
    from readerstudy.reading.actions import start_study

    factories.freeze(study)
    start_study(study=study, by=study.created_by)
    page = signed_in(seat.user).get(addresses(seat, Allocation.objects.of(seat)[0])["read"]).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\x01" not in page
    assert "{{ page }}" in page


def test_images_may_be_cached_by_their_reader_alone(seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    response = signed_in(seat.user).get(addresses(seat, allocation)["image"])
    assert "private" in response["Cache-Control"]
    assert response["Content-Type"] == "image/webp"
    assert "Content-Disposition" not in response or "attachment" not in response["Content-Disposition"]


@pytest.mark.parametrize("url", ["read", "start"])
def test_pages_carry_the_strict_policy(seat: Membership, url: str) -> None:
    response = signed_in(seat.user).get(addresses(seat, Allocation.objects.of(seat)[0])[url])
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "no-store" in response["Cache-Control"]
    assert not [
        line for line in response.content.decode().splitlines() if " style=" in line or " onclick=" in line
    ]


def test_saving_a_rating_needs_at_most_eight_queries(
    seat: Membership, django_assert_max_num_queries: Any
) -> None:
    client, allocation = signed_in(seat.user), Allocation.objects.of(seat)[0]
    client.post(posts(seat, allocation)["rate"], rating(allocation))
    sent = rating(allocation)
    with django_assert_max_num_queries(8):
        client.post(posts(seat, allocation)["rate"], sent)


def test_the_browsers_clock_and_screen_are_kept_with_the_rating(seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    more = {"made_at": "2026-11-22T12:00:00Z", "display": '{"ratio": 2, "zoom": 1.5}'}
    signed_in(seat.user).post(posts(seat, allocation)["rate"], rating(allocation, **more))
    assert RatingEvent.objects.get().client == {"made_at": "2026-11-22T12:00:00Z", "ratio": 2, "zoom": 1.5}


def test_what_was_done_to_many_images_fits_beside_a_rating(seat: Membership) -> None:
    acts = dict.fromkeys(
        ("window", "zoom", "pan", "frame", "turn", "invert", "marks", "play", "overlay"), 1000
    )
    numbers = {"zoom": 12.345, "center": -1024, "width": 65535, "frame": 599, "full": False, "ratio": 1.25}
    image = {**numbers, "pane": [1366, 768], "acts": acts, "seen": 600, "seconds": 3600.5}
    shown = {"ratio": 1.25, "width": 1366, "height": 768, "images": [image] * 12}
    allocation = Allocation.objects.of(seat)[0]
    more = {"display": json.dumps(shown)}
    signed_in(seat.user).post(posts(seat, allocation)["rate"], rating(allocation, **more))
    assert RatingEvent.objects.get().client == {"made_at": "", **shown}


def test_a_rating_is_not_refused_for_what_its_browser_says_of_the_screen(seat: Membership) -> None:
    allocation = Allocation.objects.of(seat)[0]
    more = {"display": '{"zoom": "' + "x" * 5000 + '"}'}
    assert (
        signed_in(seat.user).post(posts(seat, allocation)["rate"], rating(allocation, **more)).status_code
        == 200
    )
    assert RatingEvent.objects.get().client == {"made_at": ""}


def test_the_time_left_follows_from_submitted_cases_alone(study: Study, seat: Membership) -> None:
    """A case that is open, however long, says nothing about a reader's pace."""
    first, *_rest = Allocation.objects.of(seat)
    shown = show_reading(seat=seat, allocation=first)
    Reading.objects.filter(pk=shown.pk).update(shown_at=timezone.now() - timedelta(seconds=120))
    assert progress_of(seat).minutes_left is None
    Reading.objects.filter(pk=shown.pk).update(submitted_at=timezone.now())
    progress = progress_of(seat)
    assert progress.minutes_left == (progress.total - 1) * 2
