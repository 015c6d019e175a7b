"""The database backend that the settings name."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.backends.utils import CursorWrapper
from psycopg.pq import TransactionStatus

if not is_psycopg3:
    raise ImportError("readerstudy needs psycopg 3.")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is looked at instead of asked, and that keeps the plans of prepared statements."""

    def is_usable(self) -> bool:
        """Whether the server has not hung up, and a transaction has not failed: an idle connection has nothing to read.

        Sends nothing: Django's own check asks `SELECT 1` before the first statement of each request, which is one round
        trip in ten.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return False
        watched = select.poll()
        watched.register(self.connection.fileno(), select.POLLIN)
        return not watched.poll(0)

    def prepared_cursor(self) -> CursorWrapper:
        """A cursor whose statements PostgreSQL parses and plans once for each connection."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor: CursorWrapper = self._prepare_cursor(  # type: ignore[attr-defined]  # unknown to its stubs
                base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]  # so is its parent
            )
            return cursor
