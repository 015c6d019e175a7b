"""Studies whose readers disagree, and what it takes to settle it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from readerstudy.reading import actions
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.protocol import criteria_of
from readerstudy.reading.scales import Answer, check_answer
from readerstudy.studies.actions import set_section
from readerstudy.studies.models import Membership, Role, Study
from tests import factories

GAP = {"criterion": "correctness", "trigger": "gap", "limit": 2}


def rules(*told: Mapping[str, Any], by: str = "third_reader", **more: Any) -> dict[str, Any]:
    return {"by": by, **({"rules": [dict(each) for each in told]} if told else {}), **more}


def make_disputed(
    *, section: Mapping[str, Any] | None = None, cases: int = 2, arms: int = 2, readers: int = 2
) -> Study:
    """A running study with a rule for disagreements."""
    study = factories.make_ready_study(cases=cases, arms=arms, readers=readers)
    set_section(study=study, name="adjudication", content=section or rules(GAP), by=study.created_by)
    return start_study(study=study, by=study.created_by)


def make_adjudicator(study: Study, **flags: Any) -> Membership:
    return factories.make_member(study, Role.ADJUDICATOR, factories.make_user(**flags))


def answer(allocation: Allocation, key: str, value: str, letter: str = "", *, cannot: bool = False) -> None:
    """One answer of the reader whose presentation it is."""
    seat = allocation.seat
    criterion = next(each for each in criteria_of(seat.study) if each.key == key)
    output = AllocatedOutput.objects.get(allocation=allocation, letter=letter) if letter else None
    given = Answer(cannot_judge=True) if cannot else check_answer(criterion, value, cannot_judge=False)
    actions.show_reading(seat=seat, allocation=allocation)
    actions.rate(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=criterion,
        answer=given,
        token=uuid.uuid4(),
        by=seat.user,
    )


def submit(allocation: Allocation) -> None:
    seat = allocation.seat
    actions.submit_reading(seat=seat, allocation=allocation, criteria=criteria_of(seat.study), by=seat.user)


def read_all(study: Study, values: Sequence[Mapping[tuple[str, int], str]]) -> None:
    """Every reader reads everything: by (case code, arm position) the value of "correctness", 4 where nothing is said.

    None in place of a reader's answers leaves that reader unread.
    """
    for seat, said in zip(Membership.objects.readers(study).select_related("user"), values, strict=True):
        for allocation in Allocation.objects.of(seat).select_related("case", "seat__study", "seat__user"):
            output = allocation.outputs.select_related("arm").get()
            value = said.get((allocation.case.code, output.arm.position), "4")
            answer(allocation, "correctness", value, output.letter)
            submit(allocation)
