"""Tests begin with a copy of a migrated database, which is the same as one that was migrated for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import migrated

pytestmark = pytest.mark.django_db


def test_the_template_is_kept_under_a_name_of_its_migrations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, every = migrated.template_name(), list(migrated._migrations())
    assert any(path.name == "0001_initial.py" and path.parent.parent.name == "studies" for path in every)
    changed = tmp_path / "studies" / "migrations" / "0001_initial.py"
    changed.parent.mkdir(parents=True)
    changed.write_text("# another one")
    monkeypatch.setattr(migrated, "_migrations", lambda: [*every, changed])
    assert migrated.template_name() != name
    if settings.EMBEDDED_DATABASE:
        monkeypatch.undo()
        assert migrated._exists(name)


def test_no_migration_is_left_to_apply_and_no_row_came_with_the_copy() -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    with connection.cursor() as cursor:
        for table in ("studies_study", "accounts_user", "audit_event", "generation_generation"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)
