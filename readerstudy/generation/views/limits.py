"""The limits of providers, and single calls with all that is known about them."""

from __future__ import annotations

import json

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from readerstudy.generation.forms import FilterForm
from readerstudy.generation.models import Attempt
from readerstudy.generation.running.limits import limits_of
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.models import Role

CALLS_PER_PAGE = 50


@require_safe
def show_limits(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    context = {**room(access), "limits": limits_of(access.study)}
    return render(request, "generation/limits.html", context)


@require_safe
def list_attempts(request: HttpRequest, key: str) -> HttpResponse:
    """Every call of the study's arms and trials, the newest first."""
    access = access_study(request, key, Role.COORDINATOR)
    form = FilterForm(request.GET, study=access.study)
    arm, _verdict = form.chosen()
    attempts = Attempt.objects.of(access.study).select_related("generation__arm", "generation__case", "price")
    chosen = attempts.filter(generation__arm=arm) if arm else attempts
    page = Paginator(chosen.order_by("-pk"), CALLS_PER_PAGE).get_page(request.GET.get("page"))
    context = {**room(access), "page": page, "form": form, "arm": arm}
    return render(request, "generation/attempts.html", context)


@require_safe
def show_attempt(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One call: what was sent and dropped, what came, how long it took and what it cost."""
    access = access_study(request, key, Role.COORDINATOR)
    attempts = Attempt.objects.of(access.study).select_related("generation__arm", "generation__case")
    found = get_object_or_404(attempts.select_related("price", "batch"), pk=number)
    raw = json.dumps(found.raw, indent=2, ensure_ascii=False) if found.raw is not None else ""
    return render(request, "generation/attempt.html", {**room(access), "attempt": found, "raw": raw})
