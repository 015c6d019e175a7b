"""The files a report can be taken away as."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.translation import get_language

from readerstudy.analysis.document import Document, Section, document_of, looks
from readerstudy.analysis.figures import draw_figure
from readerstudy.analysis.figures.svg import Form
from readerstudy.analysis.models import InterimLook, Report

REMEMBERED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Shown:
    """Where a picture's drawing for a light page is found; beside it that for a dark one, and files to keep by form."""

    light: str
    dark: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def figure(report: Report, name: str, *, form: Form = "svg", dark: bool = False) -> bytes | None:
    """The figure of this name as a file, or None if the report has no such figure.

    It is drawn once for each report, form, ground and language.
    """
    look = f"{'dark' if dark else 'light'}:{get_language()}"
    key = f"figure:{report.input_sha256}:{report.pk}:{name}:{form}:{look}"
    found: bytes | None = cache.get(key)
    if found is None:
        found = draw_figure(report.content, name, form=form, dark=dark)
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
    document = document_for(report)
    pictures = {name: Shown(_data_uri(report, name)) for name in picture_names(document)}
    return render_to_string(
        "analysis/download.html", {"report": report, "document": document, "pictures": pictures}
    )


def document_for(report: Report) -> Document:
    """The report in words, and at its end who looked at results before the data were locked."""
    document = document_of(report.content)
    found = looks.section(list(InterimLook.objects.of(report.study)))
    return replace(document, sections=(*document.sections, found))


def picture_names(document: Document) -> list[str]:
    return [name for section in document.sections for name in _names(section)]


def _names(section: Section) -> list[str]:
    own = [picture.name for picture in section.pictures]
    return [*own, *(name for inner in section.inner for name in _names(inner))]


def _data_uri(report: Report, name: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(figure(report, name) or b"").decode()
