"""Every adapter against the simulated vendor, through everything it can play."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from readerstudy.providers import ErrorCode, Outcome, ProviderError, Reply, Retry, interpret
from readerstudy.providers.refusals import Label, classify_reply
from readerstudy.providers.simulated import ANSWERS, ERRORS, SIGNALS, TRANSPORT, SimulatedVendor
from tests.providers.wire import ADAPTERS, connection_to, request


@dataclass(frozen=True)
class Gives:
    """A reply with this outcome and verdict (None: not told here), and the vendor's own words for it."""

    outcome: Outcome
    verdict: Label | None
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


OPENAI, RESPONSES, OLLAMA, ANTHROPIC, GEMINI, LEGACY = ADAPTERS
Ending = Gives | Fails
ANSWERED = {OPENAI: "stop", RESPONSES: "completed", ANTHROPIC: "end_turn", GEMINI: "STOP"}
CUT = {OPENAI: "length", RESPONSES: "max_output_tokens", ANTHROPIC: "max_tokens", GEMINI: "MAX_TOKENS"}


def row(by_adapter: Mapping[str, Ending]) -> dict[str, Ending]:
    """An ending for every adapter: where none is told, Ollama ends like OpenAI, and the older library like Gemini."""
    found = dict(by_adapter)
    found.setdefault(OLLAMA, found[OPENAI])
    found.setdefault(LEGACY, found[GEMINI])
    return found


def same(ending: Ending) -> dict[str, Ending]:
    return dict.fromkeys(ADAPTERS, ending)


def stops(
    words: Mapping[str, str], outcome: Outcome, verdict: Label | None, *, retry: Retry = "never"
) -> dict[str, Ending]:
    return row({name: Gives(outcome, verdict, word, retry=retry) for name, word in words.items()})


def written(verdict: Label | None, outcome: Outcome = Outcome.ANSWERED) -> dict[str, Ending]:
    return stops(ANSWERED, outcome, verdict)


def blocked(stop: str, block: str = "") -> Gives:
    return Gives(Outcome.BLOCKED, Label.SAFETY_BLOCK, stop, block or stop)


def declined(category: str = "") -> Gives:
    return Gives(Outcome.REFUSED, Label.SAFETY_BLOCK, "refusal", category)


def filtered(gemini: str) -> dict[str, Ending]:
    """A filter with a name of its own at Gemini only. Ollama has no filter, and such a text is like any other."""
    word = "content_filter"
    found: dict[str, Ending] = {OPENAI: blocked(word), RESPONSES: blocked(word), ANTHROPIC: declined()}
    return row(found | {GEMINI: blocked(gemini), OLLAMA: EMPTY})


EMPTY = Gives(Outcome.EMPTY, Label.EMPTY, "stop")
POLICY = blocked("", "content_policy_violation")
AZURE = blocked("", "content_filter")
UNKNOWN = "withheld_for_review"
LOST = Gives(Outcome.UNCLASSIFIED, Label.ERROR, retry="person")
NOT_VALID = Fails(ErrorCode.BAD_REQUEST, "never")

TABLE: dict[str, dict[str, Ending]] = {
    # what the model writes
    "answer": written(Label.ANSWER),
    "hedged": written(Label.HEDGED_ANSWER),
    "partial": written(Label.PARTIAL_REFUSAL),
    "refusal_text": written(Label.FULL_REFUSAL),
    "deferral": written(Label.DEFERRAL),
    "generic": written(Label.OFF_TASK),
    "bad_schema": written(None),
    "fenced_json": written(None),
    "slow": written(Label.ANSWER),
    "empty": written(Label.EMPTY, Outcome.EMPTY),
    "null_text": written(Label.EMPTY, Outcome.EMPTY),
    "truncated": stops(CUT, Outcome.TRUNCATED, Label.TRUNCATED),
    "exhausted": stops(CUT, Outcome.EXHAUSTED, Label.TRUNCATED, retry="person"),
    # what the vendor signals
    "refusal_field": row(
        {
            OPENAI: Gives(Outcome.REFUSED, Label.SAFETY_BLOCK, "stop"),
            RESPONSES: Gives(Outcome.REFUSED, Label.SAFETY_BLOCK, "completed"),
            OLLAMA: EMPTY,
            ANTHROPIC: declined("general_harms"),
            GEMINI: blocked("", "SAFETY"),
        }
    ),
    "content_filter": filtered("SAFETY"),
    "prompt_block": row(
        {
            OPENAI: POLICY,
            RESPONSES: POLICY,
            ANTHROPIC: declined("bio"),
            GEMINI: blocked("", "PROHIBITED_CONTENT"),
        }
    ),
    "image_safety": filtered("IMAGE_SAFETY"),
    "prohibited": filtered("PROHIBITED_CONTENT"),
    "recitation": filtered("RECITATION") | {OLLAMA: Gives(Outcome.ANSWERED, None, "stop")},
    "personal_data": filtered("SPII"),
    "other_stop": filtered("") | dict.fromkeys((GEMINI, LEGACY), replace(LOST, stop="OTHER")),
    "unknown_stop": {
        **same(Gives(Outcome.UNCLASSIFIED, None, UNKNOWN, retry="person")),
        GEMINI: Gives(Outcome.UNCLASSIFIED, None, UNKNOWN.upper(), retry="person"),
        # The older library asks for numbers, and a number outside its table has no name.
        LEGACY: Gives(Outcome.UNCLASSIFIED, None, "99", retry="person"),
    },
    "no_candidates": {
        **same(LOST),
        RESPONSES: Gives(Outcome.EMPTY, Label.EMPTY, "completed"),
        ANTHROPIC: Gives(Outcome.EMPTY, Label.EMPTY, "end_turn"),
    },
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
    "policy_error": row({OPENAI: POLICY, RESPONSES: POLICY, ANTHROPIC: NOT_VALID, GEMINI: NOT_VALID}),
    "azure_filter": row({OPENAI: AZURE, RESPONSES: AZURE, ANTHROPIC: NOT_VALID, GEMINI: NOT_VALID}),
    "gateway_page": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "late_429": same(Fails(ErrorCode.RATE_LIMITED, "again")),
    "400": same(NOT_VALID),
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
    "429:silent": same(Fails(ErrorCode.RATE_LIMITED, "again")),
    "500": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "502": same(Fails(ErrorCode.VENDOR_FAILURE, "again")),
    "503:3": same(Fails(ErrorCode.VENDOR_FAILURE, "again", wait=3)),
    "504": same(Fails(ErrorCode.VENDOR_FAILURE, "again", paid=True)),
    "529": same(Fails(ErrorCode.VENDOR_FAILURE, "again", wait=1)),
}

ROWS = [
    pytest.param(adapter, scenario, ending, id=f"{adapter}-{scenario}")
    for scenario, endings in TABLE.items()
    for adapter, ending in endings.items()
]


@pytest.mark.parametrize(("adapter", "scenario", "ending"), ROWS)
def test_every_scenario_ends_as_the_table_says_after_one_call(
    vendor: SimulatedVendor, adapter: str, scenario: str, ending: Ending
) -> None:
    seconds = 0.7 if scenario in {"hang", "drip"} else 30.0
    asked = request(f"Describe this. [[simulated:{scenario}]]", attempt="only-one", seconds=seconds)
    connection = connection_to(adapter, vendor.url)
    if isinstance(ending, Gives):
        is_given(interpret(connection, asked), ending)
    else:
        with pytest.raises(ProviderError) as caught:
            interpret(connection, asked)
        is_told(caught.value, ending)
    assert vendor.stats()["by_attempt"]["only-one"]["received"] == 1


def is_given(reply: Reply, ending: Gives) -> None:
    found = (reply.outcome, reply.stop_reason, reply.block_reason, reply.retry)
    assert found == (ending.outcome, ending.stop, ending.block, ending.retry)
    if ending.verdict is not None:
        assert classify_reply(reply).verdict == ending.verdict


def is_told(error: ProviderError, ending: Fails) -> None:
    """The error is the one that is meant, a whole sentence, without the SDK's exception, and survives a pickle."""
    assert (error.code, error.retry, error.possibly_paid) == (ending.code, ending.retry, ending.paid)
    if ending.wait is not None:
        assert error.retry_after == ending.wait
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ProviderError
    assert {**vars(copy), "code": copy.code} == {**vars(error), "code": error.code}
    assert str(copy) == error.sentence
    assert error.sentence.endswith(".")
    assert "Ward vendor" in error.sentence
    assert error.__cause__ is error.__context__ is None


def test_the_table_leaves_out_nothing_that_the_vendor_can_play() -> None:
    assert set(TABLE) >= ANSWERS | SIGNALS | TRANSPORT | ERRORS


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_429_with_a_date_waits_until_then(vendor: SimulatedVendor, adapter: str) -> None:
    with pytest.raises(ProviderError) as caught:
        interpret(connection_to(adapter, vendor.url), request("[[simulated:late_429]]"))
    assert caught.value.retry_after is not None
    assert 0 <= caught.value.retry_after <= 3


SDKS = {ANTHROPIC: "anthropic", GEMINI: "google-genai", LEGACY: "google-generativeai"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_reply_says_which_model_served_it_and_what_it_cost(vendor: SimulatedVendor, adapter: str) -> None:
    vendor.configure(build="7")
    reply = interpret(connection_to(adapter, vendor.url), request())
    assert reply.served_model.startswith(
        "sim-alpha@sha256:" if adapter == OLLAMA else "sim-alpha-simulated-7"
    )
    assert reply.request_id
    assert reply.input_tokens
    assert reply.output_tokens
    assert reply.seconds is not None
    assert reply.seconds > 0
    assert reply.sdk == SDKS.get(adapter, "openai")
    assert reply.sdk_version
    assert reply.text in str(reply.raw).replace("\\n", "\n")


@pytest.mark.parametrize("adapter", [name for name in ADAPTERS if name != OLLAMA])  # which does not tell
def test_tokens_spent_on_reasoning_are_counted_where_no_text_came(
    vendor: SimulatedVendor, adapter: str
) -> None:
    asked = request("[[simulated:exhausted]]", parameters={"max_output_tokens": 64})
    assert interpret(connection_to(adapter, vendor.url), asked).reasoning_tokens == 64


@pytest.mark.parametrize("adapter", [OPENAI, RESPONSES, ANTHROPIC])
def test_the_refusal_text_of_the_vendor_is_kept(vendor: SimulatedVendor, adapter: str) -> None:
    reply = interpret(connection_to(adapter, vendor.url), request("[[simulated:refusal_field]]"))
    assert "declined" in reply.refusal_text


def test_an_unknown_stop_reason_is_shown_in_the_verdicts_signal(vendor: SimulatedVendor) -> None:
    reply = interpret(connection_to("gemini", vendor.url), request("[[simulated:unknown_stop]]"))
    assert classify_reply(reply).signal.startswith("unclassified_stop")
