"""The wall-clock deadline around a call."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from readerstudy.providers import ErrorCode, InterpretationRequest, ProviderError, interpret
from readerstudy.providers.deadline import DeadlineExceeded, run_with_deadline
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import ADAPTERS, connection_to, request, server


def test_a_call_that_ends_in_time_gives_its_result() -> None:
    assert run_with_deadline(lambda: 7, seconds=5, abort=lambda: None) == 7


def test_an_error_of_the_call_comes_through_as_it_is() -> None:
    def call() -> None:
        raise TimeoutError("from the call itself")

    with pytest.raises(TimeoutError, match="from the call itself"):
        run_with_deadline(call, seconds=5, abort=lambda: None)


def test_a_call_that_never_ends_is_aborted_and_left_behind() -> None:
    aborted = threading.Event()
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        run_with_deadline(aborted.wait, seconds=0.1, abort=aborted.set)
    assert aborted.is_set()
    assert time.monotonic() - started < 5


def call_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "interpretation-call"]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("scenario", ["hang", "drip"])
def test_a_reply_that_hangs_or_drips_is_cut_in_a_pool_worker_and_leaves_no_thread(
    vendor: SimulatedVendor, adapter: str, scenario: str
) -> None:
    connection = connection_to(adapter, vendor.url)
    asked = request(f"[[simulated:{scenario}]]", seconds=0.7)

    def call() -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            interpret(connection, asked)
        return caught.value

    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        error = pool.submit(call).result(timeout=30)
    assert (error.code, error.retry) == (ErrorCode.DEADLINE, "again")
    assert time.monotonic() - started < 15
    for thread in call_threads():
        thread.join(timeout=10)
        assert not thread.is_alive()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_headers_that_drip_are_cut_too(adapter: str) -> None:
    stop = threading.Event()

    def respond(opened: socket.socket, _: bytes) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100_000:
            if stop.wait(0.01):
                return
            try:
                opened.sendall(bytes([byte]))
            except OSError:
                return

    with server(respond) as url:
        with pytest.raises(ProviderError) as caught:
            interpret(connection_to(adapter, url), request(seconds=0.5))
        stop.set()
    assert caught.value.code == ErrorCode.DEADLINE
    assert caught.value.possibly_paid


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_deadline_is_a_positive_number(seconds: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        request(seconds=seconds)


@pytest.mark.parametrize("attempt", ["", "two words", "line\nbreak", "x" * 129, "ümlaut"])
def test_an_attempt_id_can_be_a_header(attempt: str) -> None:
    with pytest.raises(ValueError, match="attempt id"):
        InterpretationRequest("m", "", (), {}, attempt, 1.0)
