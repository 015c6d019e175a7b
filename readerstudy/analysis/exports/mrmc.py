"""Readings against a reference standard in the forms of iMRMC and RJafroc, one pair of files a question.

A question is taken where its answers say how sure a reader is of the positive class: a confidence, signed by the choice
before it; a scale that the protocol evaluates by an AUC; or a choice that offers the positive label, as 1 and 0.
Programs want numbers for names: `mrmc/names.csv` says which is which.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import Column
from readerstudy.analysis.declared import CHOICES, choice_before
from readerstudy.analysis.exports.tables import ExportTable, Source, fetched, fixed
from readerstudy.analysis.exports.workbook import MADE
from readerstudy.analysis.table import reference_of
from readerstudy.studies.models import Criterion, Design, Kind
from readerstudy.studies.models.criterion import Scope

UNAIDED = "unaided"
TRUTH, NOTHING = -1, 0
ASKED_ABOUT = (Scope.OUTPUT, Scope.CASE)

GIVEN = """
SELECT s.seat, c.id, a.position, v.criterion_id, v.value, v.score,
       coalesce(o.arm_id, a.arm_id, (SELECT min(x.arm_id) FROM reading_allocatedoutput x WHERE x.allocation_id = a.id
                                     HAVING count(*) = 1))
FROM reading_rating v
JOIN reading_allocation a ON a.id = v.allocation_id AND a.kind = 'main'
JOIN reading_allocationplan p ON p.id = a.plan_id AND NOT p.is_pilot
JOIN studies_membership s ON s.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id AND c.left_out_at IS NULL
LEFT JOIN reading_allocatedoutput o ON o.id = v.output_id
WHERE p.study_id = %(study)s AND v.value <> '' AND v.part = '' AND v.criterion_id = ANY(%(criteria)s)
ORDER BY s.seat, c.position, a.position, v.id
"""


@dataclass(frozen=True)
class Score:
    """One reading: the reader's seat, the case's number, the modality's number, and how sure of the positive class."""

    reader: int
    case: int
    modality: int
    score: float


@dataclass(frozen=True)
class Readings:
    """All readings of one question; `truth` maps a case's number to whether it is positive."""

    scores: tuple[Score, ...]
    truth: dict[int, bool]

    @property
    def readers(self) -> list[int]:
        return sorted({each.reader for each in self.scores})

    @property
    def modalities(self) -> list[int]:
        return sorted({each.modality for each in self.scores})

    @property
    def known(self) -> dict[int, bool]:
        """The cases that were read."""
        read = {each.case for each in self.scores}
        return {case: positive for case, positive in self.truth.items() if case in read}

    def crossed(self) -> Readings:
        """Of these the cases that every reader rated in every modality, negative ones first."""
        whole, counted = len(self.readers) * len(self.modalities), Counter(each.case for each in self.scores)
        kept = sorted((case for case in self.known if counted[case] == whole), key=self.truth.__getitem__)
        scores = tuple(each for each in self.scores if counted[each.case] == whole)
        return Readings(scores, {case: self.truth[case] for case in kept})


def questions(source: Source) -> list[Criterion]:
    """The questions that can be analysed so; none without a positive label and both classes among the cases."""
    positive = source.study.positive_label
    if len(set(_truth(source).values())) < 2:
        return []
    endpoints = Design.objects.of(source.study).section("endpoints")
    by_auc = {each.get("criterion") for each in endpoints if each["statistic"] == "auc"}
    return [
        row
        for row in source.long.criteria.values()
        if row.applies_to in ASKED_ABOUT
        and (
            row.key in by_auc
            or row.kind == Kind.CONFIDENCE
            or (row.kind in CHOICES and positive in row.values)
        )
    ]


def _truth(source: Source) -> dict[int, bool]:
    """Whether a case is positive, by its number in the order of the study; cases without a reference are left out."""
    positive = source.study.positive_label
    labels = {number: reference_of(case) for number, case in enumerate(source.long.cases.values(), 1)}
    return {number: label == positive for number, label in labels.items() if label and positive}


def readings(source: Source, criterion: Criterion) -> Readings:
    """What was answered to a question, in the order of readers and cases; repeats do not count."""
    before = choice_before(source.long, criterion) if criterion.kind not in CHOICES else None
    asked = [criterion.pk, *([before.pk] if before else [])]
    rows = list(fetched(GIVEN, {"study": source.study.pk, "criteria": asked}))
    chosen = {(row[0], row[2], row[6]): row[4] for row in rows if before and row[3] == before.pk}
    cases = {pk: number for number, pk in enumerate(source.long.cases, 1)}
    arms = {pk: number for number, pk in enumerate(source.arms, 1)}
    truth, found = _truth(source), []
    for seat, case, position, asked_, value, score, arm in rows:
        if asked_ != criterion.pk or cases.get(case) not in truth:
            continue
        said = _said(source, criterion, value, score)
        if said is not None and before is not None:
            choice = chosen.get((seat, position, arm))
            said = None if choice is None else said if choice == source.study.positive_label else -said
        if said is not None:
            found.append(Score(seat, cases[case], arms.get(arm, NOTHING), said))
    return Readings(tuple(found), truth)


def _said(source: Source, criterion: Criterion, value: str, score: float | None) -> float | None:
    return float(value == source.study.positive_label) if criterion.kind in CHOICES else score


def imrmc(source: Source, criterion: Criterion) -> bytes:
    """The input file of iMRMC: counts, then reader, case, modality and score; reader -1 tells the truth."""
    found = readings(source, criterion)
    known = found.known
    lines = [
        f"{cells.text(source.study.key)} {criterion.key}",
        f"N0: {sum(not positive for positive in known.values())}",
        f"N1: {sum(known.values())}",
        f"NR: {len(found.readers)}",
        f"NM: {len(found.modalities)}",
        "",
        "BEGIN DATA:",
        *(f"{TRUTH},{case},{NOTHING},{int(positive)}" for case, positive in known.items()),
        *(f"{each.reader},{each.case},{each.modality},{cells.number(each.score)}" for each in found.scores),
    ]
    return "\r\n".join([*lines, ""]).encode()


def jafroc(source: Source, criterion: Criterion) -> bytes:
    """The workbook that RJafroc's DfReadDataFile reads: the sheets Truth, TP and FP of an ROC study.

    Such a study has no blank, so it holds the cases alone that every reader rated in every modality.
    """
    import xlsxwriter

    found = readings(source, criterion).crossed()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roc.xlsx"
        book = xlsxwriter.Workbook(str(path), {"tmpdir": folder, "strings_to_formulas": False})
        book.set_properties({"created": MADE})
        for name, rows in (("TP", _positive(found)), ("FP", _negative(found)), ("Truth", _told(found))):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                _write(sheet, number, row)
        book.close()
        return path.read_bytes()


def _write(sheet: Any, number: int, row: tuple[Any, ...]) -> None:
    for place, cell in enumerate(row):
        (sheet.write_string if isinstance(cell, str) else sheet.write_number)(number, place, cell)


def _told(found: Readings) -> Iterator[tuple[Any, ...]]:
    """One row a case: LesionID 1 where it is positive; who read it; that it is a factorial ROC study."""
    readers, modalities = (", ".join(map(str, each)) for each in (found.readers, found.modalities))
    yield ("CaseID", "LesionID", "Weight", "ReaderID", "ModalityID", "Paradigm")
    for place, (case, positive) in enumerate(found.known.items()):
        paradigm = ("ROC", "FCTRL")[place : place + 1]
        yield (case, int(positive), int(positive), readers, modalities, *paradigm)


def _positive(found: Readings) -> Iterator[tuple[Any, ...]]:
    yield ("ReaderID", "ModalityID", "CaseID", "LesionID", "TP_Rating")
    for each in found.scores:
        if found.truth[each.case]:
            yield (each.reader, each.modality, each.case, 1, each.score)


def _negative(found: Readings) -> Iterator[tuple[Any, ...]]:
    yield ("ReaderID", "ModalityID", "CaseID", "FP_Rating")
    for each in found.scores:
        if not found.truth[each.case]:
            yield (each.reader, each.modality, each.case, each.score)


def _names(source: Source) -> Iterator[list[str]]:
    for number, case in enumerate(source.long.cases.values(), 1):
        yield ["case", str(number), cells.text(case.code)]
    yield ["modality", str(NOTHING), UNAIDED]
    for number, arm in enumerate(source.arms.values(), 1):
        yield ["modality", str(number), arm]
    for reader in source.long.readers.values():
        yield ["reader", str(reader.seat), reader.pseudonym]


names = ExportTable(
    "mrmc/names.csv",
    gettext_lazy("Which case, modality and reader each number in the MRMC files stands for."),
    fixed(
        Column("what", "What the number stands for.", "case, modality, reader"),
        Column("number", "The number in the MRMC files.", "from 1; modality 0 = the case without an output"),
        Column("name", "The name in all other files."),
    ),
    _names,
    "mrmc",
)

Made = Callable[[Source], bytes]


def files(source: Source) -> list[tuple[str, str | Promise, Made]]:
    """(name, purpose, how it is made) of each question's two files."""
    return [
        (f"mrmc/{row.key}.{ending}", purpose % {"question": row.question}, _bound(made, row))
        for row in questions(source)
        for ending, purpose, made in (
            ("imrmc", _("“%(question)s” for iMRMC."), imrmc),
            (
                "xlsx",
                _("“%(question)s” for RJafroc, the cases that every reader rated in every modality."),
                jafroc,
            ),
        )
    ]


def _bound(made: Callable[[Source, Criterion], bytes], criterion: Criterion) -> Made:
    return lambda source: made(source, criterion)
