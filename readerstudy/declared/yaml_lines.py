"""YAML as plain data with the line of every value. A file is hostile until it is read.

Only what JSON can say is understood: `yes`, `no`, `on`, dates and octal numbers stay text, as YAML 1.2 wants it, tags,
anchors and aliases are refused, and so is a key that occurs twice.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from readerstudy.declared.problems import DeclarationError, Path, Problem

MOST_BYTES = 5_000_000
DEEPEST = 40
MOST_DIGITS = 18
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CANNOT_BE_STORED = "This holds a character that cannot be stored. Remove it."
NO_CHARACTER = "found invalid Unicode character escape code"
"""What libyaml says of half a character and of one beyond Unicode, before our own look at the texts."""
Lines = dict[Path, int]


# In C it is ten times as fast; the gallery reads forty files.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]  # whichever of the two this installation has
    """PyYAML's safe loader with the scalars of YAML 1.2's core schema."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def load(content: bytes) -> tuple[Any, Lines]:
    """The data of a YAML file, and for each path in it the line (from 1) where it begins.

    Raises:
        DeclarationError: naming the line and what to do.
    """
    if len(content) > MOST_BYTES:
        raise DeclarationError(
            [Problem((), "This file is larger than 5 MB. It should be a text of some pages.")]
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DeclarationError(
            [Problem((), "This is not UTF-8 text. Save the file as UTF-8.", line)]
        ) from None
    return _loaded(text)


def _loaded(text: str) -> tuple[Any, Lines]:
    lines: Lines = {}
    try:
        _refuse_references(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        return (_value(loader, node, (), lines) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        raise DeclarationError([_malformed(error, text)]) from None
    except yaml.YAMLError:
        raise DeclarationError(
            [Problem((), "This file holds characters that YAML does not allow. Remove them.")]
        ) from None


def _malformed(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    said = (error.problem or "it cannot be read").split("\n")[0]
    sentence = f"This is not well-formed YAML: {said}. Look at the indentation and the quotes around here."
    if said == NO_CHARACTER:
        sentence = CANNOT_BE_STORED
    return Problem((), sentence, _line(mark, text) if mark else None)


def _line(mark: yaml.Mark, text: str) -> int:
    """From 1; the parser in C puts what is missing at the end one line further."""
    return min(mark.line + 1, max(len(text.splitlines()), 1))


def _refuse_references(text: str) -> None:
    """Refuses anchors, aliases, tags and depth as the text is parsed, before anything is built from it.

    The parser's time grows with the square of the depth: 50 kB of opening brackets would take it minutes.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Safe):
        line = event.start_mark.line + 1 if event.start_mark else None
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DeclarationError([Problem((), "This is nested too deep to be read.", line)])
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DeclarationError(
                [Problem((), "Anchors and aliases are not read. Write the value out.", line)]
            )
        if getattr(event, "tag", None):
            raise DeclarationError([Problem((), "Tags (“!…”) are not read. Remove it.", line)])


def _value(loader: _Loader, node: yaml.Node, path: Path, lines: Lines) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, each, (*path, number), lines) for number, each in enumerate(node.value)]
    return _scalar(loader, node, path)


def _scalar(loader: _Loader, node: yaml.Node, path: Path) -> Any:
    """A text, a number, true, false or nothing. What no database can store is refused."""
    line = node.start_mark.line + 1
    if UNSTORABLE.search(node.value):
        raise DeclarationError([Problem(path, CANNOT_BE_STORED, line)])
    if node.tag.endswith(":int") and len(node.value) > MOST_DIGITS:
        raise DeclarationError([Problem(path, "This number has too many digits. Write a smaller one.", line)])
    return loader.construct_object(node)


def _mapping(loader: _Loader, node: yaml.MappingNode, path: Path, lines: Lines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, path)
        if key in found:
            sentence = f"“{key}” stands here twice. Keep one of the two."
            raise DeclarationError([Problem((*path, key), sentence, key_node.start_mark.line + 1)])
        found[key] = _value(loader, value_node, (*path, key), lines)
        lines[*path, key] = key_node.start_mark.line + 1
    return found


def _key(node: yaml.Node, path: Path) -> str:
    if not isinstance(node, yaml.ScalarNode) or UNSTORABLE.search(node.value):
        raise DeclarationError([Problem(path, "A name must be a word.", node.start_mark.line + 1)])
    return str(node.value)
