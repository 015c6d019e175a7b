"""The languages of a study: in which its own texts are written, and its texts for readers of another one."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readerstudy.studies import actions
from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Design, Role
from readerstudy.studies.spoken_forms import OwnLanguageForm, SpokenForm
from readerstudy.studies.views import console

NAMES = dict(settings.LANGUAGES)


@require_http_methods(["GET", "POST"])
def languages(request: HttpRequest, key: str) -> HttpResponse:
    """The study's own language, and a page of texts for each other one."""
    access = access_study(request, key, Role.COORDINATOR)
    design = Design.objects.of(access.study)
    form = OwnLanguageForm(request.POST or None, initial={"language": design.language})
    if request.method == "POST" and form.is_valid():
        content = {**design.section("study"), **form.cleaned_data}
        change = partial(
            actions.set_section, study=access.study, name="study", content=content, by=access.user
        )
        attempt(request, change, success=_("The language is saved."))
        return redirect("studies:languages", key)
    told = design.section("texts")
    others = [(code, name, bool(told.get(code))) for code, name in NAMES.items() if code != design.language]
    context = {**console(access), "form": form, "others": others, "own_code": design.language}
    context["own"] = NAMES.get(design.language, design.language)
    return render(request, "studies/languages.html", context)


@require_http_methods(["GET", "POST"])
def language(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """The texts that readers of one language get."""
    access = access_study(request, key, Role.COORDINATOR)
    design = Design.objects.of(access.study)
    if code not in NAMES or code == design.language:
        raise Http404
    form = SpokenForm(request.POST if request.method == "POST" else None, design=design, language=code)
    if request.method == "POST" and form.is_valid():
        rest = {other: said for other, said in design.section("texts").items() if other != code}
        content = {**rest, code: said} if (said := form.section()) else rest
        change = partial(
            actions.set_section, study=access.study, name="texts", content=content, by=access.user
        )
        if attempt(request, change):
            messages.success(request, _("The texts in %(language)s are saved.") % {"language": NAMES[code]})
            return redirect("studies:languages", key)
    context = {**console(access), "form": form, "code": code, "name": NAMES[code]}
    return render(request, "studies/language.html", context)
