"""A prompt as a document of blocks, and its JSON form, which is what is stored and hashed.

The blocks are those of NERIF (Lee & Zhai 2023, arXiv 2311.12990: problem context, scoring rubric, instructional notes,
few-shot examples already scored by people) framed by a role, a task and the form of the output.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


class PromptProblem(ValueError):
    """A prompt document that cannot be used; the text names the block and what to do."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told. `role` becomes the system prompt, the rest the user's turn."""

    role: str = ""
    task: str = ""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Prompt:
        """The prompt of a stored document.

        Raises:
            PromptProblem: if a block is unknown or has the wrong form.
        """
        unknown = sorted(document.keys() - {"role", "task"})
        if unknown:
            raise PromptProblem(f"A prompt has no block “{unknown[0]}”. Remove it.")
        return cls(role=str(document.get("role", "")), task=str(document.get("task", "")))

    def to_json(self) -> dict[str, Any]:
        """The document; equal prompts give equal JSON."""
        return asdict(self)

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()
