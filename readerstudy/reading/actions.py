"""Every write of the reading room: start, allocate, show, rate, submit, stop."""

from readerstudy.reading.allocating import (
    allocate_reader,
    draw_plan,
    invite_successor,
    join_reader,
    release_batch,
    replace_reader,
    start_study,
)
from readerstudy.reading.ratings import (
    Clock,
    Saved,
    lock_unaided,
    rate,
    show_reading,
    stop_session,
    submit_reading,
)

__all__ = [
    "Clock",
    "Saved",
    "allocate_reader",
    "draw_plan",
    "invite_successor",
    "join_reader",
    "lock_unaided",
    "rate",
    "release_batch",
    "replace_reader",
    "show_reading",
    "start_study",
    "stop_session",
    "submit_reading",
]
