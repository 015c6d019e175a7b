"""A protocol file that was read and keeps its form; what needs a database is checked where it is loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from readerstudy.declared import Lines, load
from readerstudy.declared.forms import malformed
from readerstudy.studies.protocol.coherence import incoherent
from readerstudy.studies.protocol.problems import Path, Problem, ProtocolError

__all__ = ["Document", "Problem", "ProtocolError", "problems_of", "read", "schema"]


MOST_PROBLEMS = 100


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
    """What is wrong with a protocol as plain data, without lines: all of it, or as much as anybody reads."""
    found = islice(malformed(data, _validator()), MOST_PROBLEMS)
    problems = [Problem(path, sentence) for path, sentence in found]
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
