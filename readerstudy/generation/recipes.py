"""What makes an arm's outputs: if it changes, earlier outputs are no longer the arm's."""

from __future__ import annotations

import hashlib
import json

from readerstudy.studies.models import Arm


def recipe_sha256(arm: Arm) -> str:
    """SHA-256 over provider, model, prompts and parameters; empty for outputs made elsewhere."""
    if arm.is_recorded:
        return ""
    parts = [arm.connection, arm.model, arm.system_prompt, arm.prompt, arm.parameters]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
