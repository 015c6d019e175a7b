"""The path around the cases: consent, profile, tutorial, last questions, signature, certificate, pauses."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.analysis.last_answers import LastAnswers
from readerstudy.analysis.report import build_report
from readerstudy.reading import actions
from readerstudy.reading.models import (
    Act,
    AllocationPlan,
    Background,
    ExitEvent,
    Passage,
    PathPart,
    ReaderSignature,
    Reading,
    Session,
)
from readerstudy.reading.scales import Answer
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.reading.path_worlds import TIRED, TROUBLE, make_draft, mine, read, read_all, start
from tests.reading.worlds import address, signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
MOST_QUERIES = 8


def page_of(seat: Membership, name: str = "start", client: Client | None = None) -> str:
    url = reverse(f"reading:{name}", args=[seat.study.key])
    return (client or signed_in(seat)).get(url).content.decode()


def post(seat: Membership, name: str, data: Mapping[str, Any] | None = None) -> Any:
    return signed_in(seat).post(reverse(f"reading:{name}", args=[seat.study.key]), data or {})


# --- consent


def newcomer(study: Study) -> Membership:
    """A reader with a profile who has not consented."""
    seat = factories.make_member(study)
    factories.save_profile(user=seat.user, name="Reader", specialty="radiology", years_experience=3)
    return seat


def test_a_reader_signs_the_consent_text_with_a_name() -> None:
    study = start(make_draft(practice=None)).study
    seat = newcomer(study)
    assert "I agree and sign" in page_of(seat)
    assert post(seat, "consent", {"printed_name": " "}).status_code == 422
    assert not ReaderSignature.objects.exists()
    post(seat, "consent", {"printed_name": "Dr Example"})
    post(seat, "consent", {"printed_name": "Dr Example"})
    signature = ReaderSignature.objects.get()
    assert (signature.act, signature.printed_name, signature.text) == (
        Act.CONSENT,
        "Dr Example",
        study.consent_text,
    )
    assert signature.digest == signature.compute_digest()
    assert "4 cases wait for you" in page_of(seat)


def test_signatures_cannot_be_changed() -> None:
    seat = newcomer(start(make_draft(practice=None)).study)
    actions.sign_consent(seat=seat, printed_name="Dr Example", by=seat.user)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReaderSignature.objects.update(printed_name="Another")


# --- profile


def test_a_protocol_asks_its_readers_about_themselves() -> None:
    seat = start(make_draft(practice=None, sections={"readers": {"profile": ["role", "ai_experience"]}}))
    assert "A few words about you" in page_of(seat)
    assert (
        signed_in(seat)
        .get(reverse("reading:resume", args=[seat.study.key]))["Location"]
        .endswith(f"/read/{seat.study.key}/")
    )
    assert post(seat, "background", {"role": "consultant"}).status_code == 422
    answers = {"role": "consultant", "ai_experience": "weekly"}
    post(seat, "background", answers)
    post(seat, "background", answers)
    assert Background.objects.get().answers == answers
    assert "4 cases wait for you" in page_of(seat)


# --- tutorial


@pytest.fixture
def taught() -> Membership:
    texts = {"en": {"tutorial": ["Look at the image.", "Press a digit."]}}
    return start(make_draft(practice=None, sections={"texts": texts}))


def test_the_tutorial_comes_before_the_first_case(taught: Membership) -> None:
    assert "Begin the tutorial" in page_of(taught)
    with pytest.raises(StudyError, match="tutorial first"):
        actions.show_reading(seat=taught, allocation=mine(taught, practice=False)[0])
    page = page_of(taught, "tutorial")
    assert "Press a digit." in page
    assert reverse("reading:screen", args=[taught.study.key]) in page
    post(taught, "tutorial")
    post(taught, "tutorial")
    assert Passage.objects.get().part == PathPart.TUTORIAL
    actions.show_reading(seat=taught, allocation=mine(taught, practice=False)[0])


def test_the_tutorials_screen_asks_this_studys_questions_and_stores_nothing(taught: Membership) -> None:
    client, url = signed_in(taught), reverse("reading:screen", args=[taught.study.key])
    response = client.get(url)
    assert "Correctness" in response.content.decode()
    assert "Text about" not in response.content.decode()
    client.post(url, {"A-correctness": "4", "submit": "1"})
    assert Reading.objects.count() == 0


# --- last questions


@pytest.fixture
def leaving() -> Membership:
    return start(make_draft(practice=None, leaving=[TIRED, TROUBLE]))


def test_the_last_questions_come_after_the_last_case_and_once(leaving: Membership) -> None:
    with pytest.raises(StudyError, match="after your last case"):
        actions.finish_exit(seat=leaving, by=leaving.user)
    read_all(leaving)
    assert "Last questions" in page_of(leaving)
    assert "How tired are you?" in page_of(leaving, "exit")
    response = post(leaving, "exit", {"case-trouble": "The lamp flickered."})
    assert response.status_code == 422
    assert "Still open: “How tired are you?”" in response.content.decode()
    assert post(leaving, "exit", {"case-fatigue": "9"}).status_code == 422
    post(leaving, "exit", {"case-fatigue": "2"})
    standing = {event.criterion.key: event.value for event in ExitEvent.objects.standing()}
    assert standing == {"fatigue": "2", "trouble": "The lamp flickered."}
    assert "All done" in page_of(leaving)
    post(leaving, "exit", {"case-fatigue": "5"})
    assert ExitEvent.objects.count() == 2


def test_the_same_answer_sent_twice_is_one_event(leaving: Membership) -> None:
    read_all(leaving)
    criterion = LastAnswers.of(leaving.study).criteria[0]
    token = uuid.uuid4()
    for _time in range(2):
        actions.answer_exit(
            seat=leaving, criterion=criterion, answer=Answer("2", 2.0), token=token, by=leaving.user
        )
    assert ExitEvent.objects.count() == 1


def test_last_answers_are_append_only(leaving: Membership) -> None:
    read_all(leaving)
    post(leaving, "exit", {"case-fatigue": "2"})
    with pytest.raises(DatabaseError), transaction.atomic():
        ExitEvent.objects.update(value="1")


def test_last_answers_stand_in_the_report_and_in_the_table_of_readers(leaving: Membership) -> None:
    before = build_report(leaving.study)["input_sha256"]
    read_all(leaving)
    coordinator = Client()
    coordinator.force_login(leaving.study.created_by)
    coordinator.get(reverse("analysis:report", args=[leaving.study.key]))  # so that one is remembered
    post(leaving, "exit", {"case-fatigue": "2"})
    content = build_report(leaving.study)
    fatigue = content["leaving"][0]
    assert (fatigue["answered"], [each["n"] for each in fatigue["counts"]]) == (1, [0, 1, 0, 0, 0])
    assert content["input_sha256"] != before
    page = coordinator.get(reverse("analysis:report", args=[leaving.study.key])).content.decode()
    assert "1 of 1 readers have answered the questions after the last case." in page or "has answered" in page
    response = coordinator.get(reverse("analysis:readers", args=[leaving.study.key]))
    table = b"".join(response).decode()
    header, row = table.strip().split("\r\n")
    found = dict(zip(header.split(","), row.split(","), strict=True))
    assert (found["reader"], found["exit_fatigue"], found["cases_submitted"]) == ("R01", "2", "4")
    assert (
        "last questions answered"
        in coordinator.get(reverse("reading:readers", args=[leaving.study.key])).content.decode()
    )


GUESS = {
    "key": "source_guess",
    "kind": "single_choice",
    "question": "Who do you think wrote most of the texts?",
    "options": [
        {"value": "ai", "label": "A model"},
        {"value": "human", "label": "A person"},
        {"value": "unsure", "label": "I cannot say"},
    ],
    "applies_to": "case",
    "direction": "none",
    "acceptable_from": None,
}


def test_source_guesses_become_the_blinding_index_once_the_study_is_unblinded() -> None:
    study = start(make_draft(practice=None, leaving=[GUESS], readers=3)).study
    for seat, guess in zip(Membership.objects.readers(study), ("ai", "ai", "human"), strict=True):
        read_all(seat)
        post(seat, "exit", {"case-source_guess": guess})
    assert build_report(study)["leaving"][0]["blinding_index"] is None
    found = build_report(factories.name_arms(study))["leaving"][0]["blinding_index"]
    assert (found["right"], found["wrong"], found["unsure"]) == (2, 1, 0)
    assert found["value"] == pytest.approx(1 / 3)


# --- signature and certificate


@pytest.fixture
def done() -> Membership:
    seat = start(make_draft())
    read_all(seat)
    return seat


def test_a_reader_signs_with_the_password_and_gets_a_certificate(done: Membership) -> None:
    certificate = reverse("reading:certificate", args=[done.study.key])
    assert signed_in(done).get(certificate).status_code == 404
    assert post(done, "sign", {"printed_name": "Dr Example", "password": "wrong"}).status_code == 422
    assert not ReaderSignature.objects.filter(act=Act.COMPLETION).exists()
    post(done, "sign", {"printed_name": "Dr Example", "password": PASSWORD})
    post(done, "sign", {"printed_name": "Dr Example", "password": PASSWORD})
    signature = ReaderSignature.objects.get(act=Act.COMPLETION)
    assert signature.with_password
    assert "Signed by Dr Example" in page_of(done)
    response = signed_in(done).get(certificate)
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert response.content == signed_in(done).get(certificate).content


def test_whoever_comes_by_links_alone_signs_by_the_session(done: Membership) -> None:
    done.user.set_unusable_password()
    done.user.save()
    assert "Your password again" not in page_of(done)
    post(done, "sign", {"printed_name": "Dr Example"})
    assert not ReaderSignature.objects.get(act=Act.COMPLETION).with_password


def test_nobody_signs_before_the_last_case(done: Membership) -> None:
    other = start(make_draft(practice=None))
    with pytest.raises(StudyError, match="still open"):
        actions.sign_completion(seat=other, printed_name="Dr Example", password=PASSWORD, by=other.user)


def test_the_certificate_says_what_was_done(done: Membership) -> None:
    from readerstudy.reading.path.certificate import Certificate, work_of

    Reading.objects.update(active_seconds=900)
    signature = actions.sign_completion(seat=done, printed_name="Dr Example", password=PASSWORD, by=done.user)
    work = work_of(done)
    assert work is not None
    said = " ".join(Certificate.of(signature, work).lines)
    assert "read 2 cases after 2 practice cases" in said
    assert "1.0 hours" in said


# --- pauses and sittings


@pytest.fixture
def patient() -> Membership:
    return start(make_draft(practice=None, phases={"break_cases": 2, "break_minutes": 5}))


def submit(seat: Membership, place: int, **headers: str) -> Any:
    allocation = mine(seat, practice=False)[place]
    letter = allocation.outputs.get().letter
    client = signed_in(seat)
    client.get(address("read", allocation))
    return client.post(
        address("submit", allocation), {f"{letter}-correctness": "4", "submit": "1"}, headers=headers
    )


def test_a_pause_is_offered_at_the_studys_limit_and_counting_begins_anew(patient: Membership) -> None:
    pause = reverse("reading:pause", args=[patient.study.key])
    assert submit(patient, 0)["Location"] != pause
    assert submit(patient, 1)["Location"] == pause
    assert "Stop here" in page_of(patient, "pause")
    assert submit(patient, 2)["Location"] != pause


def test_a_script_is_told_where_the_pause_is(patient: Membership) -> None:
    submit(patient, 0)
    response = submit(patient, 1, HX_Request="true")
    assert response["HX-Redirect"] == reverse("reading:pause", args=[patient.study.key])


def test_minutes_of_reading_make_a_pause_due_and_idle_ones_do_not(patient: Membership) -> None:
    from readerstudy.reading.path.sittings import busy_of, is_due

    read(patient, mine(patient, practice=False)[0])
    Reading.objects.update(active_seconds=299)
    assert not is_due(patient, busy_of(patient))
    Reading.objects.update(active_seconds=300)
    assert is_due(patient, busy_of(patient))


def test_whoever_was_away_begins_a_new_sitting(patient: Membership) -> None:
    first, second = mine(patient, practice=False)[:2]
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        read(patient, first)
    with time_machine.travel(now + dt.timedelta(hours=2), tick=False):
        read(patient, second)
    ended, open_one = Session.objects.order_by("pk")
    assert ended.ended_at == ended.last_seen_at == now
    assert open_one.ended_at is None


# --- ethics


def test_an_expired_approval_opens_no_new_case_and_takes_no_answer_away() -> None:
    ethics = {"decision": "approved", "expires": "2026-12-31"}
    seat = start(make_draft(practice=None, sections={"ethics": ethics}))
    first, second = mine(seat, practice=False)[:2]
    actions.show_reading(seat=seat, allocation=first)
    with time_machine.travel(dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC), tick=False):
        assert "The ethics approval of this study has ended" in page_of(seat)
        with pytest.raises(StudyError, match="no new case opens"):
            actions.show_reading(seat=seat, allocation=second)
        letter = first.outputs.get().letter
        sent = {f"{letter}-correctness": "4", "submit": "1"}
        response = signed_in(seat).post(address("submit", first), sent, headers={"HX-Request": "true"})
        assert response["HX-Redirect"] == reverse("reading:start", args=[seat.study.key])
    assert Reading.objects.get(allocation=first).submitted_at is not None


@pytest.mark.parametrize("name", ["start", "resume", "background", "tutorial", "screen", "pause"])
def test_the_pages_around_the_cases_need_few_queries(
    taught: Membership, name: str, django_assert_max_num_queries: Any
) -> None:
    client, url = signed_in(taught), reverse(f"reading:{name}", args=[taught.study.key])
    client.get(url)
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get(url)


def test_feedback_and_last_questions_need_few_queries(django_assert_max_num_queries: Any) -> None:
    seat = start(make_draft(leaving=[TIRED]))
    read_all(seat)
    client = signed_in(seat)
    pages = [
        address("feedback", mine(seat, practice=True)[0]),
        reverse("reading:exit", args=[seat.study.key]),
    ]
    for url in pages:
        client.get(url)
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(url).status_code == 200


def test_a_case_with_practice_before_it_needs_few_queries(django_assert_max_num_queries: Any) -> None:
    seat = start(make_draft())
    for allocation, value in zip(mine(seat, practice=True), "42", strict=True):
        read(seat, allocation, value)
    client, allocation = signed_in(seat), mine(seat, practice=False)[0]
    letter = allocation.outputs.get().letter
    client.get(address("read", allocation))
    sent = {"output": letter, "criterion": "correctness", "value": "4", "token": str(uuid.uuid4())}
    with django_assert_max_num_queries(8):
        assert client.post(address("rate", allocation), sent).status_code == 200


def test_a_pilot_is_neither_signed_nor_certified(done: Membership) -> None:
    AllocationPlan.objects.bulk_create(
        [
            AllocationPlan(
                study=done.study, seed=1, algorithm="test", seats=1, cases=[], arms=[], is_pilot=True
            )
        ]
    )
    with pytest.raises(StudyError, match="pilot is not signed"):
        actions.sign_completion(seat=done, printed_name="Dr Example", password=PASSWORD, by=done.user)
