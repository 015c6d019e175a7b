"""What a copy of a study takes along: its protocol, field by field, and nothing that was collected with it.

Every field of every protocol model stands in `COPIED` or in `LEFT`, and every other model of a study in
`NOT_PROTOCOL`; a test fails for one that is in none. Rooms above register what they add to a protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from readerstudy.accounts.models import User
from readerstudy.studies.models import Study

CopyPart = Callable[[Study, Study, User], None]
"""Copies a room's part of the protocol: from a study, into a new draft, for a person."""


@dataclass(frozen=True)
class Fields:
    """The fields of a protocol model that go into a copy, and those that do not."""

    copied: frozenset[str]
    left: frozenset[str]


COPIED: dict[str, Fields] = {
    "studies.Study": Fields(
        frozenset(
            {"question", "instructions", "consent_text", "refusal_policy", "positive_label", "show_boxes"}
        ),
        # A copy has a title, a key and a seed of its own. Its images are new, so nobody has said yet that they are
        # synthetic or come from no patient.
        frozenset(
            {"id", "key", "title", "contains_patient_data", "state", "seed", "protocol_version"}
            | {"manifest_sha256", "copied_from", "is_demo", "created_by", "created_at", "locked_at"}
        ),
    ),
    "studies.Design": Fields(frozenset({"document"}), frozenset({"id", "study"})),
    "studies.Rubric": Fields(frozenset(), frozenset({"id", "study", "version", "created_at"})),
    "studies.Criterion": Fields(
        frozenset(
            {"phase", "position", "key", "kind", "question", "help", "applies_to", "stage", "options"}
            | {"shuffled", "minimum", "maximum", "unit", "direction", "acceptable", "acceptable_from"}
            | {"high_quality", "allows_cannot_judge", "asks_reason", "is_required", "when"}
        ),
        frozenset({"id", "rubric"}),
    ),
    "studies.PromptVersion": Fields(
        frozenset({"name", "document"}),
        frozenset({"id", "study", "number", "parent", "note", "sha256", "created_by", "created_at"}),
    ),
    "studies.Arm": Fields(
        frozenset(
            {"position", "name", "kind", "connection", "model", "prompt", "input_condition", "replicates"}
            | {"mode", "parameters", "is_simulated"}
        ),
        frozenset({"id", "study"}),
    ),
}
NOT_PROTOCOL: dict[str, str] = {
    "studies.Membership": "people are invited anew and consent anew",
    "studies.ProtocolFile": "the file that the other study was loaded from",
    "studies.Signature": "a signature stands under one study",
    "studies.ProtocolVersion": "a copy has a life of its own",
    "studies.Unblinding": "a copy has a life of its own",
}
LEFT_SECTIONS = frozenset({"ethics"})
"""Sections of the design that a copy begins without: an approval holds for one study."""

_parts: list[CopyPart] = []


def register(model: str, fields: Fields, copy: CopyPart) -> None:
    """Adds a protocol model of a room above, with the function that copies its rows."""
    COPIED[model] = fields
    _parts.append(copy)


def leave(**reasons: str) -> None:
    """Says of models of a room above why a copy goes without them; the keys are `app__Model`."""
    NOT_PROTOCOL.update({name.replace("__", "."): reason for name, reason in reasons.items()})


def copy_parts(study: Study, into: Study, by: User) -> None:
    for copy in _parts:
        copy(study, into, by)


def values_of(row: models.Model) -> dict[str, Any]:
    """The fields of a row that go into a copy, by name."""
    return {name: getattr(row, name) for name in COPIED[row._meta.label].copied}


def copied_design(document: dict[str, Any]) -> dict[str, Any]:
    """The design without what belongs to one study alone: its approval, and the table of its cases."""
    kept = {name: section for name, section in document.items() if name not in LEFT_SECTIONS}
    if "cases" in kept:
        kept["cases"] = {name: said for name, said in kept["cases"].items() if name != "table"}
    return kept
