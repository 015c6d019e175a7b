"""The life of a study: every deed of the table from every state, by every role, with its checks and its trace."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.audit.models import Event
from readerstudy.audit.sentences import sentence
from readerstudy.reading import actions as reading
from readerstudy.reading.models import AllocatedOutput, Allocation, AllocationPlan, RatingEvent
from readerstudy.reading.proof import flaws_of
from readerstudy.reading.scales import check_answer
from readerstudy.studies import actions
from readerstudy.studies.actions.life import carry_out
from readerstudy.studies.actions.signing import Signing
from readerstudy.studies.lifecycle import (
    OPEN_TO_CHANGE,
    TABLE,
    Deed,
    Move,
    State,
    diagram,
    documented_table,
    move_of,
    moves_from,
)
from readerstudy.studies.models import Criterion, Membership, ProtocolVersion, Role, Signature, Study
from readerstudy.studies.policies import StudyError, check_data_open, check_protocol_open
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
SIGNED = {"printed_name": "Dr. A. Coordinator", "meaning": "responsible", "password": PASSWORD}
BEFORE_LOCK = (State.DRAFT, State.PILOT)


def signing(**changes: str) -> Signing:
    return Signing(**{**SIGNED, **changes})


def put(study: Study, state: State) -> Study:
    """The study in a state, as if it had come there; only for what does not look at how."""
    is_new = state not in BEFORE_LOCK and study.locked_at is None
    locked = {"locked_at": "2026-11-22T12:00Z", "manifest_sha256": "0" * 64} if is_new else {}
    Study.objects.filter(pk=study.pk).update(state=state, **locked)
    return Study.objects.get(pk=study.pk)


def client_of(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def do(study: Study, deed: Deed, **given: Any) -> Study:
    return carry_out(study=study, deed=deed, by=study.created_by, reason="Because.", **given)


def rate_first(study: Study, seat: Membership | None = None, value: str = "4") -> AllocatedOutput:
    """One rating of the first case that a reader has now."""
    seat = seat or Membership.objects.readers(study)[0]
    allocation = Allocation.objects.of(seat).first()
    assert allocation is not None
    output = allocation.outputs.select_related("allocation").get()
    criterion = Criterion.objects.of(study)[0]
    reading.rate(
        seat=seat,
        allocation=allocation,
        output=output,
        criterion=criterion,
        answer=check_answer(criterion, value, cannot_judge=False),
        token=uuid.uuid4(),
        by=seat.user,
    )
    return output


# ---- the table ----------------------------------------------------------------------------------------


def test_the_documentation_is_the_table() -> None:
    documented = Path(settings.BASE_DIR, "docs/reference/study-states.md").read_text()
    assert diagram() in documented
    assert documented_table() in documented


def test_every_deed_is_one_row_and_leads_on_from_every_state_but_the_last() -> None:
    assert [move.deed for move in TABLE] == list(Deed)
    assert {state for state in State if not moves_from(state)} == {State.ARCHIVED}
    assert all(move.roles <= set(Role.values) for move in TABLE)
    assert {move.deed for move in TABLE if move.is_signed} == {Deed.LOCK, Deed.LOCK_DATA, Deed.UNBLIND}


@pytest.mark.parametrize("state", State)
def test_from_a_state_exactly_the_deeds_of_the_table_can_be_done(state: State) -> None:
    study = put(factories.make_study(), state)
    for move in TABLE:
        if state in move.now:
            continue
        with pytest.raises(StudyError, match="is not possible now"):
            do(study, move.deed, signing=signing())
        study.refresh_from_db()
        assert study.state == state


def test_a_whole_life_by_the_buttons_leaves_a_trace_of_each_deed() -> None:
    study = factories.make_ready_study()
    client = client_of(study)
    for deed in (
        *(Deed.BEGIN_PILOT, Deed.END_PILOT, Deed.LOCK, Deed.OPEN, Deed.PAUSE, Deed.RESUME, Deed.CLOSE),
        *(Deed.LOCK_DATA, Deed.UNBLIND, Deed.ARCHIVE),
    ):
        move = move_of(deed)
        address = reverse("studies:deed", args=[study.key, deed])
        overview = client.get(reverse("studies:detail", args=[study.key])).content.decode()
        assert address in overview
        answers = {**SIGNED, "reason": "Because it is time.", "pilot_cases": "2"}
        response = client.post(address, answers)
        assert response.status_code == 302, response.content.decode()
        study.refresh_from_db()
        assert study.state == move.then
        event = Event.objects.of_study(study.pk).get(verb=move.verb)
        assert (event.actor, event.data["to"]) == (study.created_by, move.then)
        assert str(move.label) in sentence(event)
    assert list(flaws_of(study)) == []
    assert client.get(reverse("studies:life", args=[study.key])).status_code == 200


@pytest.mark.parametrize("move", TABLE, ids=lambda move: move.deed)
@pytest.mark.parametrize("who", ["reader", "researcher", "adjudicator", "writer", "stranger"])
def test_only_the_roles_of_the_table_do_a_deed(move: Move, who: str) -> None:
    study = put(factories.make_study(), min(move.now))
    by = factories.make_user() if who == "stranger" else factories.make_member(study, Role(who)).user
    client = Client()
    client.force_login(by)
    address = reverse("studies:deed", args=[study.key, move.deed])
    assert client.post(address, {**SIGNED, "reason": "x"}).status_code == 404
    with pytest.raises(StudyError, match="Your role"):
        carry_out(study=study, deed=move.deed, by=by, reason="x", signing=signing())


def test_a_deed_is_done_by_post_with_a_token_of_the_page_and_never_by_get() -> None:
    study = put(factories.make_study(), State.RUNNING)
    address = reverse("studies:deed", args=[study.key, "pause"])
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(study.created_by)
    assert strict.post(address).status_code == 403
    assert client_of(study).get(address).status_code == 302
    study.refresh_from_db()
    assert study.state == State.RUNNING


def test_a_deed_that_is_sent_twice_is_done_once() -> None:
    study = put(factories.make_study(), State.RUNNING)
    client = client_of(study)
    for _click in range(2):
        client.post(reverse("studies:deed", args=[study.key, "close"]), {"reason": "Enough."})
    assert Event.objects.of_study(study.pk).filter(verb="study.close").count() == 1


def test_a_deed_of_another_study_or_of_none_is_not_found() -> None:
    study, other = factories.make_study(), factories.make_study()
    client = client_of(study)
    assert client.post(reverse("studies:deed", args=[other.key, "lock"]), SIGNED).status_code == 404
    assert client.post(reverse("studies:deed", args=[study.key, "delete"])).status_code == 404


@pytest.mark.parametrize("deed", [Deed.CLOSE, Deed.UNBLIND, Deed.ARCHIVE])
def test_what_cannot_be_undone_asks_why(deed: Deed) -> None:
    study = put(factories.make_study(), min(move_of(deed).now))
    response = client_of(study).post(
        reverse("studies:deed", args=[study.key, deed]), {**SIGNED, "reason": " "}
    )
    assert response.status_code == 422
    study.refresh_from_db()
    assert study.state in move_of(deed).now


def test_a_study_that_is_not_ready_is_not_locked_and_says_why_beside_the_remedy() -> None:
    study = factories.make_study()
    page = client_of(study).post(reverse("studies:deed", args=[study.key, "lock"]), SIGNED)
    assert page.status_code == 422
    assert "No arm is defined" in page.content.decode()
    assert f'href="{reverse("studies:arms", args=[study.key])}">Add an arm' in page.content.decode()
    assert not Signature.objects.exists()
    assert ProtocolVersion.objects.count() == 0


# ---- the lock -----------------------------------------------------------------------------------------


def test_the_lock_is_signed_and_everything_about_it_is_shown() -> None:
    study = factories.make_ready_study()
    study = do(study, Deed.LOCK, signing=signing())
    version = ProtocolVersion.objects.get(study=study)
    signature = version.signature
    assert signature is not None
    assert (version.number, version.kind, version.manifest_sha256) == (1, "lock", study.manifest_sha256)
    assert (signature.printed_name, signature.meaning) == ("Dr. A. Coordinator", "responsible")
    assert (signature.deed, signature.content_sha256) == ("lock", study.manifest_sha256)
    assert signature.digest == signature.compute_digest()
    page = client_of(study).get(reverse("studies:detail", args=[study.key])).content.decode()
    assert "Dr. A. Coordinator: “I am responsible for this study and approve this”" in page
    assert "UTC" in page
    assert study.manifest_sha256 in page
    assert version.document["criteria"][0]["key"] == "correctness"


def test_what_a_command_locks_is_shown_as_not_signed() -> None:
    study = factories.make_running_study()
    page = client_of(study).get(reverse("studies:detail", args=[study.key])).content.decode()
    assert "Not signed: done by a command" in page


@pytest.mark.parametrize("table", ["studies_signature", "studies_protocolversion", "studies_unblinding"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET study_id = study_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_postgresql_keeps_signatures_versions_and_unblindings(table: str, statement: str) -> None:
    study = do(factories.make_ready_study(), Deed.LOCK, signing=signing())
    factories.name_arms(study)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x"},
        {"instructions": "x"},
        {"consent_text": "x"},
        {"show_boxes": True},
        {"contains_patient_data": False},
        {"protocol_version": 9},
        {"manifest_sha256": "1" * 64},
        {"seed": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_postgresql_keeps_every_column_of_a_locked_study(change: dict[str, Any]) -> None:
    study = do(factories.make_ready_study(cases=1, readers=1), Deed.LOCK, signing=signing())
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Study.objects.filter(pk=study.pk).update(**change)


# ---- the pilot ----------------------------------------------------------------------------------------


@pytest.fixture
def pilot() -> Study:
    return do(factories.make_ready_study(cases=4), Deed.BEGIN_PILOT, pilot_cases=2)


def test_a_pilot_reads_a_few_cases_under_a_version_of_its_own(pilot: Study) -> None:
    version = ProtocolVersion.objects.get(study=pilot)
    assert (version.kind, version.number, pilot.protocol_version) == ("pilot", 1, 1)
    assert AllocationPlan.objects.get(study=pilot).is_pilot
    seat = Membership.objects.readers(pilot)[0]
    assert set(Allocation.objects.of(seat).values_list("case__code", flat=True)) == {"C001", "C002"}
    output = rate_first(pilot)
    assert RatingEvent.objects.get(output=output).protocol_version == 1


def test_readers_meet_the_pilot_by_their_own_page(pilot: Study) -> None:
    seat = Membership.objects.readers(pilot)[0]
    client = Client()
    client.force_login(seat.user)
    page = client.get(reverse("reading:start", args=[pilot.key]))
    assert "4 cases wait for you" in page.content.decode()


def test_in_a_pilot_the_protocol_stays_as_it_is(pilot: Study) -> None:
    with pytest.raises(StudyError, match="End the pilot"):
        check_protocol_open(pilot)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Criterion.objects.of(pilot).update(question="Other")
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Study.objects.filter(pk=pilot.pk).update(consent_text="Other")


def test_pilot_ratings_are_in_no_report_and_no_export(pilot: Study) -> None:
    rate_first(pilot, value="1")
    study = do(pilot, Deed.LOCK, signing=signing())
    study = do(study, Deed.OPEN)
    assert study.protocol_version == 2
    client = client_of(study)
    assert "1" not in column(study, "value")
    page = client.get(reverse("analysis:report", args=[study.key]))
    assert page.templates[0].name == "analysis/empty.html"
    rate_first(study, value="5")
    values = column(study, "value")
    assert (values.count("5"), values.count("1"), len(values)) == (1, 0, 16)
    assert set(column(study, "protocol_version")) == {"", "2"}
    content = client.get(reverse("analysis:json", args=[study.key])).json()
    assert content["counts"]["ratings"] == 1


def column(study: Study, name: str) -> list[str]:
    header, *rows = [
        line.split(",") for line in b"".join(streamed(study, "ratings.csv")).decode().splitlines()
    ]
    return [row[header.index(name)] for row in rows]


def test_what_was_read_in_a_pilot_cannot_be_reached_or_rated_after_it(pilot: Study) -> None:
    output = rate_first(pilot)
    study = do(do(pilot, Deed.LOCK, signing=signing()), Deed.OPEN)
    seat = Membership.objects.readers(study)[0]
    client = Client()
    client.force_login(seat.user)
    address = reverse("reading:read", args=[study.key, output.allocation.key])
    assert client.get(address).status_code == 404
    with pytest.raises(IntegrityError, match="not open for this rating"), transaction.atomic():
        rate_again(seat, output)


def test_postgresql_refuses_a_rating_outside_its_own_time(pilot: Study) -> None:
    output = rate_first(pilot)
    seat = Membership.objects.readers(pilot)[0]
    for state in State:
        put(pilot, state)
        if state == State.PILOT:
            rate_again(seat, output)
            continue
        with pytest.raises(IntegrityError, match="not open for this rating"), transaction.atomic():
            rate_again(seat, output)


def rate_again(seat: Membership, output: AllocatedOutput) -> None:
    """Straight into the table, as if no action stood before it."""
    row = RatingEvent.objects.filter(output=output).first()
    assert row is not None
    row.pk, row.token = None, uuid.uuid4()
    row._state.adding = True
    row.save()


def test_after_a_pilot_the_draft_goes_on_with_questions_that_nobody_has_answered(pilot: Study) -> None:
    output = rate_first(pilot)
    study = do(pilot, Deed.END_PILOT)
    [criterion] = Criterion.objects.of(study)
    assert RatingEvent.objects.get(output=output).criterion != criterion
    actions.remove_criterion(study=study, criterion=criterion, by=study.created_by)
    factories.make_criterion(study, key="clarity")
    study = do(study, Deed.BEGIN_PILOT, pilot_cases=1)
    assert study.protocol_version == 2
    seat = Membership.objects.readers(study)[0]
    assert Allocation.objects.of(seat).count() == 2
    rate_first(study)


# ---- what each state allows ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_the_protocol_is_open_in_a_draft_alone(state: State) -> None:
    study = put(factories.make_study(), state)
    if state in OPEN_TO_CHANGE:
        check_protocol_open(study)
    else:
        with pytest.raises(StudyError):
            check_protocol_open(study)


@pytest.mark.parametrize("state", State)
def test_after_the_data_lock_nothing_is_settled_any_more(state: State) -> None:
    study = put(factories.make_study(), state)
    if state in (State.DATA_LOCKED, State.UNBLINDED, State.ARCHIVED):
        with pytest.raises(StudyError, match="data of this study are locked"):
            check_data_open(study)
    else:
        check_data_open(study)


def test_the_data_lock_signs_everything_that_was_given() -> None:
    study = factories.make_running_study()
    rate_first(study)
    first = do(do(study, Deed.CLOSE), Deed.LOCK_DATA, signing=signing())
    signature = Signature.objects.get(study=first, deed="lock-data")
    from readerstudy.studies.above import reading_room

    assert signature.content_sha256 == reading_room().data_sha256(first)
    event = Event.objects.of_study(study.pk).get(verb="study.lock_data")
    assert event.data["content_sha256"] == signature.content_sha256


def test_an_archived_study_can_be_read_and_not_changed() -> None:
    study = put(factories.make_study(), State.ARCHIVED)
    client = client_of(study)
    assert client.get(reverse("studies:detail", args=[study.key])).status_code == 200
    for name in ("studies:settings", "reading:readers", "studies:copy", "studies:ethics"):
        response = client.post(reverse(name, args=[study.key]), {"title": "x", "emails": "a@b.example"})
        assert response.status_code == 403, name
        assert "This study is archived." in response.content.decode()
    assert not Membership.objects.filter(study=study, role=Role.READER).exists()


# ---- ethics -------------------------------------------------------------------------------------------


def ethics(study: Study, **section: Any) -> None:
    actions.set_section(study=study, name="ethics", content=section, by=study.created_by)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"decision": "pending"}, "has not decided yet"),
        ({"decision": "approved", "expires": "2020-01-31"}, "ended on 31 Jan 2020"),
        ({"decision": "approved", "expires": "2999-01-31"}, ""),
        ({"decision": "exempt"}, ""),
        ({}, ""),
    ],
    ids=["pending", "expired", "approved", "exempt", "not said"],
)
def test_nobody_reads_without_a_valid_approval(section: dict[str, str], sentence: str) -> None:
    study = factories.make_ready_study(cases=1, readers=1)
    if section:
        ethics(study, **section)
    page = client_of(study).get(reverse("studies:detail", args=[study.key])).content.decode()
    assert not sentence or sentence in page
    for deed in (Deed.BEGIN_PILOT, Deed.LOCK):
        if sentence:
            with pytest.raises(StudyError, match=sentence):
                do(study, deed, signing=signing())
    if not sentence:
        assert do(study, Deed.LOCK, signing=signing()).state == State.LOCKED


def test_an_approval_that_ends_while_the_study_pauses_blocks_the_resumption(time_machine: Any) -> None:
    study = factories.make_ready_study(cases=1, readers=1)
    time_machine.move_to(date(2026, 3, 1))
    ethics(study, decision="approved", expires="2026-03-31")
    study = do(do(do(study, Deed.LOCK, signing=signing()), Deed.OPEN), Deed.PAUSE)
    time_machine.move_to(date(2026, 4, 1))
    with pytest.raises(StudyError, match="ended on 31 Mar 2026"):
        do(study, Deed.RESUME)


def test_the_page_of_ethics_writes_the_section_and_keeps_what_it_does_not_name() -> None:
    study = factories.make_study()
    client, address = client_of(study), reverse("studies:ethics", args=[study.key])
    sent = {"board": "REC 12/34", "decision": "approved", "expires": "2027-06-30", "vendors_forbidden": "on"}
    assert client.post(address, sent).status_code == 302
    from readerstudy.studies.models import Design

    study.refresh_from_db()
    assert Design.objects.of(study).section("ethics") == {
        "board": "REC 12/34",
        "decision": "approved",
        "expires": "2027-06-30",
        "vendors_forbidden": True,
        "patient_data": True,
    }
    assert client.post(address, {"expires": "soon"}).status_code == 422


def test_terms_that_forbid_vendors_stop_every_call_but_to_an_own_server(settings: Any) -> None:
    from readerstudy.generation.actions.cards import save_card
    from readerstudy.generation.leaving.departures import obstacle_to_leaving
    from readerstudy.providers.base import Connection
    from readerstudy.providers.connections import Offer

    settings.CONNECTIONS = {
        name: Offer(name, Connection(name, "openai", "http://127.0.0.1:9/v1", "k"))
        for name in ("vendor", "own")
    }
    study = factories.make_study(contains_patient_data=False)
    assert obstacle_to_leaving(study, "vendor") == ""
    ethics(study, vendors_forbidden=True, patient_data=False)
    study.refresh_from_db()
    common = {"region": "EU", "retention": "none", "training": "excluded", "allows_patient_data": True}
    for name, agreement in (("vendor", "processing"), ("own", "own")):
        save_card(connection=name, fields={**common, "agreement": agreement}, by=study.created_by)
    assert "forbid sending them to vendors" in obstacle_to_leaving(study, "vendor")
    assert obstacle_to_leaving(study, "own") == ""
