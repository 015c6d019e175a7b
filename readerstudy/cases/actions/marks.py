"""A coordinator's file of reference marks becomes part of the reference standards."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.mapping import spellings
from readerstudy.cases.matching import KnownCase
from readerstudy.cases.models import Case, Image, ReferenceStandard
from readerstudy.cases.policies import CasesError, check_can_label
from readerstudy.cases.reference_marks import Mark, MarkTable, misplaced
from readerstudy.cases.tables import Problem
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study

ROWS_AT_ONCE = 500
Frames = Mapping[str, tuple[int, int, int]]


def problems_of_marks(study: Study, table: MarkTable) -> list[Problem]:
    """Everything that keeps a file of marks from being stored; nothing where it fits."""
    found, problems = _matched(study, table)
    frames = _frames(study)
    misfits = [
        Problem(f"{code}: {sentence}", table.lines[name])
        for code, name in found.items()
        for mark in table.marks[name]
        if (sentence := misplaced(mark, frames.get(code, {})))
    ]
    return [*table.problems, *problems, *misfits]


@transaction.atomic
def import_marks(*, study: Study, table: MarkTable, by: User) -> int:
    """Stores the reference marks of every case that the file names, all or nothing; returns how many cases changed.

    Labels stay as they are. A second call changes none.

    Raises:
        CasesError: where the study is locked, or any mark does not fit.
    """
    check_can_label(locked(study))
    if problems_of_marks(study, table):
        raise CasesError(
            _("Nothing was written, because the marks do not fit the cases. Upload the file again.")
        )
    matched, _problems = _matched(study, table)
    marks = {code: table.marks[name] for code, name in matched.items()}
    changed = _changed(study, marks)
    _write(study, {code: marks[code] for code in changed})
    if changed:
        data = {"cases": sorted(changed), "marks": sum(len(marks[code]) for code in changed)}
        record("marks.import", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return len(changed)


def _write(study: Study, marks: Mapping[str, list[Mark]]) -> None:
    cases = {case.code: case for case in Case.objects.kept(study)}
    ReferenceStandard.objects.bulk_create(
        [ReferenceStandard(study=study, case=cases[code], marks=found) for code, found in marks.items()],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["marks"],
        batch_size=ROWS_AT_ONCE,
    )


def _changed(study: Study, marks: Mapping[str, list[Mark]]) -> set[str]:
    there = dict(ReferenceStandard.objects.filter(study=study).values_list("case__code", "marks"))
    return {code for code, found in marks.items() if there.get(code) != found}


def _matched(study: Study, table: MarkTable) -> tuple[dict[str, str], list[Problem]]:
    """The name that the file uses by the code of the case; a case is called by its code, folder or file."""
    known, found, problems = _names(Case.objects.known(study)), dict[str, str](), list[Problem]()
    for name in table.marks:
        codes = next((known[each] for each in spellings(name) if each in known), set[str]())
        if len(codes) == 1 and not found.keys() & codes:
            found[next(iter(codes))] = name
            continue
        sentence = _("“%(name)s” names no case of this study, several, or one that was named before.")
        problems.append(Problem(sentence % {"name": name}, table.lines[name]))
    return found, problems


def _names(cases: list[KnownCase]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for case in cases:
        for name in filter(None, (case.code, case.folder, *case.names)):
            for spelling in spellings(name):
                found.setdefault(spelling, set()).add(case.code)
    return found


def _frames(study: Study) -> dict[str, dict[str, tuple[int, int, int]]]:
    found: dict[str, dict[str, tuple[int, int, int]]] = {}
    for image in Image.objects.of(study).select_related("case"):
        size = (int(image.meta["width"]), int(image.meta["height"]), image.frames)
        found.setdefault(image.case.code, {})[image.slot] = size
    return found
