"""Tables that a coordinator downloads: the report on every file, and the cases with their labels to be filled in.

Cells are made safe for spreadsheet programs, which would run a text that begins like a formula.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from readerstudy.cases.fates import files_of, tell_one
from readerstudy.cases.models import Case, Rendition
from readerstudy.cases.names import spreadsheet_safe
from readerstudy.studies.models import Study


def report_rows(study: Study) -> Iterator[list[str]]:
    """The per-file report, header first, in the order in which files came in."""
    yield ["file", "fate", "reason", "case", "slot", "frame", "confirmed", "bytes", "received", "finished"]
    for upload in files_of(study).order_by("pk").iterator(chunk_size=1000):
        told = tell_one(upload)
        image = upload.image
        cells = [
            told.name,
            upload.fate,
            told.reason,
            told.case,
            image.slot if image else "",
            str(image.shown_frame(upload.frame) + 1) if image else "",
            _moment(image.confirmed_at if image else None),
            str(upload.size),
            _moment(upload.received_at),
            _moment(upload.finished_at),
        ]
        yield cells


def recipe_rows(study: Study) -> Iterator[list[str]]:
    """How every clean file that counts was made, header first: what a methods section or an auditor asks for."""
    yield [
        "case", "slot", "version", "kind", "frame", "mime", "width", "height", "bytes", "sha256_in", "sha256_out",
        "recipe",
    ]  # fmt: skip
    found = Rendition.objects.current().filter(image__case__in=Case.objects.read(study))
    ordered = found.select_related("image__case").order_by(
        "image__case__position", "image__slot", "kind", "frame"
    )
    for row in ordered.iterator(chunk_size=1000):
        recipe = dict(row.recipe)
        hashes = [str(recipe.pop("input_sha256", "")), row.sha256]
        place = [row.image.case.code, row.image.slot, str(row.version), row.kind, str(row.frame), row.mime]
        sizes = [str(row.width), str(row.height), str(row.size)]
        yield [*place, *sizes, *hashes, json.dumps(recipe, sort_keys=True)]


def label_rows(study: Study) -> Iterator[list[str]]:
    """The study's cases as a table of labels, header first; filled in, it can be uploaded as it is."""
    cases = Case.objects.known(study)
    strata = sorted({name for case in cases for name in case.strata})
    yield ["case", "file", "reference", "clinical_text", *strata]
    for case in cases:
        file = case.names[0] if case.names else ""
        labels = [case.strata.get(name, "") for name in strata]
        yield [case.code, file, case.reference, case.clinical_text, *labels]


def as_csv(rows: Iterable[list[str]]) -> Iterator[bytes]:
    """The rows as CSV, line by line, in UTF-8 with the mark by which spreadsheet programs know it."""
    writer = csv.writer(_Echo())
    yield "\ufeff".encode()
    for row in rows:
        yield writer.writerow([spreadsheet_safe(cell) for cell in row])


class _Echo:
    """Hands each line back instead of writing it."""

    def write(self, line: str) -> bytes:
        return line.encode()


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
