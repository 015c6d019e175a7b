"""Refusals are results: every end of a call becomes an output with its verdict, and a person's verdict wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readerstudy.audit.models import Event
from readerstudy.generation import actions
from readerstudy.generation.models import Generation, Interpretation, RefusalVerdict, Verdict
from readerstudy.generation.running.progress import flagged_of, progress_of
from readerstudy.providers.base import Outcome
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError
from tests.factories import make_output, make_running_study
from tests.generation.replies import a_reply, answer

Claim = Callable[[], Generation]


@pytest.mark.parametrize(
    ("reply", "verdict", "declined"),
    [
        (a_reply(), "answer", False),
        (a_reply("I'm sorry, but I can't help with interpreting medical images."), "full_refusal", True),
        (
            a_reply("", outcome=Outcome.REFUSED, refusal_text="I can't assist with that."),
            "safety_block",
            True,
        ),
        (
            a_reply("", outcome=Outcome.BLOCKED, stop_reason="SAFETY", block_reason="SAFETY"),
            "safety_block",
            True,
        ),
        (a_reply("Heart size is nor", outcome=Outcome.TRUNCATED, stop_reason="length"), "truncated", False),
        (a_reply("", outcome=Outcome.EXHAUSTED, stop_reason="length"), "truncated", False),
        (a_reply("", outcome=Outcome.EMPTY), "empty", False),
        (a_reply("", outcome=Outcome.UNCLASSIFIED, stop_reason="tired"), "error", False),
        (a_reply(outcome=Outcome.UNCLASSIFIED, stop_reason="tired"), "answer", False),
    ],
)
def test_every_completed_call_becomes_an_output_with_its_verdict(
    study: Study, claim: Claim, reply: Any, verdict: str, declined: bool
) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    assert answer(claim(), reply)
    stored = RefusalVerdict.objects.get()
    assert (stored.verdict, stored.declined) == (verdict, declined)
    assert stored.signal
    assert stored.interpretation.generation.stage == "done"


def test_a_refusal_in_the_vendors_own_field_is_the_text_of_the_output(study: Study, claim: Claim) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    answer(claim(), a_reply("", outcome=Outcome.REFUSED, refusal_text="I can't assist with that."))
    assert Interpretation.objects.get().text == "I can't assist with that."


@pytest.mark.parametrize(
    ("reply", "is_flagged"),
    [
        (a_reply(), False),
        (a_reply("I'm sorry, but I can't help with interpreting medical images."), True),
        (a_reply("", outcome=Outcome.EMPTY), False),
        (a_reply("", outcome=Outcome.EXHAUSTED, stop_reason="length"), True),
        (a_reply(outcome=Outcome.UNCLASSIFIED, stop_reason="tired"), True),
    ],
)
def test_refusals_and_unknown_ends_await_a_person(
    study: Study, claim: Claim, reply: Any, is_flagged: bool
) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    answer(claim(), reply)
    assert flagged_of(study).exists() is is_flagged


def test_a_persons_verdict_wins_and_is_a_new_row(study: Study) -> None:
    output = make_output(study.arms.first(), study.cases.first(), verdict="full_refusal")
    actions.overrule(interpretation=output, verdict=Verdict.ANSWER, by=study.created_by)
    assert RefusalVerdict.objects.count() == 2
    assert RefusalVerdict.objects.all().standing().get().verdict == Verdict.ANSWER
    assert progress_of(study).total.refused == 0
    assert not flagged_of(study).exists()
    assert Event.objects.filter(verb="verdict.overrule", data={"verdict": "answer"}).exists()


def test_of_two_persons_verdicts_the_later_one_stands(study: Study) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    for verdict in (Verdict.DEFERRAL, Verdict.OFF_TASK):
        actions.overrule(interpretation=output, verdict=verdict, by=study.created_by)
    assert RefusalVerdict.objects.all().standing().get().verdict == Verdict.OFF_TASK


def test_confirming_the_automatic_verdict_takes_it_off_the_list(study: Study) -> None:
    output = make_output(study.arms.first(), study.cases.first(), verdict="deferral")
    assert flagged_of(study).count() == 1
    actions.overrule(interpretation=output, verdict=Verdict.DEFERRAL, by=study.created_by)
    assert flagged_of(study).count() == 0
    assert progress_of(study).total.refused == 1


@pytest.mark.django_db
def test_verdicts_freeze_with_the_study() -> None:
    study = make_running_study(cases=1, arms=1, readers=1)
    with pytest.raises(StudyError, match="locked"):
        actions.overrule(
            interpretation=Interpretation.objects.get(), verdict=Verdict.ANSWER, by=study.created_by
        )


def test_a_hostile_reply_is_stored_as_far_as_it_can_be(study: Study, claim: Claim) -> None:
    actions.queue_generations(study=study, by=study.created_by)
    nested: Any = "end"
    for _level in range(500):
        nested = [nested]
    reply = a_reply(
        "Clear\x00 lungs \ud800.",
        served_model="m" * 500,
        fingerprint="f\x00",
        input_tokens=10**15,
        output_tokens=-1,
        raw={"a\x00": ["\x00", float("nan"), float("inf"), nested], "n": 1},
    )
    assert answer(claim(), reply)
    stored = Interpretation.objects.get()
    assert stored.text == "Clear\ufffd lungs \ufffd."
    assert len(stored.attempt.served_model) == 120
    assert (stored.attempt.input_tokens, stored.attempt.output_tokens) == (None, None)
    assert stored.attempt.raw["a\ufffd"][:3] == ["\ufffd", "nan", "inf"]
