"""Looks at results before the data are locked are counted, kept for good, and told in the report."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.analysis import actions
from readerstudy.analysis.actions import current_report, note_look, standing_report
from readerstudy.analysis.models import InterimLook
from readerstudy.audit.models import Event
from readerstudy.studies.actions import move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Membership, Role, Study
from tests.analysis import worlds

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return worlds.make_rated_study(readers=2, questions=("correctness",))


def person(study: Study, role: Role) -> Membership:
    return Membership.objects.get(study=study, role=role)


def page_of(study: Study, role: Role = Role.RESEARCHER, query: str = "") -> str:
    client = Client()
    client.force_login(person(study, role).user)
    return client.get(reverse("analysis:report", args=[study.key]) + query).content.decode()


def test_looks_are_numbered_in_order(study: Study) -> None:
    for by in (study.created_by, person(study, Role.RESEARCHER).user, study.created_by):
        current_report(study=study, by=by)
    assert list(InterimLook.objects.of(study).values_list("number", "by", "view")) == [
        (1, study.created_by.pk, ""),
        (2, person(study, Role.RESEARCHER).user_id, ""),
    ]
    told = Event.objects.of_study(study.pk).filter(verb=actions.LOOKED).order_by("pk")
    assert [event.data["number"] for event in told] == [1, 2]


def test_a_look_at_a_part_is_another_look(study: Study) -> None:
    report = current_report(study=study, by=study.created_by)
    note_look(report=report, by=study.created_by, view="stratum=site=north")
    note_look(report=report, by=study.created_by, view="stratum=site=north")
    assert list(InterimLook.objects.of(study).values_list("number", "view")) == [
        (1, ""),
        (2, "stratum=site=north"),
    ]


def test_the_page_says_which_look_this_is_and_lists_all(study: Study) -> None:
    assert "This is look 1 at the results of this study" in page_of(study)
    page = page_of(study, Role.COORDINATOR)
    assert "This is look 2 at the results of this study" in page
    assert "Results were looked at 2 times before the data were locked." in page
    assert str(person(study, Role.RESEARCHER).user) in page


def test_a_closed_study_is_still_looked_at_before_the_lock(study: Study) -> None:
    study = move_study(study=study, then=State.CLOSED, by=study.created_by)
    current_report(study=study, by=study.created_by)
    assert InterimLook.objects.of(study).count() == 1


def test_after_the_data_lock_looks_are_told_and_none_is_added(study: Study) -> None:
    current_report(study=study, by=study.created_by)
    for state in (State.CLOSED, State.DATA_LOCKED):
        study = move_study(study=study, then=state, by=study.created_by)
    page = page_of(study)
    assert "This is look" not in page
    assert "Results were looked at 1 time before the data were locked." in page
    assert InterimLook.objects.of(study).count() == 1


def test_where_nobody_looked_the_report_says_so(study: Study) -> None:
    for state in (State.CLOSED, State.DATA_LOCKED):
        study = move_study(study=study, then=state, by=study.created_by)
    assert "Nobody looked at results before the data were locked." in page_of(study)


def test_postgresql_keeps_looks_as_they_are(study: Study) -> None:
    report = current_report(study=study, by=study.created_by)
    look = InterimLook.objects.of(study).get()
    for change in (
        lambda: InterimLook.objects.filter(pk=look.pk).update(number=7),
        lambda: InterimLook.objects.filter(pk=look.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    other = person(study, Role.RESEARCHER).user
    for wrong in (
        {"number": 1, "by": other},  # two first looks
        {"number": 0, "by": other},
        {"number": 2, "by": study.created_by},  # the same person, the same report
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            InterimLook.objects.create(study=study, report=report, **wrong)


def test_computing_a_report_is_no_look(study: Study) -> None:
    standing_report(study=study, by=study.created_by)
    assert not InterimLook.objects.exists()
