"""Practice for coordinators: its rules, the expected answers of each case, and one more round for a reader."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases.models import Case, Image
from readerstudy.cases.tables import Unreadable
from readerstudy.cases.views.shared import as_download
from readerstudy.generation.models import Interpretation
from readerstudy.reading import actions
from readerstudy.reading.path import key_tables
from readerstudy.reading.path.key_forms import KeyForm, RulesForm, TableForm
from readerstudy.reading.views.seats import do_for_reader
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Criterion, Design, Role
from readerstudy.studies.policies import StudyError
from readerstudy.studies.views import console

PROBLEMS_SHOWN = 50


@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest, key: str) -> HttpResponse:
    """The rules of practice, and its cases with what is said of each."""
    access = access_study(request, key, Role.COORDINATOR)
    form = _rules_form(access, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        save = partial(key_tables.save_rules, study=access.study, **form.rules, by=access.user)
        if _is_saved(form, save):
            messages.success(request, _("The rules of practice are saved."))
            return redirect("reading:practice", key)
    return _show(request, access, form=form)


@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """What is expected of one practice case."""
    access = access_study(request, key, Role.COORDINATOR)
    found = key_tables.case_of(access.study, code)
    if found is None:
        raise Http404
    asked = key_tables.asked_of(access.study, Design.objects.of(access.study), code)
    form = KeyForm(request.POST or None, asked=asked, code=code)
    if request.method == "POST" and form.is_valid():
        save = partial(_save_key, access, code, form)
        if _is_saved(form, save):
            return _to_the_next(request, access, code)
    context = {**console(access), "form": form, **_about(found)}
    return render(request, "reading/practice_case.html", context, status=422 if form.errors else 200)


@require_safe
def table(request: HttpRequest, key: str) -> HttpResponseBase:
    """The key as a table, to be filled in and uploaded again."""
    access = access_study(request, key, Role.COORDINATOR)
    return as_download(key_tables.table_of(access.study), f"practice-{key}.csv")


@require_POST
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Replaces the whole key by a table; nothing is written while anything in it is wrong."""
    access = access_study(request, key, Role.COORDINATOR)
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, access, table=form)
    try:
        rows = key_tables.read_key(access.study, form.cleaned_data["table"].read())
        count = key_tables.replace_key(study=access.study, rows=rows, by=access.user)
    except Unreadable as error:
        return _show(request, access, table=form, problems=[str(each) for each in error.problems])
    except StudyError as error:
        return _show(request, access, table=form, problems=[str(error)])
    told = ngettext("%(n)d expected answer is stored.", "%(n)d expected answers are stored.", count)
    messages.success(request, told % {"n": count})
    return redirect("reading:practice", key)


@require_POST
def grant(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One more round of practice for a reader who did not reach the mark."""
    success = _("%(reader)s may practise once more.")
    return do_for_reader(request, key, number, deed=actions.grant_round, success=success)


def _rules_form(access: Access, data: Any = None) -> RulesForm:
    told = key_tables.practice_section(Design.objects.of(access.study))
    mark = told.get("pass_mark")
    initial = {**told, "pass_mark": None if mark is None else round(mark * 100)}
    return RulesForm(data, criteria=list(Criterion.objects.of(access.study)), initial=initial)


def _show(
    request: HttpRequest,
    access: Access,
    *,
    form: RulesForm | None = None,
    table: TableForm | None = None,
    problems: list[str] | None = None,
) -> HttpResponse:
    found, design = problems or [], Design.objects.of(access.study)
    context = {
        **console(access),
        "form": form or _rules_form(access),
        "table": table or TableForm(),
        "gone": key_tables.gone_of(access.study, design),
        "counts": key_tables.count_said(access.study, design).items(),
        "problems": found[:PROBLEMS_SHOWN],
        "more_problems": max(0, len(found) - PROBLEMS_SHOWN),
    }
    refused = bool(found or (form and form.errors) or (table and table.errors))
    return render(request, "reading/practice.html", context, status=422 if refused else 200)


def _save_key(access: Access, code: str, form: KeyForm) -> None:
    try:
        rows = form.rows
    except ValueError as error:
        raise StudyError(str(error)) from error
    key_tables.save_key(study=access.study, code=code, rows=rows, by=access.user)


def _is_saved(form: RulesForm | KeyForm, save: Any) -> bool:
    try:
        save()
    except StudyError as error:
        form.add_error(None, str(error))
        return False
    return True


def _to_the_next(request: HttpRequest, access: Access, code: str) -> HttpResponse:
    """To the next practice case of which nothing is said yet, else back to all of them."""
    messages.success(request, _("What is expected of %(code)s is saved.") % {"code": code})
    counts = key_tables.count_said(access.study, Design.objects.of(access.study))
    following = next((each for each, count in counts.items() if not count), None)
    if following is None:
        return redirect("reading:practice", access.study.key)
    return redirect("reading:practice_case", access.study.key, following)


def _about(found: Case) -> dict[str, Any]:
    made = Interpretation.objects.filter(generation__case=found, generation__replicate=1)
    return {
        "case": found,
        "reference": getattr(getattr(found, "reference", None), "label", ""),
        "images": list(Image.objects.filter(case=found).order_by("slot")),
        "outputs": made.select_related("generation__arm").order_by("generation__arm__position"),
    }
