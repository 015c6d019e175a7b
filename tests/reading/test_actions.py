"""Starting, rating and submitting: nothing is lost, nothing is doubled, nothing is changed behind anybody's back."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, transaction

from readerstudy.audit.record import verify
from readerstudy.reading import actions
from readerstudy.reading.balance import balance_of
from readerstudy.reading.manifest import digest, manifest
from readerstudy.reading.models import AllocatedOutput, Allocation, Rating, RatingEvent, Reading
from readerstudy.reading.scales import Answer, RatingError
from readerstudy.studies.actions import change_study, move_study
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Membership, Study
from readerstudy.studies.policies import StudyError
from tests import factories

pytestmark = pytest.mark.django_db


def first_output(study: Study) -> tuple[Membership, AllocatedOutput, Criterion]:
    seat = Membership.objects.readers(study)[0]
    allocation = Allocation.objects.of(seat)[0]
    return seat, allocation.outputs.select_related("allocation").get(), Criterion.objects.of(study)[0]


def give(study: Study, value: str, token: uuid.UUID | None = None) -> actions.Saved:
    seat, output, criterion = first_output(study)
    answer = Answer(value=value, score=float(value) if value else None)
    return actions.rate(
        seat=seat,
        output=output,
        criterion=criterion,
        answer=answer,
        token=token or uuid.uuid4(),
        by=seat.user,
    )


def test_a_start_allocates_locks_and_opens_at_once() -> None:
    study = factories.make_running_study(cases=3, arms=2, readers=2)
    assert study.state == State.RUNNING
    assert len(study.manifest_sha256) == 64
    assert Allocation.objects.count() == 2 * 3 * 2
    proof = balance_of(study)
    assert proof is not None
    assert proof.balance.keeps_promises
    assert proof.follows_seed


def test_the_manifest_can_be_computed_again() -> None:
    study = factories.make_running_study()
    assert digest(manifest(study, study.allocation_plans.get())) == study.manifest_sha256


def test_a_study_with_something_missing_does_not_start_and_says_what() -> None:
    study = factories.make_ready_study(readers=0)
    with pytest.raises(StudyError, match="No reader is invited"):
        actions.start_study(study=study, by=study.created_by)
    study.refresh_from_db()
    assert study.state == State.DRAFT
    assert not Allocation.objects.exists()


def test_a_locked_protocol_refuses_change_in_the_action_and_in_postgresql() -> None:
    study = factories.make_running_study()
    with pytest.raises(StudyError, match="locked"):
        change_study(study=study, changes={"title": "Another"}, by=study.created_by)
    for change in (
        lambda: Study.objects.filter(pk=study.pk).update(title="Another"),
        lambda: Arm.objects.filter(study=study).update(model="Another"),
        lambda: Criterion.objects.of(study).update(question="Another"),
        lambda: study.cases.update(clinical_text="Another"),
    ):
        with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
            change()


@pytest.mark.parametrize("table", ["reading_allocation", "reading_allocatedoutput", "reading_ratingevent"])
def test_postgresql_refuses_to_change_or_delete(table: str) -> None:
    from django.db import connection

    give(factories.make_running_study(), "4")
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_a_rating_is_an_event_and_stands() -> None:
    study = factories.make_running_study()
    give(study, "2")
    give(study, "5")
    assert [event.value for event in RatingEvent.objects.order_by("pk")] == ["2", "5"]
    rating = Rating.objects.get()
    assert (rating.value, rating.score) == ("5", 5.0)
    assert rating.event == RatingEvent.objects.latest("pk")


def test_the_same_request_twice_is_one_rating_with_one_time() -> None:
    study, token = factories.make_running_study(), uuid.uuid4()
    first, second = give(study, "4", token), give(study, "4", token)
    assert (first.repeated, second.repeated) == (False, True)
    assert first.at == second.at
    assert RatingEvent.objects.count() == 1


def test_a_repeat_that_arrives_late_does_not_undo_a_newer_rating() -> None:
    study, token = factories.make_running_study(), uuid.uuid4()
    give(study, "1", token)
    give(study, "5")
    give(study, "1", token)
    assert Rating.objects.get().value == "5"


def test_a_token_of_another_rating_is_refused() -> None:
    study, token = factories.make_running_study(), uuid.uuid4()
    give(study, "4", token)
    seat, output, criterion = first_output(study)
    other = AllocatedOutput.objects.exclude(pk=output.pk).select_related("allocation").first()
    assert other is not None
    with pytest.raises(StudyError, match="rate again"):
        actions.rate(
            seat=seat, output=other, criterion=criterion, answer=Answer("1", 1.0), token=token, by=seat.user
        )


def test_a_rating_is_audited_in_the_readers_own_chain() -> None:
    study = factories.make_running_study()
    give(study, "4")
    from readerstudy.audit.models import Event

    event = Event.objects.get(verb="rating.give")
    assert event.stream == f"study/{study.pk}/reader/1"
    assert verify()[1] == []


def test_an_incomplete_reading_is_not_submitted() -> None:
    study = factories.make_running_study()
    seat, output, criterion = first_output(study)
    with pytest.raises(RatingError, match="Still open: “Correctness”") as refusal:
        actions.submit_reading(seat=seat, allocation=output.allocation, criteria=[criterion], by=seat.user)
    assert refusal.value.fields == (f"{output.letter}-correctness",)


def test_a_withdrawn_rating_leaves_the_question_open() -> None:
    study = factories.make_running_study()
    give(study, "4")
    seat, output, criterion = first_output(study)
    actions.rate(
        seat=seat, output=output, criterion=criterion, answer=Answer(), token=uuid.uuid4(), by=seat.user
    )
    with pytest.raises(RatingError, match="Still open"):
        actions.submit_reading(seat=seat, allocation=output.allocation, criteria=[criterion], by=seat.user)


def test_submitting_twice_changes_nothing() -> None:
    study = factories.make_running_study()
    give(study, "4")
    seat, output, criterion = first_output(study)
    submit = {"seat": seat, "allocation": output.allocation, "criteria": [criterion], "by": seat.user}
    first = actions.submit_reading(**submit)
    second = actions.submit_reading(**submit)
    assert first.submitted_at == second.submitted_at
    assert Reading.objects.count() == 1


@pytest.mark.parametrize("then", [State.PAUSED, State.CLOSED])
def test_nobody_rates_while_the_study_does_not_run(then: State) -> None:
    study = factories.make_running_study()
    move_study(study=study, then=then, by=study.created_by)
    with pytest.raises(StudyError, match="Your ratings are safe"):
        give(study, "4")


def test_a_reader_who_has_not_consented_cannot_rate() -> None:
    study = factories.make_ready_study()
    factories.make_member(study)
    study = actions.start_study(study=study, by=study.created_by)
    seat = Membership.objects.readers(study).get(consented_at=None)
    output = AllocatedOutput.objects.filter(allocation__seat=seat).select_related("allocation").first()
    criterion = Criterion.objects.of(study)[0]
    assert output is not None
    with pytest.raises(StudyError, match="consent"):
        actions.rate(
            seat=seat,
            output=output,
            criterion=criterion,
            answer=Answer("4", 4.0),
            token=uuid.uuid4(),
            by=seat.user,
        )


def test_a_latecomer_follows_the_same_plan_and_moves_nobody() -> None:
    study = factories.make_running_study(readers=2)
    before = list(Allocation.objects.order_by("pk").values_list("key", "position"))
    seat = factories.make_reader(study)
    added = actions.allocate_reader(plan=study.allocation_plans.get(), seat=seat)
    assert added == 8
    assert list(Allocation.objects.order_by("pk").values_list("key", "position"))[: len(before)] == before
    proof = balance_of(study)
    assert proof is not None
    assert proof.follows_seed
    assert digest(manifest(study, study.allocation_plans.get())) == study.manifest_sha256


@pytest.mark.parametrize("policy", ["hidden", "worst"])
def test_hidden_refusals_are_not_allocated_and_positions_close_up(policy: str) -> None:
    study = factories.make_study(refusal_policy=policy)
    arm = factories.make_arm(study)
    factories.make_criterion(study)
    for number in range(4):
        verdict = "full_refusal" if number == 2 else "answer"
        factories.make_output(arm, factories.make_case(study), text=f"Text {number}", verdict=verdict)
    seat = factories.make_reader(study)
    factories.freeze(study)
    study = actions.start_study(study=study, by=study.created_by)
    rows = Allocation.objects.of(seat).values_list("position", "case__code")
    assert [position for position, _case in rows] == [1, 2, 3]
    assert "C003" not in {case for _position, case in rows}


def test_a_case_whose_output_is_missing_is_not_allocated() -> None:
    study = factories.make_study()
    arm = factories.make_arm(study)
    factories.make_output(arm, factories.make_case(study))
    factories.make_case(study)
    seat = factories.make_reader(study)
    plan = actions.draw_plan(study=study, by=study.created_by)
    assert plan.excluded == [("C002", 0)]
    assert list(Allocation.objects.of(seat).values_list("case__code", flat=True)) == ["C001"]
