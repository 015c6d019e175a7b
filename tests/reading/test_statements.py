"""How many statements a rating and a submission take, and that none of them reads through what others gave."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from readerstudy.cases.models import Purpose
from readerstudy.reading import actions
from readerstudy.reading.models import Allocation, PresentationKind, RatingEvent, Reading
from readerstudy.reading.presenting import questions_of
from readerstudy.reading.questions import Question
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.models import Membership, Study
from tests import factories
from tests.reading import path_worlds, plans
from tests.reading.test_kinds import VALUES
from tests.reading.worlds import LONG, SIDES, address, ask, make_draft, signed_in, start

pytestmark = pytest.mark.django_db
MOST = 8
HX = {"HX-Request": "true"}
BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
AtMost = Callable[[], AbstractContextManager[Any]]
GROWING = {
    "reading_allocation",
    "reading_allocatedoutput",
    "reading_reading",
    "reading_ratingevent",
    "reading_rating",
    "audit_event",
}


@pytest.fixture
def at_most(django_assert_max_num_queries: Any) -> AtMost:
    """Session, account, savepoints: everything is counted."""
    return lambda: django_assert_max_num_queries(MOST)


def value_for(question: Question) -> str:
    kind, options = question.criterion.kind, question.criterion.options
    if kind == "ranking" and not options:
        return '["B","A"]'
    return VALUES.get(kind) or str(options[0]["value"])


def give(
    client: Client, allocation: Allocation, question: Question, at_most: AtMost, value: str = ""
) -> None:
    sent = {
        "output": question.letter,
        "criterion": question.criterion.key,
        "part": question.part_key,
        "value": value or value_for(question),
        "token": str(uuid.uuid4()),
    }
    with at_most():
        response = client.post(address("rate", allocation), sent)
    assert response.status_code == 200, (question.field, response.content)


def submit(client: Client, allocation: Allocation, at_most: AtMost, **sent: str) -> Any:
    with at_most():
        response = client.post(address("submit", allocation), {"submit": "1", **sent}, headers=HX)
    assert response.status_code in (200, 204, 302), response.content
    return response


def read_through(seat: Membership, at_most: AtMost, *, values: Mapping[str, str] | None = None) -> int:
    """Answers and submits every open presentation of a reader, in order; returns how many were read."""
    client, count = signed_in(seat), 0
    for allocation in Allocation.objects.of(seat).unread():
        if not Reading.objects.filter(allocation=allocation).exists():
            client.get(address("read", allocation))
        for question in questions_of(allocation, revealed=None):
            give(client, allocation, question, at_most, (values or {}).get(allocation.case.code, ""))
        submit(client, allocation, at_most)
        count += 1
    return count


def shown(layout: str, texts: int = 1) -> Study:
    study = make_draft(texts=[LONG] * texts, cases=2, display={"layout": layout})
    ask(study, "correctness", "likert")
    return study


DISPLAYS: dict[str, Callable[[], Study]] = {
    "one output": lambda: shown("single"),
    "side by side": lambda: shown("side_by_side", 2),
    "image pair": lambda: shown("image_pair"),
    "against the reference": lambda: shown("against_reference"),
    "transcript": lambda: shown("transcript"),
    "steps": lambda: shown("steps"),
    "overlays": lambda: shown("overlays"),
}


@pytest.mark.parametrize("display", DISPLAYS)
def test_every_display_takes_at_most_eight(display: str, at_most: AtMost) -> None:
    seat, _allocations = start(DISPLAYS[display]())
    assert read_through(seat, at_most) == 2


def test_every_kind_of_question_takes_at_most_eight(at_most: AtMost) -> None:
    study = make_draft(cases=2)
    for key in [*VALUES, "grid"]:
        ask(study, key)
    seat, _allocations = start(study)
    assert read_through(seat, at_most) == 2


def test_pairs_take_at_most_eight(at_most: AtMost) -> None:
    study = make_draft(texts=[LONG, "Nothing."], cases=2)
    ask(study, "better", "comparative", applies_to="pair", options=SIDES)
    ask(study, "order", "ranking", applies_to="pair", options=[])
    seat, _allocations = start(study)
    assert read_through(seat, at_most, values=None) == 2


def test_a_staged_case_takes_at_most_eight_before_and_after(at_most: AtMost) -> None:
    study = make_draft(texts=[LONG], cases=2, display={"layout": "single", "reveal": "after_own_answer"})
    ask(study, "own", "single_choice", applies_to="case", stage="before")
    ask(study, "agree", "yes_no", stage="after")
    ask(study, "claims", "grid", applies_to="sentence", stage="after")
    seat, allocations = start(study)
    client = signed_in(seat)
    client.get(address("read", allocations[0]))
    for allocation in allocations:
        for revealed in (False, True):
            for question in questions_of(allocation, revealed=revealed):
                give(client, allocation, question, at_most)
            submit(client, allocation, at_most, **({} if revealed else {"stage": "before"}))
    assert Reading.objects.filter(submitted_at__isnull=False, unaided_at__isnull=False).count() == 2


def test_practice_takes_at_most_eight_and_so_does_what_follows(at_most: AtMost) -> None:
    seat = path_worlds.start(path_worlds.make_draft())
    assert read_through(seat, at_most, values={"C003": "4", "C004": "2"}) == 4
    assert seat.practice_rounds.get().is_passed


def test_practice_about_pieces_of_a_text_takes_at_most_eight(at_most: AtMost) -> None:
    draft = path_worlds.make_draft()
    ask(draft, "claims", "grid", applies_to="sentence")
    seat = path_worlds.start(draft)
    client = signed_in(seat)
    for allocation in path_worlds.mine(seat, practice=True):
        client.get(address("read", allocation))
        for question in questions_of(allocation, revealed=None):
            give(client, allocation, question, at_most)
        submit(client, allocation, at_most)
    assert seat.practice_rounds.exists()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


def test_both_parts_of_a_crossover_take_at_most_eight(clock: time_machine.Traveller, at_most: AtMost) -> None:
    study = plans.running_study(plans.SECTIONS["crossover"], cases=3, arms=2, readers=1)
    [seat] = plans.seats_of(study)
    for period in (1, 2):
        client = signed_in(seat)  # four weeks later the first session is over
        mine = list(Allocation.objects.of(seat).filter(period=period))
        client.get(address("read", mine[0]))
        for allocation in mine:
            for question in questions_of(allocation, revealed=None):
                give(client, allocation, question, at_most)
            submit(client, allocation, at_most)
            clock.shift(timedelta(minutes=1))
        clock.shift(timedelta(days=28))
    assert not Allocation.objects.of(seat).unread().exists()


def test_repeats_and_checks_take_at_most_eight(at_most: AtMost) -> None:
    section = {**plans.SECTIONS["pairs"], "checks": {"codes": ["C006"], "every": 2}}
    study = plans.planned_study(plans.SECTIONS["pairs"], cases=6, arms=2, readers=1)
    plans.set_apart(study, Purpose.CHECK, "C006")
    set_section(study=study, name="allocation", content=section, by=study.created_by)
    actions.start_study(study=study, by=study.created_by)
    [seat] = plans.seats_of(study)
    allocations = list(Allocation.objects.of(seat))
    assert {PresentationKind.REPEAT, PresentationKind.CHECK} <= {each.kind for each in allocations}
    assert read_through(seat, at_most) == len(allocations)


def test_a_pause_takes_at_most_eight(at_most: AtMost) -> None:
    seat = path_worlds.start(path_worlds.make_draft(practice=None, phases={"break_cases": 1}))
    client, [first, *_rest] = signed_in(seat), path_worlds.mine(seat, practice=False)
    client.get(address("read", first))
    [question] = questions_of(first, revealed=None)
    give(client, first, question, at_most)
    assert "pause" in submit(client, first, at_most)["HX-Redirect"]


def test_a_new_sitting_takes_at_most_eight(at_most: AtMost) -> None:
    """A case is finished after the sitting was ended elsewhere; the next one begins another."""
    study = shown("single")
    seat, [first, second] = start(study)
    client = signed_in(seat)
    client.get(address("read", first))
    [question] = questions_of(first, revealed=None)
    give(client, first, question, at_most)
    seat.sessions.update(ended_at=datetime.now(UTC))
    submit(client, first, at_most)
    assert Reading.objects.get(allocation=second).session != Reading.objects.get(allocation=first).session


# --- growth: plans instead of times

CROWD = 20_000
FILL = (
    """INSERT INTO reading_allocation
           (plan_id, seat_id, case_id, kind, check_kind, batch, period, position, key, case_key)
       SELECT plan_id, seat_id + 1000 + n % 64, case_id, kind, check_kind, batch, period, 100 + n, 'k' || n, 'c' || n
       FROM reading_allocation, generate_series(1, {rows}) n WHERE id = {allocation}""",
    """INSERT INTO reading_allocatedoutput (allocation_id, arm_id, interpretation_id, letter, side, copy)
       SELECT a.id, o.arm_id, o.interpretation_id, o.letter, o.side, o.copy
       FROM reading_allocation a, reading_allocatedoutput o WHERE o.allocation_id = {allocation} AND a.position > 100
       AND o.side = 0""",
    """INSERT INTO reading_reading (allocation_id, session_id, shown_at, submitted_at, client)
       SELECT a.id, {session} + 1000 + a.id % 640, now(), now(), '{{}}'
       FROM reading_allocation a WHERE a.position > 100""",
    """INSERT INTO reading_ratingevent (allocation_id, output_id, criterion_id, part, token, value, cannot_judge,
           reason, changed_because, protocol_version, client, by_id, given_at, at)
       SELECT o.allocation_id, o.id, e.criterion_id, '', gen_random_uuid(), '4', false, '', '', 1, '{{}}', e.by_id,
           now(), now()
       FROM reading_allocatedoutput o JOIN reading_allocation a ON a.id = o.allocation_id, reading_ratingevent e
       WHERE a.position > 100 AND e.id = {event}""",
    """INSERT INTO reading_rating (allocation_id, output_id, criterion_id, part, event_id, value, cannot_judge,
           reason, given_at, at)
       SELECT e.allocation_id, e.output_id, e.criterion_id, '', e.id, '4', false, '', e.at, e.at
       FROM reading_ratingevent e JOIN reading_allocation a ON a.id = e.allocation_id WHERE a.position > 100""",
    """INSERT INTO audit_event (stream, position, at, actor_id, verb, subject, data, previous, digest)
       SELECT 'study/0/reader/' || n % 64, n, now(), NULL, 'rating.give', '', '{{}}', '', ''
       FROM generate_series(1, {rows}) n""",
)


@pytest.fixture
def crowded(forge: Callable[[str], None]) -> Membership:
    """A reader at work beside very many ratings of other readers in the same study."""
    study = shown("side_by_side", 2)
    for _number in range(3):
        case = factories.make_case(study, label="normal")
        for arm in study.arms.all():
            factories.make_output(arm, case, text=LONG)
    factories.make_reader(study)
    seat, _allocations = start(study)
    other = Membership.objects.readers(study)[1]
    read_through(other, lambda: CaptureQueriesContext(connection))
    event = RatingEvent.objects.filter(allocation__seat=other)[0]
    session = other.sessions.get()
    for statement in FILL:
        forge(
            statement.format(rows=CROWD, allocation=event.allocation_id, session=session.pk, event=event.pk)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return seat


def scans(explained: str, parameters: Any = None) -> set[str]:
    """The tables that a statement would read from one end to the other."""
    with connection.cursor() as cursor:
        cursor.execute(explained, parameters)
        [[plan]] = cursor.fetchall()
    nodes, found = [(plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]], set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
    return found


def prepared() -> list[tuple[str, int]]:
    """The statements that this connection has prepared: name, number of parameters."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, cardinality(parameter_types) FROM pg_prepared_statements")
        return cursor.fetchall()


def test_no_statement_reads_through_what_others_gave(crowded: Membership) -> None:
    with CaptureQueriesContext(connection) as ran:
        assert read_through(crowded, lambda: CaptureQueriesContext(connection)) == 5
    texts = {
        query["sql"] for query in ran if query["sql"]
    }  # of those that are not prepared; for those, see below
    told = {text for text in texts if text.split()[0] in ("SELECT", "WITH", "INSERT", "UPDATE")}
    assert told
    for statement in told:
        assert not scans(f"EXPLAIN (FORMAT JSON) {statement.replace('%', '%%')}", []) & GROWING, statement


def test_nor_does_the_plan_that_is_kept_for_all_parameters(crowded: Membership) -> None:
    read_through(crowded, lambda: CaptureQueriesContext(connection))
    names = prepared()
    assert len(names) >= 5
    for name, parameters in names:
        nothing = ", ".join(["NULL"] * parameters)
        assert not scans(f'EXPLAIN (FORMAT JSON) EXECUTE "{name}" ({nothing})') & GROWING, name


def test_the_end_of_an_audit_chain_is_found_by_its_index(crowded: Membership) -> None:
    """What the trigger of every event asks."""
    end = "SELECT * FROM audit_event WHERE stream = 'study/1/reader/1' ORDER BY position DESC LIMIT 1"
    assert scans(f"EXPLAIN (FORMAT JSON) {end}") == set()
