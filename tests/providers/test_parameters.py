"""Parameters and schemas: what each vendor gets under its own names, and what is dropped and recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import validate

from readerstudy.providers import ErrorCode, ProviderError, interpret
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import (
    ADAPTERS,
    calls_received,
    connection_to,
    request,
)

PARAMETERS = {
    "temperature": 0.5,
    "seed": 7,
    "top_k": 3,
    "stop": "END",
    "max_output_tokens": 300,
    "reasoning_effort": "low",
    "service_tier": "flex",
    "colour": "x",
}
SAMPLED = {"temperature": 0.5, "seed": 7, "stop": "END"}
NAMED = [
    pytest.param(
        "openai",
        "openai",
        SAMPLED
        | {"max_completion_tokens": 300, "reasoning_effort": "low", "service_tier": "flex", "store": False},
        {"top_k", "colour"},
        id="openai",
    ),
    pytest.param(
        "openai",
        "compatible",
        SAMPLED | {"max_tokens": 300},
        {"top_k", "reasoning_effort", "service_tier", "colour"},
        id="compatible",
    ),
    pytest.param(
        "openai",
        "vllm",
        SAMPLED | {"max_tokens": 300, "top_k": 3, "reasoning_effort": "low"},
        {"service_tier", "colour"},
        id="vllm",
    ),
    pytest.param(
        "ollama",
        "ollama",
        SAMPLED | {"max_tokens": 300},
        {"top_k", "reasoning_effort", "service_tier", "colour"},
        id="ollama",
    ),
    pytest.param(
        "responses",
        "",
        {
            "temperature": 0.5,
            "max_output_tokens": 300,
            "reasoning": {"effort": "low"},
            "service_tier": "flex",
            "store": False,
        },
        {"seed", "stop", "top_k", "colour"},
        id="responses",
    ),
    pytest.param(
        "anthropic",
        "",
        {"max_tokens": 300, "stop_sequences": ["END"], "output_config": {"effort": "low"}},
        {"temperature", "seed", "top_k", "service_tier", "colour"},
        id="anthropic",
    ),
]


@pytest.mark.parametrize(("adapter", "profile", "sent", "dropped"), NAMED)
def test_parameters_arrive_under_the_vendors_names_or_are_dropped_and_recorded(
    vendor: SimulatedVendor, adapter: str, profile: str, sent: dict[str, Any], dropped: set[str]
) -> None:
    connection = connection_to(adapter, vendor.url, profile=profile)
    reply = interpret(connection, request(parameters=PARAMETERS, attempt="p"))
    version = {"anthropic-version": "2026-10-21"} if adapter == "anthropic" else {}
    assert reply.sent == sent | version
    assert set(reply.dropped) == dropped
    assert vendor.requests(attempt="p")[0]["parameters"] == sent


GEMINI_SENT = {"temperature": 0.5, "top_k": 3, "stop_sequences": ["END"], "max_output_tokens": 300}


def test_gemini_takes_a_seed_a_level_of_thinking_and_a_tier(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("gemini", vendor.url), request(parameters=PARAMETERS, attempt="p"))
    own = {"seed": 7, "thinking_config": {"thinking_level": "LOW"}, "service_tier": "flex"}
    assert reply.sent == GEMINI_SENT | own | {"api_version": "v1beta"}
    assert set(reply.dropped) == {"colour"}
    arrived = vendor.requests(attempt="p")[0]["parameters"]
    assert (arrived["temperature"], arrived["seed"], arrived["topK"], arrived["maxOutputTokens"]) == (
        0.5,
        7,
        3,
        300,
    )
    assert (arrived["stopSequences"], arrived["serviceTier"]) == (["END"], "flex")
    assert "LOW" in str(arrived["thinkingConfig"])


def test_the_older_gemini_library_has_no_seed(vendor: SimulatedVendor) -> None:
    connection = connection_to("gemini-legacy", vendor.url)
    reply = interpret(connection, request(parameters=PARAMETERS, attempt="p"))
    assert reply.sent == GEMINI_SENT
    assert set(reply.dropped) == {"seed", "reasoning_effort", "service_tier", "colour"}
    arrived = vendor.requests(attempt="p")[0]["parameters"]
    assert (arrived["temperature"], arrived["topK"], arrived["maxOutputTokens"]) == (0.5, 3, 300)
    assert "seed" not in arrived


def test_anthropic_gets_a_limit_even_where_the_arm_names_none(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("anthropic", vendor.url), request(attempt="p"))
    assert vendor.requests(attempt="p")[0]["parameters"] == {"max_tokens": 4096}
    assert reply.sent["max_tokens"] == 4096


def test_a_long_limit_is_no_reason_for_anthropics_sdk_to_refuse(vendor: SimulatedVendor) -> None:
    asked = request(parameters={"max_output_tokens": 64_000})
    assert interpret(connection_to("anthropic", vendor.url), asked).sent["max_tokens"] == 64_000


def test_a_model_without_sampling_says_so_as_a_request_that_is_not_valid(vendor: SimulatedVendor) -> None:
    vendor.configure(no_sampling="alpha")
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to("openai", vendor.url), request(parameters={"temperature": 0}))
    assert caught.value.code == ErrorCode.BAD_REQUEST
    assert interpret(connection_to("openai", vendor.url), request()).text


SCHEMA = {
    "type": "object",
    "properties": {
        "level": {"type": ["string", "null"], "enum": ["Beginning", "Proficient", None]},
        "findings": {"type": "array", "items": {"type": "string"}},
        "confidence": {"type": "number", "description": "0 to 1"},
    },
    "required": ["level", "findings", "confidence"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_json_schema_reaches_the_vendor_and_the_reply_keeps_to_it(
    vendor: SimulatedVendor, adapter: str
) -> None:
    reply = interpret(
        connection_to(adapter, vendor.url), request(parameters={"json_schema": SCHEMA}, attempt="schema")
    )
    validate(json.loads(reply.text), SCHEMA)
    assert reply.dropped == {}
    arrived = vendor.requests(attempt="schema")[0]["parameters"]
    named = {"type": "json_schema", "name": "interpretation", "schema": SCHEMA, "strict": True}
    if adapter in {"openai", "ollama"}:
        assert arrived["response_format"]["json_schema"] == {
            name: value for name, value in named.items() if name != "type"
        }
    elif adapter == "responses":
        assert arrived["text"] == {"format": named}
    elif adapter == "anthropic":
        assert arrived["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    elif adapter == "gemini":
        assert arrived["responseJsonSchema"] == SCHEMA
    if adapter.startswith("gemini"):
        assert arrived["responseMimeType"] == "application/json"


def test_a_schema_that_leaves_something_open_is_not_called_strict(vendor: SimulatedVendor) -> None:
    schema = {"type": "object", "properties": {"impression": {"type": "string"}}}
    asked = request(parameters={"json_schema": schema}, attempt="open")
    interpret(connection_to("openai", vendor.url), asked)
    arrived = vendor.requests(attempt="open")[0]["parameters"]
    assert arrived["response_format"]["json_schema"]["strict"] is False


def test_a_schema_that_the_older_gemini_library_has_no_words_for_is_dropped(vendor: SimulatedVendor) -> None:
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}
    reply = interpret(connection_to("gemini-legacy", vendor.url), request(parameters={"json_schema": schema}))
    assert reply.dropped == {"json_schema": schema}


@pytest.mark.parametrize("adapter", ["gemini", "gemini-legacy"])
def test_a_parameter_that_gemini_cannot_take_never_leaves(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), request(parameters={"temperature": "hot"}))
    assert (caught.value.code, caught.value.possibly_paid) == (ErrorCode.CONFIGURATION, False)
    assert calls_received(vendor) == 0


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", ["top_p", "stop", "presence_penalty", "frequency_penalty"])
def test_optional_parameters_are_absent_unless_asked_for(
    vendor: SimulatedVendor, adapter: str, name: str
) -> None:
    reply = interpret(connection_to(adapter, vendor.url), request(attempt="bare"))
    assert name not in reply.sent
    assert set(vendor.requests(attempt="bare")[0]["parameters"]) <= {"store", "max_tokens"}
