"""The order of names: numbers inside them count as numbers, so that case 2 comes before case 10."""

from __future__ import annotations

import re
from collections.abc import Iterable

MODEL_PREFIX = "model:"
_NUMBER = re.compile(r"(\d+)")
_Part = tuple[int, int, str]


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct names sorted, numbers inside them by size."""
    return tuple(sorted(set(names), key=_key))


def is_model(reader: str) -> bool:
    """Return whether a reader is a model's own label."""
    return reader.startswith(MODEL_PREFIX)


def _key(name: str) -> tuple[list[_Part], str]:
    parts = _NUMBER.split(name)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts], name
