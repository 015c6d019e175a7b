"""What PostgreSQL itself refuses, whoever asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from readerstudy.generation.models import (
    Attempt,
    Generation,
    Hold,
    Interpretation,
    RecordedOutput,
    RefusalVerdict,
)
from readerstudy.studies.actions import remove_arm
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_output, make_running_study

pytestmark = pytest.mark.django_db


def a_row(study: Study, **fields: Any) -> Generation:
    return Generation.objects.create(arm=study.arms.first(), case=study.cases.first(), **fields)


def an_attempt(row: Generation, number: int = 1, **fields: Any) -> Attempt:
    return Attempt.objects.create(generation=row, number=number, key=uuid.uuid4().hex, **fields)


def refused(deed: Callable[[], Any], words: str, error: type[Exception] = IntegrityError) -> None:
    with pytest.raises(error, match=words), transaction.atomic():
        deed()


def test_one_row_for_each_case_arm_and_replicate(study: Study) -> None:
    a_row(study)
    refused(lambda: a_row(study), "generation_one_per_case_arm_replicate")
    a_row(study, replicate=2)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"stage": "thinking"}, "generation_known_stage"),
        ({"stage": "running"}, "generation_running_has_a_lease"),
        ({"stage": "done", "lease_until": timezone.now()}, "generation_running_has_a_lease"),
        ({"stage": "failed"}, "generation_failure_has_a_reason"),
        ({"claims": 1, "claims_before": 2}, "generation_claims_count_up"),
    ],
)
def test_an_impossible_row_is_refused(study: Study, fields: dict[str, Any], constraint: str) -> None:
    refused(lambda: a_row(study, **fields), constraint)


def test_two_attempts_of_one_number_are_refused(study: Study) -> None:
    row = a_row(study)
    an_attempt(row)
    refused(lambda: an_attempt(row), "generation_attempts_are_numbered")


def test_an_ended_attempt_without_an_outcome_is_refused(study: Study) -> None:
    row = a_row(study)
    refused(lambda: an_attempt(row, finished_at=timezone.now()), "generation_an_ended_attempt_has_an_outcome")


def test_a_second_interpretation_of_one_row_is_refused(study: Study) -> None:
    row = make_output(study.arms.first(), study.cases.first()).generation
    second = an_attempt(row, number=2)
    refused(
        lambda: Interpretation.objects.create(
            generation=row, attempt=second, text="Another.", sha256="0" * 64
        ),
        "generation_id",
    )


def test_a_second_automatic_verdict_is_refused_and_a_persons_is_not(study: Study) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    fields: dict[str, Any] = {
        "interpretation": output,
        "verdict": "deferral",
        "declined": True,
        "signal": "x",
    }
    refused(lambda: RefusalVerdict.objects.create(**fields), "generation_one_verdict_by_rule")
    RefusalVerdict.objects.create(**fields, by=study.created_by)
    RefusalVerdict.objects.create(**fields, by=study.created_by)


@pytest.mark.parametrize(
    ("verdict", "declined", "constraint"),
    [
        ("perhaps", False, "generation_known_verdict"),
        ("full_refusal", False, "generation_declined_follows"),
        ("answer", True, "generation_declined_follows"),
        ("partial_refusal", True, "generation_declined_follows"),
    ],
)
def test_a_verdict_that_contradicts_itself_is_refused(
    study: Study, verdict: str, declined: bool, constraint: str
) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    refused(
        lambda: RefusalVerdict.objects.create(
            interpretation=output, verdict=verdict, declined=declined, signal="x", by=study.created_by
        ),
        constraint,
    )


def test_two_open_holds_of_one_study_are_refused(study: Study) -> None:
    Hold.objects.create(study=study, by=study.created_by)
    refused(lambda: Hold.objects.create(study=study, by=study.created_by), "generation_one_hold_at_a_time")


@pytest.mark.parametrize("model", [Interpretation, RefusalVerdict, RecordedOutput])
def test_outputs_and_verdicts_are_neither_changed_nor_deleted(study: Study, model: Any) -> None:
    make_output(study.arms.first(), study.cases.first())
    RecordedOutput.objects.create(arm=study.arms.last(), case=study.cases.last(), text="Recorded.")
    field = "signal" if model is RefusalVerdict else "text"
    refused(lambda: model.objects.update(**{field: "forged"}), "append-only", DatabaseError)
    refused(lambda: model.objects.all()._raw_delete("default"), "append-only", DatabaseError)
    assert model.objects.count() == 1


def test_calls_and_rows_are_never_deleted(study: Study) -> None:
    row = a_row(study)
    an_attempt(row)
    refused(lambda: Attempt.objects.all().delete(), "append-only", DatabaseError)
    refused(lambda: Generation.objects.all()._raw_delete("default"), "append-only", DatabaseError)


def test_an_arm_with_outputs_cannot_go(study: Study) -> None:
    make_output(study.arms.first(), study.cases.first())
    refused(
        lambda: remove_arm(arm=study.arms.first(), by=study.created_by), "already has outputs", StudyError
    )


def test_a_locked_study_takes_no_row_output_or_verdict() -> None:
    study = make_running_study(cases=1, arms=1, readers=1)
    output = Interpretation.objects.get()
    refused(lambda: a_row(study, replicate=2), "locked", DatabaseError)
    refused(
        lambda: RecordedOutput.objects.create(arm=study.arms.first(), case=study.cases.first(), text="Late."),
        "frozen",
        DatabaseError,
    )
    refused(
        lambda: RefusalVerdict.objects.create(
            interpretation=output, verdict="answer", declined=False, signal="person", by=study.created_by
        ),
        "frozen",
        DatabaseError,
    )
    refused(lambda: an_attempt(output.generation, number=2), "frozen", DatabaseError)
