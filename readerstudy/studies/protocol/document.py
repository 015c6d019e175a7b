"""A protocol file that was read and keeps its form; what needs a database is checked where it is loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from readerstudy.studies.protocol.coherence import incoherent
from readerstudy.studies.protocol.problems import Path, Problem, ProtocolError
from readerstudy.studies.protocol.yaml_lines import Lines, load

__all__ = ["Document", "Problem", "ProtocolError", "problems_of", "read", "schema"]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole protocol as plain data, in the form of `schema.yaml`."""

    data: dict[str, Any]
    lines: Lines = field(default_factory=dict, repr=False, compare=False)

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON of the data: sorted keys, no spaces, UTF-8; layout and comments do not count."""
        canonical = json.dumps(self.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def line(self, path: Path) -> int | None:
        """The line of the value at a path, or of the nearest one around it."""
        return next(
            (self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None
        )

    def problem(self, path: Path, sentence: str) -> Problem:
        return Problem(path, sentence, self.line(path))


def read(content: bytes) -> Document:
    """The protocol in the bytes of a YAML (or JSON) file.

    Raises:
        ProtocolError: with every problem that was found, each with its line, field and remedy.
    """
    data, lines = load(content)
    document = Document(data if isinstance(data, dict) else {}, lines)
    if not isinstance(data, dict):
        raise ProtocolError([Problem((), "A protocol begins with “format: 1” and names its parts.", 1)])
    problems = problems_of(data)
    if problems:
        raise ProtocolError(document.problem(each.path, each.sentence) for each in problems)
    return document


def problems_of(data: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a protocol as plain data, without lines."""
    problems = [Problem(path, sentence) for path, sentence in _malformed(data)]
    return problems or [Problem(path, sentence) for path, sentence in incoherent(data)]


@cache
def schema() -> dict[str, Any]:
    """The form of a protocol file as JSON Schema."""
    text = resources.files("readerstudy.studies.protocol").joinpath("schema.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=FormatChecker())


def _malformed(data: Any) -> Iterator[tuple[Path, str]]:
    for error in _validator().iter_errors(data):
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
        yield path, f"“{missing[0]}” is missing. Add it: {_meaning(error, missing[0])}"
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
        "maxItems": lambda: f"At most {wanted} may stand here.",
        "minimum": lambda: f"{value} is too small; the smallest value is {wanted}.",
        "maximum": lambda: f"{value} is too large; the largest value is {wanted}.",
        "exclusiveMinimum": lambda: f"{value} is too small; it must be above {wanted}.",
        "exclusiveMaximum": lambda: f"{value} is too large; it must be below {wanted}.",
        "uniqueItems": lambda: "Something stands here twice. Keep it once.",
        "format": lambda: f"{value} is not a {wanted}. Write it as YYYY-MM-DD.",
    }
    told = sentences.get(str(error.validator))
    return told() if told else f"{value} does not fit the form here ({error.validator})."


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
