"""Practice: feedback after each case, a mark before the study opens, and nothing of it in any figure."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.table import LongTable
from readerstudy.cases.models import Case
from readerstudy.reading import actions
from readerstudy.reading.models import (
    Allocation,
    PracticeAttempt,
    PracticeRound,
    Rating,
    RatingEvent,
    Reading,
)
from readerstudy.studies.actions import set_section
from readerstudy.studies.actions.design import DesignRefused
from readerstudy.studies.models import Design, Membership, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.path_worlds import KEY, MARK, make_draft, mine, read, read_all, start
from tests.reading.worlds import address, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def seat() -> Membership:
    return start(make_draft())


def test_practice_comes_first_and_the_cases_wait_for_the_mark(seat: Membership) -> None:
    first = mine(seat, practice=False)[0]
    with pytest.raises(StudyError, match="practice cases first"):
        actions.show_reading(seat=seat, allocation=first)
    for allocation, value in zip(mine(seat, practice=True), ("4", "2"), strict=True):
        read(seat, allocation, value)
    ended = PracticeRound.objects.get()
    assert (ended.agreed, ended.compared, ended.is_passed, ended.share) == (2, 2, True, 1.0)
    actions.show_reading(seat=seat, allocation=first)


def test_no_rating_of_a_case_gets_in_before_practice_is_passed(seat: Membership) -> None:
    client, first = signed_in(seat), mine(seat, practice=False)[0]
    letter = first.outputs.get().letter
    sent = {"output": letter, "criterion": "correctness", "value": "4", "token": "0" * 32}
    response = client.post(address("rate", first), sent)
    assert response.status_code == 409
    assert "practice" in response.json()["error"]
    assert RatingEvent.objects.count() == 0


def test_after_each_practice_case_the_reader_sees_the_expected_beside_the_own_answer(
    seat: Membership,
) -> None:
    client, allocation = signed_in(seat), mine(seat, practice=True)[1]
    assert client.get(address("feedback", allocation)).status_code == 404
    letter = allocation.outputs.get().letter
    client.get(address("read", allocation))
    response = client.post(address("submit", allocation), {f"{letter}-correctness": "5", "submit": "1"})
    assert response["Location"] == address("feedback", allocation)
    page = client.get(response["Location"]).content.decode()
    for words in (
        "Nothing wrong",
        "Several errors",
        "The effusion is missed.",
        "differs",
        "0 of 1 as expected",
    ):
        assert words in page
    assert client.get(address("read", allocation))["Location"] == address("feedback", allocation)


def test_a_script_is_told_where_the_feedback_is(seat: Membership) -> None:
    client, allocation = signed_in(seat), mine(seat, practice=True)[0]
    letter = allocation.outputs.get().letter
    sent = {f"{letter}-correctness": "4", "submit": "1"}
    response = client.post(address("submit", allocation), sent, headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, address("feedback", allocation))


def test_practice_cases_are_counted_apart(seat: Membership) -> None:
    client = signed_in(seat)
    assert (
        "2 practice cases come first"
        in client.get(reverse("reading:start", args=[seat.study.key])).content.decode()
    )
    page = client.get(address("read", mine(seat, practice=True)[0])).content.decode()
    assert "Practice case 1 of 2" in page
    for allocation, value in zip(mine(seat, practice=True), ("4", "2"), strict=True):
        read(seat, allocation, value)
    page = client.get(address("read", mine(seat, practice=False)[0])).content.decode()
    assert "Case 1 of 2" in page
    assert address("read", mine(seat, practice=True)[1]) not in page


def test_a_finished_practice_case_keeps_its_answers(seat: Membership) -> None:
    allocation = mine(seat, practice=True)[0]
    read(seat, allocation, "1")
    output = allocation.outputs.get()
    with pytest.raises(StudyError, match="stay as they are"):
        read(seat, allocation, "4")
    assert Rating.objects.get(output=output).value == "1"


def test_whoever_misses_the_mark_practises_again_and_every_attempt_is_kept(seat: Membership) -> None:
    client, start_page = signed_in(seat), reverse("reading:start", args=[seat.study.key])
    for allocation in mine(seat, practice=True):
        read(seat, allocation, "1")
    page = client.get(start_page).content.decode()
    assert "0 of 2 answers were as expected; 80 % are needed." in page
    assert "1 round is left." in page
    client.post(reverse("reading:practise_again", args=[seat.study.key]))
    assert Reading.objects.filter(submitted_at__isnull=False).count() == 0
    assert set(Rating.objects.values_list("value", flat=True)) == {""}
    for allocation, value in zip(mine(seat, practice=True), ("3", "2"), strict=True):
        read(seat, Allocation.objects.get(pk=allocation.pk), value)
    attempts = list(PracticeAttempt.objects.order_by("pk").values_list("number", "agreed"))
    assert attempts == [(1, 0), (1, 0), (2, 1), (2, 1)]
    assert RatingEvent.objects.count() == 6
    assert "2 cases wait for you" in client.get(start_page).content.decode()


def test_without_a_round_left_only_the_coordinator_helps(seat: Membership) -> None:
    for _round in range(2):
        for allocation in mine(seat, practice=True):
            read(seat, allocation, "1")
        if PracticeRound.objects.count() < 2:
            actions.repeat_practice(seat=seat, by=seat.user)
    with pytest.raises(StudyError, match="No round of practice is left"):
        actions.repeat_practice(seat=seat, by=seat.user)
    page = signed_in(seat).get(reverse("reading:start", args=[seat.study.key])).content.decode()
    assert "please ask" in page
    coordinator = Client()
    coordinator.force_login(seat.study.created_by)
    readers = reverse("reading:readers", args=[seat.study.key])
    assert "not passed, 0 %" in coordinator.get(readers).content.decode()
    coordinator.post(reverse("reading:grant_practice", args=[seat.study.key, seat.pk]))
    actions.repeat_practice(seat=seat, by=seat.user)
    with pytest.raises(StudyError, match="does not need another round"):
        actions.grant_round(seat=seat, by=seat.study.created_by)


def test_nobody_practises_again_once_the_mark_is_reached(seat: Membership) -> None:
    for allocation, value in zip(mine(seat, practice=True), ("4", "2"), strict=True):
        read(seat, allocation, value)
    with pytest.raises(StudyError, match="no practice to repeat"):
        actions.repeat_practice(seat=seat, by=seat.user)


def test_practice_never_enters_the_analysis(seat: Membership) -> None:
    read_all(seat)
    table = LongTable.of(seat.study)
    cases = {table.cases[record.case].code for record in table.records()}
    assert cases == {"C001", "C002"}
    assert {record.value for record in table.records()} == {"4"}


def test_practice_without_a_mark_only_has_to_be_finished() -> None:
    seat = start(make_draft(practice={"cases": ["C003", "C004"]}))
    for allocation in mine(seat, practice=True):
        read(seat, allocation, "1")
    actions.show_reading(seat=seat, allocation=mine(seat, practice=False)[0])
    assert PracticeRound.objects.get().share is None


def test_attempts_rounds_and_grants_cannot_be_changed(seat: Membership) -> None:
    for allocation in mine(seat, practice=True):
        read(seat, allocation, "1")
    for rows in (PracticeAttempt.objects.all(), PracticeRound.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(agreed=1)


def test_the_reference_standard_can_be_the_expected_answer() -> None:
    study = make_draft(practice=None)
    options = [{"value": value, "label": value.capitalize()} for value in ("normal", "abnormal")]
    factories.make_criterion(
        study, key="finding", kind="single_choice", options=options, applies_to="case", acceptable_from=None
    )
    Case.objects.filter(study=study, code__in=("C003", "C004")).update(purpose="practice")
    told = {"cases": ["C003", "C004"], "reference": "finding"}
    set_section(study=study, name="phases", content={"practice": told}, by=study.created_by)
    seat = start(study)
    client, allocation = signed_in(seat), mine(seat, practice=True)[0]
    letter = allocation.outputs.get().letter
    sent = {f"{letter}-correctness": "4", "case-finding": "abnormal", "submit": "1"}
    client.post(address("submit", allocation), sent)
    page = client.get(address("feedback", allocation)).content.decode()
    assert "0 of 1 as expected" in page
    assert "Normal" in page


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"case": "C001"}, "is no practice case"),
    ({"criterion": "colour"}, "No question has the key"),
    ({"answer": 9}, "none of the options"),
    ({"arm": "Arm 9"}, "There is no arm"),
]


@pytest.mark.parametrize(("change", "sentence"), WRONG)
def test_a_key_that_does_not_fit_is_refused(change: dict[str, Any], sentence: str) -> None:
    study = make_draft()
    practice = {**MARK, "key": [{**KEY[0], **change}]}
    with pytest.raises(DesignRefused, match=sentence):
        set_section(study=study, name="phases", content={"practice": practice}, by=study.created_by)


# --- the coordinator's pages


@pytest.fixture
def draft() -> Study:
    return make_draft(practice={"cases": ["C003", "C004"]})


@pytest.fixture
def coordinator(draft: Study) -> Client:
    client = Client()
    client.force_login(draft.created_by)
    return client


def test_a_coordinator_sets_the_rules_and_says_what_is_expected(coordinator: Client, draft: Study) -> None:
    page = coordinator.get(reverse("reading:practice", args=[draft.key]))
    assert "Expected answers" in page.content.decode()
    rules = {"pass_mark": "80", "tries": "3", "reference": ""}
    assert coordinator.post(reverse("reading:practice", args=[draft.key]), rules).status_code == 302
    url = reverse("reading:practice_case", args=[draft.key, "C003"])
    assert "Arm 1" in coordinator.get(url).content.decode()
    sent = {
        "correctness@Arm 1@answer": "4",
        "correctness@Arm 1@within": "1",
        "correctness@Arm 1@explanation": "One slip at most.",
    }
    response = coordinator.post(url, sent)
    assert response["Location"] == reverse("reading:practice_case", args=[draft.key, "C004"])
    practice = Design.objects.of(draft).section("phases")["practice"]
    assert (practice["pass_mark"], practice["tries"]) == (0.8, 3)
    assert practice["key"] == [
        {
            "case": "C003",
            "criterion": "correctness",
            "arm": "Arm 1",
            "answer": practice["key"][0]["answer"],
            "within": 1,
            "explanation": "One slip at most.",
        }
    ]
    assert 'value="4" selected' in coordinator.get(url).content.decode()


def test_the_key_goes_out_and_comes_in_as_a_table(coordinator: Client, draft: Study) -> None:
    set_section(study=draft, name="phases", content={"practice": MARK}, by=draft.created_by)
    sent = b"".join(coordinator.get(reverse("reading:practice_table", args=[draft.key])))
    lines = sent.decode("utf-8-sig").splitlines()
    assert lines[0] == "case,criterion,arm,part,answer,within,explanation"
    assert lines[1] == "C003,correctness,Arm 1,,4,1,One slip at most."
    changed = sent.replace(b"One slip at most.", b"A slip.").replace(b",2,", b",Minor slip,")
    upload = reverse("reading:practice_upload", args=[draft.key])
    response = coordinator.post(upload, {"table": io.BytesIO(changed)})
    assert response.status_code == 302
    key = Design.objects.of(draft).section("phases")["practice"]["key"]
    assert [(row["case"], str(row["answer"]), row["explanation"]) for row in key] == [
        ("C003", "4", "A slip."),
        ("C004", "4", "The effusion is missed."),
    ]
    assert Design.objects.of(draft).section("phases")["practice"]["pass_mark"] == 0.8


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("C003,correctness,,,9,,", "Line 2: “9” is none of the options"),
        ("C001,correctness,,,4,,", "Line 2: “C001” is no practice case"),
        ("C003,correctness,,,4,far,", "Line 2: “far” under “within” is no number"),
    ],
)
def test_a_wrong_table_changes_nothing_and_names_the_line(
    coordinator: Client, draft: Study, line: str, sentence: str
) -> None:
    table = io.BytesIO(f"case,criterion,arm,part,answer,within,explanation\n{line}\n".encode())
    response = coordinator.post(reverse("reading:practice_upload", args=[draft.key]), {"table": table})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "key" not in Design.objects.of(draft).section("phases")["practice"]


def test_a_locked_protocol_keeps_its_key(seat: Membership) -> None:
    client = Client()
    client.force_login(seat.study.created_by)
    url = reverse("reading:practice_case", args=[seat.study.key, "C003"])
    assert client.post(url, {"correctness@Arm 1@answer": "1"}).status_code == 422
    assert Design.objects.of(seat.study).section("phases")["practice"]["key"] == KEY


def test_the_overview_says_that_nothing_is_expected_yet(coordinator: Client, draft: Study) -> None:
    factories.freeze(draft)
    page = coordinator.get(reverse("studies:detail", args=[draft.key])).content.decode()
    assert "Nothing is expected of 2 practice cases" in page


def test_a_case_that_serves_something_else_by_now_is_named(coordinator: Client, draft: Study) -> None:
    Case.objects.filter(study=draft, code="C004").update(purpose="study")
    url = reverse("reading:practice", args=[draft.key])
    assert "No longer for practice: C004." in coordinator.get(url).content.decode()
    coordinator.post(url, {"pass_mark": "", "tries": "", "reference": ""})
    assert Design.objects.of(draft).section("phases")["practice"] == {"cases": ["C003"]}
