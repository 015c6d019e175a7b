"""The researcher's room: the report as a page, its figures, and the report as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from readerstudy.analysis import exports
from readerstudy.analysis.actions import current_report, note_look
from readerstudy.analysis.case_views import ROLES as CASE_ROLES
from readerstudy.analysis.figures.svg import FORMS, Form
from readerstudy.analysis.models import InterimLook, Report
from readerstudy.analysis.rated import is_rated
from readerstudy.analysis.stations import ROLES
from readerstudy.studies.access import Access, access_results
from readerstudy.studies.views import console

FIGURE_SECONDS = 30 * 24 * 3600


@require_safe
def show_report(request: HttpRequest, key: str) -> HttpResponse:
    """The report on the data as they are, or the frozen one that `?of=` names."""
    access = access_results(request, key, *ROLES)
    if not is_rated(access.study):
        return render(request, "analysis/empty.html", console(access))
    report = _wanted(request, access)
    document = exports.document_for(report)
    pictures = {name: _shown(report, name) for name in exports.picture_names(document)}
    look = InterimLook.objects.filter(report=report, by=access.user, view="").first()
    shows_cases = bool(access.roles & set(CASE_ROLES))
    context = {"report": report, "document": document, "pictures": pictures, "look": look}
    context |= {"shows_cases": shows_cases}
    return render(request, "analysis/report.html", {**console(access), **context})


@require_safe
def show_figure(request: HttpRequest, key: str, name: str, form: Form) -> HttpResponse:
    """One figure of a frozen report; its address names the report, so browsers may keep it."""
    access = access_results(request, key, *ROLES)
    drawn = exports.figure(_wanted(request, access), name, form=form, dark="dark" in request.GET)
    if drawn is None:
        raise Http404
    response = HttpResponse(drawn, content_type=FORMS[form])
    if "of" in request.GET:
        response["Cache-Control"] = f"private, max-age={FIGURE_SECONDS}, immutable"
    return response


@require_safe
def download_html(request: HttpRequest, key: str) -> HttpResponse:
    access = access_results(request, key, *ROLES)
    page = exports.as_html(_wanted(request, access))
    return HttpResponse(page, headers=_attachment(access, "report.html", "text/html; charset=utf-8"))


@require_safe
def download_json(request: HttpRequest, key: str) -> HttpResponse:
    access = access_results(request, key, *ROLES)
    content = exports.as_json(_wanted(request, access))
    return HttpResponse(content, headers=_attachment(access, "report.json", "application/json"))


def _wanted(request: HttpRequest, access: Access) -> Report:
    """The report that `?of=` names by its input's hash, else the current one."""
    if "of" not in request.GET:
        return current_report(study=access.study, by=access.user)
    named = (
        Report.objects.filter(study=access.study, input_sha256=request.GET["of"])
        .select_related("study")
        .order_by("-pk")
    )
    report = get_object_or_404(named[:1])
    note_look(report=report, by=access.user)
    return report


def _shown(report: Report, name: str) -> exports.Shown:
    """The addresses of a picture for both grounds and of its files."""

    def address(form: Form) -> str:
        path = reverse("analysis:figure", args=[report.study.key, name, form])
        return f"{path}?of={report.input_sha256}"

    return exports.Shown(
        light=address("svg"),
        dark=address("svg") + "&dark=1",
        files={form.upper(): address(form) for form in FORMS},
    )


def _attachment(access: Access, name: str, kind: str) -> dict[str, str]:
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{access.study.key}-{name}"',
    }
