"""The migration step that makes a table append-only in PostgreSQL itself."""

from django.db.migrations import RunSQL


def append_only(table: str) -> RunSQL:
    """Triggers that refuse update, delete and truncate on `table`; depend on audit's migration 0002."""
    return RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        f"CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();",
        f"DROP TRIGGER append_only_whole ON {table}; DROP TRIGGER append_only ON {table};",
    )
