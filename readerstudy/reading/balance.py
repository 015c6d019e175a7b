"""Counts what an allocation promises from its stored rows, and proves that the seed gives those rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from readerstudy.designs.promises import Promise, promises
from readerstudy.designs.rows import Presentation
from readerstudy.designs.showing import left_out
from readerstudy.designs.tables import Table, balance_tables
from readerstudy.reading.allocating_rows import Drawing
from readerstudy.reading.allocating_store import stored_rows
from readerstudy.reading.models import AllocationPlan
from readerstudy.studies.models import Membership, Study


@dataclass(frozen=True)
class Balance:
    """What rows of a plan show. `hidden` counts drawn presentations that readers do not get."""

    readers: int
    presentations: int
    hidden: int
    promises: tuple[Promise, ...]
    tables: tuple[Table, ...]
    rows: tuple[Presentation, ...]

    @property
    def keeps_promises(self) -> bool:
        return all(each.kept for each in self.promises)


@dataclass(frozen=True)
class Proof:
    """One plan as it is stored: its promises counted, and whether its seed gives the same rows again."""

    plan: AllocationPlan
    balance: Balance
    follows_seed: bool

    def without_rows(self) -> Proof:
        """The same without the rows themselves, small enough to be kept."""
        return replace(self, balance=replace(self.balance, rows=()))

    @property
    def readers(self) -> int:
        return self.balance.readers

    @property
    def presentations(self) -> int:
        return self.balance.presentations


def pseudonym(seat: int) -> str:
    """How reports and pages name the reader of a seat."""
    return Membership(seat=seat).pseudonym


def balance_of(study: Study) -> Proof | None:
    """The proof of the plan that is read by; None before there is one."""
    plan = AllocationPlan.objects.current(study)
    return proof_of(plan) if plan else None


def proof_of(plan: AllocationPlan, *, names: Mapping[str, str] | None = None) -> Proof:
    """The proof of a stored plan; `names` are what people call the arms."""
    drawing, stored = Drawing.of(plan), tuple(stored_rows(plan))
    seats = sorted({row.reader for row in stored})
    return Proof(
        plan=plan,
        balance=balance_of_rows(drawing, stored, drawing.first_of(seats), names=names),
        follows_seed=list(stored) == drawing.rows(seats),
    )


def balance_of_rows(
    drawing: Drawing,
    rows: Sequence[Presentation],
    first: Sequence[int],
    *,
    names: Mapping[str, str] | None = None,
) -> Balance:
    """Tables of these rows, and the promises between the `first` readers over the cases of the lock.

    Promises are about the plan. Where outputs are hidden they are counted with the presentations that went with them.
    """
    drawn = drawing.drawn(first) if first and drawing.hidden else []
    hidden = list(left_out(drawn, drawing.rows(first))) if drawn else []
    counted = drawn if hidden else [row for row in rows if row.reader in set(first)]
    main = [row for row in counted if row.batch == 0]
    given = {"readers": first, "cases": drawing.row.cases, "arms": drawing.arms}
    found = promises(drawing.plan, main, **given) if main else []
    return Balance(
        readers=len({row.reader for row in rows}),
        presentations=len(rows),
        hidden=len(hidden),
        promises=tuple(found),
        tables=tuple(balance_tables(rows, drawing.arms, names=names, reader=pseudonym)),
        rows=tuple(rows),
    )
