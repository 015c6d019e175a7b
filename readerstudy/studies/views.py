"""The coordinator's console: overview, arms, settings, audit."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.accounts.people import signed_in
from readerstudy.audit.models import Event
from readerstudy.studies import actions
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.crossing import grid_of
from readerstudy.studies.forms import ArmForm, NewStudyForm, SettingsForm
from readerstudy.studies.lifecycle import moves_from
from readerstudy.studies.models import (
    Arm,
    ArmKind,
    Membership,
    PromptVersion,
    ProtocolVersion,
    Role,
    Study,
)
from readerstudy.studies.policies import can_change_protocol, check_protocol_open
from readerstudy.studies.stations import Sign

EVENTS_PER_PAGE = 50
ENTRANCES = {
    Role.COORDINATOR: "studies:detail",
    Role.READER: "reading:start",
    Role.RESEARCHER: "analysis:report",
    Role.ADJUDICATOR: "reading:adjudicate",
    Role.WRITER: "generation:write",
}


@require_safe
def show_list(request: HttpRequest) -> HttpResponse:
    """Everyone's first page: the studies they take part in and the way into each."""
    memberships = Membership.objects.present().filter(user=signed_in(request)).select_related("study")
    rooms = [
        (membership, ENTRANCES[Role(membership.role)])
        for membership in memberships.order_by("-study__created_at", "role")
    ]
    return render(request, "studies/list.html", {"rooms": rooms})


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = NewStudyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        study = actions.create_study(**form.cleaned_data, by=signed_in(request))
        return redirect("studies:detail", study.key)
    return render(request, "studies/new.html", {"form": form})


@require_safe
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """What is missing before the study can start; once it runs, how it stands; and what can be done next."""
    access = access_study(request, key, Role.COORDINATOR)
    study, lines = access.study, access.look.lines()
    context = {
        "lines": lines,
        "is_before": study.locked_at is None,
        "blocked": any(line.sign is Sign.BAD for line in lines),
        "moves": moves_from(study.state),
        "version": ProtocolVersion.objects.of(study).last(),
    }
    return render(request, "studies/detail.html", {**console(access), **context})


@require_http_methods(["GET", "POST"])
def edit_settings(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    form = SettingsForm(request.POST or None, instance=Study.objects.get(pk=access.study.pk))
    if request.method == "POST" and form.is_valid():
        change = partial(actions.change_study, study=access.study, changes=form.cleaned_data, by=access.user)
        attempt(request, change, success=_("The settings are saved."))
        return redirect("studies:settings", key)
    return render(request, "studies/settings.html", {**console(access), "form": form})


@require_safe
def list_arms(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    arms = list(access.study.arms.select_related("prompt"))
    context = {**console(access), "arms": arms, "grid": grid_of(access.study, arms)}
    return render(request, "studies/arms.html", context)


@require_http_methods(["GET", "POST"])
def edit_arm(request: HttpRequest, key: str, number: int | None = None) -> HttpResponse:
    """Changes an arm or adds one, with `like` in the address as a copy of another to be given another model."""
    access = access_study(request, key, Role.COORDINATOR)
    if not attempt(request, partial(check_protocol_open, access.study)):
        return redirect("studies:arms", key)
    arm = get_object_or_404(Arm, study=access.study, pk=number) if number else None
    form = ArmForm(request.POST or None, instance=arm, study=access.study, like=_like(request, access.study))
    if request.method == "POST" and form.is_valid():
        fields = form.arm_fields()
        save = partial(actions.save_arm, study=access.study, fields=fields, arm=arm, by=access.user)
        attempt(request, save)
        return redirect("studies:arms", key)
    context = {"form": form, "arm": arm, "has_connections": bool(settings.CONNECTIONS)}
    return render(request, "studies/arm.html", {**console(access), **context})


def _like(request: HttpRequest, study: Study) -> Arm | None:
    told = request.GET.get("like", "")
    return (
        Arm.objects.filter(study=study, pk=int(told)).first() if told.isdecimal() and len(told) < 19 else None
    )


@require_POST
def cross_arm(request: HttpRequest, key: str, number: int, prompt: int) -> HttpResponse:
    """Adds the cell of model × prompt that is missing."""
    access = access_study(request, key, Role.COORDINATOR)
    like = get_object_or_404(Arm, study=access.study, kind=ArmKind.MODEL, pk=number)
    version = get_object_or_404(PromptVersion, study=access.study, pk=prompt)
    attempt(request, partial(actions.cross_arm, like=like, prompt=version, by=access.user))
    return redirect("studies:arms", key)


@require_POST
def remove_arm(request: HttpRequest, key: str, number: int) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    if not attempt(request, partial(check_protocol_open, access.study)):
        return redirect("studies:arms", key)
    arm = get_object_or_404(Arm, study=access.study, pk=number)
    attempt(request, partial(actions.remove_arm, arm=arm, by=access.user))
    return redirect("studies:arms", key)


@require_safe
def show_audit(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    events = Event.objects.of_study(access.study.pk).select_related("actor").order_by("-at")
    page = Paginator(events, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "studies/audit.html", {**console(access), "page": page})


def console(access: Access) -> dict[str, Any]:
    """What every page of the console needs."""
    return {"access": access, "study": access.study, "can_change": can_change_protocol(access.study)}
