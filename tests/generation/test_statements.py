"""Statements that are built once do what Django's own do."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.forms.models import model_to_dict

from readerstudy.cases.models import Case
from readerstudy.generation import actions
from readerstudy.generation.models import Attempt, Generation, Interpretation, RefusalVerdict, Trial
from readerstudy.statements import change, fetch, find, insert
from readerstudy.studies.models import Arm, PromptVersion, Study
from tests.factories import make_output
from tests.generation.conftest import make_wanting_study


@pytest.fixture
def attempt(db: None) -> Attempt:
    study = make_wanting_study(cases=1, arms=1)
    return make_output(study.arms.get(), study.cases.get()).attempt


def told(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", [Arm, Attempt, Case, Generation, PromptVersion, RefusalVerdict, Study])
def test_a_row_is_read_as_django_reads_it(attempt: Attempt, model: type[models.Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    read = fetch(model, row.pk)
    assert read == row
    assert told(read) == told(row)
    assert read._state.db == row._state.db
    assert not read._state.adding


def test_a_row_that_is_not_there_is_said_to_be_missing(db: None) -> None:
    assert find(Trial, "WHERE id = %s", [0]) is None
    with pytest.raises(ObjectDoesNotExist):
        fetch(Trial, 0)


def test_a_row_is_written_as_django_writes_it(attempt: Attempt) -> None:
    fields = model_to_dict(attempt, exclude=["id", "generation", "batch", "price"])
    new = {**fields, "generation": attempt.generation, "number": 7, "sent": {"a": [1, None]}, "raw": None}
    ours, theirs = (
        Attempt(**{**new, "key": uuid.uuid4().hex}),
        Attempt(**{**new, "key": uuid.uuid4().hex, "number": 8}),
    )
    insert(ours)
    theirs.save(force_insert=True)
    apart = ("id", "key", "number", "started_at")
    stored = [told(Attempt.objects.get(pk=row.pk)) for row in (ours, theirs)]
    first, second = ({name: row[name] for name in row if name not in apart} for row in stored)
    assert first == second
    assert not ours._state.adding


def test_a_generated_column_is_left_to_the_database(attempt: Attempt) -> None:
    text = Interpretation.objects.get(attempt=attempt)
    person = RefusalVerdict(
        interpretation=text,
        verdict="answer",
        declined=False,
        signal="person",
        by=attempt.generation.source.study.created_by,
    )
    insert(person)
    assert RefusalVerdict.objects.get(pk=person.pk).layer == "person"


def test_columns_are_changed_and_no_others(attempt: Attempt) -> None:
    before = told(attempt)
    change(Attempt, attempt.pk, {"sent": {"a": 1}, "raw": {"b": [1]}, "batch": None, "seconds": 2.5})
    attempt.refresh_from_db()
    assert told(attempt) == {**before, "sent": {"a": 1}, "raw": {"b": [1]}, "seconds": 2.5}


def test_a_claimed_row_comes_with_all_that_a_call_needs(db: None) -> None:
    study = make_wanting_study(cases=1, arms=1)
    actions.queue_generations(study=study, by=study.created_by)
    row = Generation.objects.claim_next(seconds=60)
    assert row is not None
    stored = Generation.objects.get(pk=row.pk)
    assert told(row) == told(stored)
    cached = {*row._state.fields_cache, *row.source._state.fields_cache, *row.case._state.fields_cache}
    assert {"arm", "case", "study", "prompt"} <= cached
    assert (row.arm, row.case, row.source.study, row.source.prompt) == (
        stored.arm,
        stored.case,
        study,
        stored.source.prompt,
    )
    assert not Interpretation.objects.exists()
