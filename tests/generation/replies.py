"""Replies as adapters give them."""

from __future__ import annotations

from typing import Any

from readerstudy.generation import actions
from readerstudy.generation.models import Generation
from readerstudy.providers.base import ErrorCode, Outcome, ProviderError, Reply
from readerstudy.providers.refusals import classify_reply


def a_reply(text: str = "Heart size is normal. The lungs are clear. No effusion.", **fields: Any) -> Reply:
    wanted: dict[str, Any] = {
        "outcome": Outcome.ANSWERED,
        "stop_reason": "stop",
        "served_model": "sim-alpha-2026",
        "input_tokens": 100,
        "output_tokens": 20,
        "seconds": 0.5,
        "sdk": "openai",
        "sdk_version": "3",
    }
    return Reply(text=text, **{**wanted, **fields})


def an_error(
    code: ErrorCode = ErrorCode.VENDOR_FAILURE, *, retry: Any = "again", **fields: Any
) -> ProviderError:
    return ProviderError(
        code, "“sim” failed on its side (HTTP 500). It is tried again.", retry=retry, **fields
    )


def answer(generation: Generation, reply: Reply | None = None) -> bool:
    """An attempt at a claimed row that gives this reply."""
    attempt = actions.begin_attempt(generation=generation)
    assert attempt is not None
    reply = reply or a_reply()
    return actions.store_reply(attempt=attempt, reply=reply, judgement=classify_reply(reply))


def fail(generation: Generation, error: ProviderError | None = None) -> None:
    attempt = actions.begin_attempt(generation=generation)
    assert attempt is not None
    actions.store_failure(generation=generation, attempt=attempt, error=error or an_error())
