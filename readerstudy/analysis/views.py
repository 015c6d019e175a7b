"""The researcher's room: the report as a page, its figures, and the files to take away."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from readerstudy.analysis import exports
from readerstudy.analysis.actions import current_report, note_export, note_look
from readerstudy.analysis.codebook import codebook
from readerstudy.analysis.document import document_of
from readerstudy.analysis.models import Report
from readerstudy.analysis.outputs import outputs_csv
from readerstudy.analysis.readers_table import readers_csv
from readerstudy.analysis.stations import ROLES
from readerstudy.analysis.table import COUNTED, LongTable, csv_of
from readerstudy.reading.models import Rating
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Study
from readerstudy.studies.views import console

FIGURE_SECONDS = 30 * 24 * 3600


@require_safe
def show_report(request: HttpRequest, key: str) -> HttpResponse:
    """The report on the data as they are, or the frozen one that `?of=` names."""
    access = access_study(request, key, *ROLES)
    if not _is_rated(access):
        return render(request, "analysis/empty.html", console(access))
    report = _wanted(request, access)
    document = document_of(report.content)
    pictures = {name: _figure_url(report, name) for name in exports.picture_names(document)}
    context = {"report": report, "document": document, "pictures": pictures}
    return render(request, "analysis/report.html", {**console(access), **context})


@require_safe
def show_figure(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """One figure of a frozen report; its address names the report, so browsers may keep it."""
    access = access_study(request, key, *ROLES)
    drawn = exports.figure(_wanted(request, access), name)
    if drawn is None:
        raise Http404
    response = HttpResponse(drawn, content_type="image/svg+xml")
    if "of" in request.GET:
        response["Cache-Control"] = f"private, max-age={FIGURE_SECONDS}, immutable"
    return response


@require_safe
def download_ratings(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """The long table, streamed: what is sent is not kept."""
    return _export(request, key, "ratings.csv", csv_of)


@require_safe
def download_outputs(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """Every output with its verdict, label, confidence and boxes, streamed."""
    return _export(request, key, "outputs.csv", outputs_csv)


@require_safe
def download_codebook(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, *ROLES)
    headers = _attachment(access, "codebook.csv", "text/csv; charset=utf-8")
    return HttpResponse(codebook(LongTable.of(access.study)), headers=headers)


@require_safe
def download_readers(request: HttpRequest, key: str) -> StreamingHttpResponse:
    """One row a reader: profile, practice, time, the answers after the last case."""
    return _export(request, key, "readers.csv", lambda study: [readers_csv(study)])


@require_safe
def download_html(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, *ROLES)
    page = exports.as_html(_wanted(request, access))
    return HttpResponse(page, headers=_attachment(access, "report.html", "text/html; charset=utf-8"))


@require_safe
def download_json(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, *ROLES)
    content = exports.as_json(_wanted(request, access))
    return HttpResponse(content, headers=_attachment(access, "report.json", "application/json"))


def _export(
    request: HttpRequest, key: str, name: str, table: Callable[[Study], Iterable[bytes | str]]
) -> StreamingHttpResponse:
    """A table of what people gave, streamed as a file; who took it is written down."""
    access = access_study(request, key, *ROLES)
    note_export(study=access.study, by=access.user)
    headers = _attachment(access, name, "text/csv; charset=utf-8")
    return StreamingHttpResponse(table(access.study), headers=headers)


def _wanted(request: HttpRequest, access: Access) -> Report:
    """The report that `?of=` names by its input's hash, else the current one."""
    if "of" not in request.GET:
        return current_report(study=access.study, by=access.user)
    named = Report.objects.filter(study=access.study, input_sha256=request.GET["of"]).order_by("-pk")
    report = get_object_or_404(named[:1])
    note_look(report=report, by=access.user)
    return report


def _figure_url(report: Report, name: str) -> str:
    path = reverse("analysis:figure", args=[report.study.key, name])
    return f"{path}?of={report.input_sha256}"


def _is_rated(access: Access) -> bool:
    mine = {"allocation__plan__study": access.study, "allocation__plan__is_pilot": False}
    mine |= {"allocation__kind__in": COUNTED}
    return Rating.objects.filter(**mine).exclude(value="").exists()


def _attachment(access: Access, name: str, kind: str) -> dict[str, str]:
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{access.study.key}-{name}"',
    }
