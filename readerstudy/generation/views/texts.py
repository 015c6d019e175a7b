"""Texts are read, and verdicts are given."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.blinding.texts import find_outputs, tell
from readerstudy.generation.forms import FilterForm, VerdictForm
from readerstudy.generation.models import Interpretation, Verdict
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role

TEXTS_PER_PAGE = 20


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
        **room(access),
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
