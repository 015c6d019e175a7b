"""The rules for disagreements: in the file, in the form, under every display, and in the report."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.adjudicated import HEADER, adjudicated_rows
from readerstudy.analysis.document import document_of
from readerstudy.analysis.evidence import gather
from readerstudy.analysis.report import report_of
from readerstudy.reading import actions
from readerstudy.reading.actions import start_study
from readerstudy.reading.adjudication.queue import matters_of, waiting
from readerstudy.reading.adjudication.screen import adjudication_page, bench_of
from readerstudy.reading.adjudication.table import rows
from readerstudy.reading.models import Adjudication, Allocation
from readerstudy.reading.protocol import criteria_of
from readerstudy.reading.scales import check_answer
from readerstudy.studies.actions import (
    DesignRefused,
    remove_criterion,
    save_criterion,
    set_section,
)
from readerstudy.studies.models import Criterion, Design, Membership, Study
from readerstudy.studies.protocol.exporting import data_of
from tests import factories
from tests.reading.disputes import GAP, answer, make_adjudicator, make_disputed, read_all, rules, submit
from tests.reading.worlds import SIDES, ask

pytestmark = pytest.mark.django_db

BOX = json.dumps([{"slot": "current", "frame": 0, "points": [[1, 1], [9, 9]]}])
FAR_BOX = json.dumps([{"slot": "current", "frame": 0, "points": [[20, 10], [30, 20]]}])


def put(study: Study, section: dict[str, Any]) -> None:
    set_section(study=study, name="adjudication", content=section, by=study.created_by)


@pytest.fixture
def draft() -> Study:
    study = factories.make_study()
    factories.make_arm(study)
    factories.make_criterion(study)
    ask(study, "box")
    ask(study, "free_text")
    ask(study, "single_choice")
    return study


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"criterion": "nobody", "trigger": "difference"}, "No question has the key"),
        ({"criterion": "free_text", "trigger": "difference"}, "not compared"),
        ({"criterion": "box", "trigger": "gap", "limit": 1}, "Choose one of: overlap"),
        ({"criterion": "box", "trigger": "overlap"}, "“limit” is missing"),
        ({"criterion": "box", "trigger": "overlap", "limit": 2}, "An overlap is a share"),
        ({"criterion": "correctness", "trigger": "gap", "limit": 0}, "above 0"),
        ({"criterion": "correctness", "trigger": "difference", "limit": 1}, "no meaning for the trigger"),
        ({"criterion": "single_choice", "trigger": "any_of"}, "“values” is missing"),
        ({"criterion": "single_choice", "trigger": "any_of", "values": ["z"]}, "none of the options"),
        ({"criterion": "single_choice", "trigger": "difference", "readers": 2}, "“readers” has no meaning"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_its_remedy(
    draft: Study, rule: dict[str, Any], why: str
) -> None:
    with pytest.raises(DesignRefused, match=why):
        put(draft, rules(rule))


def test_answers_that_name_one_side_alone_are_refused() -> None:
    study = factories.make_study()
    ask(study, "better", kind="comparative", options=SIDES, applies_to="pair")
    one_side = {"criterion": "better", "trigger": "any_of", "values": [-2]}
    with pytest.raises(DesignRefused, match="both sides"):
        put(study, rules(one_side))
    put(study, rules({**one_side, "values": [-2, 2]}))


def test_questions_of_the_second_stage_are_checked_like_all_others(draft: Study) -> None:
    when = [{"criterion": "correctness", "trigger": "at_least", "limit": 5}]
    question = {"key": "harm", "kind": "yes_no", "question": "Could it harm?"}
    for wrong, why in (
        ({**question, "key": "correctness"}, "already"),
        ({**question, "applies_to": "sentence"}, "whole output"),
        ({**question, "kind": "likert"}, "options"),
    ):
        with pytest.raises(DesignRefused, match=why):
            put(draft, rules(GAP, second_stage={"when": when, "criteria": [wrong]}))
    put(draft, rules(GAP, second_stage={"when": when, "criteria": [question]}))
    assert data_of(draft)["adjudication"]["second_stage"]["criteria"] == [question]


def test_rules_follow_their_question(draft: Study) -> None:
    when = [{"criterion": "correctness", "trigger": "at_least", "limit": 5}]
    question = {"key": "harm", "kind": "yes_no", "question": "Could it harm?"}
    put(draft, rules(GAP, second_stage={"when": when, "criteria": [question]}))
    criterion = Criterion.objects.of(draft).get(key="correctness")
    save_criterion(study=draft, criterion=criterion, fields={"key": "right"}, by=draft.created_by)
    section = Design.objects.of(draft).section("adjudication")
    assert section["rules"][0]["criterion"] == section["second_stage"]["when"][0]["criterion"] == "right"
    remove_criterion(study=draft, criterion=criterion, by=draft.created_by)
    assert Design.objects.of(draft).section("adjudication") == {}


# ------------------------------------------------------------------ the form


def test_the_form_gives_the_section_of_the_file(draft: Study) -> None:
    client = Client()
    client.force_login(draft.created_by)
    page = reverse("reading:adjudications", args=[draft.key])
    sent = {
        "by": "panel",
        "trigger_0": "gap",
        "limit_0": "2",
        "trigger_1": "overlap",
        "limit_1": "0.5",
        "trigger_2": "any_of",
        "values_2": ["a", "b"],
        "readers_2": "2",
    }
    assert client.post(page, sent).status_code == 302
    wanted = {
        "by": "panel",
        "rules": [
            {"criterion": "correctness", "trigger": "gap", "limit": 2},
            {"criterion": "box", "trigger": "overlap", "limit": 0.5},
            {"criterion": "single_choice", "trigger": "any_of", "values": ["a", "b"], "readers": 2},
        ],
    }
    assert Design.objects.of(draft).section("adjudication") == wanted
    assert client.post(page, sent).status_code == 302  # what is stored comes back as it was
    assert Design.objects.of(draft).section("adjudication") == wanted
    assert client.post(page, {"by": ""}).status_code == 302
    assert Design.objects.of(draft).section("adjudication") == {}


@pytest.mark.parametrize(
    "sent",
    [
        {"by": "panel"},
        {"by": "panel", "trigger_0": "gap"},
        {"by": "panel", "trigger_2": "any_of"},
        {"by": "panel", "trigger_1": "overlap", "limit_1": "7"},
    ],
)
def test_the_form_says_what_is_missing(draft: Study, sent: dict[str, str]) -> None:
    client = Client()
    client.force_login(draft.created_by)
    assert client.post(reverse("reading:adjudications", args=[draft.key]), sent).status_code == 422
    assert Design.objects.of(draft).section("adjudication") == {}


def test_a_locked_protocol_keeps_its_rules() -> None:
    study = make_disputed(cases=1, arms=1)
    client = Client()
    client.force_login(study.created_by)
    assert client.post(reverse("reading:adjudications", args=[study.key]), {"by": ""}).status_code == 422
    assert Design.objects.of(study).section("adjudication") == rules(GAP)


# ------------------------------------------------------------------ what hangs on a disputed answer


def make_findings() -> Study:
    """Two readers of one case without a text: is there a finding, and where."""
    study = factories.make_study()
    factories.make_arm(study, name="Unaided", kind="unaided", connection="", model="", prompt=None)
    ask(study, "present", kind="yes_no", applies_to="case")
    ask(study, "box", when=[{"criterion": "present", "is": [True]}])
    factories.make_case(study)
    for _reader in range(2):
        factories.make_reader(study)
    ruled = rules(
        {"criterion": "present", "trigger": "difference"},
        {"criterion": "box", "trigger": "overlap", "limit": 0.5},
        by="panel",
    )
    put(study, ruled)
    return start_study(study=study, by=study.created_by)


def read_findings(study: Study, *said: tuple[str, str]) -> None:
    for seat, (present, box) in zip(Membership.objects.readers(study), said, strict=True):
        allocation = Allocation.objects.of(seat).select_related("seat__study", "seat__user").get()
        answer(allocation, "present", present)
        if box:
            answer(allocation, "box", box)
        submit(allocation)


def opened(study: Study) -> Adjudication:
    seat = make_adjudicator(study)
    adjudication = actions.open_next(adjudicator=seat, by=seat.user)
    assert adjudication is not None
    return adjudication


def test_boxes_that_hardly_overlap_are_settled_without_asking_what_is_agreed() -> None:
    study = make_findings()
    read_findings(study, ("1", BOX), ("1", FAR_BOX))
    page = adjudication_page(bench_of(opened(study)))
    [question] = page.shared
    assert (question.key, question.is_asked) == ("box", True)
    assert [len(each.boxes or ()) for each in question.said] == [1, 1]


def test_what_hangs_on_the_disputed_answer_is_asked_with_it() -> None:
    study = make_findings()
    read_findings(study, ("1", BOX), ("0", ""))
    [matter] = matters_of(study)
    assert [each.place.criterion for each in matter.disputed] == ["present"]
    page = adjudication_page(bench_of(opened(study)))
    assert [(each.key, each.is_asked) for each in page.shared] == [("present", True), ("box", False)]


# ------------------------------------------------------------------ two texts side by side


def make_pairs(section: dict[str, Any]) -> Study:
    study = factories.make_study()
    arms = [factories.make_arm(study, name=name) for name in ("Alpha", "Beta")]
    ask(study, "better", kind="comparative", options=SIDES, applies_to="pair")
    for _number in range(4):
        case = factories.make_case(study)
        for arm in arms:
            factories.make_output(arm, case, text=f"Text {arm.position} about {case.code}.")
    for _reader in range(2):
        factories.make_reader(study)
    put(study, section)
    allocation = {"plan": "crossed", "outputs": "pairs"}
    set_section(study=study, name="allocation", content=allocation, by=study.created_by)
    factories.freeze(study)
    return start_study(study=study, by=study.created_by)


def prefer(study: Study, *wins: str) -> None:
    """Each reader prefers the text of this arm by far, on whichever side it stands."""
    for seat, arm in zip(Membership.objects.readers(study), wins, strict=True):
        for allocation in Allocation.objects.of(seat).select_related("seat__study", "seat__user"):
            letter = allocation.outputs.get(arm__name=arm).letter
            answer(allocation, "better", "-2" if letter == "A" else "2")
            submit(allocation)


def test_a_comparison_is_compared_by_texts_and_not_by_sides() -> None:
    agreed = make_pairs(rules({"criterion": "better", "trigger": "gap", "limit": 3}))
    prefer(agreed, "Alpha", "Alpha")
    assert matters_of(agreed) == []
    disputed = make_pairs(rules({"criterion": "better", "trigger": "gap", "limit": 3}))
    prefer(disputed, "Alpha", "Beta")
    assert len(matters_of(disputed)) == 4


def test_a_panel_is_told_comparisons_of_the_texts_as_they_stand_there() -> None:
    study = make_pairs(rules({"criterion": "better", "trigger": "any_of", "values": [-2, 2]}, by="panel"))
    prefer(study, "Beta", "Beta")
    bench = bench_of(opened(study))
    beta = next(letter for letter, row in bench.rows.items() if row.arm.name == "Beta")
    [question] = adjudication_page(bench).shared
    assert {each.answer for each in question.said} == {f"{beta} much better"}


SECOND = {
    "when": [{"criterion": "better", "trigger": "any_of", "values": [-2, 2]}],
    "criteria": [{"key": "harm", "kind": "yes_no", "question": "Could it harm?", "applies_to": "output"}],
}


def test_the_second_stage_is_asked_where_readers_gave_certain_answers() -> None:
    study = make_pairs({"by": "third_reader", "second_stage": SECOND})
    prefer(study, "Alpha", "Beta")
    assert all(matter.asks_more and not matter.disputed for matter in waiting(study))
    adjudication = opened(study)
    bench = bench_of(adjudication)
    assert [each.field for each in bench.presentation.questions] == ["A-harm", "B-harm"]
    for question, value in zip(bench.presentation.questions, ("1", "0"), strict=True):
        actions.settle(
            adjudication=adjudication,
            question=question,
            output=bench.rows[question.letter],
            answer=check_answer(question.criterion, value, cannot_judge=False),
            token=uuid.uuid4(),
            by=adjudication.adjudicator.user,
        )
    actions.finish_adjudication(
        adjudication=adjudication, questions=bench.presentation.questions, by=adjudication.adjudicator.user
    )
    assert len(waiting(study)) == 3
    told = [row for row in rows(study) if row.status == "second_stage"]
    assert {(row.arm, row.value) for row in told} == {
        (bench.rows["A"].arm_id, "1"),
        (bench.rows["B"].arm_id, "0"),
    }
    document = document_of(report_of(gather(study)))
    [section] = [each for each in document.sections if each.slug == "adjudication"]
    assert "Could it harm?" in str(section)


# ------------------------------------------------------------------ beside the raw ratings


def settled_study() -> Study:
    """One disagreement that is settled as 2, and one that waits."""
    study = make_disputed(cases=2, arms=2)
    read_all(study, [{("C001", 0): "1", ("C002", 0): "1"}, {("C001", 0): "5", ("C002", 0): "5"}])
    adjudication = opened(study)
    bench = bench_of(adjudication)
    [question] = bench.presentation.questions
    actions.settle(
        adjudication=adjudication,
        question=question,
        output=bench.rows["A"],
        answer=check_answer(question.criterion, "2", cannot_judge=False),
        token=uuid.uuid4(),
        by=adjudication.adjudicator.user,
    )
    actions.finish_adjudication(
        adjudication=adjudication, questions=[question], by=adjudication.adjudicator.user
    )
    return study


def test_the_table_has_raw_and_adjudicated_answers_beside_each_other() -> None:
    study = settled_study()
    found = list(rows(study))
    assert [row.status for row in found].count("within_rules") == 2
    [settled] = [row for row in found if row.status == "settled"]
    [waiting_row] = [row for row in found if row.status == "waiting"]
    assert dict(settled.answers) == {"R01": "1", "R02": "5"}
    assert (settled.value, settled.score, settled.adjudicator, settled.saw_readings) == (
        "2",
        2.0,
        "J01",
        False,
    )
    assert waiting_row.value == ""
    lines = [dict(zip(HEADER, line, strict=True)) for line in adjudicated_rows(study)]
    assert {line["arm"] for line in lines} == {"X", "Y"}  # under codes while the study is blinded
    assert "model-1" not in str(lines)


def test_the_table_takes_as_many_queries_for_many_rows(django_assert_max_num_queries: Any) -> None:
    study = settled_study()
    criteria_of(study)
    with django_assert_max_num_queries(12):
        assert len(list(rows(study))) == 4


def test_the_report_shows_adjudicated_beside_raw() -> None:
    study = settled_study()
    content = report_of(gather(study))
    disputed, agreed = sorted(content["adjudication"]["rows"], key=lambda row: -row["disagreements"])
    assert (disputed["read"], disputed["disagreements"], disputed["settled"], disputed["waiting"]) == (
        2,
        2,
        1,
        1,
    )
    assert (disputed["figure"], disputed["n"]) == ("acceptable", 2)
    assert (disputed["raw"], disputed["adjudicated"]) == (
        0.5,
        0.25,
    )  # of two cases 1/2 and 1/2; then 0 and 1/2
    assert (agreed["disagreements"], agreed["raw"], agreed["adjudicated"]) == (0, 1.0, 1.0)
    [section] = [each for each in document_of(content).sections if each.slug == "adjudication"]
    assert "1 settled" in " ".join(section.sentences)


def test_a_settlement_makes_another_report() -> None:
    study = make_disputed(cases=1, arms=1)
    read_all(study, [{("C001", 0): "1"}, {("C001", 0): "5"}])
    before = gather(study).sha256
    opened(study)
    assert gather(study).sha256 != before


def test_a_protocol_without_rules_has_no_such_section() -> None:
    study = factories.make_running_study(cases=1, arms=1)
    content = report_of(gather(study))
    assert "adjudication" not in content
    assert list(rows(study)) == []
