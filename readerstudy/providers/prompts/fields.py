"""The fields that a reply in JSON may have, and the JSON schema of a prompt's reply.

The schema keeps to what every vendor's strict mode takes: each object closed, each property required, no ranges. Ranges
stand in the descriptions, and we check them ourselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TEXT: Mapping[str, Any] = {"type": "string"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}


def _rows(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": closed(properties)}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name for readers, what the model is told about it, and its schema."""

    title: str
    told: str
    schema: Mapping[str, Any]


_SHARE: Mapping[str, Any] = {"type": "number", "description": "0 to 1"}
_BOX: Mapping[str, Any] = {
    "slot": {"type": "string", "description": "which image"},
    "label": {"type": "string", "description": "what the box shows"},
    "x": _SHARE,
    "y": _SHARE,
    "width": _SHARE,
    "height": _SHARE,
}
_DIAGNOSIS: Mapping[str, Any] = {
    "diagnosis": TEXT,
    "likelihood": {"type": "string", "enum": ["high", "medium", "low"]},
    "rationale": TEXT,
}

FIELDS: Mapping[str, Field] = {
    "label": Field("Label", "one of {levels}", TEXT),
    "level": Field("Level", "one of {levels}", TEXT),
    "choice": Field("Choice", "one of {levels}", TEXT),
    "answer": Field("Answer", "your answer to the question", TEXT),
    "findings": Field("Findings", "a list of short sentences, one for each finding", TEXTS),
    "change": Field("Change", "what changed from the prior image to the current one", TEXT),
    "diagnoses": Field(
        "Differential diagnosis",
        "a list, the most likely first, of objects with “diagnosis”, “likelihood” (high, medium or low) and "
        "“rationale”",
        _rows(_DIAGNOSIS),
    ),
    "boxes": Field(
        "Boxes",
        "a list of objects with “slot” (the name of the image), “label” (what it shows), “x” and “y” (the upper left "
        "corner), “width” and “height”, each a number from 0 to 1 as a share of the image’s width or height; an empty "
        "list where there is nothing to mark",
        _rows(_BOX),
    ),
    "impression": Field("Impression", "the conclusion in one or two sentences", TEXT),
    "rationale": Field("Rationale", "why, in two or three sentences that name what is seen", TEXT),
    "recommendation": Field("Recommendation", "what should be done next, in one sentence", TEXT),
    "confidence": Field("Confidence", "a number from 0 (a guess) to 1 (certain)", _SHARE),
    "unable": Field(
        "Could not be done",
        "what you could not do and why; an empty text where you could do everything",
        TEXT,
    ),
}
"""Every field by its name in the JSON, in the order in which a reply is laid out."""

LABEL_FIELDS = ("label", "level", "choice")
"""Fields that hold a level of the rubric; a prompt has at most one."""


def schema_of(names: Sequence[str], levels: Sequence[str]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a reply with these fields.

    A model that may say what it could not do may also leave the label empty, as null.
    """
    return closed({name: _schema(name, levels, nullable="unable" in names) for name in names})


def told_of(names: Sequence[str], levels: Sequence[str]) -> str:
    """The fields in words, a line each, for models whose server takes no schema."""
    known = ", ".join(f"“{level}”" for level in levels)
    lines = [
        f"- “{name}”: {FIELDS[name].told.replace('{levels}', known)}{_or_null(name, names)}" for name in names
    ]
    return "\n".join(["Reply with one JSON object and nothing else. It has exactly these fields:", *lines])


def _or_null(name: str, names: Sequence[str]) -> str:
    return ", or null if you could not tell" if name in LABEL_FIELDS and "unable" in names else ""


def _schema(name: str, levels: Sequence[str], *, nullable: bool) -> dict[str, Any]:
    if name not in LABEL_FIELDS:
        return dict(FIELDS[name].schema)
    if nullable:
        return {"type": ["string", "null"], "enum": [*levels, None]}
    return {"type": "string", "enum": list(levels)}
