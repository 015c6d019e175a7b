"""What makes an arm's outputs: if it changes, earlier outputs are no longer the arm's."""

from __future__ import annotations

import hashlib
import json

from readerstudy.generation.models import Source


def recipe_sha256(source: Source) -> str:
    """SHA-256 over provider, model, prompt, input condition and parameters; empty where nobody was called."""
    if source.is_recorded or source.prompt is None:
        return ""
    told = [source.connection, source.model, source.prompt.sha256, source.input_condition]
    parts = [*told, source.parameters]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
