"""A migrated database that is kept from run to run, so that tests begin with a copy of it.

Migrating an empty database takes many seconds of a processor, copying one takes less than one. The copy is migrated
again all the same, which does nothing where the template has every migration; a template is named by what all
migrations say, so a changed migration makes another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.db import connection, connections

from readerstudy.audit import append_only

PREFIX = "migrated_"


def use_template() -> None:
    """The database of the tests will be a copy of the template, where there is one."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template_name() if _exists(template_name()) else None


def keep_template() -> None:
    """Makes the template from the database of the tests, which is migrated and still empty; others are dropped."""
    name, source = template_name(), connection.settings_dict["NAME"]
    if _exists(name):
        return
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        for (old,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE "{old}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def template_name() -> str:
    """Named by the content of every migration of every app, and of the steps that they share."""
    content = hashlib.sha256()
    for path in _migrations():
        content.update(f"{path.parent.parent.name} {path.name} ".encode() + path.read_bytes())
    return PREFIX + content.hexdigest()[:16]


def _migrations() -> Iterable[Path]:
    folders = (Path(app.path, "migrations") for app in apps.get_app_configs())
    return [Path(append_only.__file__), *sorted(path for folder in folders for path in folder.glob("*.py"))]


def _exists(name: str) -> bool:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None
