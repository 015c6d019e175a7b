"""An export shows one moment. Its test commits, so no module that shares a study in an open transaction holds it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.studies.models import Criterion
from tests.analysis import worlds


@pytest.mark.django_db(transaction=True)
def test_an_export_shows_one_moment_whatever_is_stored_meanwhile() -> None:
    study = worlds.make_rated_study(readers=1, questions=("correctness",))
    before = b"".join(streamed(study, "ratings.csv"))
    stream = streamed(study, "ratings.csv")
    read = [next(stream)]
    seat, output = worlds.output_of(study, seat=1, case=5, arm=1)
    question = Criterion.objects.of(study).get()
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        elsewhere.submit(_in_own_connection, worlds.rate, seat, output, question, "1").result()
    assert b"".join([*read, *stream]) == before
    assert b"".join(streamed(study, "ratings.csv")) != before


def _in_own_connection(work: Callable[..., None], *parts: Any) -> None:
    try:
        work(*parts)
    finally:
        connection.close()
