"""Calls are started and watched."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.models import Batch
from readerstudy.generation.policies import obstacle_to_calls
from readerstudy.generation.running.costs import spending_of, totals
from readerstudy.generation.running.drift import drifts_of
from readerstudy.generation.running.progress import Progress, changed_since, progress_of
from readerstudy.generation.steps import room
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import ArmKind, Role

BATCHES_SHOWN = 20


@require_safe
def show_outputs(request: HttpRequest, key: str) -> HttpResponse:
    """How far the outputs are, and what can be done about those that are missing."""
    access = access_study(request, key, Role.COORDINATOR)
    study = access.study
    context = {**_progress(access), "changed": changed_since(study), "drifts": drifts_of(study)}
    return render(request, "generation/outputs.html", context)


@require_safe
def show_progress(request: HttpRequest, key: str) -> HttpResponse:
    """The progress alone, for the page that asks again while calls are under way."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "generation/outputs.html#progress", _progress(access))


def _progress(access: Access) -> dict[str, Any]:
    progress = progress_of(access.study)
    return {
        **room(access),
        "progress": progress,
        "calls": _calls(progress),
        "call_count": sum(_calls(progress).values()),
        "obstacle": obstacle_to_calls(access.study),
        "totals": totals(spending_of(access.study)),
        "batches": Batch.objects.filter(study=access.study).order_by("-pk")[:BATCHES_SHOWN],
    }


def _calls(progress: Progress) -> dict[str, int]:
    """How many calls the button makes, by the name of the provider."""
    calls: Counter[str] = Counter()
    for row in progress.arms:
        if row.counts.unasked and row.arm.kind == ArmKind.MODEL:
            offer = settings.CONNECTIONS.get(row.arm.connection)
            calls[offer.label if offer else row.arm.connection] += row.counts.unasked
    return dict(calls)


@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.queue_generations, study=access.study, by=access.user))
    return redirect("generation:outputs", key)


@require_POST
def retry(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.retry_failed, study=access.study, by=access.user))
    return redirect("generation:outputs", key)


@require_POST
def hold(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.hold_queue, study=access.study, by=access.user))
    return redirect("generation:outputs", key)


@require_POST
def release(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.release_queue, study=access.study, by=access.user))
    return redirect("generation:outputs", key)
