"""Outputs made elsewhere come in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from readerstudy.generation import actions
from readerstudy.generation.bringing.import_forms import ConfirmForm, OutputsForm
from readerstudy.generation.bringing.imports import content_of, plan_import, read_outputs
from readerstudy.generation.models import ArrivedFile
from readerstudy.generation.steps import room
from readerstudy.providers.recordings import ALIASES
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Arm, ArmKind, Role
from readerstudy.studies.policies import StudyError

PROBLEMS_SHOWN = 100
MATCHES_SHOWN = 50
RECORDED_KINDS = (ArmKind.IMPORTED, ArmKind.HUMAN)


@require_http_methods(["GET", "POST"])
def import_outputs(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A file of outputs comes in; what it would write is shown, and nothing is written."""
    access, arm = _access_arm(request, key, number)
    form = OutputsForm(request.POST, request.FILES) if request.method == "POST" else OutputsForm()
    file = _receive(access, arm, form) if request.method == "POST" and form.is_valid() else None
    shown = _preview(file) if file else {}
    context = {**room(access), "arm": arm, "form": form, "aliases": ALIASES, **shown}
    refused = bool(shown.get("problems")) or bool(form.errors)
    return render(request, "generation/import.html", context, status=422 if refused else 200)


def _access_arm(request: HttpRequest, key: str, number: int) -> tuple[Access, Arm]:
    access = access_study(request, key, Role.COORDINATOR)
    return access, get_object_or_404(Arm, study=access.study, kind__in=RECORDED_KINDS, pk=number)


def _receive(access: Access, arm: Arm, form: OutputsForm) -> ArrivedFile | None:
    content = form.cleaned_data["file"]
    try:
        return actions.receive_outputs(arm=arm, content=content, ending=form.ending, by=access.user)
    except StudyError as error:
        form.add_error("file", ValidationError(str(error)))
        return None


def _preview(file: ArrivedFile) -> dict[str, Any]:
    found = read_outputs(content_of(file), f"outputs.{file.ending}")
    plan = plan_import(file.arm, found.recordings)
    told = {problem.line for problem in found.problems}
    problems = [*found.problems, *(each for each in plan.problems if each.line not in told)]
    problems.sort(key=lambda problem: problem.line or 0)
    if problems:
        actions.forget_file(file=file)
    return {
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": len(problems),
        "unshown_problems": len(problems[PROBLEMS_SHOWN:]),
        "arrived": None if problems else file,
        "plan": plan,
        "ignored": found.ignored,
        "matches": plan.matches[:MATCHES_SHOWN],
        "unshown_matches": len(plan.matches[MATCHES_SHOWN:]),
        "has_replicates": any(match.recording.replicate > 1 for match in plan.matches),
        "has_labels": any(match.recording.label for match in plan.matches),
        "has_boxes": any(match.recording.boxes for match in plan.matches),
    }


@require_POST
def confirm_import(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Stores the outputs that were shown."""
    access, arm = _access_arm(request, key, number)
    file = ConfirmForm(request.POST).arrived(arm=arm, by=access.user)
    if file is None:
        messages.error(
            request, _("This preview is older than a day, or it was stored already. Choose the file again.")
        )
        return redirect("generation:import", key, number)
    try:
        count = actions.import_file(file=file, by=access.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("generation:import", key, number)
    text = ngettext("%(n)d output is imported.", "%(n)d outputs are imported.", count) % {"n": count}
    messages.success(request, text)
    return redirect("generation:outputs", key)
