"""The bells for uploads, masks and normalised images: messages carry a row's number and nothing of the file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from threading import BoundedSemaphore

from readerstudy.cases import actions
from readerstudy.cases.actions.normal import ring_due
from readerstudy.cases.actions.originals import forget_stray_originals
from readerstudy.cases.actions.transfers import forget_transfers
from readerstudy.cases.masking import burn_in
from readerstudy.cases.models import Mask, Upload
from readerstudy.cases.normalising import normalise_study
from readerstudy.cases.rendering import render_uploads
from readerstudy.celery import app

TURN_SECONDS = 20  # then the thread goes back to Celery, so that model calls get their turn
AT_ONCE = os.cpu_count() or 1  # decoding keeps a core busy; more children would only slow each other down

_places = BoundedSemaphore(AT_ONCE)
_mask_place = BoundedSemaphore(1)  # of its own, because somebody sits before the screen and waits
_normal_place = BoundedSemaphore(1)


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


@app.task(name="readerstudy.cases.tasks.mask", ignore_result=True)
def mask(mask_pk: int) -> None:
    """Burns in the boxes of this mask and then of whatever else waits, until nothing does or this turn is over.

    Where the place is taken the message is dropped, as for uploads.
    """
    if not _mask_place.acquire(blocking=False):
        return
    try:
        ends = time.monotonic() + TURN_SECONDS
        following: int | None = mask_pk
        while following is not None and time.monotonic() < ends:
            burn_in(following)
            following = _next_mask()
    finally:
        _mask_place.release()
    following = _next_mask()
    if following is not None:
        mask.delay(following)


@app.task(name="readerstudy.cases.tasks.normalise", ignore_result=True)
def normalise(study_pk: int) -> None:
    """Makes what this study lacks of normalised images; once more where its images changed meanwhile.

    Where the place is taken the message is dropped, and the sweep rings again.
    """
    if not _normal_place.acquire(blocking=False):
        return
    try:
        stored = normalise_study(study_pk)
    finally:
        _normal_place.release()
    if stored:
        normalise.delay(study_pk)


def _next_mask() -> int | None:
    return Mask.objects.waiting().order_by("pk").values_list("pk", flat=True).first()


@app.task(name="readerstudy.cases.tasks.sweep", ignore_result=True)
def sweep() -> int:
    """Rings again for uploads, masks and normalised images whose bell or worker was lost, and deletes bytes that
    nobody needs any more.

    Returns how many bells rang.
    """
    actions.forget_leftovers()
    actions.forget_stray_renditions()
    forget_transfers()
    forget_stray_originals()
    waiting = list(Upload.objects.waiting().order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for pk in waiting:
        ingest.delay(pk)
    return len(waiting) + actions.ring_waiting() + ring_due()


def _turn(first: int) -> Iterator[int]:
    ends = time.monotonic() + TURN_SECONDS
    following: int | None = first
    while following is not None:
        yield following
        following = _next_waiting() if time.monotonic() < ends else None


def _next_waiting() -> int | None:
    return Upload.objects.waiting().order_by("pk").values_list("pk", flat=True).first()
