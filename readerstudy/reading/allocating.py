"""Every write of an allocation: draw a plan, let a reader join or take over, release a batch of cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.designs.allocation import ALGORITHM
from readerstudy.designs.plan import PlanError
from readerstudy.designs.rows import Presentation, RowKind
from readerstudy.reading.allocating_rows import Drawing
from readerstudy.reading.allocating_store import Names, store, store_hidden
from readerstudy.reading.models import Allocation, AllocationPlan, CaseBatch, Replacement
from readerstudy.reading.planning import batch_cases, excluded_of, pilot_fields, plan_fields
from readerstudy.studies.actions import add_member, invite_member, locked, remove_member
from readerstudy.studies.actions.life import carry_out
from readerstudy.studies.lifecycle import Deed, State
from readerstudy.studies.models import Design, Membership, Role, Study
from readerstudy.studies.policies import StudyError

OPEN_TO_ALLOCATION = frozenset({State.LOCKED, State.RUNNING, State.PAUSED})


@transaction.atomic
def start_study(*, study: Study, by: User) -> Study:
    """Locks a study and opens its reading room at once, without a signature; all of it or nothing.

    In the browser a lock is signed: see `studies.actions.life`.
    """
    study = carry_out(study=study, deed=Deed.LOCK, by=by, unsigned=True)
    return carry_out(study=study, deed=Deed.OPEN, by=by)


@transaction.atomic
def draw_plan(*, study: Study, by: User | None, pilot_cases: int | None = None) -> AllocationPlan:
    """Draws and stores the allocation of every present reader under the study's plan.

    With `pilot_cases` it is a pilot's: an order of its own over so many cases, all of them for everybody.

    Raises:
        StudyError: where the plan cannot be drawn from what is there; the sentence says why and what would work.
    """
    readers = [seat.seat or 0 for seat in Membership.objects.readers(study)]
    fields = (
        plan_fields(study, Design.objects.of(study))
        if pilot_cases is None
        else pilot_fields(study, pilot_cases)
    )
    last = max(readers, default=0)
    plan = AllocationPlan(study=study, algorithm=ALGORITHM, seats=last, first=readers, **fields)
    drawing = Drawing(plan)
    rows, hidden = refusing(drawing, readers), drawing.hidden_places(readers)
    plan.save()
    _store(plan, rows, hidden, drawing)
    data = {"algorithm": plan.algorithm, "readers": len(readers), "presentations": len(rows)}
    data |= {"is_pilot": True} if plan.is_pilot else {}
    record("allocation.draw", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return plan


@transaction.atomic
def allocate_reader(*, plan: AllocationPlan, seat: Membership, by: User | None = None) -> int:
    """Gives a reader who joined later the block that the plan holds for the seat; moves nobody.

    Without `by` the reader's own first visit did it. Returns how many presentations were added: 0 for a reader who has
    some already.
    """
    Membership.objects.select_for_update().get(pk=seat.pk)
    if seat.seat is None or Allocation.objects.filter(plan=plan, seat=seat).exists():
        return 0
    drawing = Drawing.of(plan)
    rows = drawing.rows([seat.seat])
    _store(plan, rows, drawing.hidden_places([seat.seat]), drawing)
    data = {"presentations": len(rows)}
    stream = study_stream(seat.study_id, seat.seat)
    record("allocation.join", by=by, stream=stream, subject=seat.pseudonym, data=data)
    return len(rows)


@transaction.atomic
def replace_reader(*, leaver: Membership, successor: User, reason: str, by: User) -> Replacement:
    """A person takes over what a reader has not submitted; both together keep what the plan promised for the seat.

    The leaver's access ends, and all that was rated stays. Practice is the successor's own, and a repeat goes over only
    together with its first presentation.

    Raises:
        StudyError: where nothing is left to take over, or the successor has presentations already.
    """
    study = locked(leaver.study)
    plan = _plan_in_use(study)
    if not reason.strip():
        raise StudyError(_("Say why this reader is replaced."))
    if Replacement.objects.filter(leaver=leaver).exists():
        raise StudyError(_("%(reader)s has been replaced already.") % {"reader": leaver.pseudonym})
    left = unread_of(leaver)
    if not left:
        raise StudyError(
            _("%(reader)s has read everything; nothing is left to take over.") % {"reader": leaver.pseudonym}
        )
    seat = _successor(study, successor, leaver, by)
    batch = CaseBatch.objects.filter(plan=plan).count()
    row = Replacement.objects.create(
        plan=plan,
        leaver=leaver,
        successor=seat,
        positions=sorted(allocation.position for allocation in left),
        batch=batch,
        reason=reason.strip(),
        by=by,
    )
    _hand_over(plan, seat, left)
    if leaver.removed_at is None:
        remove_member(membership=leaver, by=by)
    data = {"successor": seat.pseudonym, "presentations": len(left), "reason": reason.strip()}
    record("reader.replace", by=by, stream=study_stream(study.pk), subject=leaver.pseudonym, data=data)
    return row


@transaction.atomic
def release_batch(*, study: Study, by: User) -> CaseBatch:
    """Gives every reader the cases that were held back at the lock, after all that they have already.

    Raises:
        StudyError: where none is held back, or the plan cannot be drawn from them.
    """
    study = locked(study)
    plan = _plan_in_use(study)
    cases = batch_cases(study, plan)
    if not cases:
        raise StudyError(_("No case was held back at the lock, so there is none to release."))
    before = Drawing.of(plan)
    seats = _seats_with_rows(plan)
    known = {(row.reader, row.position) for row in before.rows(seats)}
    hidden_before = before.hidden_places(seats)
    batch = CaseBatch(
        plan=plan,
        number=len(before.cases),
        cases=cases,
        excluded=excluded_of(study, cases),
        by=by,
        at=timezone.now(),
    )
    batch.save()
    after = Drawing.of(plan)
    rows = [row for row in refusing(after, seats) if (row.reader, row.position) not in known]
    _store(plan, rows, after.hidden_places(seats) - hidden_before, after)
    data = {"batch": batch.number, "cases": len(cases), "presentations": len(rows)}
    record("allocation.release", by=by, stream=study_stream(study.pk), subject=study.key, data=data)
    return batch


@transaction.atomic
def invite_successor(*, leaver: Membership, email: str, reason: str, by: User) -> Replacement:
    """Invites a person by address who takes over from a reader; see `replace_reader`."""
    seat = invite_member(study=leaver.study, email=email, role=Role.READER, by=by)
    return replace_reader(leaver=leaver, successor=seat.user, reason=reason, by=by)


@transaction.atomic
def join_reader(*, seat: Membership, by: User) -> int:
    """Gives a reader who joined after the lock a block of cases at once, before the first visit.

    Raises:
        StudyError: where the study is not locked, or the reader has cases already.
    """
    study = locked(seat.study)
    added = allocate_reader(plan=_plan_in_use(study), seat=seat, by=by)
    if not added:
        raise StudyError(_("%(reader)s has cases to read already.") % {"reader": seat.pseudonym})
    return added


def unread_of(leaver: Membership) -> list[Allocation]:
    """The presentations of a reader that would go over to a successor, in order."""
    unread = list(Allocation.objects.of(leaver).unread().prefetch_related("outputs").select_related("case"))
    main = {_what(row) for row in unread if row.kind == RowKind.MAIN}
    return [
        row
        for row in unread
        if row.kind != RowKind.PRACTICE and (row.kind != RowKind.REPEAT or _what(row) in main)
    ]


def _what(row: Allocation) -> tuple[int, int, frozenset[int]]:
    return row.case_id, row.period, frozenset(output.arm_id for output in row.outputs.all())


def _plan_in_use(study: Study) -> AllocationPlan:
    plan = AllocationPlan.objects.current(study)
    if plan is None or study.state not in OPEN_TO_ALLOCATION:
        raise StudyError(_("Nobody has cases to read yet. Before the lock readers simply come and go."))
    return plan


def _successor(study: Study, user: User, leaver: Membership, by: User) -> Membership:
    if user.pk == leaver.user_id:
        raise StudyError(_("Nobody takes over from oneself. Choose another person."))
    seat = add_member(study=study, user=user, role=Role.READER, by=by)
    Membership.objects.select_for_update().get(pk=seat.pk)
    if Allocation.objects.filter(plan__study=study, plan__is_pilot=False, seat=seat).exists():
        raise StudyError(
            _("%(reader)s has cases to read already. Choose a person who has none in this study.")
            % {"reader": seat.pseudonym}
        )
    return seat


def _hand_over(plan: AllocationPlan, seat: Membership, left: Sequence[Allocation]) -> None:
    """Stores the successor's rows, each of those taken over with the one it succeeds."""
    drawing = Drawing.of(plan)
    rows = drawing.rows([seat.seat or 0])
    taken = [row for row in rows if row.kind != RowKind.PRACTICE]
    succeeds = {(row.reader, row.position): before.pk for row, before in zip(taken, left, strict=True)}
    _store(plan, rows, (), drawing, succeeds=succeeds)


def refusing(drawing: Drawing, seats: Collection[int]) -> list[Presentation]:
    """The rows; what the plan cannot promise becomes a sentence for the page."""
    try:
        return drawing.rows(seats)
    except PlanError as error:
        raise StudyError(str(error)) from None


def _store(
    plan: AllocationPlan,
    rows: Sequence[Presentation],
    hidden: Iterable[tuple[int, str, str]],
    drawing: Drawing,
    *,
    succeeds: dict[tuple[int, int], int] | None = None,
) -> None:
    names = Names.of(plan.study, unaided=drawing.unaided)
    store(plan, rows, names, succeeds=succeeds)
    store_hidden(plan, hidden, names)


def _seats_with_rows(plan: AllocationPlan) -> list[int]:
    """Every seat of the plan: the first readers, whoever joined later, and successors."""
    joined = Allocation.objects.filter(plan=plan).values_list("seat__seat", flat=True).distinct()
    return sorted({*plan.first, *(seat for seat in joined if seat is not None)})
