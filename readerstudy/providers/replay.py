"""Outputs made elsewhere, or typed by a person: a recorded text becomes a reply. `recordings` reads their files.

A recording travels in the request, as `parameters["recorded"]` with `text` and, where known, `finish_reason`
and `model`. No network, no cost; how long it took when it was made is not known and stays missing.
"""

from __future__ import annotations

from collections.abc import Mapping

from readerstudy.providers.base import (
    Connection,
    ErrorCode,
    InterpretationRequest,
    Outcome,
    ProviderError,
    Reply,
)
from readerstudy.providers.stops import KNOWN_STOPS, outcome_of

RECORDED = "recorded"
"""The request parameter that holds the recording."""

_PROMPT_BLOCK = "prompt_feedback:"


def interpret(connection: Connection, request: InterpretationRequest) -> Reply:
    """Return the recorded output that the request carries.

    Raises:
        ProviderError: if it carries none.
    """
    recorded = request.parameters.get(RECORDED)
    if not isinstance(recorded, Mapping) or not isinstance(recorded.get("text"), str):
        raise ProviderError(
            ErrorCode.NO_RECORDING,
            f"There is no recorded output for this case in “{connection.name}”. Import one, or take the case out.",
            retry="person",
        )
    stop = str(recorded.get("finish_reason") or "")
    return Reply(
        text=recorded["text"],
        outcome=recorded_outcome(stop, recorded["text"]),
        stop_reason="" if stop.startswith(_PROMPT_BLOCK) else stop,
        block_reason=stop.removeprefix(_PROMPT_BLOCK) if stop.startswith(_PROMPT_BLOCK) else "",
        served_model=str(recorded.get("model") or ""),
        dropped={name: value for name, value in request.parameters.items() if name != RECORDED},
        raw=dict(recorded),
    )


def recorded_outcome(stop: str, text: str) -> Outcome:
    """The outcome of an output whose vendor is not known. No stop reason at all counts as a normal end."""
    if stop.startswith(_PROMPT_BLOCK):
        return Outcome.BLOCKED
    return outcome_of(stop.casefold() or "stop", text, table=KNOWN_STOPS)
