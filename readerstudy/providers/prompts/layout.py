"""A reply in JSON as a text that a person reads: labelled lines in a fixed order, nothing added, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readerstudy.providers.prompts.fields import FIELDS

DEEPEST = 20


def layout(data: Any) -> str:
    """Plain text of a JSON value, the same for equal values; fields in the order of `FIELDS`, then others by name.

    Texts stand after their name, lists as lines with a dash, boxes in percent of their image. Empty fields go.
    """
    if not isinstance(data, Mapping):
        return "\n".join(_lines(data, 0))
    blocks = [_block(name, data[name]) for name in sorted(data, key=_place)]
    return "\n\n".join(block for block in blocks if block)


def _place(name: str) -> tuple[int, str]:
    known = list(FIELDS)
    return (known.index(name), "") if name in FIELDS else (len(known), str(name))


def _block(name: str, value: Any) -> str:
    title = _title(name)
    if name == "confidence" and isinstance(value, int | float) and 0 <= value <= 1:
        return f"{title}: {value:.0%}".replace("%", " %")
    lines = [line for line in _lines(value, 0, name) if line.strip(" -")]
    if not lines:
        return ""
    is_list = isinstance(value, Mapping | Sequence) and not isinstance(value, str)
    return "\n".join([f"{title}:", *lines]) if is_list else "\n".join([f"{title}: {lines[0]}", *lines[1:]])


def _title(name: str) -> str:
    return FIELDS[name].title if name in FIELDS else str(name).replace("_", " ").capitalize()


def _lines(value: Any, depth: int, name: str = "") -> Iterator[str]:
    indent = "  " * max(depth - 1, 0)
    if depth > DEEPEST:
        yield f"{indent}…"
    elif isinstance(value, Mapping):
        for key in sorted(value, key=_place):
            nested = list(_lines(value[key], depth + 1))
            yield from (
                f"{indent}- {_title(key)}: {' '.join(line.strip() for line in nested)}"
                for _once in nested[:1]
            )
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from (f"{indent}- {_row(each, name)}" for each in value if each not in ("", None))
    else:
        yield from _plain(value).splitlines()


def _row(value: Any, name: str) -> str:
    """One entry of a list on one line."""
    if not isinstance(value, Mapping):
        return " ".join(" ".join(_lines(value, 1)).split())
    if name == "boxes":
        return _box(value)
    if name == "diagnoses":
        return _diagnosis(value)
    return "; ".join(f"{_title(key)}: {_row(value[key], '')}" for key in sorted(value, key=_place))


def _box(box: Mapping[str, Any]) -> str:
    sides = [
        f"{word} {_percent(box.get(side))}"
        for word, side in (("left", "x"), ("top", "y"), ("width", "width"), ("height", "height"))
    ]
    label, slot = _plain(box.get("label")), _plain(box.get("slot"))
    return f"{label or 'box'}{f' (image “{slot}”)' if slot else ''}: {', '.join(sides)}"


def _diagnosis(row: Mapping[str, Any]) -> str:
    likelihood, rationale = _plain(row.get("likelihood")), _plain(row.get("rationale"))
    head = f"{_plain(row.get('diagnosis'))}{f' (likelihood {likelihood})' if likelihood else ''}"
    return " ".join(f"{head}: {rationale}".split()) if rationale else head


def _percent(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{100 * value:.0f} %" if is_number else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()
