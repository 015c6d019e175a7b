"""Freezing: the same data give the same row, computed once; interim looks are written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from readerstudy.accounts.actions import save_profile
from readerstudy.analysis import actions
from readerstudy.analysis.actions import current_report, freeze_report
from readerstudy.analysis.models import Report
from readerstudy.audit.models import Event
from readerstudy.audit.record import verify
from readerstudy.studies.actions import move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Criterion, Membership, Role, Study
from tests.analysis import worlds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def study() -> Study:
    return worlds.make_rated_study(readers=2, questions=("correctness",))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The inputs that were computed, in order."""
    done: list[str] = []
    compute: Callable[[Any], Any] = actions.report_of

    def counted(evidence: Any) -> Any:
        done.append(evidence.sha256)
        return compute(evidence)

    monkeypatch.setattr(actions, "report_of", counted)
    return done


def change_one_rating(study: Study, value: str = "1") -> None:
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    worlds.rate(seat, output, Criterion.objects.of(study).get(), value)


def researcher_of(study: Study) -> Any:
    return Membership.objects.get(study=study, role=Role.RESEARCHER).user


def test_the_same_data_give_the_same_row_computed_once(study: Study, computed: list[str]) -> None:
    first = freeze_report(study=study, by=study.created_by)
    second = freeze_report(study=study, by=study.created_by)
    assert first == second
    assert Report.objects.count() == 1
    assert computed == [first.input_sha256]


def test_a_row_that_is_computed_again_is_the_same_in_every_byte(study: Study) -> None:
    evidence = [actions.gather(study) for _time in range(2)]
    assert evidence[0].sha256 == evidence[1].sha256
    written = [json.dumps(actions.report_of(each), sort_keys=True) for each in evidence]
    assert written[0] == written[1]


def test_what_is_stored_is_what_was_computed(study: Study) -> None:
    report = freeze_report(study=study, by=None)
    report.refresh_from_db()
    assert report.content == json.loads(json.dumps(actions.report_of(actions.gather(study))))
    assert report.seed == report.content["inference"]["seed"]
    assert report.content["input_sha256"] == report.input_sha256


@pytest.mark.parametrize("change", ["rating", "profile", "state"])
def test_other_data_give_another_row(study: Study, change: str) -> None:
    by = researcher_of(study)
    first = current_report(study=study, by=by)
    if change == "rating":
        change_one_rating(study)
    elif change == "profile":
        reader = Membership.objects.get(study=study, seat=1).user
        save_profile(user=reader, name="R", specialty="ophthalmology", years_experience=3)
    else:
        study = move_study(study=study, then=State.CLOSED, by=study.created_by)
    second = current_report(study=study, by=by)
    assert second != first
    assert second.is_interim == (change != "state")


def test_a_rating_taken_back_to_its_old_value_is_another_event(study: Study) -> None:
    first = freeze_report(study=study, by=None)
    _seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    change_one_rating(study, output.ratings.get().value)
    assert freeze_report(study=study, by=None).input_sha256 != first.input_sha256


def test_while_nothing_changes_the_ratings_are_not_read_again(study: Study, computed: list[str]) -> None:
    by = researcher_of(study)
    first = current_report(study=study, by=by)
    with CaptureQueriesContext(connection) as queries:
        assert current_report(study=study, by=by) == first
    assert not any("row_number" in query["sql"] for query in queries.captured_queries)
    assert len(queries) <= 6
    assert len(computed) == 1


def test_an_interim_look_is_written_down_once_for_each_person_and_report(study: Study) -> None:
    researcher, coordinator = researcher_of(study), study.created_by
    for by in (researcher, researcher, coordinator):
        report = current_report(study=study, by=by)
    looks = Event.objects.of_study(study.pk).filter(verb=actions.LOOKED)
    assert [event.actor for event in looks.order_by("pk")] == [researcher, coordinator]
    assert {event.data["input_sha256"] for event in looks} == {report.input_sha256}
    change_one_rating(study)
    current_report(study=study, by=researcher)
    assert looks.all().count() == 3
    frozen = Event.objects.of_study(study.pk).filter(verb=actions.FROZEN)
    assert [event.data["interim"] for event in frozen] == [True, True]
    assert verify()[1] == []


def test_a_final_report_needs_no_note_of_who_looked(study: Study) -> None:
    for state in (State.CLOSED, State.DATA_LOCKED):
        study = move_study(study=study, then=state, by=study.created_by)
    report = current_report(study=study, by=researcher_of(study))
    assert report.is_interim is False
    assert not Event.objects.filter(verb=actions.LOOKED).exists()
    assert Event.objects.get(verb=actions.FROZEN).data["interim"] is False


def test_postgresql_refuses_to_change_or_delete_a_report(study: Study) -> None:
    report = freeze_report(study=study, by=None)
    for change in (
        lambda: Report.objects.filter(pk=report.pk).update(content={}),
        lambda: Report.objects.filter(pk=report.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_the_number_of_queries_does_not_depend_on_the_number_of_ratings(study: Study) -> None:
    small = worlds.make_open_study(readers=1, questions=("correctness",))
    for each in (small, study):  # the locked protocol is read once and kept
        actions.report_of(actions.gather(each))
    with CaptureQueriesContext(connection) as few:
        actions.report_of(actions.gather(small))
    with CaptureQueriesContext(connection) as many:
        actions.report_of(actions.gather(study))
    assert len(few) == len(many)
