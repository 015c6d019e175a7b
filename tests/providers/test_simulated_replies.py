"""The simulated vendor's replies in JSON, its limits, and the rules of its interfaces."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from readerstudy.providers import ErrorCode, ProviderError, interpret
from readerstudy.providers.simulated import SimulatedVendor
from readerstudy.providers.simulated.draw import Draw
from readerstudy.providers.simulated.glance import Glance
from readerstudy.providers.simulated.instances import instance
from readerstudy.providers.simulated.prose import reading
from tests.providers.wire import KEY, connection_to, request

SHARE = {"type": "number", "minimum": 0, "maximum": 1}
BOX = {
    "type": "object",
    "properties": {"slot": {"type": "string"}, "x": SHARE, "y": SHARE, "width": SHARE, "height": SHARE},
    "required": ["slot", "x", "y", "width", "height"],
    "additionalProperties": False,
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "plain": {"type": "object", "properties": {"impression": {"type": "string", "maxLength": 20}}},
    "kinds": {
        "type": "object",
        "properties": {
            "level": {"enum": ["Beginning", "Developing", "Proficient"]},
            "label": {"type": ["string", "null"], "enum": ["normal", "abnormal", None]},
            "count": {"type": "integer", "minimum": 3, "maximum": 4},
            "score": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
            "certain": {"type": "boolean"},
            "nothing": {"type": "null"},
            "version": {"const": 2},
            "code": {"type": "string", "minLength": 400},
        },
        "required": ["level", "label", "count", "score", "certain", "nothing", "version", "code"],
    },
    "arrays": {
        "type": "object",
        "properties": {
            "findings": {"type": "array", "items": {"type": "string"}, "minItems": 3},
            "boxes": {"type": "array", "items": BOX, "maxItems": 2},
            "none": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        },
        "required": ["findings", "boxes", "none"],
    },
    "references": {
        "$defs": {
            "box": BOX,
            "node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}}},
        },
        "type": "object",
        "properties": {
            "box": {"$ref": "#/$defs/box"},
            "tree": {"$ref": "#/$defs/node"},
            "either": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
            "both": {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "string"}}},
                    {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
                ]
            },
        },
        "required": ["box", "tree", "either", "both"],
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("glance", [Glance("chest"), Glance("chest", "opacity", "right", "lower")])
def test_an_instance_is_valid_and_the_same_every_time(name: str, glance: Glance) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    for number in range(5):
        told = reading(glance, "sim-alpha", draw=Draw(number))
        made = [instance(schema, told, slot="current", draw=Draw(number, "x")) for _twice in range(2)]
        assert made[0] == made[1]
        Draft202012Validator(schema).validate(json.loads(made[0]))


def test_a_box_lies_inside_the_image_and_names_its_slot() -> None:
    told = reading(Glance("chest", "opacity", "right", "lower"), "sim-alpha", draw=Draw(5))
    for number in range(30):
        box = json.loads(instance(BOX, told, slot="prior", draw=Draw(number)))
        assert box["slot"] == "prior"
        assert box["x"] + box["width"] <= 1
        assert box["y"] + box["height"] <= 1


def test_a_normal_image_has_no_boxes_and_the_label_says_so() -> None:
    told = reading(Glance("chest"), "sim-alpha", draw=Draw(3))
    assert not told.abnormal
    made = json.loads(instance(SCHEMAS["arrays"], told, slot="current", draw=Draw(1)))
    assert made["boxes"] == []
    assert json.loads(instance(SCHEMAS["kinds"], told, slot="current", draw=Draw(1)))["label"] == "normal"


@pytest.mark.parametrize("adapter", ["openai", "gemini"])
def test_json_can_come_in_a_code_block_or_without_the_fields_that_were_asked_for(
    vendor: SimulatedVendor, adapter: str
) -> None:
    schema = SCHEMAS["plain"] | {"required": ["impression"]}
    connection = connection_to(adapter, vendor.url)
    fenced = interpret(
        connection, request("[[simulated:fenced_json]]", parameters={"json_schema": schema})
    ).text
    assert fenced.startswith("```json\n{")
    assert fenced.endswith("\n```")
    other = interpret(
        connection, request("[[simulated:bad_schema]]", parameters={"json_schema": schema})
    ).text
    assert not Draft202012Validator(schema).is_valid(json.loads(other))
    refused = interpret(connection, request("[[simulated:refusal_text]]", parameters={"json_schema": schema}))
    assert not refused.text.startswith("{")


def failure(call: Any) -> ErrorCode | None:
    try:
        call()
    except ProviderError as error:
        return error.code
    return None


def test_a_counted_scenario_comes_as_often_as_it_says_and_then_an_answer(vendor: SimulatedVendor) -> None:
    connection = connection_to("anthropic", vendor.url)
    asked = request("[[simulated: 503*2, html, 429:0*1]]")
    codes = [failure(lambda: interpret(connection, asked)) for _ in range(6)]
    assert codes == [
        ErrorCode.VENDOR_FAILURE,
        ErrorCode.VENDOR_FAILURE,
        ErrorCode.NOT_JSON,
        ErrorCode.RATE_LIMITED,
        None,
        None,
    ]


def test_a_counted_scenario_fits_a_models_name_and_a_script(vendor: SimulatedVendor) -> None:
    connection = connection_to("openai", vendor.url)
    named = request(model="sim-alpha--500*1")
    assert [failure(lambda: interpret(connection, named)) for _ in range(2)] == [
        ErrorCode.VENDOR_FAILURE,
        None,
    ]
    vendor.script("500*2", match="scripted")
    scripted = request("scripted")
    assert [failure(lambda: interpret(connection, scripted)) for _ in range(3)].count(None) == 1


def test_too_many_calls_at_once_get_a_429(vendor: SimulatedVendor) -> None:
    vendor.configure(max_concurrency=2, latency=0.5)
    connection = connection_to("openai", vendor.url)

    def call(number: int) -> ErrorCode | None:
        return failure(lambda: interpret(connection, request(f"{number}", attempt=f"c-{number}")))

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(call, range(6)))
    assert set(codes) == {None, ErrorCode.RATE_LIMITED}


def test_a_429_can_be_silent_about_the_wait(vendor: SimulatedVendor) -> None:
    for adapter in ("openai", "gemini"):
        with pytest.raises(ProviderError) as caught:
            interpret(connection_to(adapter, vendor.url), request("[[simulated:429:silent]]"))
        assert caught.value.retry_after is None


def message(vendor: SimulatedVendor, version: str, **fields: Any) -> int:
    """The status that a message of Anthropic's gets under a version of the interface."""
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    headers = {"x-api-key": KEY, "anthropic-version": version}
    asked = urllib.request.Request(f"{vendor.url}/v1/messages", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(asked) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_anthropics_newer_versions_refuse_a_temperature(vendor: SimulatedVendor) -> None:
    assert message(vendor, "2023-06-01", temperature=0) == 200
    assert message(vendor, "2026-10-21") == 200
    assert message(vendor, "2026-10-21", temperature=0) == 400
    assert message(vendor, "2026-10-21", top_p=1) == 400
    assert message(vendor, "") == 400


def test_responses_know_no_seed(vendor: SimulatedVendor) -> None:
    body = {"model": "m", "input": "hi", "seed": 1}
    headers = {"Authorization": f"Bearer {KEY}"}
    asked = urllib.request.Request(f"{vendor.openai_url}/responses", json.dumps(body).encode(), headers)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(asked)
