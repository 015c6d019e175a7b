"""Running studies with practice cases, a tutorial, last questions: as a reader meets them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from readerstudy.reading import actions
from readerstudy.reading.models import Allocation
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.scales import Answer
from readerstudy.studies.actions import save_criterion, set_section
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.models.criterion import Phase
from tests import factories

KEY = [
    {
        "case": "C003",
        "criterion": "correctness",
        "answer": 4,
        "within": 1,
        "explanation": "One slip at most.",
    },
    {"case": "C004", "criterion": "correctness", "answer": 2, "explanation": "The effusion is missed."},
]
MARK = {"cases": ["C003", "C004"], "pass_mark": 0.8, "tries": 2, "key": KEY}
TIRED = {
    "key": "fatigue",
    "kind": "likert",
    "question": "How tired are you?",
    "options": factories.FIVE_POINTS,
    "applies_to": "case",
}
TROUBLE = {
    "key": "trouble",
    "kind": "free_text",
    "question": "What did not work?",
    "applies_to": "case",
    "is_required": False,
}


def make_draft(
    *,
    practice: Mapping[str, Any] | None = MARK,
    leaving: Sequence[Mapping[str, Any]] = (),
    sections: Mapping[str, Any] | None = None,
    readers: int = 1,
    phases: Mapping[str, Any] | None = None,
) -> Study:
    """Two cases of the study and two for practice, one arm, one question, readers who have consented."""
    study = factories.make_study(instructions="Judge the text.")
    arm = factories.make_arm(study, name="Arm 1")
    factories.make_criterion(study)
    for number in range(4):
        purpose = "practice" if practice is not None and number >= 2 else "study"
        case = factories.make_case(study, label="normal", purpose=purpose)
        factories.make_output(arm, case, text=f"Text about {case.code}.")
    told = {**(phases or {}), **({"practice": dict(practice)} if practice else {})}
    for name, content in {**({"phases": told} if told else {}), **(sections or {})}.items():
        set_section(study=study, name=name, content=content, by=study.created_by)
    for fields in leaving:
        save_criterion(study=study, fields=dict(fields), by=study.created_by, phase=Phase.EXIT)
    for _number in range(readers):
        factories.make_reader(study)
    study.refresh_from_db()
    return study


def start(study: Study) -> Membership:
    """Freezes and starts; the first reader's seat."""
    factories.freeze(study)
    study = actions.start_study(study=study, by=study.created_by)
    return Membership.objects.readers(study)[0]


def read(seat: Membership, allocation: Allocation, value: str = "4") -> None:
    """Shows, rates and submits one presentation."""
    actions.show_reading(seat=seat, allocation=allocation)
    criteria = frozen_of(seat.study).criteria
    for output in allocation.outputs.all():
        for criterion in criteria:
            actions.rate(
                seat=seat,
                output=output,
                criterion=criterion,
                answer=Answer(value, float(value)),
                token=uuid.uuid4(),
                by=seat.user,
            )
    actions.submit_reading(
        seat=seat, allocation=Allocation.objects.get(pk=allocation.pk), criteria=criteria, by=seat.user
    )


def mine(seat: Membership, *, practice: bool) -> list[Allocation]:
    """The practice presentations of the reader, or all others, in order."""
    return list(Allocation.objects.of(seat).of_practice(practice))


def read_all(seat: Membership, *, practice: str = "") -> None:
    """Reads everything: practice with the value given there (or as expected), then the cases."""
    for allocation in mine(seat, practice=True):
        expected = {"C003": "4", "C004": "2"}[allocation.case.code]
        read(seat, allocation, practice or expected)
    for allocation in mine(seat, practice=False):
        read(seat, allocation)
