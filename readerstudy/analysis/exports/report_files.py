"""The files a report can be taken away as."""

from __future__ import annotations

import base64
import json

from django.core.cache import cache
from django.template.loader import render_to_string

from readerstudy.analysis.document import Document, Section, document_of
from readerstudy.analysis.figures import draw_figure
from readerstudy.analysis.models import Report

REMEMBERED_SECONDS = 24 * 3600


def figure(report: Report, name: str) -> bytes | None:
    """The SVG of this name, or None if the report has no such figure."""
    key = f"figure:{report.input_sha256}:{report.pk}:{name}"
    found: bytes | None = cache.get(key)
    if found is None:
        found = draw_figure(report.content, name)
        if found is not None:
            cache.set(key, found, REMEMBERED_SECONDS)
    return found


def as_json(report: Report) -> bytes:
    """The frozen contents: full precision, sorted keys, null where a figure is undefined."""
    return (
        json.dumps(report.content, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True).encode()
        + b"\n"
    )


def as_html(report: Report) -> str:
    """The report as one file that needs no other and no network."""
    document = document_of(report.content)
    pictures = {name: _data_uri(report, name) for name in picture_names(document)}
    return render_to_string(
        "analysis/download.html", {"report": report, "document": document, "pictures": pictures}
    )


def picture_names(document: Document) -> list[str]:
    return [name for section in document.sections for name in _names(section)]


def _names(section: Section) -> list[str]:
    own = [picture.name for picture in section.pictures]
    return [*own, *(name for inner in section.inner for name in _names(inner))]


def _data_uri(report: Report, name: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(figure(report, name) or b"").decode()
