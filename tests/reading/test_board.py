"""The coordinator's board: how far each reader is, what needs a hand, and the hands themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.reading import actions
from readerstudy.reading.actions import Clock, remind_reader, start_study
from readerstudy.reading.board import board_of
from readerstudy.reading.models import Allocation, Reminder
from readerstudy.reading.protocol import criteria_of
from readerstudy.studies.actions import move_study, set_section
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.disputes import answer, make_disputed, read_all

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def read_one(allocation: Allocation, *, seconds: float | None = None, value: str = "4") -> None:
    answer(allocation, "correctness", value, allocation.outputs.get().letter)
    seat = allocation.seat
    actions.submit_reading(
        seat=seat,
        allocation=allocation,
        criteria=criteria_of(seat.study),
        by=seat.user,
        clock=Clock(seconds),
    )


def first_of(study: Study) -> tuple[Membership, list[Allocation]]:
    seat = Membership.objects.readers(study)[0]
    return seat, list(Allocation.objects.of(seat).select_related("seat__study", "seat__user"))


def page_of(study: Study) -> str:
    return signed_in(study.created_by).get(reverse("reading:readers", args=[study.key])).content.decode()


# ------------------------------------------------------------------ time


def test_the_board_tells_minutes_at_work_and_the_median_case() -> None:
    study = factories.make_running_study(cases=3, arms=1)
    _seat, allocations = first_of(study)
    for allocation, seconds in zip(allocations, (30.0, 60.0, 240.0), strict=True):
        read_one(allocation, seconds=seconds)
    first, second = board_of(study)
    assert (first.minutes, first.work.median) == (round(330 / 60), 60.0)
    assert (second.minutes, second.work.median) == (None, None)
    assert "60 s" in page_of(study)


def test_who_only_looked_is_seen_as_well() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    seat, [allocation] = first_of(study)
    actions.show_reading(seat=seat, allocation=allocation)
    assert board_of(study)[0].last_seen is not None
    assert board_of(study)[1].last_seen is None


# ------------------------------------------------------------------ attention checks


def make_checked(*, key: list[dict[str, Any]]) -> Study:
    study = factories.make_study()
    arm = factories.make_arm(study, name="Alpha")
    factories.make_criterion(study)
    for number in range(3):
        case = factories.make_case(study, purpose="check" if number == 2 else "study")
        factories.make_output(arm, case)
    factories.make_reader(study)
    factories.freeze(study)
    checks = {"codes": ["C003"], "every": 2, **({"key": key} if key else {})}
    content = {"plan": "crossed", "outputs": "one_at_a_time", "checks": checks}
    set_section(study=study, name="allocation", content=content, by=study.created_by)
    return start_study(study=study, by=study.created_by)


EXPECTED = [{"case": "C003", "criterion": "correctness", "answer": [1, 2]}]


@pytest.mark.parametrize(("value", "failed"), [("1", 0), ("2", 0), ("5", 1)])
def test_a_check_is_failed_by_another_answer_than_the_expected(value: str, failed: int) -> None:
    study = make_checked(key=EXPECTED)
    _seat, allocations = first_of(study)
    one, other = (each for each in allocations if each.kind == "check")
    assert board_of(study)[0].checked.scored == 0
    read_one(one, value=value)
    read_one(other, value="1")
    [row] = board_of(study)
    assert (row.checked.scored, row.checked.failed.total()) == (2, failed)
    assert f"{failed} of 2 failed" in page_of(study)


def test_without_expected_answers_nobody_fails() -> None:
    study = make_checked(key=[])
    _seat, allocations = first_of(study)
    read_one(next(each for each in allocations if each.kind == "check"), value="5")
    assert board_of(study)[0].checked.words == "1 without a rule"


def test_what_is_expected_of_checks_survives_the_form_of_the_plan() -> None:
    study = factories.make_study()
    arm = factories.make_arm(study, name="Alpha")
    factories.make_criterion(study)
    for purpose in ("study", "study", "check"):
        factories.make_output(arm, factories.make_case(study, purpose=purpose))
    checks = {"codes": ["C003"], "every": 2, "key": EXPECTED}
    content = {"plan": "crossed", "outputs": "one_at_a_time", "checks": checks}
    set_section(study=study, name="allocation", content=content, by=study.created_by)
    client = signed_in(study.created_by)
    form = {"plan": "crossed", "outputs": "one_at_a_time", "checks": "on", "checks_every": "3"}
    assert client.post(reverse("reading:plan", args=[study.key]), form).status_code == 302
    stored = study.design.__class__.objects.get(study=study).section("allocation")["checks"]
    assert stored == {"codes": ["C003"], "every": 3, "key": EXPECTED}


# ------------------------------------------------------------------ reminders


def test_a_reminder_is_one_mail_with_a_link_a_record_and_an_audit_event() -> None:
    study = factories.make_running_study(cases=2, arms=1)
    seat, _allocations = first_of(study)
    response = signed_in(study.created_by).post(reverse("reading:remind", args=[study.key, seat.pk]))
    assert response.status_code == 302
    [sent] = mail.outbox
    assert sent.to == [seat.user.email]
    assert "2 cases" in sent.body
    assert "/invitation" in sent.body
    assert Reminder.objects.get().left == 2
    assert Event.objects.get(verb="reader.remind").subject == seat.pseudonym
    page = page_of(study)
    assert "reminded" in page
    assert reverse("reading:remind", args=[study.key, seat.pk]) not in page


def test_a_reader_gets_no_second_mail_within_a_day() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    seat, _allocations = first_of(study)
    remind_reader(seat=seat, by=study.created_by)
    with pytest.raises(StudyError, match="reminded already"):
        remind_reader(seat=seat, by=study.created_by)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25), tick=False):
        remind_reader(seat=seat, by=study.created_by)
    assert Reminder.objects.count() == 2


def test_nobody_is_reminded_who_has_nothing_to_do_or_reads_no_mail() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    seat, [allocation] = first_of(study)
    read_one(allocation)
    with pytest.raises(StudyError, match="nothing left"):
        remind_reader(seat=seat, by=study.created_by)
    other = Membership.objects.readers(study)[1]
    other.user.__class__.objects.filter(pk=other.user_id).update(is_simulated=True)
    with pytest.raises(StudyError, match="simulated"):
        remind_reader(seat=Membership.objects.readers(study)[1], by=study.created_by)
    study = move_study(study=study, then=State.PAUSED, by=study.created_by)
    with pytest.raises(StudyError, match="paused"):
        remind_reader(seat=Membership.objects.readers(study)[1], by=study.created_by)


def test_a_mail_that_cannot_be_sent_leaves_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    study = factories.make_running_study(cases=1, arms=1)
    seat, _allocations = first_of(study)

    def fail(*_args: Any, **_more: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("readerstudy.reading.views.console.send_reminder", fail)
    with pytest.raises(ConnectionRefusedError):
        signed_in(study.created_by).post(reverse("reading:remind", args=[study.key, seat.pk]))
    assert not Reminder.objects.exists()


def test_only_coordinators_remind() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    seat, _allocations = first_of(study)
    for user in (seat.user, factories.make_study().created_by):
        url = reverse("reading:remind", args=[study.key, seat.pk])
        assert signed_in(user).post(url).status_code == 404


# ------------------------------------------------------------------ the board as a whole


def test_open_disagreements_stand_on_the_board() -> None:
    study = make_disputed()
    read_all(study, [{("C001", 0): "1"}, {("C001", 0): "5"}])
    assert "1 disagreement is open." in page_of(study)


def test_the_board_pauses_and_resumes() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    pause = reverse("studies:deed", args=[study.key, "pause"])
    assert pause in page_of(study)
    signed_in(study.created_by).post(pause)
    assert reverse("studies:deed", args=[study.key, "resume"]) in page_of(study)


def counted(study: Study) -> int:
    """The queries of the part of the page that asks again every few seconds."""
    client, url = signed_in(study.created_by), reverse("reading:board", args=[study.key])
    client.get(url)  # what the process keeps is kept now
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_many_readers_take_as_many_queries_as_few() -> None:
    few, many = make_disputed(cases=2, arms=1, readers=2), make_disputed(cases=2, arms=1, readers=7)
    disputed = {("C001", 0): "1"}
    read_all(few, [disputed, {}])
    read_all(many, [disputed, {}, disputed, {}, {}, {}, {}])
    assert counted(many) == counted(few)
