"""The bell: Celery messages that carry nothing and say only that there is work.

Each message that begins a turn rings at most one other, so there are never more of them than were rung at first, and
one is enough to bring every free thread to work. A message nobody takes expires; the sweep rings anew.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from readerstudy.celery import app
from readerstudy.generation.models import Attempt, Generation
from readerstudy.generation.models.queue import anything_claimable
from readerstudy.generation.running import batches
from readerstudy.generation.running.calls import work_on
from readerstudy.generation.running.entrance import lease_seconds
from readerstudy.generation.running.faults import frames

TURN_SECONDS = 15
"""Then the thread goes back to Celery, so that uploads get their turn. Of shorter turns bells took an eighth of the
time in which a worker can compute."""
SOONEST_SECONDS = 0.1

log = logging.getLogger(__name__)


@app.task(name="readerstudy.generation.tasks.generate", ignore_result=True)
def generate() -> None:
    """Works through the queue until nothing can be claimed or this turn is over."""
    try:
        _take_turn()
    except Exception as error:  # noqa: BLE001  Celery would log the message, which may quote a row
        log.error("a turn at the queue ended early; the sweep rings again\n%s", frames(error))


@app.task(name="readerstudy.generation.tasks.sweep", ignore_result=True, expires=settings.SWEEP_SECONDS)
def sweep() -> int:
    """Rings again where rows wait and no call has begun of late, because bells or workers were lost."""
    since = timezone.now() - timedelta(seconds=settings.SWEEP_SECONDS)
    begun = Attempt.objects.order_by("-pk").values_list("started_at", flat=True).first()
    return 0 if begun and begun > since else ring()


@app.task(
    name="readerstudy.generation.tasks.hand_in_and_collect",
    ignore_result=True,
    expires=settings.SWEEP_SECONDS,
)
def hand_in_and_collect() -> None:
    """Does what is due with batches."""
    try:
        batches.run()
    except Exception as error:  # noqa: BLE001  Celery would log the message, which may quote a row
        log.error("a round of batches ended early; the next one goes on\n%s", frames(error))


def ring() -> int:
    """Rings one bell for each row that can be claimed, as far as there are idle threads; returns how many."""
    waiting = Generation.objects.claimable()[: settings.BELLS].count()
    if not waiting:
        return 0
    idle = min(settings.BELLS, settings.CELERY_WORKER_CONCURRENCY) - Generation.objects.at_work().count()
    bells = max(1, min(waiting, idle))
    for _bell in range(bells):
        _ring_once()
    return bells


def _take_turn() -> None:
    ends, has_rung, is_over = time.monotonic() + TURN_SECONDS, False, False
    while not is_over and time.monotonic() < ends:
        generation = Generation.objects.claim_next(seconds=lease_seconds())
        if generation is not None and not has_rung and anything_claimable():
            _ring_once()
            has_rung = True
        is_over = generation is None or not work_on(generation)
    if not has_rung and not (is_over and _is_spare()):
        _ring_for_the_next()


def _is_spare() -> bool:
    """Whether rows wait only for the limits of their connection, and threads are there that will go on with them.

    A thread that finds this goes without ringing, so that a slow connection does not keep all threads asking.
    """
    return Generation.objects.at_work().exists() and Generation.objects.due().exists()


def _ring_for_the_next() -> None:
    """Rings for the moment at which the next row can be claimed; what is later than the next sweep is left to it."""
    moment = Generation.objects.all().next_moment()
    if moment is None:
        return
    seconds = max(SOONEST_SECONDS, (moment - timezone.now()).total_seconds())
    if seconds <= settings.SWEEP_SECONDS:
        _ring_once(after=seconds)


def _ring_once(*, after: float = 0) -> None:
    """One message. `expires` counts from now: a bell is of no use once every call of its time has ended."""
    generate.apply_async(countdown=after, expires=after + lease_seconds())
