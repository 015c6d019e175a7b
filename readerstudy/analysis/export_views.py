"""The page of everything a study can be taken away as, and its files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from readerstudy.analysis.actions import current_report, note_export
from readerstudy.analysis.exports.catalogue import WITH_REPORT, catalogue, named, streamed
from readerstudy.analysis.exports.tables import Source
from readerstudy.analysis.models import Report
from readerstudy.analysis.rated import is_rated
from readerstudy.analysis.stations import ROLES
from readerstudy.studies.access import Access, access_results
from readerstudy.studies.views import console


@require_safe
def show_files(request: HttpRequest, key: str) -> HttpResponse:
    """Every file in groups, each with a sentence that says what it is for."""
    access = access_results(request, key, *ROLES)
    source, report = Source(access.study), _report(access)
    context = {"groups": catalogue(source, report), "report": report, "is_blinded": source.is_blinded}
    return render(request, "analysis/files.html", {**console(access), **context})


@require_safe
def download_file(request: HttpRequest, key: str, name: str) -> StreamingHttpResponse:
    """One file, streamed from one moment of the database."""
    access = access_results(request, key, *ROLES)
    report = _report(access) if name in WITH_REPORT else None
    file = named(Source(access.study), report, name)
    if file is None:
        raise Http404
    note_export(study=access.study, by=access.user, file=name)
    plain = name.replace("/", "-")
    headers = {"Content-Disposition": f'attachment; filename="{access.study.key}-{plain}"'}
    return StreamingHttpResponse(
        streamed(access.study, name, report), content_type=file.mime, headers=headers
    )


def _report(access: Access) -> Report | None:
    return current_report(study=access.study, by=access.user) if is_rated(access.study) else None
