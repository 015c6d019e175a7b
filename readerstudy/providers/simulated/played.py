"""What one scenario comes to before it is put into a vendor's wire format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from readerstudy.providers.simulated.call import Call
from readerstudy.providers.simulated.config import Config
from readerstudy.providers.simulated.draw import Draw
from readerstudy.providers.simulated.glance import Glance
from readerstudy.providers.simulated.instances import instance
from readerstudy.providers.simulated.prose import (
    deferral,
    generic,
    interpretation,
    partial,
    reading,
    refusal,
)
from readerstudy.providers.simulated.scenarios import plain_model

REFUSAL_FIELD = "This request was declined by the model's safety training."


class Stop(StrEnum):
    """Why the model stopped, in our words; each wire has its own for each."""

    END = "end"
    LENGTH = "length"
    REFUSED = "refused"
    FILTERED = "filtered"
    IMAGE_SAFETY = "image_safety"
    PROHIBITED = "prohibited"
    RECITATION = "recitation"
    PERSONAL_DATA = "personal_data"
    OTHER = "other"
    UNKNOWN = "unknown"
    PROMPT_BLOCKED = "prompt_blocked"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Played:
    """A completion. `text` None means that the field is null; `reasoning` counts tokens never shown."""

    text: str | None
    stop: Stop
    served_model: str
    output_tokens: int
    reasoning: int


_SIGNALS: dict[str, tuple[Stop, str | None]] = {
    "refusal_field": (Stop.REFUSED, None),
    "content_filter": (Stop.FILTERED, None),
    "prompt_block": (Stop.PROMPT_BLOCKED, None),
    "image_safety": (Stop.IMAGE_SAFETY, None),
    "prohibited": (Stop.PROHIBITED, None),
    "recitation": (Stop.RECITATION, "The image shows"),
    "personal_data": (Stop.PERSONAL_DATA, None),
    "other_stop": (Stop.OTHER, None),
    "unknown_stop": (Stop.UNKNOWN, "The image"),
    "no_candidates": (Stop.NOTHING, None),
    "empty": (Stop.END, ""),
    "null_text": (Stop.END, None),
}


def play(scenario: str, call: Call, glance: Glance, config: Config, *, answered: int = 0) -> Played:
    """The completion of a scenario; the same call gives the same one every time.

    `answered` is how many completions came before, after which the served model may have changed.
    """
    model = plain_model(call.model)
    drifted = config.drift_after and answered >= config.drift_after
    served = f"{model}-simulated-{config.build}{'-next' if drifted else ''}"
    draw = Draw(config.seed, model, call.parameters.get("seed"), *(image.sha256 for image in call.images))
    if scenario in _SIGNALS:
        stop, text = _SIGNALS[scenario]
        return Played(text, stop, served, _tokens(text or ""), 0)
    if scenario == "exhausted":
        return Played("", Stop.LENGTH, served, call.max_tokens or 256, call.max_tokens or 256)
    text = _write(scenario, call, glance, model, draw)
    limit = len(text) // 3 if scenario == "truncated" else _characters(call.max_tokens)
    if limit is not None and len(text) > limit:
        return Played(text[:limit], Stop.LENGTH, served, _tokens(text[:limit]), 0)
    return Played(text, Stop.END, served, _tokens(text), 0)


def _write(scenario: str, call: Call, glance: Glance, model: str, draw: Draw) -> str:
    if scenario == "refusal_text":
        return refusal(draw)
    if scenario == "deferral":
        return deferral(draw)
    if scenario == "generic":
        return generic(glance)
    if scenario == "partial":
        return partial(glance, model, draw=draw)
    if scenario == "bad_schema":
        return json.dumps({"unexpected": True, "note": reading(glance, model, draw=draw).finding})
    return _answer(scenario, call, glance, model, draw)


def _answer(scenario: str, call: Call, glance: Glance, model: str, draw: Draw) -> str:
    """An interpretation, in JSON where a schema was asked for; `fenced_json` puts JSON into a code block."""
    if call.schema is None and scenario != "fenced_json":
        return interpretation(glance, model, draw=draw, hedged=scenario == "hedged")
    told = reading(glance, model, draw=draw)
    if call.schema is None:
        text = json.dumps({"answer": f"{told.finding} {told.impression}"}, ensure_ascii=False)
    else:
        text = instance(call.schema, told, slot=call.slot, draw=draw)
    return f"```json\n{text}\n```" if scenario == "fenced_json" else text


def _tokens(text: str) -> int:
    return (len(text) + 3) // 4


def _characters(tokens: int | None) -> int | None:
    return None if tokens is None else tokens * 4
