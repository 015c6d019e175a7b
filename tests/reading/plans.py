"""Studies under every plan, for the tests of allocation."""

from __future__ import annotations

import uuid
from typing import Any

from readerstudy.cases.actions import set_purpose
from readerstudy.cases.models import Case, Purpose
from readerstudy.reading import actions
from readerstudy.reading.models import Allocation, Reading
from readerstudy.reading.scales import Answer
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.models import Criterion, Membership, Study
from tests import factories

REPEATS = {"share": 0.1, "fewest": 1, "distance": 2}
SECTIONS: dict[str, dict[str, Any]] = {
    "crossed": {"plan": "crossed", "outputs": "one_at_a_time"},
    "side by side": {"plan": "crossed", "outputs": "together"},
    "one arm": {"plan": "crossed", "outputs": "one_arm"},
    "pairs": {"plan": "crossed", "outputs": "pairs", "repeats": REPEATS},
    "one pair of a case": {"plan": "crossed", "outputs": "pairs", "pairs_per_case": 1},
    "overlap": {"plan": "overlap", "outputs": "pairs", "readers_per_case": 2, "shared": 0.25},
    "split plot": {"plan": "split_plot", "outputs": "one_at_a_time", "groups": 2, "repeats": REPEATS},
    "blocks": {"plan": "incomplete_blocks", "outputs": "one_arm", "readers_per_case": 2},
    "crossover": {"plan": "crossed", "outputs": "one_at_a_time", "crossover": True, "washout_days": 28},
}


def planned_study(section: dict[str, Any], **wanted: Any) -> Study:
    """A draft that nothing keeps from starting, under this allocation section."""
    study = factories.make_ready_study(**{"cases": 12, "arms": 3, "readers": 4, **wanted})
    set_section(study=study, name="allocation", content=section, by=study.created_by)
    return study


def running_study(section: dict[str, Any], **wanted: Any) -> Study:
    study = planned_study(section, **wanted)
    return actions.start_study(study=study, by=study.created_by)


def set_apart(study: Study, purpose: Purpose, *codes: str) -> None:
    """Gives cases of a draft another purpose."""
    cases = Case.objects.filter(study=study, code__in=codes)
    set_purpose(study=study, cases=cases, purpose=purpose, by=study.created_by)


def seats_of(study: Study) -> list[Membership]:
    return list(Membership.objects.readers(study).select_related("study"))


def read(allocation: Allocation) -> Reading:
    """One presentation as its reader reads it: shown, every output rated, submitted."""
    seat = Membership.objects.select_related("study", "user").get(pk=allocation.seat_id)
    actions.show_reading(seat=seat, allocation=allocation)
    criteria = list(Criterion.objects.of(seat.study))
    for output in allocation.outputs.select_related("allocation"):
        for criterion in criteria:
            answer, token = Answer(value="4", score=4.0), uuid.uuid4()
            actions.rate(
                seat=seat, output=output, criterion=criterion, answer=answer, token=token, by=seat.user
            )
    return actions.submit_reading(seat=seat, allocation=allocation, criteria=criteria, by=seat.user)
