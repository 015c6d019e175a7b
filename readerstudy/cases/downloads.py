"""Tables that a coordinator downloads: the report on every file, and the cases with their labels to be filled in.

Cells are made safe for spreadsheet programs, which would run a text that begins like a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from readerstudy.cases.fates import files_of, tell_one
from readerstudy.cases.models import Case
from readerstudy.cases.names import spreadsheet_safe
from readerstudy.studies.models import Study


def report_rows(study: Study) -> Iterator[list[str]]:
    """The per-file report, header first, in the order in which files came in."""
    yield ["file", "fate", "reason", "case", "confirmed", "bytes", "received", "finished"]
    for upload in files_of(study).order_by("pk").iterator(chunk_size=1000):
        told = tell_one(upload)
        image = upload.image if hasattr(upload, "image") else None
        cells = [
            told.name,
            upload.fate,
            told.reason,
            told.case,
            _moment(image.confirmed_at if image else None),
            str(upload.size),
            _moment(upload.received_at),
            _moment(upload.finished_at),
        ]
        yield cells


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
