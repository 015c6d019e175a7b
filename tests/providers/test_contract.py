"""Both adapters against the simulated vendor, through everything it can play."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import pytest

from readerstudy.providers import ErrorCode, Outcome, ProviderError, Retry, interpret
from readerstudy.providers.refusals import Label, classify_reply
from readerstudy.providers.simulated import ANSWERS, ERRORS, SIGNALS, TRANSPORT, SimulatedVendor
from tests.providers.wire import ADAPTERS, connection_to, request


@dataclass(frozen=True)
class Gives:
    """A reply with this outcome and verdict, and the vendor's own words for it."""

    outcome: Outcome
    verdict: Label
    stop: str = ""
    block: str = ""
    retry: Retry = "never"


@dataclass(frozen=True)
class Fails:
    """An error with this code; `paid` says whether the vendor may have done the work."""

    code: ErrorCode
    retry: Retry
    paid: bool = False
    wait: float | None = None


def same(ending: Gives | Fails) -> tuple[Gives | Fails, Gives | Fails]:
    return ending, ending


def stops(
    openai: str, gemini: str, outcome: Outcome, verdict: Label, *, retry: Retry = "never"
) -> tuple[Gives, Gives]:
    return Gives(outcome, verdict, openai, retry=retry), Gives(outcome, verdict, gemini, retry=retry)


def blocked(
    openai_stop: str, gemini_stop: str, *, openai_block: str = "", gemini_block: str = ""
) -> tuple[Gives, Gives]:
    return (
        Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, openai_stop, openai_block or openai_stop),
        Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, gemini_stop, gemini_block or gemini_stop),
    )


TABLE: dict[str, tuple[Gives | Fails, Gives | Fails]] = {
    # what the model writes
    "answer": stops("stop", "STOP", Outcome.ANSWERED, Label.ANSWER),
    "hedged": stops("stop", "STOP", Outcome.ANSWERED, Label.HEDGED_ANSWER),
    "refusal_text": stops("stop", "STOP", Outcome.ANSWERED, Label.FULL_REFUSAL),
    "deferral": stops("stop", "STOP", Outcome.ANSWERED, Label.DEFERRAL),
    "generic": stops("stop", "STOP", Outcome.ANSWERED, Label.OFF_TASK),
    "empty": stops("stop", "STOP", Outcome.EMPTY, Label.EMPTY),
    "null_text": stops("stop", "STOP", Outcome.EMPTY, Label.EMPTY),
    "truncated": stops("length", "MAX_TOKENS", Outcome.TRUNCATED, Label.TRUNCATED),
    "exhausted": stops("length", "MAX_TOKENS", Outcome.EXHAUSTED, Label.TRUNCATED, retry="person"),
    # what the vendor signals
    "refusal_field": (
        Gives(Outcome.REFUSED, Label.SAFETY_BLOCK, "stop"),
        Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, "", "SAFETY"),
    ),
    "content_filter": blocked("content_filter", "SAFETY"),
    "prompt_block": blocked(
        "", "", openai_block="content_policy_violation", gemini_block="PROHIBITED_CONTENT"
    ),
    "image_safety": blocked("content_filter", "IMAGE_SAFETY"),
    "prohibited": blocked("content_filter", "PROHIBITED_CONTENT"),
    "recitation": blocked("content_filter", "RECITATION"),
    "personal_data": blocked("content_filter", "SPII"),
    "other_stop": (
        Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, "content_filter", "content_filter"),
        Gives(Outcome.UNCLASSIFIED, Label.ERROR, "OTHER", retry="person"),
    ),
    "unknown_stop": stops(
        "withheld_for_review", "WITHHELD_FOR_REVIEW", Outcome.UNCLASSIFIED, Label.OFF_TASK, retry="person"
    ),
    "no_candidates": stops("", "", Outcome.UNCLASSIFIED, Label.ERROR, retry="person"),
    # what happens on the way
    "malformed": same(Fails(ErrorCode.MALFORMED_REPLY, "again", paid=True)),
    "wrong_shape": same(Fails(ErrorCode.MALFORMED_REPLY, "again", paid=True)),
    "html": same(Fails(ErrorCode.NOT_JSON, "again", paid=True)),
    "cut": same(Fails(ErrorCode.CUT_REPLY, "again", paid=True)),
    "disconnect": same(Fails(ErrorCode.CONNECTION, "again", paid=True)),
    "reset": same(Fails(ErrorCode.CONNECTION, "again", paid=True)),
    "hang": same(Fails(ErrorCode.DEADLINE, "again", paid=True)),
    "drip": same(Fails(ErrorCode.DEADLINE, "again", paid=True)),
    "redirect": same(Fails(ErrorCode.REDIRECTED, "never")),
    # what the vendor refuses to serve
    "quota": same(Fails(ErrorCode.QUOTA, "never")),
    "bad_key": same(Fails(ErrorCode.AUTHENTICATION, "never")),
    "policy_error": (
        Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, "", "content_policy_violation"),
        Fails(ErrorCode.BAD_REQUEST, "never"),
    ),
    "gateway_page": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "late_429": same(Fails(ErrorCode.RATE_LIMITED, "again")),
    "400": same(Fails(ErrorCode.BAD_REQUEST, "never")),
    "401": same(Fails(ErrorCode.AUTHENTICATION, "never")),
    "402": same(Fails(ErrorCode.QUOTA, "never")),
    "403": same(Fails(ErrorCode.FORBIDDEN, "never")),
    "404": same(Fails(ErrorCode.NOT_FOUND, "never")),
    "408": same(Fails(ErrorCode.REQUEST_TIMEOUT, "again")),
    "409": same(Fails(ErrorCode.CONFLICT, "again")),
    "413": same(Fails(ErrorCode.TOO_LARGE, "never")),
    "418": same(Fails(ErrorCode.REJECTED, "never")),
    "422": same(Fails(ErrorCode.UNPROCESSABLE, "never")),
    "429:7": same(Fails(ErrorCode.RATE_LIMITED, "again", wait=7)),
    "500": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "502": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "503:3": same(Fails(ErrorCode.VENDOR_FAILURE, "again", wait=3)),
    "504": same(Fails(ErrorCode.VENDOR_FAILURE, "again", paid=True)),
    "529": same(Fails(ErrorCode.VENDOR_FAILURE, "again", wait=1)),
}

ROWS = [
    pytest.param(adapter, scenario, endings[position], id=f"{adapter}-{scenario}")
    for scenario, endings in TABLE.items()
    for position, adapter in enumerate(ADAPTERS)
]


@pytest.mark.parametrize(("adapter", "scenario", "ending"), ROWS)
def test_every_scenario_ends_as_the_table_says_after_one_call(
    vendor: SimulatedVendor, adapter: str, scenario: str, ending: Gives | Fails
) -> None:
    seconds = 1.5 if scenario in {"hang", "drip"} else 30.0
    asked = request(f"Describe this. [[simulated:{scenario}]]", attempt="only-one", seconds=seconds)
    connection = connection_to(adapter, vendor.url)
    if isinstance(ending, Gives):
        reply = interpret(connection, asked)
        assert (reply.outcome, reply.stop_reason, reply.block_reason) == (
            ending.outcome,
            ending.stop,
            ending.block,
        )
        assert reply.retry == ending.retry
        assert classify_reply(reply).verdict == ending.verdict
    else:
        with pytest.raises(ProviderError) as caught:
            interpret(connection, asked)
        error = caught.value
        assert (error.code, error.retry, error.possibly_paid) == (ending.code, ending.retry, ending.paid)
        if ending.wait is not None:
            assert error.retry_after == ending.wait
    assert vendor.stats()["by_attempt"]["only-one"]["received"] == 1


def test_the_table_leaves_out_nothing_that_the_vendor_can_play() -> None:
    assert set(TABLE) >= ANSWERS | SIGNALS | TRANSPORT | ERRORS


FAILING = [
    (adapter, scenario)
    for scenario, endings in TABLE.items()
    for adapter, ending in zip(ADAPTERS, endings, strict=True)
    if isinstance(ending, Fails)
]


@pytest.mark.parametrize(("adapter", "scenario"), FAILING)
def test_an_error_is_a_whole_sentence_and_survives_a_pickle(
    vendor: SimulatedVendor, adapter: str, scenario: str
) -> None:
    asked = request(f"[[simulated:{scenario}]]", seconds=0.5 if scenario in {"hang", "drip"} else 30.0)
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), asked)
    error, copy = caught.value, pickle.loads(pickle.dumps(caught.value))
    assert (copy.code, copy.sentence, copy.retry, copy.retry_after, copy.possibly_paid, copy.status, copy.raw) == (
        error.code, error.sentence, error.retry, error.retry_after, error.possibly_paid, error.status, error.raw
    )  # fmt: skip
    assert str(copy) == error.sentence
    assert error.sentence.endswith(".")
    assert "Ward vendor" in error.sentence
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_429_with_a_date_waits_until_then(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), request("[[simulated:late_429]]"))
    assert caught.value.retry_after is not None
    assert 0 <= caught.value.retry_after <= 3


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_reply_says_which_model_served_it_and_what_it_cost(vendor: SimulatedVendor, adapter: str) -> None:
    vendor.configure(build="7")
    reply = interpret(connection_to(adapter, vendor.url), request())
    assert reply.served_model == "sim-alpha-simulated-7"
    assert reply.request_id
    assert reply.input_tokens
    assert reply.output_tokens
    assert reply.seconds is not None
    assert reply.seconds > 0
    assert reply.sdk == {"openai": "openai", "gemini": "google-genai"}[adapter]
    assert reply.sdk_version
    assert reply.text in str(reply.raw).replace("\\n", "\n")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_tokens_spent_on_reasoning_are_counted_where_no_text_came(
    vendor: SimulatedVendor, adapter: str
) -> None:
    asked = request("[[simulated:exhausted]]", parameters={"max_output_tokens": 64})
    assert interpret(connection_to(adapter, vendor.url), asked).reasoning_tokens == 64


def test_the_refusal_text_of_the_vendor_is_kept(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("openai", vendor.url), request("[[simulated:refusal_field]]"))
    assert "declined" in reply.refusal_text
    assert classify_reply(reply).evidence == reply.refusal_text


def test_an_unknown_stop_reason_is_shown_in_the_verdicts_signal(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("gemini", vendor.url), request("[[simulated:unknown_stop]]"))
    assert classify_reply(reply).signal.startswith("unclassified_stop")
