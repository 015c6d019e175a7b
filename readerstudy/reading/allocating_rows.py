"""The rows that a stored plan gives: derived from its seed alone, whatever the tables hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from readerstudy.designs import crossed
from readerstudy.designs.allocation import People, allocate
from readerstudy.designs.document import plan_of
from readerstudy.designs.plan import Plan
from readerstudy.designs.rows import Presentation, RowKind
from readerstudy.designs.showing import as_shown
from readerstudy.designs.shuffling import digests
from readerstudy.reading.models import AllocationPlan, CaseBatch, Replacement

HiddenPlace = tuple[int, str, str]
"""Seat, case and arm of an output that the reader would have seen."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Who takes over what from whom, by seats; `batch` is the last batch of cases at that time."""

    leaver: int
    successor: int
    positions: frozenset[int]
    batch: int


class Drawing:
    """One plan as its seed gives it. `batches` are its later batches of cases, `handovers` its replaced readers."""

    def __init__(
        self, plan: AllocationPlan, batches: Sequence[CaseBatch] = (), handovers: Iterable[Handover] = ()
    ) -> None:
        self.row = plan
        self._batches = list(batches)
        self._by_successor = {each.successor: each for each in handovers}
        self._by_leaver = {each.leaver: each for each in self._by_successor.values()}

    @classmethod
    def of(cls, plan: AllocationPlan) -> Drawing:
        """The plan with everything that was added to it."""
        rows = Replacement.objects.filter(plan=plan).select_related("leaver", "successor")
        return cls(plan, list(plan.batches.order_by("number")), [_handover(row) for row in rows])

    @cached_property
    def plan(self) -> Plan:
        """The plan in the words of the designs."""
        if self.row.algorithm == crossed.ALGORITHM:
            return Plan()
        told = self.row.plan
        return plan_of(
            told["allocation"],
            strata=told["strata"],
            practice=tuple(told["practice"]),
            truths=told.get("truths"),
        )

    @property
    def arms(self) -> list[str]:
        """The arms as the designs name them: their positions."""
        return [str(position) for position in self.row.arms]

    @cached_property
    def unaided(self) -> frozenset[str]:
        """The arms that show no output."""
        return frozenset(str(position) for position in self.row.plan.get("unaided", ()))

    @cached_property
    def hidden(self) -> frozenset[tuple[str, str]]:
        """(case, arm) without an output that readers may see."""
        told = [self.row.excluded, *(batch.excluded for batch in self._batches)]
        return frozenset((case, str(arm)) for pairs in told for case, arm in pairs)

    @property
    def cases(self) -> list[list[str]]:
        """The cases of each batch."""
        return [self.row.cases, *(batch.cases for batch in self._batches)]

    def first_of(self, seats: Iterable[int]) -> list[int]:
        """Of these seats those that were balanced against each other."""
        first = set(self.row.first)
        return sorted(seat for seat in seats if (seat in first if first else seat <= self.row.seats))

    def rows(self, seats: Collection[int]) -> list[Presentation]:
        """What the readers of these seats get, by reader and position; what was handed over stays listed."""
        own = [seat for seat in seats if seat not in self._by_successor]
        taken = [row for seat in seats if seat in self._by_successor for row in self._taken_over(seat)]
        found = self._until_handover([*self._shown(own), *taken])
        return sorted(found, key=lambda row: (row.reader, row.position))

    def drawn(self, seats: Collection[int]) -> list[Presentation]:
        """The rows as they were drawn, before anything was hidden or handed over."""
        if self.row.algorithm == crossed.ALGORITHM:
            return _crossed(self.row, seats)
        first = tuple(self.row.first)
        later = tuple(sorted(set(seats) - set(first)))
        return allocate(
            self.plan,
            seed=self.row.seed,
            people=People(first, later),
            batches=self.cases,
            arms=self.arms,
            key_seed=self.row.key_seed,
            seats=seats,
        )

    def hidden_places(self, seats: Collection[int]) -> set[HiddenPlace]:
        """What these seats would have seen of the study's cases and do not, because it is hidden."""
        if not self.hidden:
            return set()
        main = (row for row in self.drawn(seats) if row.kind == RowKind.MAIN)
        return {
            (row.reader, row.case, arm) for row in main for arm in row.arms if (row.case, arm) in self.hidden
        }

    def _shown(self, seats: Collection[int]) -> list[Presentation]:
        if not seats:
            return []
        rows = as_shown(
            self.plan,
            self.drawn(seats),
            seed=self.row.seed,
            arms=self.arms,
            hidden=self.hidden,
            unaided=self.unaided,
        )
        if not self.unaided:
            return rows
        return [replace(row, letters="") if set(row.arms) <= self.unaided else row for row in rows]

    def _until_handover(self, rows: Iterable[Presentation]) -> Iterator[Presentation]:
        """Batches that came after a reader had left are not that reader's any more."""
        for row in rows:
            handover = self._by_leaver.get(row.reader)
            if handover is None or row.batch <= handover.batch:
                yield row

    def _taken_over(self, seat: int) -> Iterator[Presentation]:
        """Practice of the successor's own, then what the leaver had not read, then later batches of the leaver."""
        handover = self._by_successor[seat]
        all_of = self._taken_over if handover.leaver in self._by_successor else self._shown_to
        left = [row for row in all_of(handover.leaver) if _goes_over(row, handover)]
        practice = [row for row in self._shown_to(seat) if row.kind == RowKind.PRACTICE]
        secret = self.row.seed if self.row.key_seed is None else self.row.key_seed
        key, case_key = digests(secret, "reading", seat), digests(secret, "case", seat)
        for position, row in enumerate([*practice, *left], start=1):
            names = key(position)[:24], case_key(row.pictures)[:24]
            yield replace(row, reader=seat, position=position, key=names[0], case_key=names[1])

    def _shown_to(self, seat: int) -> Iterator[Presentation]:
        yield from self._shown([seat])


def _goes_over(row: Presentation, handover: Handover) -> bool:
    return row.batch > handover.batch or row.position in handover.positions


def _handover(row: Replacement) -> Handover:
    return Handover(row.leaver.seat or 0, row.successor.seat or 0, frozenset(row.positions), row.batch)


def _crossed(plan: AllocationPlan, seats: Collection[int]) -> list[Presentation]:
    """Rows of the algorithm that drew the first studies; kept so that they stay provable."""
    arms = [str(position) for position in plan.arms]
    drawn = crossed.allocate(seed=plan.seed, readers=seats, cases=plan.cases, arms=arms)
    return [
        Presentation(
            reader=row.reader,
            period=row.period,
            position=row.position,
            case=row.case,
            arms=(row.arm,),
            letters=row.letter,
            kind=RowKind.MAIN,
            key=row.key,
            case_key=row.case_key,
        )
        for row in drawn
    ]
