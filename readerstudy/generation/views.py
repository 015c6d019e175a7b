"""The coordinator's Outputs station: calls are started and watched, texts are read, verdicts are given."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases.labels import Problem
from readerstudy.generation import actions
from readerstudy.generation.forms import FilterForm, OutputsForm, PreviewForm, VerdictForm
from readerstudy.generation.imports import plan_import, read_outputs
from readerstudy.generation.models import Interpretation, Verdict
from readerstudy.generation.policies import obstacle_to_calls
from readerstudy.generation.progress import Progress, changed_since, progress_of
from readerstudy.generation.texts import find_outputs, tell
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Arm, ArmKind, Role
from readerstudy.studies.policies import StudyError
from readerstudy.studies.views import console

TEXTS_PER_PAGE = 20
PROBLEMS_SHOWN = 100
MATCHES_SHOWN = 50


# --- Calls -----------------------------------------------------------------------------------------------------
@require_safe
def show_outputs(request: HttpRequest, key: str) -> HttpResponse:
    """How far the outputs are, and what can be done about those that are missing."""
    access = access_study(request, key, Role.COORDINATOR)
    context = {**_progress(access), "changed": changed_since(access.study)}
    return render(request, "generation/outputs.html", context)


@require_safe
def show_progress(request: HttpRequest, key: str) -> HttpResponse:
    """The progress alone, for the page that asks again while calls are under way."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "generation/outputs.html#progress", _progress(access))


def _progress(access: Access) -> dict[str, Any]:
    progress = progress_of(access.study)
    return {
        **console(access),
        "progress": progress,
        "calls": _calls(progress),
        "call_count": sum(_calls(progress).values()),
        "obstacle": obstacle_to_calls(access.study),
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


# --- Texts and verdicts ------------------------------------------------------------------------------------------
@require_safe
def list_texts(request: HttpRequest, key: str) -> HttpResponse:
    """Every output with its verdict; what is shown stands in the address."""
    access = access_study(request, key, Role.COORDINATOR)
    form = FilterForm(request.GET, study=access.study)
    arm, verdict = form.chosen()
    page = Paginator(find_outputs(access.study, arm=arm, verdict=verdict), TEXTS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        **console(access),
        "form": form,
        "page": page,
        "outputs": tell(page),
        "verdicts": Verdict.choices,
        "is_filtered": bool(arm or verdict),
    }
    return render(request, "generation/texts.html", context)


@require_POST
def judge(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Stores a person's verdict, which wins over the automatic one."""
    access = access_study(request, key, Role.COORDINATOR)
    found = Interpretation.objects.filter(generation__arm__study=access.study)
    interpretation = get_object_or_404(found.select_related("generation__arm__study"), pk=number)
    form = VerdictForm(request.POST)
    if form.is_valid():
        verdict = Verdict(form.cleaned_data["verdict"])
        attempt(
            request, partial(actions.overrule, interpretation=interpretation, verdict=verdict, by=access.user)
        )
    else:
        messages.error(request, _("Nothing was stored. Choose one of the verdicts of the list."))
    return redirect(_back(request) or "generation:texts", *([] if _back(request) else [key]))


def _back(request: HttpRequest) -> str:
    """The page of texts the person came from, with its filters."""
    address = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours and address.startswith("/") else ""


# --- Outputs made elsewhere ----------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def import_outputs(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A file of outputs comes in; what it would write is shown, and nothing is written."""
    access = access_study(request, key, Role.COORDINATOR)
    arm = get_object_or_404(Arm, study=access.study, kind=ArmKind.IMPORTED, pk=number)
    form = OutputsForm(request.POST, request.FILES) if request.method == "POST" else OutputsForm()
    context = {**console(access), "arm": arm, "form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        content, name = form.cleaned_data["file"]
        context |= _preview(arm, content, name)
        status = 422 if context["problems"] else 200
    return render(request, "generation/import.html", context, status=status)


def _preview(arm: Arm, content: bytes, name: str) -> dict[str, Any]:
    recordings, problems = read_outputs(content, name)
    plan = plan_import(arm, recordings)
    told = {problem.line for problem in problems}
    found = problems + [problem for problem in plan.problems if problem.line not in told]
    found.sort(key=lambda problem: problem.line or 0)
    signed = PreviewForm(arm=arm).sign(content, name) if not found else ""
    if signed is None:
        found = [Problem(_("This file is too large to be shown first. Split it and import the parts."))]
    return {
        "problems": found[:PROBLEMS_SHOWN],
        "problem_count": len(found),
        "unshown_problems": len(found[PROBLEMS_SHOWN:]),
        "signed": signed,
        "plan": plan,
        "matches": plan.matches[:MATCHES_SHOWN],
        "unshown_matches": len(plan.matches[MATCHES_SHOWN:]),
    }


@require_POST
def confirm_import(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Stores the outputs that were shown."""
    access = access_study(request, key, Role.COORDINATOR)
    arm = get_object_or_404(Arm, study=access.study, kind=ArmKind.IMPORTED, pk=number)
    form = PreviewForm(request.POST, arm=arm)
    if not form.is_valid():
        messages.error(request, str(form.errors["outputs"][0]))
        return redirect("generation:import", key, number)
    recordings, _problems = read_outputs(*form.cleaned_data["outputs"])
    try:
        count = actions.import_outputs(arm=arm, recordings=recordings, by=access.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("generation:import", key, number)
    text = ngettext("%(n)d output is imported.", "%(n)d outputs are imported.", count) % {"n": count}
    messages.success(request, text)
    return redirect("generation:outputs", key)
