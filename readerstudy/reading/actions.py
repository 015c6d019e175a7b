"""Every write of the reading room: start, allocate, show, rate, submit, stop, settle."""

from readerstudy.reading.adjudication.opening import close_adjudication, open_next, reassign
from readerstudy.reading.adjudication.settling import finish_adjudication, settle
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
from readerstudy.reading.reminding import remind_reader

__all__ = [
    "Clock",
    "Given",
    "Saved",
    "allocate_reader",
    "answer_exit",
    "close_adjudication",
    "draw_plan",
    "finish_adjudication",
    "finish_exit",
    "finish_tutorial",
    "grant_round",
    "invite_successor",
    "join_reader",
    "lock_unaided",
    "note_stranger",
    "offer_pause",
    "open_next",
    "rate",
    "reassign",
    "release_batch",
    "remind_reader",
    "repeat_practice",
    "replace_reader",
    "settle",
    "show_reading",
    "sign_completion",
    "sign_consent",
    "start_study",
    "stop_session",
    "submit_reading",
    "tell_background",
]
