"""Settling what readers disagree about: who may, what is shown, what is kept, and what the database refuses."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.reading import actions
from readerstudy.reading.adjudication.overview import count_open, state_of
from readerstudy.reading.adjudication.queue import matters_of, open_to, waiting
from readerstudy.reading.adjudication.screen import adjudication_page, bench_of
from readerstudy.reading.models import (
    Adjudication,
    Allocation,
    AllocationPlan,
    DisputedQuestion,
    Ending,
    Rating,
    Settlement,
)
from readerstudy.reading.scales import Answer, RatingError
from readerstudy.studies.actions import move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Membership, Role, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.disputes import GAP, answer, make_adjudicator, make_disputed, read_all, rules

pytestmark = pytest.mark.django_db

DISPUTED = [{("C001", 0): "1"}, {("C001", 0): "5"}]
"""Two readers who disagree about the first arm on the first case."""


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def study() -> Study:
    study = make_disputed()
    read_all(study, DISPUTED)
    return study


@pytest.fixture
def seat(study: Study) -> Membership:
    return make_adjudicator(study)


@pytest.fixture
def opened(seat: Membership) -> Adjudication:
    adjudication = actions.open_next(adjudicator=seat, by=seat.user)
    assert adjudication is not None
    return adjudication


def give(adjudication: Adjudication, value: str, **more: Any) -> None:
    bench = bench_of(adjudication)
    question = bench.presentation.questions[0]
    actions.settle(
        adjudication=adjudication,
        question=question,
        output=bench.rows.get(question.letter),
        answer=Answer(value, float(value)),
        token=more.pop("token", uuid.uuid4()),
        by=adjudication.adjudicator.user,
    )


def finish(adjudication: Adjudication) -> None:
    questions = bench_of(adjudication).presentation.questions
    actions.finish_adjudication(
        adjudication=adjudication, questions=questions, by=adjudication.adjudicator.user
    )


# ------------------------------------------------------------------ the queue


def test_exactly_what_readers_disagree_about_waits(study: Study) -> None:
    [matter] = matters_of(study)
    [disputed] = matter.disputed
    arm = study.arms.get(position=0)
    assert matter.screen.case == study.cases.get(code="C001").pk
    assert matter.screen.arms == (arm.pk,)
    assert (disputed.place.criterion, disputed.place.arm, disputed.trigger) == ("correctness", arm.pk, "gap")
    assert set(disputed.readers) == {seat.pk for seat in Membership.objects.readers(study)}
    assert not Adjudication.objects.exists()  # a row is kept only once somebody opens it


def test_only_submitted_readings_are_compared() -> None:
    study = make_disputed(cases=1, arms=1)
    first, second = Membership.objects.readers(study)
    for seat, value in ((first, "1"), (second, "5")):
        allocation = Allocation.objects.of(seat).select_related("seat__study").get()
        answer(allocation, "correctness", value, allocation.outputs.get().letter)
    assert matters_of(study) == []


def test_a_changed_answer_changes_the_queue(study: Study) -> None:
    assert len(waiting(study)) == 1
    first = Membership.objects.readers(study)[0]
    arm = study.arms.get(position=0)
    allocation = Allocation.objects.of(first).get(case__code="C001", outputs__arm=arm)
    allocation.seat = first
    answer(allocation, "correctness", "4", allocation.outputs.get().letter)
    assert waiting(study) == []


def test_what_is_opened_settled_or_closed_waits_no_more(study: Study, opened: Adjudication) -> None:
    assert waiting(study) == []
    assert count_open(study) == 1
    give(opened, "3")
    finish(opened)
    assert waiting(study) == []
    assert count_open(study) == 0
    [line] = state_of(study)["lines"]
    assert (line.found, line.settled, line.opened, line.waiting) == (1, 1, 0, 0)


def test_a_protocol_without_rules_has_no_queue() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    assert matters_of(study) == []
    assert count_open(study) == 0


def test_the_board_counts_in_as_many_queries_for_many_disagreements(
    django_assert_max_num_queries: Any,
) -> None:
    study = make_disputed(cases=4, arms=2)
    everything = {(f"C00{case}", arm): "1" for case in range(1, 5) for arm in (0, 1)}
    read_all(study, [everything, {}])
    with django_assert_max_num_queries(18):
        assert count_open(study) == 8


# ------------------------------------------------------------------ opening


def test_who_reads_a_case_never_settles_it(study: Study) -> None:
    reader = Membership.objects.readers(study)[0]
    both = factories.make_member(study, Role.ADJUDICATOR, reader.user)
    assert open_to(study, reader.user_id) == []
    assert actions.open_next(adjudicator=both, by=reader.user) is None


def test_opening_again_gives_the_same_one(study: Study, seat: Membership, opened: Adjudication) -> None:
    assert actions.open_next(adjudicator=seat, by=seat.user) == opened
    assert Adjudication.objects.count() == 1
    other = make_adjudicator(study)
    assert actions.open_next(adjudicator=other, by=other.user) is None


def test_an_opened_one_keeps_texts_questions_and_version(opened: Adjudication) -> None:
    [output], [question] = opened.outputs.all(), opened.disputed.all()
    assert (output.letter, output.arm.position) == ("A", 0)
    assert question.criterion.key == "correctness"
    assert len(question.readers) == 2
    assert opened.protocol_version == opened.plan.study.protocol_version
    assert Event.objects.filter(verb="adjudication.open").count() == 1


# ------------------------------------------------------------------ the screen


def test_only_what_is_disputed_is_asked(opened: Adjudication) -> None:
    page = adjudication_page(bench_of(opened))
    assert page.is_adjudication
    assert [entry.key for output in page.outputs for entry in output.questions] == ["correctness"]
    assert page.heading == "Disagreement 1 of 1"


def test_a_third_reader_is_told_nothing_of_what_readers_said(opened: Adjudication, seat: Membership) -> None:
    address = reverse("reading:adjudication", args=[seat.study.key, opened.key])
    body = signed_in(seat.user).get(address).content.decode().split("<dialog")[0]
    assert "said-before" not in body
    assert not re.search(r"R0\d|Reader \d|checked", body)


def test_a_panel_sees_every_answer_without_names() -> None:
    study = make_disputed(section=rules(GAP, by="panel"))
    read_all(study, DISPUTED)
    seat = make_adjudicator(study)
    adjudication = actions.open_next(adjudicator=seat, by=seat.user)
    assert adjudication is not None
    body = (
        signed_in(seat.user)
        .get(reverse("reading:adjudication", args=[study.key, adjudication.key]))
        .content.decode()
    )
    told = re.findall(r'<span class="muted">(\w+ reader)</span> <b dir="auto">([^<]+)</b>', body)
    assert [who for who, _answer in told] == ["First reader", "Second reader"]
    assert {said for _who, said in told} == {"Mostly wrong", "Nothing wrong"}
    for reader in Membership.objects.readers(study):
        assert reader.pseudonym not in body
        assert reader.user.email not in body
    assert "Arm 1" not in body
    assert "model-1" not in body


def test_the_order_of_the_readers_is_drawn_for_each_case() -> None:
    study = make_disputed(section=rules(GAP, by="panel"), cases=12, arms=1)
    read_all(study, [{(f"C{n:03d}", 0): "1" for n in range(1, 13)}, {}])
    seat = make_adjudicator(study)
    firsts = set()
    for _case in range(12):
        adjudication = actions.open_next(adjudicator=seat, by=seat.user)
        assert adjudication is not None
        page = adjudication_page(bench_of(adjudication))
        firsts.add(page.outputs[0].questions[0].said[0].answer)
        give(adjudication, "3")
        finish(adjudication)
    assert firsts == {"Mostly wrong", "Minor slip"}


# ------------------------------------------------------------------ settling


def test_a_settlement_stands_beside_the_ratings(opened: Adjudication) -> None:
    before = list(Rating.objects.order_by("pk").values_list("pk", "value", "at"))
    give(opened, "3")
    give(opened, "2")
    finish(opened)
    assert list(Rating.objects.order_by("pk").values_list("pk", "value", "at")) == before
    assert [event.value for event in Settlement.objects.order_by("pk")] == ["3", "2"]
    assert Settlement.objects.standing().get().value == "2"
    opened.refresh_from_db()
    assert (opened.ending, opened.ended_by) == (Ending.SETTLED, opened.adjudicator.user)


def test_the_same_request_twice_is_one_settlement(opened: Adjudication) -> None:
    token = uuid.uuid4()
    give(opened, "3", token=token)
    give(opened, "3", token=token)
    assert Settlement.objects.count() == 1


def test_nothing_is_settled_without_an_answer(opened: Adjudication) -> None:
    with pytest.raises(RatingError, match="Still open"):
        finish(opened)


def test_finishing_twice_changes_nothing(opened: Adjudication) -> None:
    give(opened, "3")
    finish(opened)
    ended = Adjudication.objects.get().ended_at
    finish(opened)
    assert Adjudication.objects.get().ended_at == ended
    with pytest.raises(StudyError, match="stays as it is"):
        give(opened, "4")


def test_settling_ends_with_the_data_lock(study: Study, seat: Membership, opened: Adjudication) -> None:
    study = move_study(study=study, then=State.CLOSED, by=study.created_by)
    give(Adjudication.objects.get(), "3")  # a closed study still settles
    move_study(study=study, then=State.DATA_LOCKED, by=study.created_by)
    late = Adjudication.objects.select_related("adjudicator__study").get()
    for deed in (lambda: give(late, "4"), lambda: finish(late)):
        with pytest.raises(StudyError, match="data of this study are locked"):
            deed()
    seat.refresh_from_db()
    with pytest.raises(StudyError, match="data of this study are locked"):
        actions.open_next(adjudicator=Membership.objects.get(pk=seat.pk), by=seat.user)


def test_settlements_are_part_of_what_the_data_lock_signs(study: Study, opened: Adjudication) -> None:
    from readerstudy.studies.above import reading_room

    before = reading_room().data_sha256(study)
    give(opened, "3")
    assert reading_room().data_sha256(study) != before


# ------------------------------------------------------------------ reassigning and closing


def test_somebody_else_begins_anew(study: Study, opened: Adjudication) -> None:
    give(opened, "3")
    other = make_adjudicator(study)
    fresh = actions.reassign(adjudication=opened, to=other, reason="on leave", by=study.created_by)
    assert fresh.adjudicator == other
    assert fresh.settlements.count() == 0
    assert {row.criterion.key for row in fresh.disputed.all()} == {"correctness"}
    assert Adjudication.objects.get(pk=opened.pk).ending == Ending.REASSIGNED
    address = reverse("reading:adjudication", args=[study.key, opened.key])
    assert signed_in(opened.adjudicator.user).get(address).status_code == 404
    with pytest.raises(StudyError, match="stays as it is"):
        actions.reassign(adjudication=opened, to=other, reason="again", by=study.created_by)


def test_only_those_who_may_settle_take_over(study: Study, opened: Adjudication) -> None:
    reader = Membership.objects.readers(study)[0]
    both = factories.make_member(study, Role.ADJUDICATOR, reader.user)
    foreign = make_adjudicator(factories.make_study())
    for to, why in ((both, "reads the case"), (foreign, "Only somebody"), (opened.adjudicator, "already")):
        with pytest.raises(StudyError, match=why):
            actions.reassign(adjudication=opened, to=to, reason="on leave", by=study.created_by)
    assert Adjudication.objects.get().ended_at is None


def test_a_closed_disagreement_does_not_come_up_again(study: Study, opened: Adjudication) -> None:
    with pytest.raises(StudyError, match="Write why"):
        actions.close_adjudication(adjudication=opened, reason=" ", by=study.created_by)
    actions.close_adjudication(adjudication=opened, reason="wrong image", by=study.created_by)
    assert waiting(study) == []
    assert Event.objects.get(verb="adjudication.close").data["reason"] == "wrong image"


# ------------------------------------------------------------------ what the database refuses


def refused(deed: Any) -> None:
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        deed()


def make_row(opened: Adjudication, **changes: Any) -> Adjudication:
    fields = {
        name: getattr(opened, name)
        for name in ("plan", "case", "screen", "arms", "adjudicator", "shows_readings", "protocol_version")
    }
    return Adjudication.objects.create(**{**fields, "key": uuid.uuid4().hex, "case_key": "x", **changes})


def test_the_database_refuses_a_second_open_one_for_the_same_screen(opened: Adjudication) -> None:
    refused(lambda: make_row(opened))


def test_the_database_refuses_adjudicators_who_read_the_case(study: Study, opened: Adjudication) -> None:
    reader = Membership.objects.readers(study)[0]
    both = factories.make_member(study, Role.ADJUDICATOR, reader.user)
    other_case = study.cases.get(code="C002")
    refused(lambda: make_row(opened, adjudicator=both, case=other_case))
    refused(lambda: make_row(opened, adjudicator=reader, case=other_case))
    refused(lambda: make_row(opened, adjudicator=study.memberships.get(role="coordinator"), case=other_case))
    make_row(opened, case=other_case)


def test_the_database_refuses_changes(opened: Adjudication) -> None:
    give(opened, "3")
    for table, column in (
        ("reading_settlement", "value"),
        ("reading_disputedquestion", "part"),
        ("reading_adjudicatedoutput", "letter"),
        ("reading_adjudication", "screen"),
    ):
        for statement in (
            f"UPDATE {table} SET {column} = 'x'",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_the_database_refuses_half_an_end(opened: Adjudication) -> None:
    rows = Adjudication.objects.filter(pk=opened.pk)
    by = opened.adjudicator.user
    refused(lambda: rows.update(ended_at=timezone.now()))
    refused(lambda: rows.update(ended_at=timezone.now(), ending="gone", ended_by=by))
    refused(lambda: rows.update(ended_at=timezone.now(), ending=Ending.CLOSED, ended_by=by, reason=""))
    rows.update(ended_at=timezone.now(), ending=Ending.CLOSED, ended_by=by, reason="wrong image")
    refused(lambda: rows.update(reason="another"))


def test_the_database_refuses_settlements_that_come_too_late(study: Study, opened: Adjudication) -> None:
    give(opened, "3")
    event = Settlement.objects.get()

    def another() -> None:
        event.pk, event.token = None, uuid.uuid4()
        event._state.adding = True
        event.save()

    Study.objects.filter(pk=study.pk).update(state=State.DATA_LOCKED)
    refused(another)
    refused(
        lambda: Adjudication.objects.filter(pk=opened.pk).update(
            ended_at=timezone.now(), ending=Ending.SETTLED, ended_by=event.by
        )
    )
    Study.objects.filter(pk=study.pk).update(state=State.RUNNING)
    finish(opened)
    refused(another)


def test_the_database_refuses_a_value_of_what_cannot_be_judged(opened: Adjudication) -> None:
    bench = bench_of(opened)
    question = bench.presentation.questions[0]
    refused(
        lambda: actions.settle(
            adjudication=opened,
            question=question,
            output=bench.rows["A"],
            answer=Answer("3", 3.0, cannot_judge=True),
            token=uuid.uuid4(),
            by=opened.adjudicator.user,
        )
    )


def test_the_database_refuses_doubles_on_one_screen(opened: Adjudication) -> None:
    row, output = opened.disputed.get(), opened.outputs.get()
    again = {
        "adjudication": opened,
        "criterion": row.criterion,
        "arm": row.arm,
        "trigger": "gap",
        "readers": [],
    }
    refused(lambda: DisputedQuestion.objects.create(**again))
    same = {"adjudication": opened, "interpretation": output.interpretation}
    other = opened.plan.study.arms.get(position=1)
    refused(lambda: opened.outputs.create(**same, arm=other, letter="A", side=5))
    refused(lambda: opened.outputs.create(**same, arm=other, letter="Z", side=0))
    refused(lambda: opened.outputs.create(**same, arm=output.arm, letter="Z", side=5))


# ------------------------------------------------------------------ the pages


def test_a_disagreement_is_settled_on_the_screen(study: Study, seat: Membership) -> None:
    client = signed_in(seat.user)
    start = reverse("reading:adjudicate", args=[study.key])
    assert "1 case waits for you" in client.get(start).content.decode()
    response = client.post(reverse("reading:adjudicate_next", args=[study.key]))
    adjudication = Adjudication.objects.get()
    here = [study.key, adjudication.key]
    assert response["Location"] == reverse("reading:adjudication", args=here)
    assert client.get(response["Location"]).status_code == 200
    sent = {"output": "A", "criterion": "correctness", "value": "2", "token": str(uuid.uuid4())}
    settle = reverse("reading:settle", args=here)
    assert client.post(settle, sent | {"value": "9"}).status_code == 422
    assert client.post(settle, {}).status_code == 400
    assert client.post(settle, sent | {"criterion": "other"}).status_code == 404
    assert client.post(settle, sent).status_code == 200
    assert client.post(settle, sent).status_code == 200
    done = client.post(reverse("reading:finish_adjudication", args=here), headers={"HX-Request": "true"})
    assert done["HX-Redirect"] == start
    assert Settlement.objects.get().value == "2"
    assert "You have settled 1 case" in client.get(start).content.decode()
    assert client.post(settle, sent | {"token": str(uuid.uuid4())}).status_code == 409


def test_the_screen_works_without_a_script(study: Study, seat: Membership, opened: Adjudication) -> None:
    client, here = signed_in(seat.user), [study.key, opened.key]
    finish_url = reverse("reading:finish_adjudication", args=here)
    assert client.post(finish_url).status_code == 422
    response = client.post(finish_url, {"A-correctness": "2"})
    assert response["Location"] == reverse("reading:adjudicate", args=[study.key])
    assert Settlement.objects.standing().get().value == "2"


def test_images_are_those_of_the_opened_case_alone(
    study: Study, seat: Membership, opened: Adjudication
) -> None:
    client = signed_in(seat.user)
    for product in ("meta", "preview", "full-0"):
        url = reverse("reading:adjudication_image", args=[study.key, opened.case_key, "current", product])
        assert client.get(url).status_code == 200
    reader = Membership.objects.readers(study)[0]
    foreign = Allocation.objects.of(reader)[0].case_key
    url = reverse("reading:adjudication_image", args=[study.key, foreign, "current", "preview"])
    assert client.get(url).status_code == 404


ADDRESSES = ("adjudication", "settle", "finish_adjudication")


@pytest.mark.parametrize("who", ["reader", "coordinator", "researcher", "another adjudicator", "a stranger"])
def test_nobody_else_reaches_an_opened_one(study: Study, opened: Adjudication, who: str) -> None:
    people = {
        "reader": lambda: Membership.objects.readers(study)[0].user,
        "coordinator": lambda: study.created_by,
        "researcher": lambda: factories.make_member(study, Role.RESEARCHER).user,
        "another adjudicator": lambda: make_adjudicator(study).user,
        "a stranger": lambda: make_adjudicator(make_disputed(cases=1)).user,
    }
    client, here = signed_in(people[who]()), [study.key, opened.key]
    assert client.get(reverse("reading:adjudication", args=here)).status_code == 404
    for name in ADDRESSES[1:]:
        assert client.post(reverse(f"reading:{name}", args=here)).status_code == 404
    image = [study.key, opened.case_key, "current", "preview"]
    assert client.get(reverse("reading:adjudication_image", args=image)).status_code == 404
    if who != "another adjudicator":
        assert client.get(reverse("reading:adjudicate", args=[study.key])).status_code == 404


def test_an_adjudicator_sees_no_results_before_the_data_are_locked(study: Study, seat: Membership) -> None:
    client = signed_in(seat.user)
    for name in ("report", "ratings", "outputs"):
        assert client.get(reverse(f"analysis:{name}", args=[study.key])).status_code == 404
    study = move_study(study=study, then=State.CLOSED, by=study.created_by)
    move_study(study=study, then=State.DATA_LOCKED, by=study.created_by)
    assert client.get(reverse("analysis:report", args=[study.key])).status_code == 200


def test_the_coordinator_reassigns_and_closes(study: Study, opened: Adjudication) -> None:
    client, other = signed_in(study.created_by), make_adjudicator(study)
    page = reverse("reading:adjudications", args=[study.key])
    assert "C001" in client.get(page).content.decode()
    give_away = reverse("reading:reassign_adjudication", args=[study.key, opened.pk])
    client.post(give_away, {"to": "", "reason": "x"})
    assert Adjudication.objects.count() == 1
    client.post(give_away, {"to": other.pk, "reason": "on leave"})
    fresh = Adjudication.objects.get(adjudicator=other)
    client.post(reverse("reading:close_adjudication", args=[study.key, fresh.pk]), {"reason": "wrong image"})
    fresh.refresh_from_db()
    assert fresh.ending == Ending.CLOSED
    assert "wrong image" in client.get(page).content.decode()
    foreign = signed_in(factories.make_study().created_by)
    assert foreign.post(give_away, {"to": other.pk, "reason": "x"}).status_code == 404


def test_the_plan_of_a_pilot_has_no_queue() -> None:
    study = factories.make_ready_study(cases=2, arms=1)
    assert AllocationPlan.objects.locked(study) is None
    assert waiting(study) == []
