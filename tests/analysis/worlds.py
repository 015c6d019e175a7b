"""A small study whose every rating is known, built through the product's own actions."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from readerstudy.reading import actions
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.scales import Answer, check_answer
from readerstudy.studies.models import Arm, Criterion, Membership, Role, Study
from tests import factories

CANNOT = "cannot judge"
Rates = Callable[[int, int, int, str], str | None]
"""(seat, place of the case, place of the arm, question) → a value, `CANNOT`, or None for no rating."""

REFERENCES = ("normal", "abnormal", "abnormal", "normal", "abnormal", "")
TEXTS = (
    # Alpha: right, right, refused, wrong, no label, no reference
    (
        ("Clear lungs.\nClassification: Normal.", "answer"),
        ("Opacity.\n**Classification:** abnormal", "answer"),
        ("Sorry, I can't help.", "full_refusal"),
        ("Mass.\nClassification: abnormal", "hedged_answer"),
        ("An opacity is seen.", "answer"),
        ("Clear.\nClassification: normal", "answer"),
    ),
    # Beta: right, wrong, refused although labelled, right, blocked, no reference
    (
        ("Clear.\nClassification: normal", "answer"),
        ("Clear.\nClassification: normal", "answer"),
        ("I cannot say.\nClassification: abnormal", "deferral"),
        ("Clear.\nClassification: NORMAL", "answer"),
        ("", "safety_block"),
        ("Clear.\nClassification: normal", "partial_refusal"),
    ),
)
QUESTIONS = (
    {"key": "correctness", "kind": "likert"},
    {
        "key": "harm",
        "kind": "likert",
        "options": [
            {"value": str(number), "label": word} for number, word in enumerate(["No harm", "Some", "Much"])
        ],
        "direction": "lower",
        "acceptable_from": 0,
    },
    {"key": "sign", "kind": "yes_no", "acceptable_from": 1},
    {
        "key": "main-error",
        "kind": "single_choice",
        "options": [
            {"value": "none", "label": "No error"},
            {"value": "missed", "label": "Missed"},
            {"value": "invented", "label": "Invented"},
        ],
        "acceptable_from": None,
    },
    {"key": "minutes", "kind": "number", "minimum": 0, "maximum": 30, "unit": "min", "acceptable_from": None},
    {"key": "remark", "kind": "free_text", "acceptable_from": None, "is_required": False},
)


def make_rated_study(
    *, readers: int = 3, rates: Rates | None = None, questions: tuple[str, ...] = (), **changes: object
) -> Study:
    """Six cases, two arms, refusals in both; readers rate by `rates` and submit what is complete."""
    study = make_open_study(readers=readers, questions=questions, **changes)
    for seat in Membership.objects.readers(study):
        read_everything(seat, rates or known_rating)
    return study


def make_open_study(
    *, readers: int = 3, questions: tuple[str, ...] = (), named: bool = True, **changes: object
) -> Study:
    """The same study before anybody has rated; `named` ends the blind, so that reports name the arms."""
    study = factories.make_study(positive_label="abnormal", **changes)
    arms = [
        factories.make_arm(study, name="Alpha"),
        factories.make_arm(study, name="Beta", kind="imported", connection="", model="", is_simulated=False),
    ]
    for wanted in QUESTIONS:
        if not questions or wanted["key"] in questions:
            factories.make_criterion(study, **wanted)  # type: ignore[arg-type]  # the fields differ by kind
    for place, label in enumerate(REFERENCES):
        case = factories.make_case(study, label=label, strata={"site": "north" if place < 3 else "south"})
        for arm, texts in zip(arms, TEXTS, strict=True):
            factories.make_output(arm, case, text=texts[place][0], verdict=texts[place][1])
    for number in range(readers):
        factories.make_reader(study, is_simulated=number == 2)
    for role in (Role.RESEARCHER, Role.ADJUDICATOR):
        factories.make_member(study, role)
    factories.freeze(study)
    study = actions.start_study(study=study, by=study.created_by)
    return factories.name_arms(study) if named else study


QUALITY = ((5, 4, 1, 2, 4, 5), (4, 2, 1, 5, 1, 3))
"""How good each arm's text on each case is; readers differ from it by their own step."""


def known_rating(seat: int, case: int, arm: int, key: str) -> str | None:
    """Ratings that follow the quality of the text with differences between readers, and blanks of both kinds."""
    step = ((seat * 5 + case * 3 + arm * 7) % 4 - 1) // 2 + (seat == 2)
    quality = min(max(QUALITY[arm][case] + step, 1), 5)
    if key == "correctness":
        return CANNOT if (seat, case, arm) == (1, 5, 1) else str(quality)
    if key == "harm":
        return None if (seat, case, arm) == (2, 4, 0) else str((5 - quality) // 2)
    if key == "sign":
        return str(int(quality > 3))
    if key == "main-error":
        return ("invented", "missed", "missed", "none", "none")[quality - 1]
    if key == "minutes":
        return f"{quality + seat + case / 4:g}"
    return "=HYPERLINK(1)" if (seat, case, arm) == (1, 0, 0) else None


def read_everything(seat: Membership, rates: Rates) -> None:
    """Rates every allocated output of one reader, and submits the readings that are complete."""
    arms = {arm.pk: arm.position for arm in Arm.objects.filter(study=seat.study)}
    criteria = list(Criterion.objects.of(seat.study))
    for allocation in Allocation.objects.of(seat).select_related("case"):
        actions.show_reading(seat=seat, allocation=allocation)
        wanted = []
        for output in allocation.outputs.select_related("allocation"):
            for criterion in criteria:
                value = rates(seat.seat or 0, allocation.case.position, arms[output.arm_id], criterion.key)
                wanted.append(value is not None or not criterion.is_required)
                if value is not None:
                    rate(seat, output, criterion, value)
        if all(wanted):
            actions.submit_reading(seat=seat, allocation=allocation, criteria=criteria, by=seat.user)


def rate(seat: Membership, output: AllocatedOutput, criterion: Criterion, value: str) -> None:
    """One rating; an empty value takes an earlier one back."""
    answer = Answer() if value == "" else check_answer(criterion, value, cannot_judge=value == CANNOT)
    actions.rate(
        seat=seat, output=output, criterion=criterion, answer=answer, token=uuid.uuid4(), by=seat.user
    )


def output_of(study: Study, *, seat: int, case: int, arm: int) -> tuple[Membership, AllocatedOutput]:
    reader = Membership.objects.get(study=study, seat=seat)
    output = AllocatedOutput.objects.select_related("allocation").get(
        allocation__seat=reader, allocation__case__position=case, arm__position=arm
    )
    return reader, output
