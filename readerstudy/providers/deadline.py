"""One wall-clock deadline around a call, outside any SDK.

The SDKs' timeouts count from one socket read to the next, so a reply that drips byte by byte never
meets them. Signals would work in a main thread only; this works in any thread of a worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

T = TypeVar("T")


class DeadlineExceeded(Exception):
    """The call was still running when its time was over, and has been cut off."""


def run_with_deadline(call: Callable[[], T], *, seconds: float, abort: Callable[[], None]) -> T:
    """Return `call()`, or cut it off after `seconds`.

    The call runs in a thread of its own. When time is over `abort` is called, which must make the call
    fail soon (close its sockets), and the caller goes on at once without waiting for that.

    Raises:
        DeadlineExceeded: if the time was over first.
        Exception: whatever the call raised.
    """
    result: Future[T] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            result.set_exception(error)

    threading.Thread(target=work, name="interpretation-call", daemon=True).start()
    try:
        return result.result(timeout=seconds)
    except FutureTimeout:
        if result.done():
            return result.result()
    abort()
    raise DeadlineExceeded
