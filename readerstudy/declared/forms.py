"""Data held against a JSON Schema, and what does not fit it in sentences that say what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from readerstudy.declared.problems import Path


def malformed(data: Any, validator: Draft202012Validator) -> Iterator[tuple[Path, str]]:
    """Yield the path and the sentence of each thing that does not keep the form."""
    for error in validator.iter_errors(data):
        yield from told(error)


def told(error: ValidationError) -> Iterator[tuple[Path, str]]:
    """One problem for each thing a person must mend, at the field where they mend it."""
    path: Path = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = _properties(error)
        for name in sorted(error.instance.keys() - known.keys()):
            yield (*path, name), f"“{name}” is not known here. Known are: {', '.join(known)}."
    elif error.validator == "required":
        given = cast("dict[str, Any]", error.instance)
        missing = [name for name in cast("list[str]", error.validator_value) if name not in given]
        name = next(name for name in missing if error.message.startswith(repr(name)))  # one error for each
        yield path, f"“{name}” is missing. Add it: {_meaning(error, name)}"
    elif error.validator == "oneOf" and error.context:
        nearest = max(error.context, key=lambda each: len(each.absolute_path))
        yield from told(nearest)
    else:
        yield path, _sentence(error)


def _meaning(error: ValidationError, name: str) -> str:
    found = _properties(error).get(name, {})
    return str(found.get("description", f"a value for “{name}”."))


def _properties(error: ValidationError) -> dict[str, Any]:
    rules = cast("dict[str, Any]", error.schema)
    return cast("dict[str, Any]", rules.get("properties", {}))


def _sentence(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    value = json.dumps(error.instance, ensure_ascii=False)[:60]
    sentences: dict[str, Callable[[], str]] = {
        "enum": lambda: f"{value} is not one of the choices: {', '.join(map(str, wanted))}.",
        "const": lambda: f"This must be {wanted}.",
        "type": lambda: f"{value} is not {_kinds(wanted)}. Write one.",
        "pattern": lambda: f"{value} has characters that are not allowed here; it must match {wanted}.",
        "minLength": lambda: "This is empty. Write something.",
        "maxLength": lambda: f"This is longer than {wanted} characters. Shorten it.",
        "minItems": lambda: f"At least {wanted} are needed here.",
        "minProperties": lambda: _empty(error),
        "maxItems": lambda: f"At most {wanted} may stand here.",
        "minimum": lambda: f"{value} is too small; the smallest value is {wanted}.",
        "maximum": lambda: f"{value} is too large; the largest value is {wanted}.",
        "exclusiveMinimum": lambda: f"{value} is too small; it must be above {wanted}.",
        "exclusiveMaximum": lambda: f"{value} is too large; it must be below {wanted}.",
        "uniqueItems": lambda: "Something stands here twice. Keep it once.",
        "format": lambda: f"{value} is not a {wanted}. Write it as YYYY-MM-DD.",
    }
    known = sentences.get(str(error.validator))
    return known() if known else f"{value} does not fit the form here ({error.validator})."


def _empty(error: ValidationError) -> str:
    names = ", ".join(_properties(error))
    return (
        f"This is empty. Write one of these at least: {names}."
        if names
        else "This is empty. Write something."
    )


def _kinds(wanted: str | list[str]) -> str:
    words = {
        "object": "a group of names and values",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
    }
    return " or ".join(words.get(kind, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted))
