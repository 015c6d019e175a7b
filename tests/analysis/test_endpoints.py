"""Declared endpoints are computed as the protocol says, checked by numbers worked out by hand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.reading.actions import rate, show_reading, start_study
from readerstudy.reading.models import Allocation
from readerstudy.reading.scales import check_answer
from readerstudy.studies.actions import save_criterion, set_section
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Study
from readerstudy.studies.rubrics.documents import from_document
from tests import factories

pytestmark = pytest.mark.django_db
Said = Mapping[tuple[int, str, str], str]
"""What a reader's seat said of a case (and the arm's name where it is about an output)."""

PREFER = {
    "key": "better",
    "kind": "comparative",
    "question": "Which is better?",
    "applies_to": "pair",
    "options": [
        {"value": -1, "label": "A better"},
        {"value": 0, "label": "Equal"},
        {"value": 1, "label": "B better"},
    ],
    "direction": "none",
}
CHOICE = {
    "key": "sick",
    "kind": "single_choice",
    "question": "Is it abnormal?",
    "applies_to": "case",
    "options": [{"value": "normal", "label": "Normal"}, {"value": "abnormal", "label": "Abnormal"}],
    "direction": "none",
}
SURE = {
    "key": "sure",
    "kind": "confidence",
    "question": "How sure?",
    "applies_to": "case",
    "minimum": 1,
    "maximum": 5,
}
BOX = {"key": "place", "kind": "box", "question": "Where?", "applies_to": "case", "direction": "none"}


def study_of(
    *questions: Mapping[str, Any], endpoints: list[dict[str, Any]], plan: Mapping[str, Any]
) -> Study:
    """Four cases, normal and abnormal in turn, two arms and two readers; nothing is read yet."""
    study = factories.make_ready_study(cases=4, arms=2, readers=2, positive_label="abnormal")
    Criterion.objects.of(study).delete()
    for question in questions:
        save_criterion(study=study, fields=from_document(question), by=study.created_by)
    set_section(study=study, name="allocation", content=dict(plan), by=study.created_by)
    set_section(study=study, name="endpoints", content=endpoints, by=study.created_by)
    return start_study(study=Study.objects.get(pk=study.pk), by=study.created_by)


def say(allocation: Allocation, key: str, raw: str) -> None:
    seat = allocation.seat
    show_reading(seat=seat, allocation=allocation)
    criterion = Criterion.objects.of(seat.study).get(key=key)
    answer = check_answer(criterion, raw, cannot_judge=False)
    rate(
        seat=seat, allocation=allocation, criterion=criterion, answer=answer, token=uuid.uuid4(), by=seat.user
    )


def each_case(study: Study) -> Any:
    found = Allocation.objects.filter(plan__study=study).select_related(
        "seat__user", "seat__study", "case__reference"
    )
    return found.order_by("seat__seat", "case__code", "position")


def figures(study: Study, name: str) -> list[dict[str, Any]]:
    (found,) = [each for each in build_report(study)["endpoints"] if each["name"] == name]
    rows: list[dict[str, Any]] = found["estimates"]
    return rows


@pytest.mark.parametrize("seed", range(2))
def test_a_comparison_counts_for_the_arm_and_not_for_its_side(seed: int) -> None:
    first, second = "Arm 1", "Arm 2"
    declared = [
        {"name": "won", "statistic": "win_rate", "criterion": "better", "contrast": [first, second]},
        {
            "name": "liked",
            "statistic": "preference_share",
            "criterion": "better",
            "contrast": [first, second],
        },
        {"name": "grade", "statistic": "mean_score", "criterion": "better", "contrast": [first, second]},
    ]
    plan = {"plan": "crossed", "outputs": "pairs", "seed": seed}
    study = study_of(PREFER, endpoints=declared, plan=plan)
    sides = set()
    for allocation in each_case(study):
        letters = {output.arm.name: output.letter for output in allocation.outputs.select_related("arm")}
        better = first if allocation.case.code != "C004" else second
        raw = "0" if allocation.case.code == "C003" else "-1" if letters[better] == "A" else "1"
        sides.add(letters[first])
        say(allocation, "better", raw)
    assert sides == {"A", "B"}
    Study.objects.filter(pk=study.pk).update(state=State.UNBLINDED)
    (won,), (liked,), (grade,) = (figures(study, name) for name in ("won", "liked", "grade"))
    assert (won["arm"], liked["arm"], grade["arm"]) == (first, first, first)
    assert won["value"] == pytest.approx((1 + 1 + 0.5 + 0) / 4)
    assert liked["value"] == pytest.approx(2 / 3)
    assert grade["value"] == pytest.approx((1 + 1 + 0 - 1) / 4)
    assert won["n_ratings"] == 8


def test_what_readers_say_is_compared_with_the_truth() -> None:
    declared = [
        {"name": name, "statistic": name, "criterion": "sick"}
        for name in ("accuracy", "sensitivity", "specificity", "d_prime", "kappa")
    ]
    declared.append({"name": "auc", "statistic": "auc", "criterion": "sure"})
    study = study_of(CHOICE, SURE, endpoints=declared, plan={"plan": "crossed", "outputs": "one_arm"})
    sure = {"C001": 2, "C002": 5, "C003": 4, "C004": 1}
    for allocation in each_case(study):
        truth = allocation.case.reference.label
        wrong = allocation.case.code == "C001" and allocation.seat.seat == 1
        other = "abnormal" if truth == "normal" else "normal"
        say(allocation, "sick", other if wrong else truth)
        say(allocation, "sure", str(sure[allocation.case.code]))
    assert figures(study, "accuracy")[0]["value"] == pytest.approx(7 / 8)
    assert figures(study, "sensitivity")[0]["value"] == pytest.approx(1.0)
    assert figures(study, "specificity")[0]["value"] == pytest.approx(3 / 4)
    assert [row["reader"] for row in figures(study, "d_prime")] == ["R01", "R02"]
    by_reader = {row["reader"]: row["value"] for row in figures(study, "auc")}
    assert by_reader == {"R01": pytest.approx(3 / 4), "R02": pytest.approx(1.0)}
    assert figures(study, "kappa")[0]["value"] == pytest.approx(0.5)


def test_boxes_of_readers_are_laid_upon_each_other() -> None:
    declared = [{"name": "same place", "statistic": "iou", "criterion": "place"}]
    study = study_of(BOX, endpoints=declared, plan={"plan": "crossed", "outputs": "one_arm"})
    for allocation in each_case(study):
        shift = 5 * (allocation.seat.seat - 1)
        corners = f"[[{shift}, 0], [{shift + 10}, 10]]"
        say(allocation, "place", f'[{{"slot": "current", "frame": 0, "points": {corners}}}]')
    (found,) = figures(study, "same place")
    assert found["value"] == pytest.approx(50 / 150)


def test_the_report_says_every_endpoint_in_words_and_marks_the_primary_one() -> None:
    declared = [
        {"name": "Told rightly", "statistic": "accuracy", "criterion": "sick", "primary": True},
        {"name": "How long", "statistic": "median_time"},
    ]
    study = study_of(CHOICE, endpoints=declared, plan={"plan": "crossed", "outputs": "one_arm"})
    section = next(each for each in document_of(build_report(study)).sections if each.slug == "endpoints")
    titles = [group.title for group in section.tables[0].groups]
    assert titles == [
        "Told rightly: share that agrees with the reference standard (primary)",
        "How long: median seconds of a reading",
    ]
    assert "nothing was rated" in section.tables[0].groups[0].rows[0][0].text


def test_figures_are_computed_at_the_level_that_the_protocol_names() -> None:
    study = factories.make_ready_study(cases=3, arms=2, readers=2)
    content = {"level": 0.9, "resamples": 300, "seed": 5}
    set_section(study=study, name="analysis", content=content, by=study.created_by)
    told = build_report(start_study(study=study, by=study.created_by))["inference"]
    assert (told["level"], told["resamples"], told["seed"]) == (0.9, 300, 5)
    assert not Arm.objects.filter(study=study, is_simulated=False).exists()
