"""Sessions in the database, found by a prepared statement: every request begins with one."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from readerstudy.postgres.rows import read_one

FIND = """
SELECT session_data FROM django_session WHERE session_key = %(key)s AND expire_date > %(now)s
"""


class SessionStore(db.SessionStore):
    """Django's own store but for the way a session is found."""

    def load(self) -> dict[str, Any]:
        """What the session holds; empty, and without a key, where it is unknown or over."""
        row = read_one(FIND, {"key": self.session_key, "now": timezone.now()})
        if row is None:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(row["session_data"])
        return found
