"""The dialects of OpenAI's wire format: what each server takes, and under which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from readerstudy.providers.base import Connection
from readerstudy.providers.faults import misconfigured


@dataclass(frozen=True, slots=True)
class Profile:
    """A dialect. `takes` are our parameter names that it knows, `tokens` its name of the output limit.

    `constant_fingerprints` are values of `system_fingerprint` that say nothing, because every reply has them.
    `lists_weights` is true where the server's own API tells the digest of the weights behind a model's name.
    """

    tokens: str
    takes: frozenset[str]
    mimes: frozenset[str]
    store: bool = False
    constant_fingerprints: frozenset[str] = frozenset()
    lists_weights: bool = False


COMMON = frozenset(
    {
        "temperature", "top_p", "seed", "stop", "presence_penalty", "frequency_penalty", "json_schema",
        "max_output_tokens",
    }
)  # fmt: skip
COMMON_MIMES = frozenset({"image/png", "image/jpeg", "image/webp"})

PROFILES: dict[str, Profile] = {
    "openai": Profile(
        tokens="max_completion_tokens",
        takes=COMMON | {"reasoning_effort", "service_tier"},
        mimes=COMMON_MIMES | {"image/gif"},
        store=True,
    ),
    "compatible": Profile(tokens="max_tokens", takes=COMMON, mimes=COMMON_MIMES),
    "vllm": Profile(tokens="max_tokens", takes=COMMON | {"top_k", "reasoning_effort"}, mimes=COMMON_MIMES),
    # Ollama ignores a name it does not know, `max_completion_tokens` above all, without a word.
    "ollama": Profile(
        tokens="max_tokens",
        takes=COMMON,
        mimes=COMMON_MIMES,
        constant_fingerprints=frozenset({"fp_ollama"}),
        lists_weights=True,
    ),
}


def profile_of(connection: Connection, base_url: str) -> Profile:
    """The connection's dialect; without a name OpenAI's own address means OpenAI's.

    Raises:
        ProviderError: if the connection names none of them.
    """
    ours = urlsplit(base_url).hostname == "api.openai.com"
    name = connection.profile or ("openai" if ours else "compatible")
    if name not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        raise misconfigured(
            f"The connection “{connection.name}” names an unknown profile. Choose one of: {known}."
        )
    return PROFILES[name]


def schema_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema as OpenAI wants it: named, and strict where the schema keeps the rules of strictness."""
    return {"name": "interpretation", "schema": schema, "strict": _is_strict(schema)}


def _is_strict(node: Any) -> bool:
    """Whether every object closes itself and requires all its fields, without which a strict schema gets a 400."""
    if isinstance(node, list):
        return all(map(_is_strict, node))
    if not isinstance(node, Mapping):
        return True
    fields = node.get("properties")
    if isinstance(fields, Mapping):
        closed = node.get("additionalProperties") is False
        if not closed or set(node.get("required", ())) != set(fields):
            return False
    return all(map(_is_strict, node.values()))
