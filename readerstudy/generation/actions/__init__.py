"""Every write to the queue of model calls and to what came of them."""

from readerstudy.generation.actions.batches import (
    end_batch,
    gather_batch,
    look_later,
    note_seen,
    note_submitted,
    take_batch,
)
from readerstudy.generation.actions.calls import (
    NOTHING,
    begin_attempt,
    draft_attempt,
    give_back,
    give_up,
    refuse,
    store_failure,
    store_reply,
)
from readerstudy.generation.actions.cards import save_card
from readerstudy.generation.actions.extractions import extract
from readerstudy.generation.actions.freeze import freeze_outputs
from readerstudy.generation.actions.limits import set_limits
from readerstudy.generation.actions.money import set_budget, set_price
from readerstudy.generation.actions.outputs import (
    forget_file,
    import_file,
    import_outputs,
    overrule,
    receive_outputs,
)
from readerstudy.generation.actions.queue import (
    hold_queue,
    queue_generations,
    release_queue,
    retry_failed,
    try_cases,
)
from readerstudy.generation.actions.sampling import choose_sampling
from readerstudy.generation.actions.texts import approve_arm, redact_words, save_rules
from readerstudy.generation.actions.writing import finish_text, save_draft

__all__ = [
    "NOTHING",
    "approve_arm",
    "begin_attempt",
    "choose_sampling",
    "draft_attempt",
    "end_batch",
    "extract",
    "finish_text",
    "forget_file",
    "freeze_outputs",
    "gather_batch",
    "give_back",
    "give_up",
    "hold_queue",
    "import_file",
    "import_outputs",
    "look_later",
    "note_seen",
    "note_submitted",
    "overrule",
    "queue_generations",
    "receive_outputs",
    "redact_words",
    "refuse",
    "release_queue",
    "retry_failed",
    "save_card",
    "save_draft",
    "save_rules",
    "set_budget",
    "set_limits",
    "set_price",
    "store_failure",
    "store_reply",
    "take_batch",
    "try_cases",
]
