"""Real engines for every test: PostgreSQL, static files as production serves them, folders of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from readerstudy import embedded
from readerstudy.accounts.models import User
from readerstudy.demo.static_files import collect_static_files
from tests import migrated
from tests.prerequisites import find_chromium

Visit = Callable[..., Page]
CONSTANT = {"django_content_type", "auth_permission"}
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs beside Django's tests
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the slow one costs minutes
settings.WHITENOISE_AUTOREFRESH = True  # else every test client reads the whole tree of static files first


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker: DjangoDbBlocker) -> None:
    """Starts the embedded PostgreSQL unless DATABASE_URL names another; its tests begin with a migrated copy."""
    if settings.EMBEDDED_DATABASE:
        embedded.hold(settings.VAR, fast=True)
        with django_db_blocker.unblock():
            migrated.use_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The first run keeps what it has migrated for those that follow."""
    if settings.EMBEDDED_DATABASE:
        with django_db_blocker.unblock():
            migrated.keep_template()


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
    """Tests with real transactions end by emptying every table, which the append-only triggers refuse.

    Only the clean-up between tests steps around the triggers; the tests themselves run under them. Rows are deleted
    where there are any, because truncating a hundred tables takes longer than most tests; content types and permissions
    say the same in every test, so they stay and need not be made again.
    """

    def emptying(self: Any, _style: Any, tables: list[str], **_options: Any) -> list[str]:
        off, on = (f"SET session_replication_role = {role};" for role in ("replica", "origin"))
        return [off, *(f'DELETE FROM "{table}";' for table in _filled({*tables} - CONSTANT)), on]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", emptying)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_options: None)
        yield


def _filled(tables: set[str]) -> list[str]:
    looks = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks))
        return [table for (table,) in cursor.fetchall()]


@pytest.fixture
def forge() -> Callable[[str], None]:
    """Runs one statement past the triggers, as a dishonest database owner could."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement)
            cursor.execute("SET session_replication_role = origin")

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file; another one beside it could not be driven."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, "--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def plain_file_names(settings: Any) -> None:
    """The test's server finds styles and scripts by their plain names, not by their hashed ones."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    """What a browser may complain about; modules whose pages refuse things on purpose name it."""
    return ()


@pytest.fixture
def visit(
    browser: Browser, plain_file_names: None, live_server: Any, tolerated: tuple[str, ...]
) -> Iterator[Visit]:
    """Opens an address as a person; whatever else the browser complains about fails the test."""
    contexts, complaints = list[BrowserContext](), list[str]()

    def note(said: ConsoleMessage) -> None:
        # A browser asks for this picture of a site by itself where a file names none.
        if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
            complaints.append(said.text)

    def come(person: User, address: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        context.add_cookies([_session(person, live_server.url)])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if address:
            page.goto(address if "://" in address else live_server.url + address)
        return page

    yield come
    for context in contexts:
        context.close()
    assert [said for said in complaints if not any(word in said for word in tolerated)] == []


def _session(person: User, address: str) -> Any:
    client, name = Client(), settings.SESSION_COOKIE_NAME
    client.force_login(person)
    return {"name": name, "value": client.cookies[name].value, "url": address}
