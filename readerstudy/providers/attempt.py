"""Run one SDK call under the deadline and let nothing of the SDK out."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2

from readerstudy.providers.base import Connection, ProviderError
from readerstudy.providers.deadline import DeadlineExceeded, run_with_deadline
from readerstudy.providers.exchange import Exchange, send
from readerstudy.providers.faults import from_wire, past_deadline


def attempt(
    connection: Connection,
    exchange: Exchange,
    *,
    seconds: float,
    call: Callable[[], object],
    vendor_errors: tuple[type[Exception], ...],
) -> tuple[object, float]:
    """Return what the SDK returned and the seconds it took; `seconds` is the deadline.

    Raises:
        ProviderError: without cause or context, which would hold the SDK's exception and in it the key.
    """
    started = time.monotonic()
    answer, error = _settle(connection, exchange, seconds=seconds, call=call, vendor_errors=vendor_errors)
    if error is not None:
        raise error
    return answer, time.monotonic() - started


def _settle(
    connection: Connection,
    exchange: Exchange,
    *,
    seconds: float,
    call: Callable[[], object],
    vendor_errors: tuple[type[Exception], ...],
) -> tuple[object, ProviderError | None]:
    # A broken body surfaces from inside the SDKs as one of Python's own errors.
    broken = (ValueError, TypeError, RecursionError)
    expected: tuple[type[Exception], ...] = (*vendor_errors, httpx2.HTTPError, *broken)
    try:
        return run_with_deadline(lambda: send(exchange, call), seconds=seconds, abort=exchange.abort), None
    except DeadlineExceeded:
        return None, past_deadline(connection, exchange, seconds)
    except expected as cause:
        return None, from_wire(connection, exchange, cause, seconds=seconds)
