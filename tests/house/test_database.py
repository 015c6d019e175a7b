"""The database backend: it notices a server that hung up without asking it, and prepares what it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.demo.processes import wait_until
from readerstudy.postgres.base import DatabaseWrapper
from readerstudy.postgres.rows import read_one
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def other() -> Iterator[DatabaseWrapper]:
    """A second connection to the database of the tests."""
    made = cast(DatabaseWrapper, connections.create_connection("default"))
    made.ensure_connection()
    yield made
    made.close()


def test_a_connection_whose_transaction_failed_is_of_no_use_until_it_is_rolled_back(
    other: DatabaseWrapper,
) -> None:
    other.set_autocommit(False)
    with pytest.raises(ProgrammingError), other.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert not other.is_usable()
    other.rollback()
    assert other.is_usable()


def test_an_idle_connection_is_usable_and_nothing_is_asked(other: DatabaseWrapper) -> None:
    assert other.is_usable()
    with other.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert other.is_usable()


def test_a_connection_whose_server_has_hung_up_is_not(other: DatabaseWrapper) -> None:
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [process] = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [process])
    wait_until(lambda: not other.is_usable(), seconds=20, what="The end of the connection")


def test_a_statement_is_prepared_the_first_time_and_planned_once() -> None:
    for number in range(2):
        assert read_one("SELECT %(n)s + 1 AS more", {"n": number}) == {"more": number + 1}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%AS more'",
            [],
        )
        assert cursor.fetchall() == [(2, 0)]


def test_a_session_ends_with_its_date_and_an_unknown_one_is_none() -> None:
    client = Client()
    client.force_login(factories.make_user())
    page = reverse("studies:list")
    assert client.get(page).status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert client.get(page)["Location"].startswith(reverse("account_login"))
    client.cookies["sessionid"] = "unknown"
    assert client.get(page)["Location"].startswith(reverse("account_login"))
