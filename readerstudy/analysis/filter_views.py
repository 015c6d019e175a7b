"""A part of the results by filters: computed anew at every choice, never stored, and never taken for the report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from readerstudy.analysis.actions import note_look, standing_evidence, standing_report
from readerstudy.analysis.document import part_document
from readerstudy.analysis.filters import FilterForm, held, part_of
from readerstudy.analysis.rated import is_rated
from readerstudy.analysis.report import part_report
from readerstudy.analysis.stations import ROLES
from readerstudy.studies.access import access_results
from readerstudy.studies.views import console


@require_safe
def show_part(request: HttpRequest, key: str) -> HttpResponse:
    """The figures of the cases, readers and arm that the filters keep."""
    access = access_results(request, key, *ROLES)
    if not is_rated(access.study):
        return redirect("analysis:report", key)
    evidence = standing_evidence(access.study)
    form = FilterForm(request.GET, evidence=evidence)
    context: dict[str, object] = {"form": form, "holding": None, "document": None}
    if form.is_valid() and form.chosen:
        holding = held(form)
        report = standing_report(study=access.study, by=access.user)
        note_look(report=report, by=access.user, view=holding.keys)
        context["holding"] = holding
        context["document"] = part_document(part_report(part_of(evidence, form)))
    name = "analysis/part.html#part" if request.headers.get("HX-Request") else "analysis/part.html"
    return render(request, name, {**console(access), **context})
