"""Outputs made elsewhere come in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from readerstudy.cases.labels import Problem
from readerstudy.generation import actions
from readerstudy.generation.forms import OutputsForm, PreviewForm
from readerstudy.generation.imports import plan_import, read_outputs
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.models import Arm, ArmKind, Role
from readerstudy.studies.policies import StudyError

PROBLEMS_SHOWN = 100
MATCHES_SHOWN = 50


@require_http_methods(["GET", "POST"])
def import_outputs(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A file of outputs comes in; what it would write is shown, and nothing is written."""
    access = access_study(request, key, Role.COORDINATOR)
    arm = get_object_or_404(Arm, study=access.study, kind=ArmKind.IMPORTED, pk=number)
    form = OutputsForm(request.POST, request.FILES) if request.method == "POST" else OutputsForm()
    context = {**room(access), "arm": arm, "form": form}
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
