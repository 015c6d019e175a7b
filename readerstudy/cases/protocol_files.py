"""How the cases of a protocol file become rows before their images are here, and how rows read in a file.

A case that a file names waits for its images: a file called like it (`C001.png`, `C001/prior.dcm`, `C001-prior.dcm`)
finds its place by itself, any other by a mapping table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Max

from readerstudy.accounts.models import User
from readerstudy.cases.mapping import spellings
from readerstudy.cases.models import Case, Placement, Purpose, ReferenceStandard
from readerstudy.cases.protocol_image_sets import store_image_sets, told_image_sets
from readerstudy.cases.reference_marks import whole_mark
from readerstudy.cases.seats import as_slot
from readerstudy.studies.models import Study
from readerstudy.studies.protocol.case_tables import USUAL_SLOT, CaseList, CaseRow, canonical_row

ROWS_AT_ONCE = 500
IN_FILES = (Purpose.STUDY, Purpose.LATER, Purpose.PRACTICE, Purpose.CHECK, Purpose.EXAMPLE)


class CaseTable:
    """The cases room, as protocol files see it."""

    def store(self, study: Study, cases: CaseList, by: User) -> None:
        store_image_sets(study, cases.image_sets, by)
        _forget_others(study, [row["code"] for row in cases.rows])
        there = {case.code: case for case in Case.objects.kept(study)}
        _add(study, [row for row in cases.rows if row["code"] not in there])
        known = {case.code: case for case in Case.objects.kept(study)}
        for row in cases.rows:
            _fill(known[row["code"]], row, cases)
        _write_references(study, known, cases)
        _expect_files(study, cases)

    def told(self, study: Study) -> list[dict[str, Any]]:
        kept = Case.objects.kept(study).filter(purpose__in=IN_FILES).select_related("reference")
        return [_told(case) for case in kept]

    def told_image_sets(self, study: Study) -> list[dict[str, Any]]:
        return told_image_sets(study)


def _forget_others(study: Study, codes: list[str]) -> None:
    """Cases of an earlier file that never got an image go with it; those with images stay."""
    others = Case.objects.kept(study).filter(images=None).exclude(code__in=codes)
    ReferenceStandard.objects.filter(case__in=others).delete()
    Placement.objects.filter(study=study, folder__in=others.values("folder")).delete()
    others.delete()


def _add(study: Study, rows: list[CaseRow]) -> None:
    last = Case.objects.filter(study=study).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    Case.objects.bulk_create(
        Case(study=study, position=position, code=row["code"], folder=row["code"])
        for position, row in enumerate(rows, start=first)
    )


def _fill(case: Case, row: CaseRow, cases: CaseList) -> None:
    wanted = (row.get("clinical_text", ""), dict(row.get("strata", {})), _purpose(row["code"], cases))
    if (case.clinical_text, case.strata, case.purpose) != wanted:
        case.clinical_text, case.strata, case.purpose = wanted
        case.save(update_fields=["clinical_text", "strata", "purpose"])


def _purpose(code: str, cases: CaseList) -> Purpose:
    apart = {Purpose.PRACTICE: cases.practice, Purpose.CHECK: cases.checks, Purpose.EXAMPLE: cases.examples}
    return next((purpose for purpose, codes in apart.items() if code in codes), Purpose.STUDY)


def _write_references(study: Study, known: dict[str, Case], cases: CaseList) -> None:
    ReferenceStandard.objects.bulk_create(
        [
            ReferenceStandard(
                study=study,
                case=known[row["code"]],
                label=row.get("reference", ""),
                marks=[whole_mark(told) for told in row["marks"]] if "marks" in row else None,
            )
            for row in cases.rows
            if row.get("reference") or "marks" in row
        ],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["label", "marks"],
        batch_size=ROWS_AT_ONCE,
    )


def _expect_files(study: Study, cases: CaseList) -> None:
    """Remembers the names that the cases' files will have, as a mapping table would."""
    Placement.objects.bulk_create(
        [
            Placement(study=study, name=spellings(name)[0], folder=row["code"], slot=slot)
            for row in cases.rows
            for name, slot in _names(row["code"], cases.slots)
        ],
        ignore_conflicts=True,
        batch_size=ROWS_AT_ONCE,
    )


def _names(code: str, slots: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What the files of a case may be called, each with the slot it then has."""
    known = [as_slot(slot) or USUAL_SLOT for slot in slots] or [USUAL_SLOT]
    if len(known) == 1:
        yield code, known[0]
    for slot in known:
        for mark in "/-_":
            yield f"{code}{mark}{slot}", slot


def _told(case: Case) -> dict[str, Any]:
    label, marks = (case.reference.label, case.reference.marks) if hasattr(case, "reference") else ("", None)
    said = {"code": case.code, "strata": case.strata, "reference": label, "clinical_text": case.clinical_text}
    return canonical_row(said if marks is None else {**said, "marks": marks})
