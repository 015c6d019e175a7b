"""Batches: handed in, looked at, collected out of order, and what becomes of a part that was never done."""

from __future__ import annotations

import json
import pickle
import socket

import pytest

from readerstudy.providers import Connection, ErrorCode, InterpretationRequest, Outcome, ProviderError, Reply
from readerstudy.providers.batches import (
    BatchStage,
    BatchTicket,
    can_batch,
    cancel,
    collect,
    discard,
    find,
    look,
    size_of,
    submit,
)
from readerstudy.providers.simulated import SimulatedVendor
from tests.providers.wire import KEY, connection_to, http, request, server


@pytest.fixture
def connection(vendor: SimulatedVendor) -> Connection:
    return connection_to("openai", vendor.url)


def requests(*scenarios: str) -> list[InterpretationRequest]:
    """One request a scenario, with the attempt ids a-0, a-1 and so on."""
    return [
        request(
            f"Case {number}. [[simulated:{scenario}]]",
            attempt=f"a-{number}",
            parameters={"seed": number, "top_k": 3},
        )
        for number, scenario in enumerate(scenarios)
    ]


def test_results_come_out_of_order_and_are_matched_by_the_attempt_id(
    vendor: SimulatedVendor, connection: Connection
) -> None:
    asked = requests(*["answer"] * 6)
    ticket = submit(connection, asked, mark="batch-1")
    found = list(collect(connection, ticket, asked={one.attempt_id: one.parameters for one in asked}))
    assert [name for name, _ in found] != sorted(name for name, _ in found)
    assert {name for name, _ in found} == {one.attempt_id for one in asked}
    for name, reply in found:
        assert isinstance(reply, Reply)
        assert (reply.outcome, reply.seconds) == (Outcome.ANSWERED, None)
        assert (reply.sent["seed"], reply.sent["store"]) == (int(name[2:]), False)
        assert reply.dropped == {"top_k": 3}
        assert reply.request_id
        assert reply.sdk == "openai"
    assert all(account["answered"] == 1 for account in vendor.stats()["by_attempt"].values())


def test_an_error_of_one_line_does_not_fail_the_batch(connection: Connection) -> None:
    asked = requests(
        "answer", "500", "refusal_field", "prompt_block", "429:7", "400", "unknown_stop", "quota"
    )
    ticket = submit(connection, asked, mark="batch-1")
    state = look(connection, ticket)
    assert (state.stage, state.total, state.completed, state.failed) == (BatchStage.DONE, 8, 3, 5)
    results = dict(collect(connection, ticket))
    outcomes = {name: each.outcome for name, each in results.items() if isinstance(each, Reply)}
    errors = {name: each for name, each in results.items() if isinstance(each, ProviderError)}
    assert outcomes == {
        "a-0": Outcome.ANSWERED,
        "a-2": Outcome.REFUSED,
        "a-3": Outcome.BLOCKED,
        "a-6": Outcome.UNCLASSIFIED,
    }
    assert {name: (error.code, error.retry) for name, error in errors.items()} == {
        "a-1": (ErrorCode.VENDOR_FAILURE, "again"),
        "a-4": (ErrorCode.RATE_LIMITED, "again"),
        "a-5": (ErrorCode.BAD_REQUEST, "never"),
        "a-7": (ErrorCode.QUOTA, "never"),
    }
    assert pickle.loads(pickle.dumps(errors["a-1"])).sentence == errors["a-1"].sentence


def test_what_a_batch_had_no_time_for_is_to_be_put_in_again(
    vendor: SimulatedVendor, connection: Connection
) -> None:
    vendor.configure(batch_expires_after=2)
    ticket = submit(connection, requests(*["answer"] * 5), mark="batch-1")
    state = look(connection, ticket)
    assert (state.stage, state.finished) == (BatchStage.EXPIRED, True)
    results = dict(collect(connection, ticket))
    assert isinstance(results["a-0"], Reply)
    assert isinstance(results["a-1"], Reply)
    for name in ("a-2", "a-3", "a-4"):
        error = results[name]
        assert isinstance(error, ProviderError)
        assert (error.code, error.retry, error.possibly_paid) == (ErrorCode.EXPIRED, "again", False)
    assert vendor.stats()["received"] == 2


def test_a_batch_under_way_has_no_results_and_can_be_cancelled(
    vendor: SimulatedVendor, connection: Connection
) -> None:
    vendor.configure(batch_delay=600)
    ticket = submit(connection, requests("answer", "answer"), mark="batch-1")
    assert look(connection, ticket).stage is BatchStage.RUNNING
    assert not look(connection, ticket).finished
    assert list(collect(connection, ticket)) == []
    assert cancel(connection, ticket).stage is BatchStage.CANCELLED
    codes = {name: each.code for name, each in collect(connection, ticket) if isinstance(each, ProviderError)}
    assert codes == dict.fromkeys(("a-0", "a-1"), ErrorCode.EXPIRED)
    assert vendor.stats()["received"] == 0


def test_a_batch_is_found_again_by_its_mark(connection: Connection) -> None:
    tickets = [submit(connection, requests("answer"), mark=f"batch-{number}") for number in range(3)]
    assert find(connection, "batch-1") == tickets[1]
    assert find(connection, "batch-9") is None


def test_the_files_of_a_batch_can_be_deleted_at_the_vendor(connection: Connection) -> None:
    ticket = submit(connection, requests("answer", "500"), mark="batch-1")
    assert len(list(collect(connection, ticket))) == 2
    for _again in range(2):
        discard(connection, ticket)
    with pytest.raises(ProviderError) as caught:
        list(collect(connection, ticket))
    assert caught.value.code == ErrorCode.NOT_FOUND


def test_a_batch_that_is_not_known_is_a_sentence(connection: Connection) -> None:
    with pytest.raises(ProviderError) as caught:
        look(connection, BatchTicket("batch_of_somebody_else", "mark"))
    assert caught.value.code == ErrorCode.NOT_FOUND


def test_a_wrong_key_is_an_error_of_the_whole_batch(vendor: SimulatedVendor) -> None:
    with pytest.raises(ProviderError) as caught:
        submit(connection_to("openai", vendor.url, key="sk-wrong-000000000000"), requests("answer"), mark="m")
    assert caught.value.code == ErrorCode.AUTHENTICATION


def test_a_batch_that_the_vendor_does_not_accept_says_why() -> None:
    body = {"id": "batch_1", "status": "failed", "errors": {"data": [{"code": "token_limit_exceeded"}]}}

    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http("200 OK", json.dumps(body).encode()))

    with server(respond) as url:
        state = look(connection_to("openai", url), BatchTicket("batch_1", "m"))
    assert state.stage is BatchStage.FAILED
    assert "token_limit_exceeded" in state.problem
    assert state.problem.endswith(".")


def test_a_new_word_for_a_stage_never_gives_a_batch_up() -> None:
    def respond(opened: socket.socket, _: bytes) -> None:
        opened.sendall(http("200 OK", json.dumps({"id": "batch_1", "status": "resting"}).encode()))

    with server(respond) as url:
        state = look(connection_to("openai", url), BatchTicket("batch_1", "m"))
    assert (state.stage, state.native, state.finished) == (BatchStage.RUNNING, "resting", False)


def test_lines_that_cannot_be_read_leave_the_others_alone() -> None:
    good = {
        "custom_id": "a-1",
        "response": {
            "status_code": 200,
            "body": {"choices": [{"message": {"content": f"Clear {KEY}"}, "finish_reason": "stop"}]},
        },
    }
    strange = {"custom_id": "a-2", "response": {"status_code": 200, "body": {"choices": 7}}}
    lines = "\n".join(['{"custom_id": "a-0", "resp', json.dumps(good), "", json.dumps(strange), "[]"])

    def respond(opened: socket.socket, sent: bytes) -> None:
        state = {"id": "batch_1", "status": "completed", "output_file_id": "file-1"}
        body = lines if b"/content" in sent.partition(b"\r\n")[0] else json.dumps(state)
        opened.sendall(http("200 OK", body.encode()))

    with server(respond) as url:
        results = dict(collect(connection_to("openai", url), BatchTicket("batch_1", "m")))
    assert set(results) == {"a-1", "a-2"}
    assert isinstance(results["a-1"], Reply)
    assert results["a-1"].text == "Clear [key]"
    assert isinstance(results["a-2"], ProviderError)
    assert (results["a-2"].code, results["a-2"].possibly_paid) == (ErrorCode.VENDOR_FAILURE, True)


@pytest.mark.parametrize("adapter", ["responses", "ollama", "anthropic", "gemini", "gemini-legacy"])
def test_only_openais_chat_completions_take_batches(vendor: SimulatedVendor, adapter: str) -> None:
    connection = connection_to(adapter, vendor.url)
    assert not can_batch(connection)
    with pytest.raises(ProviderError, match="takes no batches"):
        submit(connection, requests("answer"), mark="m")


def test_the_size_of_a_request_counts_its_images(connection: Connection) -> None:
    assert can_batch(connection)
    with_image, without = request(), request(images=())
    image = len(with_image.images[0].data)
    assert size_of(connection, with_image) - size_of(connection, without) > image


def test_a_batch_that_could_not_be_told_apart_afterwards_is_refused(connection: Connection) -> None:
    first, second = requests("answer", "answer")
    with pytest.raises(ValueError, match="one model"):
        submit(connection, [first, request(model="sim-beta", attempt="b")], mark="m")
    with pytest.raises(ValueError, match="attempt id of its own"):
        submit(connection, [first, first], mark="m")
    with pytest.raises(ValueError, match="A mark"):
        submit(connection, [first, second], mark="two words")
    with pytest.raises(ValueError, match="1 to 50,000"):
        submit(connection, [], mark="m")
