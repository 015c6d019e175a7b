"""The stop reasons we know, of every vendor, and what each means.

A word outside this table is never taken as a normal end: vendors invent new ones for new filters.
Sources: the public references and SDK types of OpenAI, Gemini and Anthropic, vLLM and Ollama.
"""

from __future__ import annotations

from readerstudy.providers.base import Outcome

OPENAI_STOPS: dict[str, Outcome] = {
    "stop": Outcome.ANSWERED,
    "length": Outcome.TRUNCATED,
    "content_filter": Outcome.BLOCKED,
}

RESPONSES_STOPS: dict[str, Outcome] = {
    "completed": Outcome.ANSWERED,
    "max_output_tokens": Outcome.TRUNCATED,
    "content_filter": Outcome.BLOCKED,
}
"""The reason of an incomplete response, or else the status."""

ANTHROPIC_STOPS: dict[str, Outcome] = {
    "end_turn": Outcome.ANSWERED,
    "stop_sequence": Outcome.ANSWERED,
    "max_tokens": Outcome.TRUNCATED,
    "model_context_window_exceeded": Outcome.TRUNCATED,
    "refusal": Outcome.REFUSED,
}

GEMINI_STOPS: dict[str, Outcome] = {
    "STOP": Outcome.ANSWERED,
    "MAX_TOKENS": Outcome.TRUNCATED,
    "SAFETY": Outcome.BLOCKED,
    "RECITATION": Outcome.BLOCKED,
    "BLOCKLIST": Outcome.BLOCKED,
    "PROHIBITED_CONTENT": Outcome.BLOCKED,
    "SPII": Outcome.BLOCKED,
    "MODEL_ARMOR": Outcome.BLOCKED,
    "IMAGE_SAFETY": Outcome.BLOCKED,
    "IMAGE_PROHIBITED_CONTENT": Outcome.BLOCKED,
    "IMAGE_RECITATION": Outcome.BLOCKED,
}

_OTHER_STOPS: dict[str, Outcome] = {
    "eos": Outcome.ANSWERED,
    "eos_token": Outcome.ANSWERED,
    "model_length": Outcome.TRUNCATED,
    "content_policy_violation": Outcome.BLOCKED,
    "content_filtered": Outcome.BLOCKED,
    "guardrail_intervened": Outcome.BLOCKED,
}

KNOWN_STOPS: dict[str, Outcome] = {
    key.casefold(): value
    for table in (GEMINI_STOPS, ANTHROPIC_STOPS, RESPONSES_STOPS, _OTHER_STOPS, OPENAI_STOPS)
    for key, value in table.items()
}
"""All vendors' words together, case folded, for recorded outputs whose vendor is not known."""


def outcome_of(stop: str, text: str, *, table: dict[str, Outcome]) -> Outcome:
    """What a stop reason and a text mean together. `stop` is the native word, empty if there was none."""
    outcome = table.get(stop, Outcome.UNCLASSIFIED)
    if text.strip():
        return outcome
    return {Outcome.ANSWERED: Outcome.EMPTY, Outcome.TRUNCATED: Outcome.EXHAUSTED}.get(outcome, outcome)
