"""The optional judging model: switched on and off, and what it changed."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.generation.actions import judging as actions
from readerstudy.generation.models import Judge
from readerstudy.generation.steps import room
from readerstudy.generation.verdicts.judging import progress_of_judging, unsure_without_a_verdict
from readerstudy.providers.refusals.judge import SYSTEM
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role

USUAL_MOST_TOKENS = 500_000


class JudgeForm(forms.ModelForm[Judge]):
    """Which model is asked, and how much it may take."""

    connection = forms.ChoiceField(label=_("Provider"))

    class Meta:
        model = Judge
        fields = ["connection", "model", "most_tokens"]
        help_texts = {
            "model": _("No model that is an arm of this study."),
            "most_tokens": _("It stops when its calls have taken so many."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, offer.label) for name, offer in settings.CONNECTIONS.items()]
        self.fields["connection"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["most_tokens"].min_value = 1  # type: ignore[attr-defined]  # an IntegerField
        self.fields["most_tokens"].initial = USUAL_MOST_TOKENS


@require_safe
def show_judge(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "generation/judge.html", _page(access, JudgeForm()))


@require_safe
def show_judge_progress(request: HttpRequest, key: str) -> HttpResponse:
    """The progress alone, for the page that asks again while calls are under way."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "generation/judge.html#progress", _page(access, JudgeForm()))


@require_POST
def switch_on(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    form = JudgeForm(request.POST)
    if not form.is_valid():
        return render(request, "generation/judge.html", _page(access, form), status=422)
    wanted = {"study": access.study, "by": access.user, **form.cleaned_data}
    attempt(request, partial(actions.switch_on_judge, **wanted))
    return redirect("generation:judging", key)


@require_POST
def switch_off(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    attempt(request, partial(actions.switch_off_judge, study=access.study, by=access.user))
    return redirect("generation:judging", key)


def _page(access: Access, form: JudgeForm) -> dict[str, Any]:
    offers = settings.CONNECTIONS
    progress = progress_of_judging(access.study)
    judge = progress.judge
    return {
        **room(access),
        "form": form,
        "progress": progress,
        "provider": offers[judge.connection].label if judge and judge.connection in offers else "",
        "unsure": unsure_without_a_verdict(access.study),
        "instructions": judge.prompt if judge else SYSTEM,
    }
