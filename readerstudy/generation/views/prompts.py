"""Prompts are written, looked at as a model gets them, and tried out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases.models import Case, Purpose
from readerstudy.generation.actions.prompts import save_version
from readerstudy.generation.actions.trials import start_trial
from readerstudy.generation.models import Trial
from readerstudy.generation.prompting.extraction import read_by_arm
from readerstudy.generation.prompting.prompt_forms import PromptForm, TrialForm, prompt_form
from readerstudy.generation.prompting.prompts import Preview, diff_of, listed_prompts, preview_of
from readerstudy.generation.prompting.trials import figures_of, newest_figures
from readerstudy.providers.prompts import Prompt, gallery
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import InputCondition, PromptVersion, Role, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.views import console


@require_safe
def list_prompts(request: HttpRequest, key: str) -> HttpResponse:
    """The study's prompts, each by its newest version, and ready ones to start from."""
    access = access_study(request, key, Role.COORDINATOR)
    context = {
        **console(access),
        "prompts": listed_prompts(access.study),
        "templates": gallery().values(),
        "readings": read_by_arm(access.study),
        "examples": Case.objects.kept(access.study).filter(purpose=Purpose.EXAMPLE).count(),
        "validation": Case.objects.kept(access.study).filter(purpose=Purpose.VALIDATION).count(),
    }
    return render(request, "generation/prompts.html", context)


@require_http_methods(["GET", "POST"])
def new_prompt(request: HttpRequest, key: str) -> HttpResponse:
    """A new prompt, from a ready one or from nothing."""
    access = access_study(request, key, Role.COORDINATOR)
    template = gallery().get(request.GET.get("template", ""))
    start = template.prompt if template else Prompt()
    form = prompt_form(access.study, start, request.POST or None)
    return _write(request, access, form, parent=None)


@require_http_methods(["GET", "POST"])
def edit_prompt(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The next version of a prompt, with this one as its parent."""
    access = access_study(request, key, Role.COORDINATOR)
    parent = get_object_or_404(PromptVersion, study=access.study, pk=number)
    form = prompt_form(access.study, parent.prompt, request.POST or None, name=parent.name)
    return _write(request, access, form, parent=parent)


def _write(
    request: HttpRequest, access: Access, form: PromptForm, parent: PromptVersion | None
) -> HttpResponse:
    is_sent = request.method == "POST" and form.is_valid()
    wants_preview = request.POST.get("deed") == "preview"
    if is_sent and not wants_preview and (version := _save(request, access, form, parent)):
        return redirect("generation:prompt", access.study.key, version.pk)
    context = {**console(access), "form": form, "parent": parent, **_preview_choice(request, access.study)}
    if is_sent and wants_preview:
        context |= _preview(form.prompt(), context["case"])
    page = "generation/prompt_edit.html#preview" if request.htmx else "generation/prompt_edit.html"  # type: ignore[attr-defined]  # django-htmx adds it
    return render(request, page, context)


def _save(
    request: HttpRequest, access: Access, form: PromptForm, parent: PromptVersion | None
) -> PromptVersion | None:
    answers = form.cleaned_data
    try:
        return save_version(
            study=access.study,
            name=answers["name"],
            prompt=form.prompt(),
            note=answers["note"],
            parent=parent,
            by=access.user,
        )
    except StudyError as error:
        messages.error(request, str(error))
        return None


def _preview_choice(request: HttpRequest, study: Study) -> dict[str, Any]:
    """The cases that a preview can be of, and the one that was chosen: else the first."""
    cases = list(
        Case.objects.kept(study).exclude(purpose=Purpose.EXAMPLE).filter(images__isnull=False).distinct()
    )
    told = request.POST.get("of") or request.GET.get("of")
    chosen = next((case for case in cases if case.code == told), cases[0] if cases else None)
    return {"cases": cases, "case": chosen}


def _preview(prompt: Prompt, case: Case | None) -> dict[str, Preview | str]:
    if case is None:
        return {"obstacle": _("There is no case yet whose images a model could get. Add images first.")}
    try:
        return {"preview": preview_of(prompt, case, InputCondition.IMAGE_TEXT)}
    except StudyError as error:
        return {"obstacle": str(error)}


@require_safe
def show_prompt(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One version: what a model would get, what changed, and how its trials went."""
    access = access_study(request, key, Role.COORDINATOR)
    version = get_object_or_404(PromptVersion, study=access.study, pk=number)
    context = {
        **console(access),
        "version": version,
        **_history(request, version),
        **_preview_choice(request, access.study),
        "trials": figures_of(version.trials.select_related("prompt", "study")),
        "trial_form": TrialForm(),
        "validation": Case.objects.kept(access.study).filter(purpose=Purpose.VALIDATION).count(),
    }
    return render(request, "generation/prompt.html", {**context, **_preview(version.prompt, context["case"])})


def _history(request: HttpRequest, version: PromptVersion) -> dict[str, Any]:
    """All versions with their figures, and the lines that differ from the chosen one: else from the parent."""
    versions = list(PromptVersion.objects.of(version.study).filter(name=version.name))
    figures = newest_figures(versions)
    told = request.GET.get("against", "")
    others = [each for each in versions if each.pk != version.pk]
    against = next((each for each in others if str(each.pk) == told), version.parent)
    return {
        "versions": [(each, figures.get(each.pk)) for each in versions],
        "others": others,
        "against": against,
        "diff": diff_of(against.prompt, version.prompt) if against else [],
    }


@require_POST
def try_prompt(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Asks a model about the validation cases with this version, and leads to the trial's own page."""
    access = access_study(request, key, Role.COORDINATOR)
    version = get_object_or_404(PromptVersion, study=access.study, pk=number)
    form = TrialForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The trial was not started. Choose a provider and name its model."))
        return redirect("generation:prompt", key, number)
    if attempt(request, partial(start_trial, prompt=version, by=access.user, **form.wanted())):
        return redirect("generation:trial", key, version.trials.latest("pk").pk)
    return redirect("generation:prompt", key, number)


@require_safe
def show_trial(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One trial: its figures, and every case on which model and people differ, with the text."""
    access = access_study(request, key, Role.COORDINATOR)
    trials = Trial.objects.select_related("prompt", "study")
    trial = get_object_or_404(trials, study=access.study, pk=number)
    context = {**console(access), "trial": trial, "figures": figures_of([trial])[0]}
    return render(request, "generation/prompt_trial.html", context)
