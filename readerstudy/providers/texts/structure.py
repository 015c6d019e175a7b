"""Replies in JSON, laid out as labelled lines that a doctor reads like any other report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

LONGEST_READ = 100_000
DEEPEST = 8
_FENCED = re.compile(
    r"\A\s*(?:`{3,}|~{3,})[ \t]*\w*[ \t]*\n(?P<inner>.*?)\n[ \t]*(?:`{3,}|~{3,})\s*\Z", re.DOTALL
)


def as_lines(text: str) -> str:
    """The text laid out, where all of it is one JSON object or list; else the text itself."""
    fenced = _FENCED.match(text)
    bare = (fenced["inner"] if fenced else text).strip()
    if len(bare) > LONGEST_READ or not bare.startswith(("{", "[")) or not bare.endswith(("}", "]")):
        return text
    try:
        value = json.loads(bare, object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError):
        return text
    if not value or _depth(value) > DEEPEST:
        return text
    return "\n".join(_laid_out(value, 0))


class _Pairs(list[tuple[str, Any]]):
    """An object's members in their order, also where a name comes twice."""


class _Number(str):
    """A number as it was written: 1.50 stays 1.50."""


def _laid_out(value: Any, level: int) -> Iterator[str]:
    indent = "  " * level
    if isinstance(value, _Pairs):
        for name, inner in value:
            label = name.replace("_", " ").strip()
            yield from _labelled(f"{indent}{label[:1].upper()}{label[1:]}:", inner, level)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, list):
                yield from _laid_out(inner, level)
            else:
                yield f"{indent}- {_plain(inner)}"
    else:
        yield f"{indent}{_plain(value)}"


def _labelled(label: str, value: Any, level: int) -> Iterator[str]:
    if isinstance(value, list) and value:
        yield label
        yield from _laid_out(value, level + 1)
    else:
        yield f"{label} {_plain(value)}".rstrip()


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "–"}[value]
    return str(value)


def _depth(value: Any) -> int:
    if not isinstance(value, list):
        return 0
    inner = [each[1] for each in value] if isinstance(value, _Pairs) else value
    return 1 + max((_depth(each) for each in inner), default=0)
