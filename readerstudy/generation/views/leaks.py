"""What gives arms away, the rules that level their texts, and the yes to each arm."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.blinding.leaks import leaks_of, table_of
from readerstudy.generation.blinding.levelled import arms_of, levelling_of
from readerstudy.generation.bringing.previews import chosen, comparisons_of, find_levelled
from readerstudy.generation.forms import ApprovalForm, RedactionForm, RulesForm
from readerstudy.generation.models import Interpretation
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Arm, Role

TEXTS_PER_PAGE = 10


@require_safe
def show_leaks(request: HttpRequest, key: str) -> HttpResponse:
    """What gives the arms away, as the texts came and as readers will see them."""
    access = access_study(request, key, Role.COORDINATOR)
    leaks = leaks_of(access.study)
    context = {**room(access), "leaks": leaks, "table": table_of(leaks), "arms": arms_of(access.study)}
    return render(request, "generation/leaks.html", context)


@require_http_methods(["GET", "POST"])
def edit_rules(request: HttpRequest, key: str) -> HttpResponse:
    """What is levelled in every text; a change makes every approval fall."""
    access = access_study(request, key, Role.COORDINATOR)
    initial = levelling_of(access.study).rules.to_json()
    form = RulesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        save = partial(actions.save_rules, study=access.study, rules=form.rules(), by=access.user)
        attempt(request, save, success=_("The rules are saved. Look at the texts again."))
        return redirect("generation:leaks", key)
    return render(request, "generation/texts_rules.html", {**room(access), "form": form})


@require_safe
def show_levelled(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The texts of one arm: as they came beside what readers will see, word by word."""
    access = access_study(request, key, Role.COORDINATOR)
    arm = get_object_or_404(Arm, study=access.study, pk=number)
    levelling, only = levelling_of(access.study), request.GET.get("only", "")
    rows = find_levelled(access.study, arm, levelling)
    page = Paginator(chosen(rows, levelling, only), TEXTS_PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {**room(access), "arm": arm, "page": page, "only": only}
    context["state"] = next(each for each in arms_of(access.study) if each.arm == arm)
    context["telling"] = sum(len(levelling.leaks(row.shown)) for row in rows)
    context |= {"texts": comparisons_of(levelling, page), "form": RedactionForm()}
    return render(request, "generation/texts_levelled.html", context)


@require_POST
def approve(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A person says that the texts of an arm may be shown as they were on the page."""
    access = access_study(request, key, Role.COORDINATOR)
    arm = get_object_or_404(Arm, study=access.study, pk=number)
    form = ApprovalForm(request.POST)
    form.is_valid()
    say_yes = partial(actions.approve_arm, arm=arm, by=access.user, **_words(form))
    success = _("The texts of “%(arm)s” are approved.") % {"arm": arm.name}
    if attempt(request, say_yes, success=success):
        return redirect("generation:leaks", key)
    return redirect("generation:levelled", key, number)


@require_POST
def redact(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Takes words out of one text, or puts them back."""
    access = access_study(request, key, Role.COORDINATOR)
    found = Interpretation.objects.filter(generation__arm__study=access.study)
    row = get_object_or_404(found.select_related("generation__arm__study"), pk=number)
    form = RedactionForm(request.POST)
    form.is_valid()
    said = form.cleaned_data
    deed = partial(actions.redact_words, interpretation=row, hides=not said.get("restore"), by=access.user)
    words, reason = said.get("words", ""), said.get("reason", "")
    attempt(request, partial(deed, words=words, reason=reason), success=_("The text is changed."))
    return redirect("generation:levelled", key, row.generation.arm_id)


def _words(form: ApprovalForm) -> dict[str, str]:
    return {name: form.cleaned_data.get(name, "") for name in ("fingerprint", "reason")}
