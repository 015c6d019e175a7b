"""Declared endpoints are computed as the protocol says, checked by numbers worked out by hand."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.urls import reverse
from scipy import stats

from readerstudy.analysis.document import document_of
from readerstudy.analysis.estimates.endpoints import BOXES_OF_MODEL, MEANS
from readerstudy.analysis.estimates.readers_marks import overlap
from readerstudy.analysis.report import build_report
from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import ReferenceStandard, ShownAs
from readerstudy.cases.viewing import size_shown
from readerstudy.generation.models import Extraction
from readerstudy.reading.actions import rate, show_reading, start_study
from readerstudy.reading.models import AllocatedOutput, Allocation
from readerstudy.reading.scales import check_answer
from readerstudy.stats.intervals import benjamini_hochberg, holm
from readerstudy.studies.actions import save_criterion, set_section
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Membership, Study
from readerstudy.studies.protocol.endpoints import COMPARING
from readerstudy.studies.rubrics.documents import from_document
from tests import factories
from tests.analysis import oracle
from tests.reading import path_worlds
from tests.reading.worlds import signed_in

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
    *questions: Mapping[str, Any],
    endpoints: list[dict[str, Any]],
    plan: Mapping[str, Any],
    analysis: Mapping[str, Any] | None = None,
    before_lock: Callable[[Study], None] = lambda _study: None,
    cases: Mapping[str, Any] | None = None,
    arms: int = 2,
    readers: int = 2,
) -> Study:
    """Four cases, normal and abnormal in turn, two arms and two readers if nothing is said; nothing is read yet."""
    study = factories.make_ready_study(cases=4, arms=arms, readers=readers, positive_label="abnormal")
    Criterion.objects.of(study).delete()
    for question in questions:
        save_criterion(study=study, fields=from_document(question), by=study.created_by)
    set_section(study=study, name="allocation", content=dict(plan), by=study.created_by)
    if cases:
        set_section(study=study, name="cases", content=dict(cases), by=study.created_by)
    set_section(study=study, name="endpoints", content=endpoints, by=study.created_by)
    if analysis:
        set_section(study=study, name="analysis", content=dict(analysis), by=study.created_by)
    before_lock(study)
    return start_study(study=Study.objects.get(pk=study.pk), by=study.created_by)


def say(allocation: Allocation, key: str, raw: str, output: AllocatedOutput | None = None) -> None:
    seat = allocation.seat
    show_reading(seat=seat, allocation=allocation)
    criterion = Criterion.objects.of(seat.study).get(key=key)
    answer = check_answer(criterion, raw, cannot_judge=False)
    said = {
        "seat": seat,
        "allocation": allocation,
        "output": output,
        "criterion": criterion,
        "answer": answer,
    }
    rate(**said, token=uuid.uuid4(), by=seat.user)


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


def test_boxes_on_different_images_or_frames_do_not_overlap() -> None:
    declared = [{"name": "same place", "statistic": "iou", "criterion": "place"}]
    study = study_of(BOX, endpoints=declared, plan={"plan": "crossed", "outputs": "one_arm"})
    for allocation in each_case(study):
        box = '{"slot": "current", "frame": %d, "points": [[0, 0], [10, 10]]}'
        frames = [0] if allocation.seat.seat == 1 else [0, 1]
        say(allocation, "place", f"[{', '.join(box % frame for frame in frames)}]")
    (found,) = figures(study, "same place")
    assert found["value"] == pytest.approx(100 / 200)


REFERENCE = [{"slot": "current", "frame": 0, "points": [[0, 0], [10, 10]]}]


def marked(study: Study, **marks: list[dict[str, Any]] | None) -> None:
    """Gives cases reference marks, by their codes; the study stays as it is otherwise."""
    for code, found in marks.items():
        case = study.cases.get(code=code)
        ReferenceStandard.objects.update_or_create(study=study, case=case, defaults={"marks": found})


def test_boxes_are_laid_on_the_reference_marks_where_there_are_some() -> None:
    """Reader 1 hits exactly, reader 2 covers half of it and as much beside; where nobody marks there is no figure."""
    declared = [
        {"name": "overlap", "statistic": "iou", "criterion": "place"},
        {"name": "hit", "statistic": "hit_share", "criterion": "place"},
    ]
    study = study_of(
        BOX,
        endpoints=declared,
        plan={"plan": "crossed", "outputs": "one_arm"},
        before_lock=_marks,
        cases={"reference": "boxes", "positive": "abnormal"},
    )
    said = {"C001": "[[{shift}, 0], [{end}, 10]]", "C002": "[[{shift}, 0], [{end}, 10]]"}
    for allocation in each_case(study):
        shift = 5 * (allocation.seat.seat - 1)
        if allocation.case.code not in said:
            say(allocation, "place", "[]")
            continue
        corners = said[allocation.case.code].format(shift=shift, end=shift + 10)
        say(allocation, "place", f'[{{"slot": "current", "frame": 0, "points": {corners}}}]')
    (overlap,) = figures(study, "overlap")
    # C001: 1 and 50 / 150; C002, where there is nothing to mark: 0 and 0; C003: nobody marked; C004: not said.
    assert overlap["value"] == pytest.approx((1 + 1 / 3 + 0 + 0) / 4)
    (hit,) = figures(study, "hit")
    assert hit["value"] == pytest.approx(1.0)  # both middles lie inside, (5, 5) and (10, 5) on its border
    content = build_report(study)
    assert [each["against"] for each in content["endpoints"]] == ["reference", "reference"]
    told = document_of(content)
    titles = [group.title for table in told.sections[0].tables for group in table.groups]
    assert titles[0] == "overlap: intersection over union with the reference marks"


def test_boxes_and_outlines_overlap_as_counted_by_hand() -> None:
    place = ("current", 0)
    box, triangle = [[0.0, 0.0], [10.0, 10.0]], [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]
    inside = sum(x + 0.5 > y + 0.5 or x == y for x in range(10) for y in range(10)) / 100
    assert overlap({place: [box]}, {place: [triangle]}) == pytest.approx(inside, abs=0.11)
    assert overlap({place: [box]}, {place: [[[5.0, 5.0]]]}) == 0.0
    assert overlap({place: [[[5.0, 5.0]]]}, {}) is None
    assert overlap({place: [box]}, {("prior", 0): [box]}) == 0.0


def test_the_boxes_of_a_model_are_laid_on_the_reference_marks() -> None:
    """Of the first case the model's box is the upper left quarter, of the second it has none; C003 has no reference."""
    study = study_with_boxes_of_models()
    (own,) = figures(study, "overlap")
    assert (own["reader"], own["n_cases"]) == (BOXES_OF_MODEL, 2)
    assert own["value"] == pytest.approx((0.5 + 0.0) / 2)
    table = document_of(build_report(study)).sections[0].tables[0]
    assert table.groups[0].rows[0][0].text.endswith("its own boxes")


def study_with_boxes_of_models() -> Study:
    """Two arms and three cases: one arm draws on the first and on the last, which has no reference marks."""
    study = factories.make_study(positive_label="abnormal")
    arm, silent = factories.make_arm(study, name="One"), factories.make_arm(study, name="Two")
    save_criterion(study=study, fields=from_document(BOX), by=study.created_by)
    declared = [{"name": "overlap", "statistic": "iou", "criterion": "place"}]
    set_section(study=study, name="endpoints", content=declared, by=study.created_by)
    quarter = {"slot": "current", "frame": 0, "x": 0, "y": 0, "width": 0.5, "height": 0.5, "label": ""}
    for boxes in ([quarter], [], [quarter]):
        case = factories.make_case(study)
        for each, found in ((arm, boxes), (silent, [])):
            text = factories.make_output(each, case)
            Extraction.objects.update_or_create(
                interpretation=text, defaults={"status": "valid", "boxes": found}
            )
    width, height = size_shown(study.cases.get(code="C001").images.get(), ShownAs.FULL)
    left = [{"slot": "current", "frame": 0, "points": [[0, 0], [width / 2, height]]}]
    marked(study, C001=left, C002=left)
    return study


def _marks(study: Study) -> None:
    marked(study, C001=REFERENCE, C002=[], C003=[])


QUALITY = {
    "key": "quality",
    "kind": "likert",
    "question": "How good is it?",
    "applies_to": "output",
    "options": [{"value": number, "label": f"Level {number}"} for number in range(1, 6)],
    "acceptable": [4, 5],
    "high_quality": [5],
}
GRADES = {"Arm 1": (5, 4, 4, 3), "Arm 2": (5, 5, 3, 4)}
"""What each arm gets for the four cases; the second reader gives the second case one less."""


def graded(analysis: Mapping[str, Any], *endpoints: dict[str, Any], direction: str = "higher") -> Study:
    """Every output graded by two readers, and the study unblinded."""
    study = study_of(
        {**QUALITY, "direction": direction},
        endpoints=[{"criterion": "quality", "contrast": ["Arm 1", "Arm 2"], **each} for each in endpoints],
        plan={"plan": "crossed", "outputs": "one_at_a_time"},
        analysis=analysis,
    )
    for allocation in each_case(study):
        number, output = int(allocation.case.code[-1]) - 1, allocation.outputs.select_related("arm").get()
        less = int(number == 1 and allocation.seat.seat == 2)
        say(allocation, "quality", str(GRADES[output.arm.name][number] - less), output)
    Study.objects.filter(pk=study.pk).update(state=State.UNBLINDED)
    return study


def contrasts(study: Study) -> dict[str, dict[str, Any]]:
    return {
        each["name"]: row
        for each in build_report(study)["endpoints"]
        for row in each["estimates"]
        if row["contrast"]
    }


MANY = (
    {"name": "mean", "statistic": "mean_score", "primary": True},
    {"name": "acceptable", "statistic": "acceptable_share"},
    {"name": "best", "statistic": "top_box_share"},
)


@pytest.mark.parametrize(
    ("method", "correct"), [("holm", holm), ("benjamini-hochberg", benjamini_hochberg), ("none", None)]
)
def test_p_values_are_corrected_as_the_protocol_says_and_primary_ones_by_themselves(
    method: str, correct: Callable[[Sequence[float | None]], list[float | None]] | None
) -> None:
    study = graded({"multiplicity": method}, *MANY)
    found = contrasts(study)
    others = [found[name] for name in ("acceptable", "best")]
    wanted = correct([row["p"] for row in others]) if correct else [None, None]
    assert [row["p_adjusted"] for row in others] == wanted
    assert found["mean"]["p"] is not None
    assert found["mean"]["p_adjusted"] is None  # a family of one
    table = next(
        each for each in document_of(build_report(study)).sections if each.slug == "endpoints"
    ).tables[0]
    heads = [cell.text for cell in table.head]
    names = {"holm": "p after Holm", "benjamini-hochberg": "p after Benjamini–Hochberg"}
    assert [name for name in names.values() if name in heads] == ([names[method]] if method in names else [])


def test_without_a_word_on_multiplicity_the_method_is_that_of_holm() -> None:
    study = graded({}, *MANY)
    assert build_report(study)["inference"]["correction"] == "holm"
    assert contrasts(study)["best"]["p_adjusted"] is not None


@pytest.mark.parametrize(("direction", "sign"), [("higher", 1), ("lower", -1)])
@pytest.mark.parametrize("margin", [0.3, 3.0])
def test_a_margin_is_tested_in_the_direction_of_the_question(
    direction: str, sign: int, margin: float
) -> None:
    study = graded({}, {"name": "mean", "statistic": "mean_score", "margin": margin}, direction=direction)
    row = contrasts(study)["mean"]
    test = row["noninferiority"]
    statistic = (sign * row["value"] + margin) / row["se"]
    assert row["value"] == pytest.approx(-1 / 4)
    assert test["limit"] == -sign * margin
    assert test["p"] == pytest.approx(stats.t.sf(statistic, row["df"]))
    assert test["is_shown"] is (test["p"] < 0.025) is (margin == 3.0)
    said = next(
        each for each in document_of(build_report(study)).sections if each.slug == "endpoints"
    ).points[0]
    wanted = (
        "“Arm 1” is not worse than “Arm 2” by 3 or more" if margin == 3.0 else "it is not shown that “Arm 1”"
    )
    assert wanted in said
    assert ("above" if sign == 1 else "below") in said or margin != 3.0


def test_tests_against_margins_are_corrected_among_themselves() -> None:
    many = [{**each, "margin": 0.5, "primary": False} for each in MANY]
    found = [row["noninferiority"] for row in contrasts(graded({}, *many)).values()]
    assert [test["p_adjusted"] for test in found] == holm([test["p"] for test in found])


def test_while_blinded_nothing_tells_which_arm_a_margin_is_about() -> None:
    study = graded({}, {"name": "mean", "statistic": "mean_score", "margin": 3.0})
    Study.objects.filter(pk=study.pk).update(state=State.RUNNING)
    assert contrasts(study)["mean"]["noninferiority"] is None
    said = next(each for each in document_of(build_report(study)).sections if each.slug == "endpoints").points
    assert "is told once the study is unblinded" in said[0]


def test_a_preference_is_tested_against_an_even_share_and_its_margin() -> None:
    declared = {"name": "won", "statistic": "win_rate", "criterion": "better", "margin": 0.4}
    declared |= {"contrast": ["Arm 1", "Arm 2"]}
    study = study_of(PREFER, endpoints=[declared], plan={"plan": "crossed", "outputs": "pairs"})
    for allocation in each_case(study):
        letters = {output.arm.name: output.letter for output in allocation.outputs.select_related("arm")}
        better = "Arm 1" if (int(allocation.case.code[-1]) + allocation.seat.seat) % 4 else "Arm 2"
        say(allocation, "better", "-1" if letters[better] == "A" else "1")
    Study.objects.filter(pk=study.pk).update(state=State.UNBLINDED)
    (row,) = figures(study, "won")
    assert row["value"] == pytest.approx(6 / 8)
    assert row["p"] == pytest.approx(
        2 * stats.t.sf(abs(row["value"] - 0.5) / row["se"], row["df"] or math.inf)
    )
    assert row["noninferiority"]["limit"] == pytest.approx(0.1)


def test_texts_are_set_beside_whole_reference_reports() -> None:
    study = factories.make_ready_study(cases=2, arms=1, readers=1)
    report = (
        "Text 0 about C001. Classification: normal. "
        + "The left lung shows a dense nodule near the hilum. " * 4
    )
    ReferenceStandard.objects.filter(case__code="C001").update(label=report)
    ReferenceStandard.objects.filter(case__code="C002").delete()
    endpoints = [{"name": "wording", "statistic": "rouge"}]
    set_section(study=study, name="endpoints", content=endpoints, by=study.created_by)
    content = build_report(start_study(study=Study.objects.get(pk=study.pk), by=study.created_by))
    (found,) = content["endpoints"][0]["estimates"]
    words = (6, 6 + 4 * 10)
    assert found["value"] == pytest.approx(2 * words[0] / sum(words))
    assert found["n_cases"] == 1
    assert content["classification"] is None  # a report is no label
    assert {row["reference"] for row in oracle.read(b"".join(LongTable.of(study).csv()))} == {""}


GUESS = {
    "key": "source_guess",
    "kind": "single_choice",
    "question": "Who do you think wrote most of the texts?",
    "options": [{"value": "ai", "label": "A model"}, {"value": "human", "label": "A person"}],
    "applies_to": "case",
    "direction": "none",
    "acceptable_from": None,
}


def test_the_blinding_index_is_that_of_the_guesses_after_the_last_case() -> None:
    study = path_worlds.make_draft(practice=None, leaving=[GUESS], readers=3)
    endpoints = [{"name": "blind", "statistic": "blinding_index"}]
    set_section(study=study, name="endpoints", content=endpoints, by=study.created_by)
    study = path_worlds.start(study).study
    for seat, guess in zip(Membership.objects.readers(study), ("ai", "ai", "human"), strict=True):
        path_worlds.read_all(seat)
        signed_in(seat).post(reverse("reading:exit", args=[study.key]), {"case-source_guess": guess})
    assert figures(study, "blind") == []
    (found,) = figures(factories.name_arms(study), "blind")
    assert found["value"] == pytest.approx((2 - 1) / 3)


def test_every_statistic_that_compares_arms_can_be_computed() -> None:
    assert set(COMPARING) == set(MEANS)


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
