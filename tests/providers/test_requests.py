"""What leaves for a vendor, and that nothing else does."""

from __future__ import annotations

import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from readerstudy.providers import (
    Connection,
    ErrorCode,
    ImagePart,
    ProviderError,
    interpret,
)
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import (
    ADAPTERS,
    KEY,
    OPENAI_REPLY,
    REPLIES,
    TEXT,
    calls_received,
    connection_to,
    ending_of,
    http,
    png,
    request,
    server,
)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_images_arrive_byte_for_byte_in_order(vendor: SimulatedVendor, adapter: str) -> None:
    images = (ImagePart("current", "image/png", png(40)), ImagePart("prior", "image/png", png(200)))
    interpret(connection_to(adapter, vendor.url), request("Compare.", images=images, attempt="two-images"))
    (seen,) = vendor.requests(attempt="two-images")
    assert [image["bytes"] for image in seen["images"]] == [len(image.data) for image in images]
    assert all(image["mime"] == image["detected"] == "image/png" for image in seen["images"])
    assert all(image["metadata"] == [] for image in seen["images"])
    assert seen["text"] == "Compare."
    assert seen["system"] == "You read images."


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_request_without_images_is_text_only(vendor: SimulatedVendor, adapter: str) -> None:
    interpret(connection_to(adapter, vendor.url), request("What is a lung?", images=(), attempt="text-only"))
    assert vendor.requests(attempt="text-only")[0]["images"] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_wrong_key_is_a_sentence_about_the_key(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError, match="API key") as caught:
        interpret(connection_to(adapter, vendor.url, key="sk-wrong-000000000000"), request())
    assert (caught.value.code, caught.value.retry, caught.value.status) == (
        ErrorCode.AUTHENTICATION,
        "never",
        401,
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_connection_without_a_key_makes_no_call(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url, key=""), request())
    assert (caught.value.code, caught.value.retry) == (ErrorCode.CONFIGURATION, "person")
    assert vendor.stats()["unauthorised"] == 0


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_image_type_that_the_vendor_does_not_take_makes_no_call(
    vendor: SimulatedVendor, adapter: str
) -> None:
    images = (ImagePart("current", "image/tiff", b"II*\x00"),)
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), request(images=images))
    assert caught.value.code == ErrorCode.UNSUPPORTED_IMAGE
    assert calls_received(vendor) == 0


@pytest.mark.parametrize("adapter", ["openai", "gemini"])
def test_an_unknown_profile_names_the_known_ones(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError, match="Choose one of"):
        interpret(connection_to(adapter, vendor.url, profile="other"), request())


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nobody_listening_is_a_connection_error_that_cost_nothing(adapter: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, f"http://127.0.0.1:{port}"), request())
    assert (caught.value.code, caught.value.retry, caught.value.possibly_paid) == (
        ErrorCode.CONNECTION,
        "again",
        False,
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_stray_environment_variables_cannot_redirect_a_call(
    vendor: SimulatedVendor, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "OPENAI_API_KEY": "sk-other",
        "OPENAI_ORG_ID": "org-other",
        "OPENAI_PROJECT_ID": "proj-other",
        "GOOGLE_API_KEY": "other",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_CLOUD_PROJECT": "other",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GOOGLE_GENAI_API_VERSION": "v9",
        "ANTHROPIC_API_KEY": "other",
        "ANTHROPIC_AUTH_TOKEN": "other",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "ANTHROPIC_PROFILE": "other",
        "GOOGLE_API_USE_MTLS_ENDPOINT": "always",
        "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "example.org",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    reply = interpret(connection_to(adapter, vendor.url), request(attempt="unmoved"))
    assert reply.text
    assert vendor.stats()["by_attempt"]["unmoved"]["answered"] == 1


OPENAI_HEADERS = {"x-client-request-id", "authorization"}
OWN_HEADERS = {
    "anthropic": {"authorization", "anthropic-version"},
    "gemini": {"x-goog-api-key"},
    "gemini-legacy": {"x-goog-api-key"},
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_only_the_headers_that_a_call_needs_leave(adapter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-other")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Hospital: secret")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Hospital: secret\nanthropic-version: 2023-06-01")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-token-of-the-host")
    received: list[bytes] = []

    def respond(opened: socket.socket, sent: bytes) -> None:
        received.append(sent)
        opened.sendall(http("200 OK", json.dumps(REPLIES[adapter]).encode()))

    with server(respond) as url:
        interpret(connection_to(adapter, url), request(attempt="study-9.3"))
    head = received[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
    expected = {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "user-agent",
    }
    assert set(headers) == expected | {"x-attempt-id"} | OWN_HEADERS.get(adapter, OPENAI_HEADERS)
    assert headers.get("anthropic-version", "2026-10-21") == "2026-10-21"
    assert headers["x-attempt-id"] == "study-9.3"
    assert headers["user-agent"] == "readerstudy"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_threads_share_a_connection_without_mixing_their_calls(vendor: SimulatedVendor, adapter: str) -> None:
    vendor.configure(latency=0.2)
    connection = connection_to(adapter, vendor.url)

    def call(number: int) -> str:
        images = (ImagePart("current", "image/png", png(number)),)
        return interpret(
            connection, request(f"Case {number}", images=images, attempt=f"t-{number}")
        ).request_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(call, range(12)))
    stats = vendor.stats()
    assert len(set(ids)) == 12
    assert all(account["answered"] == 1 for account in stats["by_attempt"].values())
    assert stats["answered_more_than_once"] == []
    assert 1 < stats["max_in_flight"] <= 8


def everything_in(error: BaseException) -> str:
    """All that a log, a report of a crash or a stored row could show of an error."""
    parts = [repr(error), str(error), repr(error.args), repr(vars(error))]
    parts += [everything_in(inner) for inner in (error.__cause__, error.__context__) if inner is not None]
    return " ".join(parts)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    "status", ["200 OK", "400 Bad Request", "401 Unauthorized", "500 Internal Server Error"]
)
def test_a_key_that_the_vendor_echoes_never_comes_through(
    adapter: str, status: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked = f"{KEY[:7]}***********{KEY[-4:]}"
    body = {
        **REPLIES[adapter],
        "error": {"message": f"Key {KEY} ({masked}) at fault", "code": KEY, "status": KEY},
    }

    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http(status, json.dumps(body).encode(), f"x-request-id: {KEY}"))

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_LOG", "debug")
    with server(respond) as url:
        connection = connection_to(adapter, url)
        try:
            shown = repr(interpret(connection, request()))
        except ProviderError as error:
            shown = everything_in(error)
    for text in (shown, repr(connection), caplog.text):
        assert KEY not in text
        assert masked not in text


def test_a_short_placeholder_key_does_not_change_what_a_model_wrote() -> None:
    body = json.loads(json.dumps(OPENAI_REPLY))
    body["choices"][0]["message"]["content"] = "No pneumothorax; none of the ribs is broken."

    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http("200 OK", json.dumps(body).encode()))

    with server(respond) as url:
        reply = interpret(connection_to("openai", url, key="none"), request())
    assert reply.text == "No pneumothorax; none of the ribs is broken."


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"choices": {}, "candidates": 3}',
        b'{"choices": [7], "candidates": [7], "output": [7], "content": [7]}',
        b'{"output": [{"type": "message", "content": 7}], "content": {}, "candidates": [{"finishReason": []}]}',
        b"",
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_no_shape_of_json_lets_another_exception_out(adapter: str, body: bytes) -> None:
    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http("200 OK", body))

    with server(respond) as url:
        ending = ending_of(lambda: interpret(connection_to(adapter, url), request()))
    assert ending in {("again", True), "unclassified"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_reply_holds_nothing_that_a_database_refuses(adapter: str) -> None:
    body = (
        json.dumps({**REPLIES[adapter], "extra": "\ud800"})
        .replace("Clear", "Cl\\u0000ear")
        .replace('"extra"', '"n": NaN, "extra"')
    )

    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http("200 OK", body.encode()))

    with server(respond) as url:
        reply = interpret(connection_to(adapter, url), request())
    assert reply.text == "Cl\ufffdear lungs."
    assert (reply.raw["extra"], reply.raw["n"]) == ("\ufffd", None)
    json.dumps(reply.raw, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_redirect_is_not_followed_with_the_image(adapter: str) -> None:
    reached = threading.Event()

    def elsewhere(opened: socket.socket, _: bytes) -> None:
        reached.set()
        opened.sendall(http("200 OK", json.dumps(REPLIES[adapter]).encode()))

    with server(elsewhere) as other:

        def respond(opened: socket.socket, _: bytes) -> None:
            opened.sendall(http("307 Temporary Redirect", b"", f"Location: {other}/v1/elsewhere"))

        with server(respond) as url, pytest.raises(ProviderError) as caught:
            interpret(connection_to(adapter, url), request())
    assert caught.value.code == ErrorCode.REDIRECTED
    assert not reached.is_set()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_base_address_may_have_a_path(adapter: str) -> None:
    lines: list[bytes] = []

    def respond(opened: socket.socket, sent: bytes) -> None:
        lines.append(sent.partition(b"\r\n")[0])
        opened.sendall(http("200 OK", json.dumps(REPLIES[adapter]).encode()))

    with server(respond) as url:
        assert interpret(connection_to(adapter, f"{url}/gateway/eu"), request()).text == TEXT
    assert lines[0].startswith(b"POST /gateway/eu/")


def test_an_adapter_that_does_not_exist_is_a_sentence_with_the_known_ones() -> None:
    with pytest.raises(
        ProviderError, match=r"anthropic, gemini, gemini-legacy, openai, openai-responses, replay"
    ) as caught:
        interpret(Connection("Ward vendor", "telepathy"), request())
    assert caught.value.retry == "person"
