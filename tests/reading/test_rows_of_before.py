"""Ratings that were given before a rating knew its presentation find it when the database is brought up to date."""

from __future__ import annotations

import importlib
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from readerstudy.reading.models import Rating, RatingEvent, Reading
from tests.reading.worlds import address, ask, make_draft, signed_in, start

pytestmark = pytest.mark.django_db(transaction=True)
FORGET = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE reading_ratingevent DISABLE TRIGGER append_only;
ALTER TABLE reading_ratingevent ALTER allocation_id DROP NOT NULL;
ALTER TABLE reading_rating ALTER allocation_id DROP NOT NULL;
UPDATE reading_ratingevent SET allocation_id = NULL;
UPDATE reading_rating SET allocation_id = NULL;
UPDATE reading_reading SET first_answer_at = NULL, last_answer_at = NULL;
ALTER TABLE reading_ratingevent ENABLE TRIGGER append_only;
"""
REMEMBER = """
ALTER TABLE reading_ratingevent ALTER allocation_id SET NOT NULL;
ALTER TABLE reading_rating ALTER allocation_id SET NOT NULL;
"""


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_each_rating_gets_the_presentation_of_its_output_and_stays_append_only() -> None:
    study = make_draft()
    ask(study, "likert")
    seat, [allocation] = start(study)
    client = signed_in(seat)
    client.get(address("read", allocation))
    sent = {"output": allocation.outputs.get().letter, "criterion": "likert", "value": "3"}
    client.post(address("rate", allocation), {**sent, "token": str(uuid.uuid4())})
    run(FORGET)
    run(importlib.import_module("readerstudy.reading.migrations.0003_ratings").WHOSE, REMEMBER)
    event = RatingEvent.objects.get()
    assert event.allocation_id == Rating.objects.get().allocation_id == allocation.pk
    assert Reading.objects.get().first_answer_at == event.at
    with pytest.raises(DatabaseError, match="append-only"):
        run("UPDATE reading_ratingevent SET id = id")
