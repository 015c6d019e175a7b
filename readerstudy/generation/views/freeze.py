"""The page on which a study's outputs are frozen, and the manifest of what was."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.blinding.freezing import advice, blocks, readiness_of
from readerstudy.generation.forms import FreezeForm
from readerstudy.generation.models import FrozenSet
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role


@require_safe
def show_freeze(request: HttpRequest, key: str) -> HttpResponse:
    """What is still missing, the button, and the sets frozen so far."""
    access = access_study(request, key, Role.COORDINATOR)
    readiness = readiness_of(access.study)
    sets = FrozenSet.objects.filter(study=access.study).order_by("-number").select_related("by")
    context = {
        **room(access),
        "readiness": readiness,
        "blocks": blocks(access.study, readiness),
        "advice": advice(access.study) if readiness.open else [],
        "sets": sets.defer("manifest"),
        "form": FreezeForm(),
    }
    return render(request, "generation/freeze.html", context)


@require_POST
def freeze(request: HttpRequest, key: str) -> HttpResponse:
    """Freezes the outputs; those missing only where each was ticked and a reason stands beside them."""
    access = access_study(request, key, Role.COORDINATOR)
    form = FreezeForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    deed = partial(
        actions.freeze_outputs,
        study=access.study,
        accepted=request.POST.getlist("missing"),
        reason=reason,
        by=access.user,
    )
    attempt(request, deed, success=_("The outputs are frozen. Nothing changes them any more."))
    return redirect("generation:freeze", key)


@require_safe
def download_manifest(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The manifest of a frozen set: the bytes over which its SHA-256 was taken."""
    access = access_study(request, key, Role.COORDINATOR)
    frozen = get_object_or_404(FrozenSet, study=access.study, number=number)
    response = HttpResponse(frozen.manifest.encode(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="outputs-{access.study.key}-{number}.json"'
    return response
