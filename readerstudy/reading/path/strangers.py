"""What is written down when somebody asks for a presentation that is not theirs."""

from __future__ import annotations

from django.db import transaction

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import Allocation


@transaction.atomic
def note_stranger(*, allocation: Allocation, by: User) -> None:
    """Somebody asked for the presentation of another reader and was told that it does not exist."""
    seat = allocation.seat
    data = {"reader": seat.pseudonym, "position": allocation.position}
    record("reading.refuse", by=by, stream=study_stream(seat.study_id), subject=seat.pseudonym, data=data)
