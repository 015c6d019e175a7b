"""Image sets have terms: stated in versions, asked before anything leaves, said on the overview, kept in files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.accounts.models import User
from readerstudy.audit.models import Event
from readerstudy.audit.sentences import sentence
from readerstudy.cases import actions
from readerstudy.cases.models import ImageSet, ImageTerms, Recipients
from readerstudy.cases.policies import CasesError
from readerstudy.cases.terms import Recipient, obstacle_in_terms
from readerstudy.generation.actions import save_card
from readerstudy.generation.leaving.departures import DepartureError, check_may_leave, departure_lines
from readerstudy.providers.base import Connection
from readerstudy.providers.connections import Offer
from readerstudy.studies.actions.files import load_protocol, replace_protocol
from readerstudy.studies.models import Study
from readerstudy.studies.protocol.document import Document, ProtocolError, read
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.stations import Sign, readiness
from tests.factories import make_arm, make_case, make_image_set, make_study, make_user

pytestmark = pytest.mark.django_db

OPEN = {"source": "An open archive", "licence": "CC BY 4.0", "recipients": Recipients.ANY}
VENDOR = Recipient("real", "Real vendor", is_own=False)
OTHER = Recipient("other", "Other vendor", is_own=False)
OWN = Recipient("ours", "Our server", is_own=True)


@pytest.fixture
def study() -> Study:
    return make_study(contains_patient_data=False)


@pytest.fixture
def real_vendor(settings: Any) -> None:
    offer = Offer("Real vendor", Connection("real", "openai", "http://127.0.0.1:9", "key"))
    settings.CONNECTIONS = {**settings.CONNECTIONS, "real": offer}


def state(study: Study, **fields: Any) -> ImageTerms:
    """New terms of the set of all images that the factory makes."""
    said = {**OPEN, **fields}
    return actions.state_terms(study=study, image_set=make_image_set(study), fields=said, by=study.created_by)


@pytest.mark.parametrize(
    ("recipients", "providers", "allowed"),
    [
        (Recipients.UNSTATED, [], {OWN}),
        (Recipients.NONE, [], set()),
        (Recipients.OWN, [], {OWN}),
        (Recipients.LISTED, ["real"], {OWN, VENDOR}),
        (Recipients.ANY, [], {OWN, VENDOR, OTHER}),
    ],
)
def test_terms_say_which_models_get_the_images(
    study: Study, recipients: Recipients, providers: list[str], allowed: set[Recipient]
) -> None:
    make_case(study)
    state(study, recipients=recipients, providers=providers)
    assert {to for to in (OWN, VENDOR, OTHER) if not obstacle_in_terms(study, to)} == allowed


def test_where_nobody_has_stated_terms_nothing_is_permitted_but_own_servers(study: Study) -> None:
    image_set = ImageSet.objects.create(study=study, created_by=study.created_by, name="Made")
    make_case(study)
    assert not image_set.terms.exists()
    assert "Nobody has said on what terms the images of “Made”" in obstacle_in_terms(study, VENDOR)
    assert obstacle_in_terms(study, OWN) == ""


def test_terms_end(study: Study) -> None:
    make_case(study)
    state(study, expires_on=timezone.localdate())
    assert obstacle_in_terms(study, VENDOR) == ""
    state(study, expires_on=timezone.localdate() - timedelta(days=1))
    assert "ended on" in obstacle_in_terms(study, VENDOR)
    assert "ended on" in obstacle_in_terms(study, OWN)


def test_only_sets_with_an_image_of_the_study_count(study: Study) -> None:
    case = make_case(study)
    state(study, recipients=Recipients.NONE)
    assert obstacle_in_terms(study, OWN)
    actions.leave_out(study=study, cases=[case], by=study.created_by)
    assert obstacle_in_terms(study, OWN) == ""


def test_one_set_that_forbids_it_keeps_all_images_here(study: Study) -> None:
    case, other = make_case(study), make_case(study)
    second = actions.state_terms(
        study=study, name="Second", fields={**OPEN, "recipients": Recipients.OWN}, by=study.created_by
    ).image_set
    assert obstacle_in_terms(study, VENDOR) == ""
    other.images.get().uploads.update(image_set=second)
    assert "“Second” forbid" in obstacle_in_terms(study, VENDOR)
    assert case.images.get().uploads.get().image_set.name == "Made"


def test_the_gate_before_each_call_asks_the_terms(study: Study, real_vendor: None) -> None:
    make_case(study)
    check_may_leave(study, "real")
    state(study, recipients=Recipients.LISTED, providers=["other"])
    with pytest.raises(DepartureError, match="do not name “Real vendor”"):
        check_may_leave(study, "real")
    line = departure_lines(study, [make_arm(study, connection="real", is_simulated=False)])[0]
    assert (line.sign, line.remedy_url) == (Sign.BAD, reverse("cases:terms", args=[study.key]))


def test_a_card_says_which_server_is_an_own_one(study: Study, real_vendor: None) -> None:
    make_case(study)
    state(study, recipients=Recipients.OWN)
    with pytest.raises(DepartureError, match="forbid sending its images to vendors"):
        check_may_leave(study, "real")
    card = {"agreement": "own", "region": "our house", "retention": "not at all", "training": "excluded"}
    save_card(connection="real", fields=card, by=make_user(is_staff=True))
    check_may_leave(study, "real")


def test_the_simulated_vendor_is_a_program_of_this_site(study: Study, settings: Any) -> None:
    here = Connection("here", "openai", "http://127.0.0.1:9", "key", simulated=True)
    settings.CONNECTIONS = {"here": Offer("Simulated", here)}
    make_case(study)
    state(study, recipients=Recipients.NONE)
    check_may_leave(study, "here")


def test_the_overview_says_what_is_not_stated_and_what_has_ended(study: Study) -> None:
    make_case(study)
    url = reverse("cases:terms", args=[study.key])
    assert not [line for line in readiness(study) if line.remedy_url == url]
    state(study, recipients=Recipients.UNSTATED)
    line = next(line for line in readiness(study) if line.remedy_url == url)
    assert (line.sign, line.remedy) == (Sign.WARN, "State the terms")
    assert line.text == (
        "Nobody has said on what terms the 1 image of “Made” may be used; no vendor gets it before."
    )
    state(study, expires_on=timezone.localdate() - timedelta(days=1))
    line = next(line for line in readiness(study) if line.remedy_url == url)
    assert "ended on" in line.text


def test_each_statement_is_a_version_in_the_audit_trail(study: Study) -> None:
    first = state(study)
    second = state(study, recipients=Recipients.NONE)
    assert (second.number, second.image_set) == (first.number + 1, first.image_set)
    event = Event.objects.filter(verb="image_set.terms").latest("pk")
    assert (event.data["recipients"], event.data["number"]) == ("none", second.number)
    assert sentence(event) == "Stated the terms of the image set “Made”"


def refused(write: Callable[[], object], match: str) -> None:
    with pytest.raises((IntegrityError, InternalError), match=match), transaction.atomic():
        write()


def test_the_database_refuses_impossible_terms(study: Study) -> None:
    terms = state(study)
    row = {"image_set": terms.image_set, "number": 9, "stated_by": study.created_by}
    make = ImageTerms.objects.create
    refused(lambda: make(**row, **{**OPEN, "recipients": "everybody"}), "cases_known_recipients")
    refused(lambda: make(**row, **{**OPEN, "recipients": "listed"}), "cases_listed_recipients_are_named")
    refused(lambda: make(**row, **OPEN, providers=["x"]), "cases_listed_recipients_are_named")
    refused(lambda: make(**row, recipients="any"), "cases_stated_terms_say_where_from")
    refused(lambda: make(**{**row, "number": terms.number}, **OPEN), "cases_terms_are_numbered")
    refused(lambda: ImageTerms.objects.update(source="x"), "append-only|refused")
    refused(lambda: ImageTerms.objects.all().delete(), "append-only|refused")


def test_the_database_refuses_impossible_sets(study: Study) -> None:
    row = {"study": study, "created_by": study.created_by}
    ImageSet.objects.create(**row, name="A", receives=True)
    refused(lambda: ImageSet.objects.create(**row, name="A"), "cases_image_sets_names_differ")
    refused(lambda: ImageSet.objects.create(**row, name=""), "cases_an_image_set_has_a_name")
    refused(lambda: ImageSet.objects.create(**row, name="B", receives=True), "cases_one_image_set_receives")


def test_no_two_sets_share_a_name(study: Study) -> None:
    make_image_set(study)
    with pytest.raises(CasesError, match="“Made” already"):
        actions.state_terms(study=study, name="Made", fields=OPEN, by=study.created_by)


def test_a_set_that_receives_gets_the_files_of_everybody(study: Study) -> None:
    for by in (study.created_by, make_user()):
        actions.attest(study=study, by=by)
        own = actions.open_image_set(study=study, by=by)
        kept = actions.state_terms(
            study=study, name=f"For {by.pk}", receives=True, fields=OPEN, by=by
        ).image_set
        assert actions.open_image_set(study=study, by=by) == kept != own
        upload = receive(study, by)
        assert upload.image_set == kept
    assert ImageSet.objects.filter(receives=True).count() == 1


def receive(study: Study, by: User) -> Any:
    content = ContentFile(f"no image of {by.pk}".encode(), name="a.png")
    image_set = actions.open_image_set(study=study, by=by)
    return actions.receive_upload(study=study, image_set=image_set, name="a.png", content=content, by=by)


# -- the pages


@pytest.fixture
def coordinator(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def test_the_page_shows_each_set_and_states_terms(
    study: Study, coordinator: Client, real_vendor: None
) -> None:
    make_case(study)
    image_set = make_image_set(study)
    page = coordinator.get(reverse("cases:terms", args=[study.key])).content.decode()
    assert "Made for this test" in page
    assert "Any model" in page
    sent = {"name": "Ward 3", "source": "Our ward", "recipients": "listed", "providers": ["real"]}
    address = reverse("cases:edit_terms", args=[study.key, image_set.pk])
    assert coordinator.post(address, sent).status_code == 302
    terms = ImageTerms.objects.filter(image_set=image_set).latest("number")
    assert (terms.image_set.name, terms.providers, terms.stated_by) == ("Ward 3", ["real"], study.created_by)
    page = coordinator.get(reverse("cases:terms", args=[study.key])).content.decode()
    assert "Real vendor" in page
    assert "Ward 3" in page


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"recipients": "listed", "source": "Ward"}, "No provider is ticked"),
        ({"recipients": "any"}, "Say where the images come from"),
        ({"recipients": "any", "source": "Ward", "name": ""}, "This field is required"),
    ],
)
def test_a_form_that_says_too_little_comes_back(
    study: Study, coordinator: Client, sent: dict[str, Any], told: str
) -> None:
    answer = coordinator.post(reverse("cases:add_terms", args=[study.key]), {"name": "Set", **sent})
    assert (answer.status_code, told in answer.content.decode()) == (422, True)
    assert not ImageTerms.objects.exists()


def test_nobody_states_terms_of_another_study(study: Study, coordinator: Client) -> None:
    other = make_image_set(make_study())
    assert coordinator.get(reverse("cases:edit_terms", args=[study.key, other.pk])).status_code == 404


def test_the_page_of_what_left_names_the_terms(study: Study, coordinator: Client) -> None:
    make_case(study)
    page = coordinator.get(reverse("generation:departures", args=[study.key])).content.decode()
    assert "Terms of the images" in page
    assert "Made for this test" in page


# -- the protocol file

HEAD = """
format: 1
study: {title: T, question: Q}
arms: [{name: A, source: imported}]
criteria: [{key: k, kind: yes_no, question: Good?}]
allocation: {plan: crossed}
"""
SETS = f"""{HEAD}
cases:
  image_sets:
    - {{name: Archive, source: An archive, licence: CC BY 4.0, models: any}}
    - {{name: Ward, source: Our ward, models: listed, providers: [b, a], expires: "2031-01-31"}}
"""


def test_image_sets_go_round_through_a_protocol_file() -> None:
    document, by = read(SETS.encode()), make_user()
    study = load_protocol(document=document, by=by)
    assert data_of(study) == canonical(document)
    assert [told["name"] for told in data_of(study)["cases"]["image_sets"]] == ["Archive", "Ward"]
    assert data_of(load_protocol(document=Document(data_of(study)), by=by)) == data_of(study)
    assert ImageTerms.objects.filter(image_set__name="Ward").first().providers == ["a", "b"]  # type: ignore[union-attr]


def test_files_go_to_the_set_that_a_protocol_file_names_alone() -> None:
    by = make_user()
    two = load_protocol(document=read(SETS.encode()), by=by)
    one = load_protocol(
        document=read(f"{HEAD}\ncases: {{image_sets: [{{name: W, source: S, models: own}}]}}".encode()), by=by
    )
    for study in (one, two):
        actions.attest(study=study, by=by)
    assert actions.open_image_set(study=one, by=by).name == "W"
    assert actions.open_image_set(study=two, by=by).name == "Images 1"  # nobody has said which of the two


def test_a_file_states_only_what_is_new_and_unsays_what_never_got_a_file() -> None:
    by = make_user()
    study = load_protocol(document=read(SETS.encode()), by=by)
    replace_protocol(study=study, document=read(SETS.encode()), by=by)
    assert ImageTerms.objects.count() == 2
    replace_protocol(study=study, document=read(HEAD.encode()), by=by)
    assert "cases" not in data_of(study)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("{name: A, models: any}", "Nothing says whose terms these are"),
        ("{name: A, source: S, models: listed}", "“providers” is missing"),
        ("{name: A, source: S, models: own, providers: [x]}", "Providers are named only where"),
        ("{name: A, source: S, models: own}, {name: A, source: S, models: own}", "stands here twice"),
    ],
)
def test_a_file_that_says_too_little_is_refused(told: str, problem: str) -> None:
    with pytest.raises(ProtocolError, match=problem):
        read(f"{HEAD}\ncases: {{image_sets: [{told}]}}".encode())
