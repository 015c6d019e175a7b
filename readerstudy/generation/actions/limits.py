"""What a connection may take, set by the site's staff."""

from __future__ import annotations

from django.db import transaction

from readerstudy.accounts.models import User
from readerstudy.audit.record import record
from readerstudy.generation.actions.queue import ring_on_commit
from readerstudy.generation.models import Gate, Generation, Place


@transaction.atomic
def set_limits(
    *,
    connection: str,
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
    calls_at_once: int | None,
    by: User,
) -> Gate:
    """Limits a connection for all workers from the next call on; None is no limit.

    Calls that went out while nothing limited how many may be out at once hold no place, and are not counted.
    """
    wanted = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "calls_at_once": calls_at_once,
    }
    gate, _made = Gate.objects.select_for_update().update_or_create(connection=connection, defaults=wanted)
    Place.objects.make(gate)
    record("limits.set", by=by, subject=connection, data=wanted)
    ring_on_commit()
    return gate


def correct_pace(*, generation: Generation, tokens: int) -> None:
    """Moves the gate of a call that took `tokens` to where it would be had they been known, and learns from it."""
    if not generation.paced_tokens:
        return
    gate = Gate.objects.filter(connection=generation.source.connection).first()
    if gate is not None:
        gate.correct(booked=generation.paced_tokens, taken=tokens)
