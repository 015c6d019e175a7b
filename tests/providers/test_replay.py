"""Recorded outputs: as replies, and as files to import."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readerstudy.providers import Connection, ErrorCode, Outcome, ProviderError, interpret
from readerstudy.providers.recordings import Recording, parse_outputs
from readerstudy.providers.refusals import Label, classify_reply
from readerstudy.providers.replay import RECORDED
from tests.providers.wire import request

REPLAY = Connection("Published replies", "replay")


def replayed(**recorded: str) -> tuple[Outcome, Label]:
    reply = interpret(REPLAY, request(parameters={RECORDED: recorded}))
    return reply.outcome, classify_reply(reply).verdict


def test_a_recorded_text_becomes_a_reply_that_names_its_model_and_no_time() -> None:
    recorded = {"text": "Clear lungs.", "finish_reason": "stop", "model": "gemini-1.0-pro-vision"}
    reply = interpret(REPLAY, request(parameters={RECORDED: recorded, "temperature": 0}))
    assert (reply.text, reply.outcome, reply.served_model) == (
        "Clear lungs.",
        Outcome.ANSWERED,
        "gemini-1.0-pro-vision",
    )
    assert reply.seconds is None
    assert reply.raw == recorded
    assert reply.dropped == {"temperature": 0}


@pytest.mark.parametrize(
    ("recorded", "outcome", "verdict"),
    [
        ({"text": "Clear lungs."}, Outcome.ANSWERED, Label.ANSWER),
        ({"text": ""}, Outcome.EMPTY, Label.EMPTY),
        ({"text": "The lungs", "finish_reason": "MAX_TOKENS"}, Outcome.TRUNCATED, Label.TRUNCATED),
        ({"text": "", "finish_reason": "length"}, Outcome.EXHAUSTED, Label.TRUNCATED),
        ({"text": "", "finish_reason": "SAFETY"}, Outcome.BLOCKED, Label.SAFETY_BLOCK),
        ({"text": "", "finish_reason": "prompt_feedback:OTHER"}, Outcome.BLOCKED, Label.SAFETY_BLOCK),
        ({"text": "I can", "finish_reason": "refusal"}, Outcome.REFUSED, Label.SAFETY_BLOCK),
        ({"text": "Clear lungs.", "finish_reason": "end_turn"}, Outcome.ANSWERED, Label.ANSWER),
        ({"text": "Clear lungs.", "finish_reason": "held_back"}, Outcome.UNCLASSIFIED, Label.ANSWER),
    ],
)
def test_a_recorded_stop_reason_of_any_vendor_is_understood(
    recorded: dict[str, str], outcome: Outcome, verdict: Label
) -> None:
    assert replayed(**recorded) == (outcome, verdict)


@pytest.mark.parametrize("parameters", [{}, {RECORDED: None}, {RECORDED: {"text": 3}}, {RECORDED: "text"}])
def test_a_case_without_a_recording_needs_a_person(parameters: dict[str, object]) -> None:
    with pytest.raises(ProviderError, match="Published replies") as caught:
        interpret(REPLAY, request(parameters=parameters))
    assert (caught.value.code, caught.value.retry) == (ErrorCode.NO_RECORDING, "person")


def sentences(data: bytes, filename: str = "outputs.csv") -> list[tuple[int, str]]:
    _records, errors, _ignored = parse_outputs(data, filename)
    return [(error.line, error.sentence) for error in errors]


def test_a_csv_with_all_columns_keeps_line_breaks_quotes_and_numbers_its_lines() -> None:
    data = b'case,text,finish_reason,model\r\nc1,"Line one\nline ""two""",stop,m\r\nc2, spaced ,,\r\n'
    records, errors, _ignored = parse_outputs(data, "OUTPUTS.CSV")
    assert errors == []
    assert records == [
        Recording("c1", 'Line one\nline "two"', "stop", "m", line=2),
        Recording("c2", " spaced ", "", "", line=4),
    ]


@pytest.mark.parametrize(
    "data", [b"case;text\nc1;a, b\n", b"case\ttext\nc1\ta, b\n", b'\xef\xbb\xbfCase , TEXT\nc1,"a, b"\n']
)
def test_spreadsheets_delimiters_marks_and_capitals_are_understood(data: bytes) -> None:
    records, errors, _ignored = parse_outputs(data, "outputs.csv")
    assert (errors, [(record.case, record.text) for record in records]) == ([], [("c1", "a, b")])


def test_jsonl_takes_numbers_as_cases_and_null_as_no_text() -> None:
    data = b'{"case": 17, "text": "Clear."}\n\n{"case": "18", "text": null, "finish_reason": "SAFETY"}\r\n'
    records, errors, _ignored = parse_outputs(data, "outputs.jsonl")
    assert errors == []
    assert [(record.case, record.text, record.finish_reason, record.line) for record in records] == [
        ("17", "Clear.", "", 1),
        ("18", "", "SAFETY", 3),
    ]


@pytest.mark.parametrize(
    ("data", "filename", "line", "words"),
    [
        (b"case,words\nc1,x\n", "a.csv", 1, "no column “text”"),
        (b"case,text,text\nc1,x,y\n", "a.csv", 1, "Two columns"),
        (b"case,text\nc1\n", "a.csv", 2, "cells"),
        (b"case,text\n,x\n", "a.csv", 2, "names no case"),
        (b"case,text\nc1,x\nc1,y\n", "a.csv", 3, "line 2"),
        (b'case,text\nc1,"x\n', "a.csv", 2, "quotation marks"),
        (b"case,text\n", "a.csv", 0, "no outputs"),
        (b"", "a.csv", 1, "no column"),
        (b"case,text\nc1,\xff\n", "a.csv", 2, "UTF-8"),
        (b"case,text\nc1,x\n", "a.xlsx", 0, "Only .csv, .jsonl"),
        (b'{"case": "c1", "text": "x"}\n{"case": "c2"', "a.jsonl", 2, "not JSON"),
        (b"[1]\n", "a.jsonl", 1, "not a JSON object"),
        (b'{"case": "c1"}\n', "a.jsonl", 1, "no “text”"),
        (b'{"case": "c1", "text": ["x"]}\n', "a.jsonl", 1, "“text” must be text"),
        (b'{"case": true, "text": "x"}\n', "a.jsonl", 1, "“case” must be text"),
        (b'{"case": "c1", "text": "a\\u0000b"}\n', "a.jsonl", 1, "cannot be stored"),
        (b'{"case": "c1", "text": "\\ud800"}\n', "a.jsonl", 1, "cannot be stored"),
        (b'{"case": "c1", "text": "' + b"x" * 100_001 + b'"}\n', "a.jsonl", 1, "longer than 100,000"),
    ],
)
def test_what_is_wrong_is_said_with_the_number_of_its_line(
    data: bytes, filename: str, line: int, words: str
) -> None:
    found = sentences(data, filename)
    assert [number for number, _ in found] == [line]
    assert words in found[0][1]
    assert found[0][1].endswith(".")


def test_good_lines_are_read_beside_bad_ones() -> None:
    records, errors, _ignored = parse_outputs(b"case,text\nc1,x\n,y\nc3,z\n", "a.csv")
    assert [record.case for record in records] == ["c1", "c3"]
    assert [error.line for error in errors] == [3]


storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
names = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
outputs = st.lists(st.tuples(names, storable), min_size=1, max_size=8, unique_by=lambda output: output[0])


@settings(deadline=None)
@given(outputs)
def test_what_was_written_as_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("case", "text"), *rows])
    records, errors, _ignored = parse_outputs(buffer.getvalue().encode(), "a.csv")
    assert errors == []
    assert [(record.case, record.text) for record in records] == rows


@settings(deadline=None)
@given(outputs)
def test_what_was_written_as_json_lines_is_read_back(rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"case": case, "text": text}) for case, text in rows]
    records, errors, _ignored = parse_outputs("\n".join(lines).encode(), "a.jsonl")
    assert errors == []
    assert [(record.case, record.text) for record in records] == rows


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.jsonl"]))
def test_any_bytes_give_records_or_sentences(data: bytes, filename: str) -> None:
    records, errors, _ignored = parse_outputs(data, filename)
    assert records or errors
    assert all(error.sentence.endswith(".") for error in errors)
