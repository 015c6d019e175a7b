"""The audit trail cannot be changed, and if somebody manages to, it shows."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from readerstudy.audit.models import Event
from readerstudy.audit.record import record, seal, verify
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def write_three() -> None:
    user = make_user()
    for number in range(3):
        record(
            "test.deed",
            by=user,
            stream="study/1",
            subject=f"thing {number}",
            data={"größe": number, "b": [1.5]},
        )


def test_every_hash_is_recomputed_by_python() -> None:
    write_three()
    record("test.deed", by=None, stream="study/1/reader/2")
    count, breaks = verify()
    assert count == 4
    assert breaks == []


def test_positions_count_up_within_a_stream() -> None:
    write_three()
    record("other", by=None, stream="study/2")
    assert list(Event.objects.filter(stream="study/1").order_by("pk").values_list("position", flat=True)) == [
        1,
        2,
        3,
    ]
    assert Event.objects.get(stream="study/2").position == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET verb = 'forged'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event CASCADE",
    ],
)
def test_postgresql_refuses_to_change_or_delete_events(sql: str) -> None:
    write_three()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(sql)
    assert Event.objects.count() == 3


def test_a_forged_hash_in_an_insert_is_overwritten() -> None:
    Event.objects.create(stream="study/1", verb="forged", subject="x", position=99, digest="f" * 64)
    event = Event.objects.get()
    assert event.position == 1
    assert event.digest != "f" * 64
    assert verify() == (1, [])


def test_a_changed_event_is_found(forge: Callable[[str], None]) -> None:
    write_three()
    forge("UPDATE audit_event SET subject = 'another thing' WHERE position = 2")
    _count, breaks = verify()
    assert [(found.stream, found.position) for found in breaks] == [("study/1", 2)]


def test_a_removed_event_is_found(forge: Callable[[str], None]) -> None:
    write_three()
    forge("DELETE FROM audit_event WHERE position = 2")
    assert [found.position for found in verify()[1]] == [3]


def test_a_lost_end_is_found_once_it_was_sealed(forge: Callable[[str], None]) -> None:
    write_three()
    seal()
    forge("DELETE FROM audit_event WHERE stream = 'study/1' AND position = 3")
    assert [(found.stream, found.position) for found in verify()[1]] == [("study/1", 3)]


def test_the_command_fails_on_a_broken_trail(forge: Callable[[str], None]) -> None:
    write_three()
    forge("UPDATE audit_event SET verb = 'forged' WHERE position = 1")
    with pytest.raises(CommandError, match="broken"):
        call_command("audit", "verify")
