"""How a study treats its images."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readerstudy.cases.actions.rules import save_image_rules
from readerstudy.cases.forms import RulesForm
from readerstudy.cases.models import rules_of
from readerstudy.cases.normal_sets import progress
from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role
from readerstudy.studies.policies import can_change_protocol


@require_http_methods(["GET", "POST"])
def edit_rules(request: HttpRequest, key: str) -> HttpResponse:
    """Shows and changes the rules; of a locked study they can only be read."""
    access = access_study(request, key, Role.COORDINATOR)
    form = RulesForm(request.POST or None, instance=rules_of(access.study))
    if request.method == "POST" and form.is_valid():
        save = partial(save_image_rules, study=access.study, changes=form.cleaned_data, by=access.user)
        attempt(request, save, success=_("The rules are saved."))
        return redirect("cases:rules", key)
    context = {
        "access": access,
        "study": access.study,
        "form": form,
        "can_change": can_change_protocol(access.study),
        "progress": progress(access.study),
    }
    return render(request, "cases/rules.html", context, status=422 if form.errors else 200)
