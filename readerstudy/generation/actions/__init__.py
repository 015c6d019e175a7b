"""Every write to the queue of model calls and to what came of them."""

from readerstudy.generation.actions.calls import NOTHING, begin_attempt, give_up, store_failure, store_reply
from readerstudy.generation.actions.outputs import import_outputs, overrule
from readerstudy.generation.actions.queue import hold_queue, queue_generations, release_queue, retry_failed

__all__ = [
    "NOTHING",
    "begin_attempt",
    "give_up",
    "hold_queue",
    "import_outputs",
    "overrule",
    "queue_generations",
    "release_queue",
    "retry_failed",
    "store_failure",
    "store_reply",
]
