"""Writing into the audit trail and proving it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from readerstudy.accounts.models import User
from readerstudy.audit.models import SITE_STREAM, Event

GENESIS = "0" * 64
SEPARATOR = "\x1f"


def record(
    verb: str,
    *,
    by: User | None,
    stream: str = SITE_STREAM,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Appends one event; call it inside the transaction of the deed, as its last statement.

    `by` is None only for what the system itself does (a worker, a sweep).
    """
    Event.objects.create(stream=stream, actor=by, verb=verb, subject=subject, data=dict(data or {}))


RECORD = """
INSERT INTO audit_event (stream, position, actor_id, verb, subject, data, previous, digest)
SELECT %(audit_stream)s, 0, %(audit_actor)s::bigint, %(audit_verb)s, %(audit_subject)s, %(audit_data)s::jsonb, '', ''
"""
"""The event of a deed that is one statement: `WITH done AS (…), told AS (RECORD FROM done)` writes both or neither."""


def told(
    verb: str, *, by: User, stream: str, subject: str = "", data: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters of `RECORD`."""
    return {
        "audit_verb": verb,
        "audit_actor": by.pk,
        "audit_stream": stream,
        "audit_subject": subject,
        "audit_data": Jsonb(dict(data or {})),
    }


def study_stream(study_id: int, seat: int | None = None) -> str:
    """The chain of a study's coordinators, or that of one of its readers."""
    return f"study/{study_id}" if seat is None else f"study/{study_id}/reader/{seat}"


@transaction.atomic
def seal() -> int:
    """Writes the last hash of every stream into the site's stream; returns how many streams were sealed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (stream) stream, position, digest FROM audit_event"
            " WHERE stream <> %s ORDER BY stream, position DESC",
            [SITE_STREAM],
        )
        heads = {stream: [position, digest] for stream, position, digest in cursor.fetchall()}
    record("audit.seal", by=None, data={"heads": heads})
    return len(heads)


@dataclass(frozen=True)
class Break:
    """A place where the trail does not hold: the stream, the position and what is wrong with it."""

    stream: str
    position: int
    reason: str


def verify() -> tuple[int, list[Break]]:
    """Recomputes every hash with a program of its own (Python, not PostgreSQL).

    Returns the number of events read and every break found: a changed event, a gap, a lost beginning, or an end that a
    seal had seen and that is gone.
    """
    heads: dict[str, tuple[int, str]] = {}
    digests: dict[tuple[str, int], str] = {}
    seals: list[dict[str, list[Any]]] = []
    breaks: list[Break] = []
    count = 0
    for event in _events():
        count += 1
        position, digest = heads.get(event["stream"], (0, GENESIS))
        if event["position"] != position + 1:
            breaks.append(Break(event["stream"], event["position"], f"event {position + 1} is missing"))
        elif event["previous"] != digest or event["digest"] != _digest(event):
            breaks.append(
                Break(event["stream"], event["position"], "the event was changed after it was written")
            )
        heads[event["stream"]] = (event["position"], event["digest"])
        digests[event["stream"], event["position"]] = event["digest"]
        if event["verb"] == "audit.seal":
            seals.append(event["payload"]["heads"])
    return count, breaks + list(_lost_ends(seals, digests))


def _lost_ends(seals: list[dict[str, list[Any]]], digests: dict[tuple[str, int], str]) -> Iterator[Break]:
    for sealed in seals:
        for stream, (position, digest) in sealed.items():
            if digests.get((stream, position)) != digest:
                yield Break(stream, position, "a seal names this event, and it is gone or changed")


def _events() -> Iterator[dict[str, Any]]:
    columns = (
        "stream",
        "position",
        "at",
        "actor",
        "verb",
        "subject",
        "data",
        "payload",
        "previous",
        "digest",
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT stream, position, audit_instant(at), coalesce(actor_id::text, ''), verb, subject, data::text, data,"
            " previous, digest FROM audit_event ORDER BY stream, position"
        )
        for row in cursor:
            event = dict(zip(columns, row, strict=True))
            if isinstance(event["payload"], str):
                import json

                event["payload"] = json.loads(event["payload"])
            yield event


def _digest(event: Mapping[str, Any]) -> str:
    parts = (
        event[key] for key in ("previous", "stream", "position", "at", "actor", "verb", "subject", "data")
    )
    return hashlib.sha256(SEPARATOR.join(str(part) for part in parts).encode()).hexdigest()
