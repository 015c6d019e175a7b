"""What a vendor said, in a form that PostgreSQL stores. Replies are hostile input and may hold anything."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

LARGEST_COUNT = 500_000_000
"""No call takes as many tokens; the sum of sent, written and thought ones still fits into a column."""
DEEPEST = 60
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text(value: str, longest: int | None = None) -> str:
    """The text with null characters and halves of surrogate pairs shown as U+FFFD, cut at `longest`."""
    return _UNSTORABLE.sub("\ufffd", value)[:longest]


def count(value: int | None) -> int | None:
    """A token count, or None where it cannot be one."""
    return value if value is not None and 0 <= value <= LARGEST_COUNT else None


def json(value: Any, *, depth: int = 0) -> Any:
    """The value as jsonb takes it: no null characters, no NaN, nothing nested without end."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {text(str(name)): json(each, depth=depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json(each, depth=depth + 1) for each in value]
    return value
