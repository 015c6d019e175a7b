"""The numbers a coordinator sees, and what they cost to count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Generation, VendorPause
from readerstudy.generation.running.progress import progress_of
from readerstudy.providers.base import ErrorCode
from readerstudy.studies.actions import save_arm
from readerstudy.studies.models import Study
from readerstudy.studies.stations import Sign, readiness
from tests.factories import make_arm, make_case, make_output, make_prompt
from tests.generation.conftest import make_wanting_study, only, run_out
from tests.generation.replies import a_reply, an_error, answer, fail

Claim = Callable[[], Generation]
REFUSAL = "I'm sorry, but I can't help with interpreting medical images."


def queue(study: Study) -> None:
    actions.queue_generations(study=study, by=study.created_by)


def said(study: Study) -> dict[str, Sign]:
    """What the overview says about making outputs; that they are not frozen yet is another step's line."""
    page = reverse("generation:outputs", args=[study.key])
    lines = [line for line in readiness(study) if "frozen" not in line.text]
    return {line.text: line.sign for line in lines if page in line.remedy_url or "output" in line.text}


def test_every_output_is_counted_once_by_what_became_of_it(study: Study, claim: Claim) -> None:
    make_case(study)
    queue(study)
    answer(claim())
    answer(claim(), a_reply(REFUSAL))
    fail(claim(), an_error(retry="never"))
    fail(claim())
    claim()
    total = progress_of(study).total
    assert (total.wanted, total.done, total.failed, total.queued, total.running) == (6, 2, 1, 2, 1)
    assert (total.refused, total.answered, total.resting, total.missing, total.unasked) == (1, 1, 1, 4, 0)
    assert (total.attempts, total.input_tokens, total.output_tokens) == (4, 200, 40)


def test_retried_and_possibly_paid_are_counted_per_arm(study: Study) -> None:
    queue(study)
    only(pk=Generation.objects.first().pk)
    dying = Generation.objects.claim_next(seconds=60)
    actions.begin_attempt(generation=dying)
    run_out(dying)
    answer(Generation.objects.claim_next(seconds=60))
    rows = {row.arm.pk: row.counts for row in progress_of(study).arms}
    assert (rows[dying.arm_id].retried, rows[dying.arm_id].possibly_paid) == (1, 1)
    assert sum(counts.retried for counts in rows.values()) == 1


def test_the_median_is_of_calls_that_gave_a_reply(study: Study, claim: Claim) -> None:
    queue(study)
    arm = study.arms.first()
    for seconds in (1.0, 9.0):
        only(arm=arm)
        answer(claim(), a_reply(seconds=seconds))
    medians = [row.median_seconds for row in progress_of(study).arms]
    assert medians == [5.0, None]


def test_failures_are_grouped_by_their_sentence(study: Study, claim: Claim) -> None:
    queue(study)
    for _row in range(3):
        fail(claim(), an_error(retry="never"))
    assert [(failure.count, failure.sentence[:5]) for failure in progress_of(study).failures] == [
        (3, "“sim”")
    ]


def test_what_waits_for_a_rate_limit_is_told_apart(study: Study, claim: Claim) -> None:
    queue(study)
    fail(claim(), an_error(ErrorCode.RATE_LIMITED, retry_after=60.0))
    total = progress_of(study).total
    assert (total.queued, total.limited, total.resting) == (4, 4, 0)
    assert progress_of(study).quiet_until == VendorPause.objects.get().until


def test_a_case_that_was_left_out_is_no_longer_wanted(study: Study) -> None:
    make_output(study.arms.first(), study.cases.first(), verdict="deferral")
    study.cases.filter(pk=study.cases.first().pk).update(
        left_out_at=timezone.now(), left_out_by=study.created_by
    )
    progress = progress_of(study)
    assert (progress.total.wanted, progress.total.done, progress.flagged) == (2, 0, 0)


def test_the_time_left_follows_from_the_last_minute(study: Study, claim: Claim) -> None:
    queue(study)
    for _row in range(3):
        answer(claim())
    Generation.objects.filter(stage="done").update(finished_at=timezone.now() - timedelta(seconds=30))
    progress = progress_of(study)
    assert progress.per_minute == pytest.approx(6, abs=0.2)
    assert progress.minutes_left == pytest.approx(1 / 6, abs=0.02)
    actions.hold_queue(study=study, by=study.created_by)
    assert progress_of(study).minutes_left is None
    assert not progress_of(study).is_live


def test_counting_costs_the_same_whatever_the_size(
    study: Study, django_assert_num_queries: Callable[..., Any]
) -> None:
    big = make_wanting_study(cases=6, arms=3)
    queue(big)
    for arm in big.arms.all():
        only(arm=arm)
        Generation.objects.claim_next(seconds=60)
    for each in (study, big):
        with django_assert_num_queries(12):
            progress_of(each)


# --- The station -------------------------------------------------------------------------------------------------
def test_a_study_without_images_or_arms_says_nothing_about_outputs(db: None) -> None:
    assert "0 of 0" not in "".join(said(make_wanting_study(cases=0)))


def test_outputs_nobody_asked_for_keep_a_study_from_starting(study: Study) -> None:
    assert said(study) == {"4 of 4 outputs are still missing: 4 were not asked for yet": Sign.BAD}


def test_the_station_says_why_outputs_are_missing(study: Study, claim: Claim) -> None:
    make_case(study)
    queue(study)
    answer(claim())
    fail(claim(), an_error(retry="never"))
    fail(claim(), an_error(ErrorCode.RATE_LIMITED, retry_after=60.0))
    assert said(study) == {
        "5 of 6 outputs are still missing: 4 wait for the rate limit, 1 failed": Sign.BAD,
    }


def test_a_complete_study_is_told_so_and_flagged_outputs_do_not_block(study: Study) -> None:
    for arm in study.arms.all():
        for case in study.cases.all():
            make_output(arm, case, verdict="full_refusal")
    assert said(study) == {
        "All 4 outputs are made": Sign.OK,
        "4 outputs flagged as refusals await your verdict": Sign.WARN,
    }


def test_an_arm_without_its_import_blocks(study: Study) -> None:
    make_arm(study, name="Paper", kind="imported", connection="", model="", is_simulated=False)
    for arm in study.arms.filter(kind="model"):
        for case in study.cases.all():
            make_output(arm, case)
    assert said(study) == {
        "“Paper” lacks the outputs for 2 cases; outputs made elsewhere must be imported": Sign.BAD
    }


def test_outputs_made_before_the_prompt_changed_are_told(study: Study, claim: Claim) -> None:
    queue(study)
    row = claim()
    answer(row)
    save_arm(
        study=study,
        arm=row.arm,
        fields={"prompt": make_prompt(study, task="Something else.")},
        by=study.created_by,
    )
    text = f"1 output of “{row.arm.name}” was made before its model, prompt or parameters were changed"
    assert said(study)[text] == Sign.WARN
    save_arm(
        study=study,
        arm=row.arm,
        fields={"prompt": make_prompt(study, task="Describe the findings.")},
        by=study.created_by,
    )
    assert text not in said(study)
    assert Attempt.objects.get().recipe_sha256


def test_a_paused_queue_is_told(study: Study) -> None:
    queue(study)
    actions.hold_queue(study=study, by=study.created_by)
    assert said(study)["Making outputs is paused"] == Sign.WARN
