"""Who reaches which page of a study: everybody else gets 404, as if the study did not exist."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.studies.lifecycle import Deed
from readerstudy.studies.models import Role, Study
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = ["studies:detail", "studies:settings", "studies:arms", "studies:add_arm", "studies:questions"]
PAGES += ["studies:languages", "studies:ethics", "studies:copy", "studies:unblind_early"]
PAGES += ["generation:prompts", "generation:new_prompt", "cases:purposes"]
PAGES += ["cases:terms", "cases:add_terms", "cases:marks"]
PAGES += ["generation:verdicts", "generation:choose_verdicts", "generation:agreement", "generation:leaks"]
PAGES += ["generation:text_rules", "generation:freeze"]
PAGES += ["studies:add_question", "studies:audit", "reading:readers", "reading:board", "reading:allocation"]
PAGES += ["reading:plan", "reading:sample_size", "reading:practice", "reading:adjudications"]


@pytest.fixture
def study() -> Study:
    return factories.make_study()


def client_of(study: Study, who: str) -> Client:
    client = Client()
    if who == "coordinator":
        client.force_login(study.created_by)
    elif who in Role.values:
        client.force_login(factories.make_member(study, Role(who)).user)
    elif who == "coordinator of another study":
        client.force_login(factories.make_study().created_by)
    elif who == "site staff":
        client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("coordinator", 200),
        ("reader", 404),
        ("researcher", 404),
        ("adjudicator", 404),
        ("writer", 404),
        ("coordinator of another study", 404),
        ("site staff", 404),
        ("nobody", 302),
    ],
)
def test_the_console_is_for_its_coordinators(study: Study, page: str, who: str, status: int) -> None:
    assert client_of(study, who).get(reverse(page, args=[study.key])).status_code == status


@pytest.mark.parametrize(
    "who", ["reader", "researcher", "writer", "coordinator of another study", "site staff"]
)
def test_nobody_else_changes_a_study(study: Study, who: str) -> None:
    client = client_of(study, who)
    for deed in Deed:
        assert client.post(reverse("studies:deed", args=[study.key, deed])).status_code == 404
    for name in ("languages", "ethics", "copy", "unblind_early", "look_at_amendment", "sign_amendment"):
        assert client.post(reverse(f"studies:{name}", args=[study.key])).status_code == 404
    assert client.post(reverse("studies:settings", args=[study.key]), {"title": "Taken"}).status_code == 404
    study.refresh_from_db()
    assert study.title != "Taken"


def test_the_arm_of_another_study_is_not_found(study: Study) -> None:
    foreign = factories.make_arm(factories.make_study())
    client = client_of(study, "coordinator")
    for name in ("studies:edit_arm", "studies:remove_arm"):
        assert client.post(reverse(name, args=[study.key, foreign.pk])).status_code == 404


def test_a_removed_coordinator_is_a_stranger(study: Study) -> None:
    from readerstudy.studies.actions import remove_member

    second = factories.make_member(study, Role.COORDINATOR)
    client = Client()
    client.force_login(second.user)
    assert client.get(reverse("studies:detail", args=[study.key])).status_code == 200
    remove_member(membership=second, by=study.created_by)
    assert client.get(reverse("studies:detail", args=[study.key])).status_code == 404


def test_the_list_shows_only_the_own_studies(study: Study) -> None:
    other = factories.make_study(title="Somebody else's study")
    page = client_of(study, "coordinator").get(reverse("studies:list")).content.decode()
    assert study.title in page
    assert other.title not in page


# What a writer reaches: these pages, and of the others nothing at all.
WRITING = ["generation:write"]
ELSEWHERE = [
    "generation:outputs",
    "generation:texts",
    "generation:departures",
    "reading:start",
    "analysis:report",
]
ELSEWHERE += [
    "analysis:ratings",
    "analysis:cases",
    "analysis:part",
    "analysis:outputs",
    "cases:images",
    "cases:labels",
    "generation:departures_csv",
]
ELSEWHERE += ["generation:departed_images"]


@pytest.mark.parametrize("page", WRITING)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("coordinator", 200),
        ("writer", 200),
        ("reader", 404),
        ("researcher", 404),
        ("adjudicator", 404),
        ("coordinator of another study", 404),
        ("site staff", 404),
        ("nobody", 302),
    ],
)
def test_texts_are_written_by_writers_and_coordinators(
    study: Study, page: str, who: str, status: int
) -> None:
    assert client_of(study, who).get(reverse(page, args=[study.key])).status_code == status


@pytest.mark.parametrize("page", ELSEWHERE)
def test_a_writer_reaches_nothing_else(study: Study, page: str) -> None:
    assert client_of(study, "writer").get(reverse(page, args=[study.key])).status_code == 404


def test_a_writers_list_leads_to_the_writing(study: Study) -> None:
    page = client_of(study, "writer").get(reverse("studies:list")).content.decode()
    assert reverse("generation:write", args=[study.key]) in page


@pytest.mark.parametrize(("first", "then"), [(Role.WRITER, Role.READER), (Role.READER, Role.WRITER)])
def test_nobody_reads_texts_of_their_own(study: Study, first: Role, then: Role) -> None:
    from readerstudy.studies.policies import StudyError

    person = factories.make_member(study, first).user
    with pytest.raises(StudyError, match="cannot read in it"):
        factories.make_member(study, then, user=person)


@pytest.mark.parametrize("first", [Role.WRITER, Role.ADJUDICATOR])
def test_nobody_settles_what_was_said_of_a_text_of_their_own(study: Study, first: Role) -> None:
    from readerstudy.studies.policies import StudyError

    then = Role.ADJUDICATOR if first == Role.WRITER else Role.WRITER
    person = factories.make_member(study, first).user
    with pytest.raises(StudyError, match="settle disagreements"):
        factories.make_member(study, then, user=person)


@pytest.mark.parametrize(
    ("who", "status"),
    [("adjudicator", 200), ("coordinator", 404), ("reader", 404), ("researcher", 404), ("nobody", 302)],
)
def test_the_queue_of_disagreements_is_for_adjudicators(study: Study, who: str, status: int) -> None:
    url = reverse("reading:adjudicate", args=[study.key])
    assert client_of(study, who).get(url).status_code == status


def test_an_adjudicators_list_leads_to_the_queue(study: Study) -> None:
    page = client_of(study, "adjudicator").get(reverse("studies:list")).content.decode()
    assert reverse("reading:adjudicate", args=[study.key]) in page
