"""The bell for uploads: messages carry a row's number and nothing of the file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from threading import BoundedSemaphore

from readerstudy.cases import actions
from readerstudy.cases.models import Upload
from readerstudy.cases.rendering import render_uploads
from readerstudy.celery import app

TURN_SECONDS = 20  # then the thread goes back to Celery, so that model calls get their turn
AT_ONCE = os.cpu_count() or 1  # decoding keeps a core busy; more children would only slow each other down

_places = BoundedSemaphore(AT_ONCE)


@app.task(name="readerstudy.cases.tasks.ingest", ignore_result=True)
def ingest(upload_pk: int) -> None:
    """Renders this upload and then whatever else waits, until nothing does or this turn is over.

    Where every place is taken the message is dropped: whoever has a place looks for waiting uploads once more after
    leaving it, and rings again.
    """
    if not _places.acquire(blocking=False):
        return
    try:
        for _rendered in render_uploads(_turn(upload_pk)):
            pass
    finally:
        _places.release()
    following = _next_waiting()
    if following is not None:
        ingest.delay(following)


@app.task(name="readerstudy.cases.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Rings again for uploads whose bell or worker was lost, and deletes bytes that nobody needs any more.

    Returns how many bells rang.
    """
    actions.forget_leftovers()
    waiting = list(Upload.objects.waiting().order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for pk in waiting:
        ingest.delay(pk)
    return len(waiting)


def _turn(first: int) -> Iterator[int]:
    ends = time.monotonic() + TURN_SECONDS
    following: int | None = first
    while following is not None:
        yield following
        following = _next_waiting() if time.monotonic() < ends else None


def _next_waiting() -> int | None:
    return Upload.objects.waiting().order_by("pk").values_list("pk", flat=True).first()
