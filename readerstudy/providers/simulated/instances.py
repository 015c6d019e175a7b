"""A valid instance of a JSON schema, made of what was noticed in the image; the same every time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readerstudy.providers.simulated.draw import Draw
from readerstudy.providers.simulated.prose import Told

_DEEPEST = 30
_KINDS_BY_NUMBER = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"}
_CORNERS, _SIDES = frozenset({"x", "y"}), frozenset({"width", "height", "w", "h"})


@dataclass(frozen=True, slots=True)
class Maker:
    """What an instance is made of: the reading, the slot of the image, and a row of choices."""

    told: Told
    slot: str
    draw: Draw
    root: Mapping[str, Any]

    def make(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """An instance of `schema`, which stands under `name` in its object."""
        schema = self._resolved(schema if isinstance(schema, Mapping) else {})
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"])
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in {"number", "integer"}:
            return self._number(schema, name, whole=kind == "integer")
        if kind == "boolean":
            return self.told.abnormal
        return None if kind == "null" else self._words(schema, name)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _step in range(_DEEPEST):
            if isinstance(reference := schema.get("$ref"), str):
                schema = _at(self.root, reference)
                continue
            branches = next((schema[word] for word in ("anyOf", "oneOf", "allOf") if schema.get(word)), None)
            if branches is None:
                return schema
            schema = _joined(branches) if "allOf" in schema else _first(branches)
        return {}

    def _choice(self, options: Sequence[Any]) -> Any:
        label = "abnormal" if self.told.abnormal else "normal"
        said = [option for option in options if str(option).casefold() == label]
        return said[0] if said else self.draw.one_of([option for option in options if option is not None])

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        fields = schema.get("properties", {})
        wanted = fields if depth < _DEEPEST else schema.get("required", ())
        return {name: self.make(fields.get(name), name, depth + 1) for name in wanted}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = int(schema.get("minItems", schema.get("min_items", 0)) or 0)
        wanted = least if (_is_box(name) and not self.told.abnormal) or depth >= _DEEPEST else max(least, 1)
        most = int(
            schema.get("maxItems", schema.get("max_items", 0)) or wanted
        )  # protocol buffers write 0 for none
        count = min(wanted, most)
        return [self.make(schema.get("items"), name, depth + 1) for _ in range(count)]

    def _number(self, schema: Mapping[str, Any], name: str, *, whole: bool) -> float:
        low: float = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high: float = schema.get("maximum", schema.get("exclusiveMaximum", low + (100 if whole else 1)))
        share = 0.05 + 0.9 * self.draw.share()  # away from both ends, which may be excluded
        if name in _CORNERS:
            share = 0.1 + 0.5 * share
        if name in _SIDES:
            share = 0.1 + 0.2 * share
        value = low + (high - low) * share
        return min(max(round(value), low), high) if whole else round(value, 4)

    def _words(self, schema: Mapping[str, Any], name: str) -> str:
        most, least = schema.get("maxLength"), int(schema.get("minLength", 0))
        return self._sentence(name.casefold())[:most].ljust(least, ".")

    def _sentence(self, name: str) -> str:
        if name == "slot":
            return self.slot
        if name == "unable":
            return ""
        if name in {"impression", "diagnosis", "conclusion", "answer"}:
            return self.told.impression
        if name in {"recommendation", "advice"}:
            return self.told.advice
        if name in {"label", "class", "classification"}:
            return "abnormal" if self.told.abnormal else "normal"
        return (
            self.told.finding if name.startswith("finding") else f"{self.told.finding} {self.told.impression}"
        )


def instance(schema: Mapping[str, Any], told: Told, *, slot: str, draw: Draw) -> str:
    """An instance as JSON text."""
    return json.dumps(Maker(told, slot, draw, schema).make(schema), ensure_ascii=False)


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    return _KINDS_BY_NUMBER.get(kind, "string") if isinstance(kind, int) else str(kind).lower()


def _first(branches: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((branch for branch in branches if branch.get("type") != "null"), branches[0])


def _joined(branches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for branch in branches:
        fields = {**joined.get("properties", {}), **branch.get("properties", {})}
        joined |= {**branch, **({"properties": fields} if fields else {})}
    return joined


def _at(root: Any, reference: str) -> Mapping[str, Any]:
    for step in reference.removeprefix("#").strip("/").split("/"):
        root = root.get(step, {}) if step and isinstance(root, Mapping) else root
    return root if isinstance(root, Mapping) else {}


def _is_box(name: str) -> bool:
    return "box" in name.casefold()
