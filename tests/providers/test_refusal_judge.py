"""What a judging model is asked, and how its answer is read."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readerstudy.providers.refusals import Label
from readerstudy.providers.refusals.judge import (
    JUDGED_LABELS,
    LONGEST_ASKED,
    SCHEMA,
    SYSTEM,
    UnreadableAnswer,
    question,
    read_answer,
)


@given(st.text(max_size=300))
def test_the_response_travels_as_a_value_and_cannot_break_out(text: str) -> None:
    assert json.loads(question(text)) == {"response": text}


def test_a_long_response_is_cut() -> None:
    assert len(json.loads(question("x" * 100_000))["response"]) == LONGEST_ASKED


def test_instructions_name_every_verdict_that_may_be_given() -> None:
    assert all(f"{label.value}:" in SYSTEM for label in JUDGED_LABELS)
    assert SCHEMA["properties"]["verdict"]["enum"] == [label.value for label in JUDGED_LABELS]


def test_an_answer_in_form_is_read_with_evidence_from_the_response() -> None:
    answer = '```json\n{"verdict": "deferral", "evidence": "ask your doctor"}\n```'
    found = read_answer(answer, "Please ASK your doctor.")
    assert (found.verdict, found.evidence) == (Label.DEFERRAL, "ASK your doctor.")


def test_evidence_that_the_response_does_not_say_is_not_believed() -> None:
    answer = json.dumps({"verdict": "answer", "evidence": "buy this"})
    assert read_answer(answer, "The lungs are clear.").evidence == "The lungs are clear."


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "answer",
        "[]",
        "{}",
        '{"verdict": "error", "evidence": ""}',
        '{"verdict": "answer", "evidence": "", "note": ""}',
    ],
)
def test_any_other_answer_is_unreadable(answer: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_answer(answer, "The lungs are clear.")


@given(st.text(max_size=200))
def test_no_answer_crashes_the_reading(answer: str) -> None:
    with contextlib.suppress(UnreadableAnswer):
        assert read_answer(answer, "x").verdict in JUDGED_LABELS
