"""Real engines for every test: PostgreSQL, static files as production serves them, folders of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from readerstudy import embedded
from readerstudy.demo.static_files import collect_static_files

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs beside Django's tests
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slow one costs minutes
settings.WHITENOISE_AUTOREFRESH = True  # else every test client reads the whole tree of static files first


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Starts the embedded PostgreSQL unless DATABASE_URL names another."""
    if settings.EMBEDDED_DATABASE:
        embedded.hold(settings.VAR, fast=True)


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """Pages name hashed files, so the files must have been collected; unchanged ones are left alone."""
    collect_static_files()


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    """Uploads, renditions and mail of a test stay in its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


@pytest.fixture(scope="session", autouse=True)
def flush_past_triggers() -> Iterator[None]:
    """Tests with real transactions end by truncating every table, which the append-only triggers refuse.

    Only the clean-up between tests steps around the triggers; the tests themselves run under them.
    """
    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(self: Any, sql_list: list[str]) -> None:
        off, on = (f"SET session_replication_role = {role};" for role in ("replica", "origin"))
        flush(self, [off, *sql_list, on])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", without_triggers)
        yield


@pytest.fixture
def forge() -> Callable[[str], None]:
    """Runs one statement past the triggers, as a dishonest database owner could."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement)
            cursor.execute("SET session_replication_role = origin")

    return run
