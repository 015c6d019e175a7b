"""A mapping table is remembered for files still to come, and moves the images that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.placing import next_case
from readerstudy.cases.mapping import MappingRow, MappingTable, spellings
from readerstudy.cases.models import Case, Fate, Image, Placement, Upload
from readerstudy.cases.policies import CasesError, check_can_add_images
from readerstudy.cases.seats import Seat
from readerstudy.cases.tables import Problem
from readerstudy.cases.uses import used_cases
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Placed:
    """What a table did: images moved to other cases or slots, and rows whose files are not here yet."""

    moved: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Move:
    """An image and the seat that a line gives it."""

    image: Image
    seat: Seat
    line: int


@transaction.atomic
def apply_mapping(*, study: Study, table: MappingTable, by: User) -> Placed:
    """Moves images to the cases and slots a table names, all or nothing, and remembers it for files to come.

    Raises `CasesError` where the study is locked, the table has problems, or two images would share a slot.
    """
    study = locked(study)
    check_can_add_images(study)
    if table.problems:
        raise CasesError(" ".join(map(str, table.problems[:5])))
    found = _found(study, table)
    moves = [move for move in found if _differs(move)]
    _check_free(study, moves)
    _check_unused(moves)
    _remember(study, table)
    _move(study, moves)
    waiting = _unmet(study, table)
    data = {"rows": len(table.rows), "moved": len(moves), "table_sha256": table.sha256}
    record("image.place", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return Placed(moved=len(moves), waiting=waiting)


def _found(study: Study, table: MappingTable) -> list[_Move]:
    """Every image of which the table names a file, by the first such slice."""
    seats = {row.name: row for row in table.rows}
    moves: dict[int, _Move] = {}
    uploads = Upload.objects.of(study).filter(fate=Fate.RENDERED, image__case__left_out_at=None)
    for upload in uploads.select_related("image__case__reference"):
        row = _row_for(upload.original_name, seats)
        if row is not None and upload.image is not None:
            moves.setdefault(upload.image.pk, _Move(upload.image, row.seat, row.line))
    return sorted(moves.values(), key=lambda move: (move.image.case.position, move.image.slot))


def _row_for(name: str, rows: Mapping[str, MappingRow]) -> MappingRow | None:
    return next((rows[spelling] for spelling in spellings(name) if spelling in rows), None)


def _differs(move: _Move) -> bool:
    return (move.image.case.folder, move.image.slot) != (move.seat.folder, move.seat.slot)


def _check_free(study: Study, moves: Sequence[_Move]) -> None:
    moving = {move.image.pk for move in moves}
    staying = Image.objects.of(study).exclude(pk__in=moving).exclude(case__folder="")
    taken = {Seat(folder, slot): 0 for folder, slot in staying.values_list("case__folder", "slot")}
    for move in moves:
        if move.seat in taken:
            sentence = _("This slot of this case is taken already. Give the image another slot.")
            raise CasesError(str(Problem(sentence, move.line)))
        taken[move.seat] = move.line


def _check_unused(moves: Sequence[_Move]) -> None:
    used = used_cases({move.image.case.pk for move in moves})
    for move in moves:
        if move.image.case.pk in used:
            sentence = _(
                "A model was already asked about this file’s case, so its images stay where they are."
            )
            raise CasesError(str(Problem(sentence, move.line)))


def _remember(study: Study, table: MappingTable) -> None:
    rows = [
        Placement(study=study, name=row.name, folder=row.seat.folder, slot=row.seat.slot)
        for row in table.rows
    ]
    Placement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["study", "name"],
        update_fields=["folder", "slot"],
        batch_size=ROWS_AT_ONCE,
    )


def _move(study: Study, moves: Sequence[_Move]) -> None:
    """Through slots of their own, because two images may change places."""
    for move in moves:
        Image.objects.filter(pk=move.image.pk).update(slot=f"moving-{move.image.pk}")
    left = {move.image.case.pk: move.image.case for move in moves}
    for move in moves:
        case = _case_for(study, move, left)
        _carry_strata(move.image.case, case)
        Image.objects.filter(pk=move.image.pk).update(case=case, slot=move.seat.slot)
    _dissolve(left.values())


def _carry_strata(before: Case, after: Case) -> None:
    if before.pk != after.pk and before.strata:
        after.strata = {**before.strata, **after.strata}
        after.save(update_fields=["strata"])


def _case_for(study: Study, move: _Move, left: dict[int, Case]) -> Case:
    """The case of that name; else the image's own, if nobody has named that one yet; else a new one."""
    case = Case.objects.kept(study).filter(folder=move.seat.folder).first()
    if case is None and not move.image.case.folder:
        case = move.image.case
        case.folder = move.seat.folder
        case.save(update_fields=["folder"])
    case = case or next_case(study, move.seat.folder)
    left.pop(case.pk, None)
    return case


def _dissolve(cases: Iterable[Case]) -> None:
    """Deletes cases that have no image any more. One with labels or outputs of its own stays, and stops the move."""
    for case in cases:
        if case.images.exists():
            continue
        if hasattr(case, "reference") or case.clinical_text:
            raise CasesError(
                _(
                    "Case %(code)s would lose its only image but has labels. Read this table before the labels, or "
                    "give the image to a case of its own."
                )
                % {"code": case.code}
            )
        try:
            case.delete()
        except ProtectedError:
            raise CasesError(
                _(
                    "Case %(code)s would lose its only image but has outputs. Place images before outputs are made."
                )
                % {"code": case.code}
            ) from None


def _unmet(study: Study, table: MappingTable) -> int:
    """Rows that name no file that is here."""
    names = Upload.objects.of(study).exclude(original_name="").values_list("original_name", flat=True)
    met = {spelling for name in names for spelling in spellings(name)}
    return sum(row.name not in met for row in table.rows)
