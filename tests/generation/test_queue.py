"""The row is the queue: wanted once, claimed by one worker, held, tried again, never made twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.cases.models import Image
from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Generation, Hold, Interpretation, Stage, VendorPause
from readerstudy.providers.base import ErrorCode
from readerstudy.studies.models import Arm, Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_arm, make_case, make_running_study, make_study
from tests.generation.conftest import make_wanting_study, only, run_out
from tests.generation.replies import a_reply, an_error, answer, fail

Claim = Callable[[], Generation]


def queue(study: Study) -> int:
    return actions.queue_generations(study=study, by=study.created_by)


def test_each_case_and_arm_is_wanted_once(study: Study) -> None:
    assert queue(study) == 4
    assert queue(study) == 0
    assert Generation.objects.count() == 4


def test_a_case_that_comes_later_adds_only_its_own_outputs(study: Study) -> None:
    queue(study)
    make_case(study)
    assert queue(study) == 2


def test_a_case_that_was_left_out_is_not_asked_for(study: Study) -> None:
    case = study.cases.first()
    case.left_out_at, case.left_out_by = timezone.now(), study.created_by
    case.save()
    assert queue(study) == 2


def test_queueing_is_in_the_audit_trail_and_rings_after_the_commit(
    study: Study, bells: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        queue(study)
        assert bells == []
    assert len(bells) == 4
    assert Event.objects.filter(verb="generation.queue", data={"added": 4}).count() == 1


def test_nothing_is_asked_before_a_person_has_confirmed_the_images(study: Study) -> None:
    Image.objects.filter(case=study.cases.first()).update(confirmed_at=None, confirmed_by=None)
    with pytest.raises(StudyError, match="1 image is not confirmed yet"):
        queue(study)
    assert not Generation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda study: make_case(study), "There is no model to call"),
        (lambda study: make_arm(study), "There is no image"),
        (lambda study: make_arm(study, name="Elsewhere", connection="gone"), "“Elsewhere” is not set up"),
    ],
)
def test_what_is_missing_before_a_call_is_said(prepare: Callable[[Study], Any], sentence: str) -> None:
    study = make_study()
    prepare(study)
    with pytest.raises(StudyError, match=sentence):
        queue(study)


@pytest.mark.django_db
def test_a_locked_study_asks_for_nothing() -> None:
    with pytest.raises(StudyError, match="locked"):
        queue(make_running_study())


def test_a_claimed_row_is_nobody_elses(study: Study, claim: Claim) -> None:
    queue(study)
    assert len({claim().pk for _each in range(4)}) == 4
    assert Generation.objects.claim_next(seconds=60) is None


def test_a_row_past_its_lease_is_claimed_again(study: Study) -> None:
    queue(study)
    first = Generation.objects.claim_next(seconds=-1)
    second = Generation.objects.claim_next(seconds=60)
    assert first is not None
    assert second is not None
    assert second.pk == first.pk
    assert second.claims == 2


def test_a_row_that_is_not_due_is_left_alone(study: Study) -> None:
    queue(study)
    later = timezone.now() + timedelta(seconds=30)
    Generation.objects.update(due_at=later)
    assert Generation.objects.claim_next(seconds=60) is None
    assert Generation.objects.all().next_moment() == later


def test_a_row_whose_second_worker_died_too_counts_its_attempts_on(study: Study) -> None:
    queue(study)
    only(pk=Generation.objects.order_by("pk")[0].pk)
    for _worker in range(3):
        row = Generation.objects.claim_next(seconds=60)
        assert actions.begin_attempt(generation=row) is not None
        run_out(row)
    numbers = Attempt.objects.order_by("number").values_list("number", "outcome")
    assert list(numbers) == [(1, "lost"), (2, "lost"), (3, "")]


def test_a_worker_whose_lease_was_taken_over_begins_nothing(study: Study) -> None:
    """Its own clock may be behind; the row knows how often it was claimed."""
    queue(study)
    only(pk=Generation.objects.order_by("pk")[0].pk)
    Generation.objects.claim_next(seconds=60)
    run_out(Generation.objects.get(claims=1))
    slow = Generation.objects.claim_next(seconds=60)
    run_out(slow)
    Generation.objects.claim_next(seconds=60)
    assert actions.begin_attempt(generation=slow) is None
    assert not Attempt.objects.exists()


def test_an_output_is_stored_once_and_the_row_is_done(study: Study, claim: Claim) -> None:
    queue(study)
    row = claim()
    assert answer(row)
    row.refresh_from_db()
    assert row.stage == Stage.DONE
    assert row.lease_until is None
    stored = Interpretation.objects.get(generation=row)
    assert stored.attempt.served_model == "sim-alpha-2026"
    assert stored.verdicts.get().verdict == "answer"
    assert Event.objects.filter(verb="interpretation.store", data__text_sha256=stored.sha256).exists()


def test_two_replies_for_one_row_leave_one_output_and_a_call_paid_in_vain(study: Study) -> None:
    """A worker that was only slow comes back after another has taken its row over."""
    queue(study)
    only(pk=Generation.objects.first().pk)
    slow = Generation.objects.claim_next(seconds=60)
    slow_attempt = actions.begin_attempt(generation=slow)
    run_out(slow)
    quick = Generation.objects.claim_next(seconds=60)
    quick_attempt = actions.begin_attempt(generation=quick)
    slow_attempt.refresh_from_db()
    assert (slow_attempt.outcome, slow_attempt.is_possibly_paid) == ("lost", True)

    from readerstudy.providers.refusals import classify_reply

    reply = a_reply("The slow one.")
    assert actions.store_reply(attempt=slow_attempt, reply=reply, judgement=classify_reply(reply))
    reply = a_reply("The quick one.")
    assert not actions.store_reply(attempt=quick_attempt, reply=reply, judgement=classify_reply(reply))

    assert Interpretation.objects.get().text == "The slow one."
    flags = dict(Attempt.objects.values_list("number", "is_possibly_paid"))
    assert flags == {1: False, 2: True}


def test_a_worker_that_lost_its_row_makes_no_call_and_fails_nothing(study: Study) -> None:
    queue(study)
    slow = Generation.objects.claim_next(seconds=60)
    attempt = actions.begin_attempt(generation=slow)
    run_out(slow)
    quick = Generation.objects.claim_next(seconds=60)
    slow.lease_until = timezone.now() - timedelta(seconds=1)
    assert actions.begin_attempt(generation=slow) is None
    actions.store_failure(generation=slow, attempt=attempt, error=an_error(retry="never"))
    assert not actions.give_up(generation=slow, sentence="It went wrong.")
    quick.refresh_from_db()
    assert quick.stage == Stage.RUNNING


def test_a_late_reply_to_a_row_that_failed_is_kept(study: Study, claim: Claim) -> None:
    queue(study)
    row = claim()
    attempt = actions.begin_attempt(generation=row)
    actions.give_up(generation=row, sentence="Workers ended again and again.")
    from readerstudy.providers.refusals import classify_reply

    assert actions.store_reply(attempt=attempt, reply=a_reply(), judgement=classify_reply(a_reply()))
    row.refresh_from_db()
    assert (row.stage, row.failure) == (Stage.DONE, "")
    attempt.refresh_from_db()
    assert (attempt.is_possibly_paid, attempt.error) == (False, "")


@pytest.mark.parametrize("retry", ["never", "person"])
def test_what_cannot_succeed_again_fails_at_once_with_its_sentence(
    study: Study, claim: Claim, retry: str
) -> None:
    queue(study)
    row = claim()
    fail(row, an_error(retry=retry))
    row.refresh_from_db()
    assert row.stage == Stage.FAILED
    assert "failed on its side" in row.failure


def test_what_may_succeed_again_waits_longer_each_time_and_then_fails(
    study: Study, claim: Claim, settings: Any
) -> None:
    settings.MAX_ATTEMPTS = 4
    queue(study)
    waits = []
    for _try in range(4):
        only(pk=Generation.objects.order_by("pk")[0].pk)
        row = claim()
        before = timezone.now()
        fail(row)
        row.refresh_from_db()
        waits.append(round((row.due_at - before).total_seconds()))
    assert waits[:3] == [2, 4, 8]
    assert row.stage == Stage.FAILED
    assert row.failure.endswith("After 4 tries it was given up.")
    assert row.attempts.count() == 4


def test_retry_after_is_honoured_up_to_an_hour() -> None:
    from readerstudy.generation.actions.calls import wait_seconds

    assert wait_seconds(1, 7.5) == 7.5
    assert wait_seconds(1, 600) == 600
    assert wait_seconds(1, 1e9) == 3600
    assert wait_seconds(1, -3) == 0
    assert wait_seconds(20, None) == 120


def test_a_rate_limit_silences_every_arm_of_that_connection_and_no_other(study: Study, claim: Claim) -> None:
    arms = list(Arm.objects.filter(study=study))
    Arm.objects.filter(pk=arms[1].pk).update(connection="simulated-gemini")
    queue(study)
    only(arm=arms[0])
    fail(claim(), an_error(ErrorCode.RATE_LIMITED, retry_after=30.0))
    Generation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert VendorPause.objects.now().get().connection == "simulated-openai"
    assert {claim().arm_id for _each in range(2)} == {arms[1].pk}
    assert Generation.objects.claim_next(seconds=60) is None
    VendorPause.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert claim().arm_id == arms[0].pk


def test_the_next_moment_is_the_end_of_a_silence(study: Study, claim: Claim) -> None:
    queue(study)
    fail(claim(), an_error(ErrorCode.RATE_LIMITED, retry_after=30.0))
    assert Generation.objects.all().next_moment() == VendorPause.objects.get().until


def test_retry_gives_failed_rows_new_patience_and_leaves_the_done_ones(study: Study, claim: Claim) -> None:
    queue(study)
    done, failed = claim(), claim()
    answer(done)
    fail(failed, an_error(retry="never"))
    assert actions.retry_failed(study=study, by=study.created_by) == 1
    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.stage, failed.failure, failed.tries) == (Stage.QUEUED, "", 0)
    assert done.stage == Stage.DONE
    assert actions.retry_failed(study=study, by=study.created_by) == 0


def test_a_held_queue_begins_no_call_and_goes_on_where_it_was(study: Study, claim: Claim) -> None:
    other = make_wanting_study(cases=1, arms=1)
    queue(study)
    queue(other)
    under_way = claim()
    actions.hold_queue(study=study, by=study.created_by)
    actions.hold_queue(study=study, by=study.created_by)
    assert Hold.objects.count() == 1
    assert claim().arm.study_id == other.pk
    assert Generation.objects.claim_next(seconds=60) is None
    assert answer(under_way)
    actions.release_queue(study=study, by=study.created_by)
    assert claim().arm.study_id == study.pk
    assert list(
        Event.objects.filter(verb__in=["generation.hold", "generation.release"]).values_list("verb")
    ) == [
        ("generation.hold",),
        ("generation.release",),
    ]
