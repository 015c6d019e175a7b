"""What is peculiar to one SDK, one interface or one server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from readerstudy.providers import ADAPTERS as ADAPTER_MODULES
from readerstudy.providers import ErrorCode, ProviderError, gemini_legacy, interpret, weights
from readerstudy.providers.base import EXTRAS
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import (
    OPENAI_REPLY,
    RESPONSES_REPLY,
    calls_received,
    connection_to,
    ending_of,
    http,
    request,
    server,
)


@pytest.mark.parametrize(
    ("adapter", "package", "extra"),
    [("anthropic", "anthropic", "anthropic"), ("gemini-legacy", "google.generativeai", "legacy-gemini")],
)
def test_a_missing_extra_is_a_sentence_with_its_name(
    vendor: SimulatedVendor, adapter: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gemini_legacy._sdk.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ProviderError, match=f"extra “{extra}”") as caught:
        interpret(connection_to(adapter, vendor.url), request())
    assert (caught.value.code, caught.value.retry) == (ErrorCode.CONFIGURATION, "person")
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert calls_received(vendor) == 0


def test_the_default_adapters_import_without_a_warning() -> None:
    default = set(ADAPTER_MODULES) - set(EXTRAS)
    lines = [f"import {ADAPTER_MODULES[name]}" for name in sorted(default)]
    lines += ["import openai.types.chat, openai.types.responses, google.genai.types, google.genai.errors"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "; ".join(lines)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_retired_library_warns_nobody_and_is_not_configured_for_the_process(
    vendor: SimulatedVendor,
) -> None:
    script = (
        "import sys; from tests.providers.wire import *; from readerstudy.providers import interpret; "
        "interpret(connection_to('gemini-legacy', sys.argv[1]), request()); "
        "from google.generativeai.client import _client_manager as shared; "
        "assert not shared.clients and not shared.default_metadata and KEY not in repr(shared)"
    )
    command = [sys.executable, "-W", "error", "-c", script, vendor.url]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_failed_response_is_an_error_or_a_block_by_its_code() -> None:
    def ending(code: str) -> str | tuple[str, bool]:
        body = {**RESPONSES_REPLY, "status": "failed", "output": [], "error": {"code": code, "message": "x"}}

        def respond(opened: socket.socket, _: bytes) -> None:
            opened.sendall(http("200 OK", json.dumps(body).encode()))

        with server(respond) as url:
            return ending_of(lambda: interpret(connection_to("responses", url), request()))

    assert ending("server_error") == ("again", True)
    assert ending("rate_limit_exceeded") == ("again", True)
    assert ending("invalid_image") == ("never", False)
    assert ending("image_content_policy_violation") == "blocked"
    assert ending("bio_policy") == "blocked"


def test_a_constant_fingerprint_is_none_and_reasoning_is_not_the_text(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("ollama", vendor.url), request())
    assert reply.fingerprint == ""
    assert reply.raw["system_fingerprint"] == "fp_ollama"
    assert reply.raw["choices"][0]["message"]["reasoning"] not in reply.text


def test_new_weights_behind_the_same_name_are_seen(vendor: SimulatedVendor) -> None:
    connection = connection_to("ollama", vendor.url)
    weights.forget()
    first = interpret(connection, request()).served_model
    assert interpret(connection, request()).served_model == first
    vendor.configure(build="2")
    weights.forget()
    second = interpret(connection, request()).served_model
    assert first.partition("@")[0] == second.partition("@")[0] == "sim-alpha"
    assert first != second


def test_a_server_that_does_not_list_its_weights_costs_no_reply() -> None:
    weights.forget()

    def respond(opened: socket.socket, sent: bytes) -> None:
        listing = sent.startswith(b"GET /ollama/api/tags")
        status = "404 Not Found" if listing else "200 OK"
        opened.sendall(http(status, b"{}" if listing else json.dumps(OPENAI_REPLY).encode()))

    with server(respond) as url:
        assert interpret(connection_to("ollama", url), request()).served_model == "m"


def test_the_served_model_of_a_vendor_can_change_in_mid_run(vendor: SimulatedVendor) -> None:
    vendor.configure(drift_after=1)
    connection = connection_to("anthropic", vendor.url)
    served = [interpret(connection, request()).served_model for _ in range(3)]
    assert served == ["sim-alpha-simulated-1", *["sim-alpha-simulated-1-next"] * 2]
