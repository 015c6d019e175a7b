"""Counts an allocation's promises from its stored rows, and proves that the seed gives those rows."""

from __future__ import annotations

from dataclasses import dataclass

from readerstudy.designs import crossed
from readerstudy.reading.actions import placements_of
from readerstudy.reading.models import AllocatedOutput, AllocationPlan
from readerstudy.studies.models import Study


@dataclass(frozen=True)
class Proof:
    """One plan as it is stored: its promises counted, and whether its seed gives the same rows again."""

    plan: AllocationPlan
    readers: int
    presentations: int
    balance: crossed.Balance
    follows_seed: bool


def balance_of(study: Study) -> Proof | None:
    """The proof of the newest plan; None before there is one."""
    plan = AllocationPlan.objects.filter(study=study).order_by("-pk").first()
    if plan is None:
        return None
    stored = _stored(plan)
    seats = sorted({row.reader for row in stored})
    cases, arms = plan.cases, [str(position) for position in plan.arms]
    return Proof(
        plan=plan,
        readers=len(seats),
        presentations=len(stored),
        balance=crossed.check(stored, cases=cases, arms=arms),
        follows_seed=stored == placements_of(plan, seats),
    )


def _stored(plan: AllocationPlan) -> list[crossed.Placement]:
    rows = (
        AllocatedOutput.objects.filter(allocation__plan=plan)
        .select_related("allocation__seat", "allocation__case", "arm")
        .order_by("allocation__seat__seat", "allocation__position")
    )
    return [
        crossed.Placement(
            reader=row.allocation.seat.seat or 0,
            position=row.allocation.position,
            period=row.allocation.period,
            case=row.allocation.case.code,
            arm=str(row.arm.position),
            letter=row.letter,
            key=row.allocation.key,
            case_key=row.allocation.case_key,
        )
        for row in rows
    ]
