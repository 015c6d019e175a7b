"""No image reaches a reader or a vendor before a person has said yes to it: every way there is, tried one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from readerstudy.cases import actions
from readerstudy.cases.models import Image, Mask, ShownAs
from readerstudy.cases.pixels import images_for_vendor, open_for_reader
from readerstudy.cases.policies import CasesError
from readerstudy.generation.actions import queue_generations
from readerstudy.generation.models import Attempt, Generation
from readerstudy.generation.tasks import generate
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.reading.pages import image_url
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.stations import blockers
from tests.api.programs import member_of, program_of
from tests.factories import make_arm, make_case, make_member, make_ready_study, make_running_study

SIGNATURES = (b"\x89PNG", b"RIFF", b"\xff\xd8")


@pytest.fixture(autouse=True)
def providers(settings: Any, bells: list[Any]) -> None:
    """The provider of the arms is set up, at an address where nobody answers."""
    openai = Connection("simulated-openai", "openai", "http://127.0.0.1:9", "simulated", simulated=True)
    settings.CONNECTIONS = {"simulated-openai": Offer("Simulated vendor", openai)}


def take_the_yes_back(image: Image) -> None:
    """As no action would in this state; the gates must hold all the same."""
    Image.objects.filter(pk=image.pk).update(confirmed_at=None, confirmed_by=None)


def wish_for_boxes(image: Image) -> None:
    take_the_yes_back(image)
    Mask.objects.create(image=image, boxes=[[0, 0, 4, 4]], by=image.case.study.created_by)


STATES: dict[str, Callable[[Image], None]] = {
    "unconfirmed": take_the_yes_back,
    "being masked": wish_for_boxes,
}


@pytest.fixture(params=list(STATES))
def spoil(request: pytest.FixtureRequest) -> Callable[[Image], None]:
    """What keeps an image from leaving."""
    return STATES[request.param]


# --- Readers -------------------------------------------------------------------------------------------------------
@dataclass
class Reader:
    """A reader at the first case of a running study, with everything the page names."""

    client: Client
    study: Study
    allocation: Allocation

    @classmethod
    def arrive(cls) -> Reader:
        study = make_running_study(cases=2, arms=1, readers=1)
        allocation = Allocation.objects.select_related("seat__study", "seat__user", "case").order_by(
            "position"
        )[0]
        client = Client()
        client.force_login(allocation.seat.user)
        return cls(client, study, allocation)

    def urls(self) -> set[str]:
        """Every address of an image that the page of the first case holds: shown, prefetched, or for the viewer."""
        page = self.client.get(
            reverse("reading:read", args=[self.study.key, self.allocation.key])
        ).content.decode()
        found = set(re.findall(r"/read/[^\s\"]+/(?:meta|preview|overlay|full-[^/\s\"]+)/?", page))
        return {url.replace("{frame}", "0").replace("%7Bframe%7D", "0") for url in found}


def test_a_reader_gets_nothing_of_it_by_any_address(db: None, spoil: Callable[[Image], None]) -> None:
    reader = Reader.arrive()
    urls = reader.urls()
    urls |= {
        image_url(reader.study, reader.allocation.case_key, "current", name)
        for name in ("meta", "preview", "full-0")
    }
    assert len(urls) >= 6, "the case that is read and the one that is fetched ahead"
    assert {reader.client.get(url).status_code for url in urls} == {200}
    for image in Image.objects.all():
        spoil(image)
    assert {reader.client.get(url).status_code for url in urls} == {404}
    assert {reader.client.get(url).status_code for url in reader.urls()} <= {404}


@pytest.mark.parametrize("shown_as", list(ShownAs))
@pytest.mark.parametrize("product", ["full", "preview", "overlay"])
def test_the_door_itself_is_shut(
    study: Study, spoil: Callable[[Image], None], shown_as: ShownAs, product: str
) -> None:
    image = make_case(study).images.get()
    spoil(image)
    image.refresh_from_db()
    assert open_for_reader(image, product=product, frame=0, shown_as=shown_as) is None


def coordinators_pages(image: Image) -> list[str]:
    where = [image.case.study.key, image.key]
    pages = [reverse(f"cases:{name}", args=where) for name in ("look", "thumbnail", "masking")]
    products = [
        reverse("cases:pixels", args=[*where, image.state, name]) for name in ("meta", "preview", "full-0")
    ]
    return [
        *pages,
        *products,
        reverse("cases:images", args=where[:1]),
        reverse("cases:start_looking", args=where[:1]),
    ]


@pytest.mark.parametrize("role", [Role.READER, Role.RESEARCHER, Role.ADJUDICATOR])
def test_pages_for_coordinators_are_for_coordinators(client: Client, study: Study, role: Role) -> None:
    image = make_case(study, confirmed=False).images.get()
    client.force_login(make_member(study, role).user)
    assert {client.get(url).status_code for url in coordinators_pages(image)} == {404}


# --- Vendors -------------------------------------------------------------------------------------------------------
def test_no_model_is_asked_while_one_image_waits(study: Study, spoil: Callable[[Image], None]) -> None:
    make_arm(study)
    spoil(make_case(study).images.get())
    make_case(study)
    with pytest.raises(StudyError, match="1 image is not confirmed yet"):
        queue_generations(study=study, by=study.created_by)
    assert not Generation.objects.exists()


def test_a_row_that_was_queued_before_sends_nothing(study: Study, spoil: Callable[[Image], None]) -> None:
    make_arm(study)
    image = make_case(study).images.get()
    queue_generations(study=study, by=study.created_by)
    spoil(image)
    generate()
    assert "Nobody has confirmed yet" in Generation.objects.get().failure
    assert not Attempt.objects.exists()


def test_one_image_keeps_its_whole_case_from_vendors(study: Study, spoil: Callable[[Image], None]) -> None:
    case = make_case(study)
    spoil(case.images.get())
    with pytest.raises(CasesError, match="Nobody has confirmed"):
        images_for_vendor(case)


# --- The start -----------------------------------------------------------------------------------------------------
def test_a_study_does_not_start_with_it(db: None, spoil: Callable[[Image], None]) -> None:
    study = make_ready_study(cases=2, arms=1, readers=1)
    assert not blockers(study)
    spoil(Image.objects.of(study)[0])
    with pytest.raises(StudyError):
        start_study(study=study, by=study.created_by)
    assert [line.text for line in blockers(study)] == [
        "1 image is not confirmed to show no name, date or number of a patient."
    ]


# --- Programs ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.RESEARCHER, Role.READER])
def test_no_address_of_the_api_gives_pixels(study: Study, role: Role) -> None:
    make_case(study, confirmed=False)
    make_member(study, role)
    program = program_of(member_of(study, role))
    for path in (
        "",
        "uploads/",
        "images/",
        "generations/",
        "ratings/",
        "ratings.csv",
        "report/",
        "readings/progress/",
    ):
        response = program.get(f"studies/{study.key}/{path}")
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert not any(signature in body for signature in SIGNATURES)
        assert not response["Content-Type"].startswith("image/")


def test_exports_hold_no_pixels(db: None) -> None:
    reader = Reader.arrive()
    client = Client()
    client.force_login(reader.study.created_by)
    for name in ("ratings", "codebook", "html", "json"):
        response = client.get(reverse(f"analysis:{name}", args=[reader.study.key]))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert not any(signature in body for signature in SIGNATURES)


# --- Who said it, and when -----------------------------------------------------------------------------------------
def test_the_audit_page_tells_who_decided_what(coordinator: Client, study: Study) -> None:
    first, second = (make_case(study, confirmed=False).images.get() for _number in range(2))
    by = study.created_by
    actions.confirm_images(images=[first, second], by=by)
    actions.unconfirm_images(images=[second], by=by)
    actions.mask_images(images=[second], boxes=[[0, 0, 4, 4], [8, 8, 12, 12]], by=by)
    actions.leave_out(study=study, cases=[second.case], by=by)
    actions.take_back(study=study, case=second.case, by=by)
    page = coordinator.get(reverse("studies:audit", args=[study.key])).content.decode()
    for sentence in (
        "Confirmed that 2 images show no name, date or number: C001, C002",
        "Took the yes to 1 image back: C002",
        "Wanted boxes (2) burned into 1 image: C002",
        "Left 1 case out: C002",
        "Took the case C002 back",
    ):
        assert sentence in page
    assert page.count(str(by)) >= 5


def test_the_trail_holds_after_all_of_it(study: Study) -> None:
    image = make_case(study, confirmed=False).images.get()
    actions.confirm_images(images=[image], by=study.created_by)
    actions.mask_images(images=[image], boxes=[[0, 0, 4, 4]], by=study.created_by)
    call_command("audit", "verify")
