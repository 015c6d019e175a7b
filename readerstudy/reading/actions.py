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
from readerstudy.reading.path.leaving import answer_exit, finish_exit
from readerstudy.reading.path.practice import grant_round
from readerstudy.reading.path.repeating import repeat_practice
from readerstudy.reading.path.signing import sign_completion, sign_consent
from readerstudy.reading.path.strangers import note_stranger
from readerstudy.reading.path.tutorial import finish_tutorial, tell_background
from readerstudy.reading.ratings import (
    Clock,
    Given,
    Saved,
    lock_unaided,
    offer_pause,
    rate,
    show_reading,
    stop_session,
    submit_reading,
)

__all__ = [
    "Clock",
    "Given",
    "Saved",
    "allocate_reader",
    "answer_exit",
    "draw_plan",
    "finish_exit",
    "finish_tutorial",
    "grant_round",
    "invite_successor",
    "join_reader",
    "lock_unaided",
    "note_stranger",
    "offer_pause",
    "rate",
    "release_batch",
    "repeat_practice",
    "replace_reader",
    "show_reading",
    "sign_completion",
    "sign_consent",
    "start_study",
    "stop_session",
    "submit_reading",
    "tell_background",
]
