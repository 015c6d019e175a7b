"""The reference of the protocol file, made from its schema, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readerstudy.studies.protocol.document import schema

Rules = Mapping[str, Any]
WORDS = {
    "object": "group",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
GROUPS = (
    "criterion",
    "expected",
    "rule",
    "option",
    "condition",
    "case",
    "mark",
    "allocation",
    "prompt",
    "translation",
)
"""Parts that stand in several places and have a table of their own."""
LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minProperties": "at least {} of the fields below",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "pattern": "matches `{}`",
}


def reference() -> str:
    """The tables of every section in Markdown, in the order of the form."""
    whole = schema()
    parts = [("The whole file", whole), *((name, whole["$defs"][name]) for name in GROUPS)]
    return "\n\n".join("\n".join(_table(title, rules)) for title, rules in parts)


def _table(title: str, rules: Rules) -> Iterator[str]:
    yield f"## {title[0].upper()}{title[1:]}"
    yield ""
    if rules.get("description"):
        yield f"{rules['description']}"
        yield ""
    yield "| field | what it is | form |"
    yield "| --- | --- | --- |"
    yield from _rows(rules, "")


def _rows(rules: Rules, place: str) -> Iterator[str]:
    needed = set(rules.get("required", ()))
    for name, told in rules.get("properties", {}).items():
        field = f"{place}.{name}" if place else name
        yield f"| `{field}`{' *' if name in needed else ''} | {_escaped(_meaning(told))} | {_escaped(_form(told))} |"
        inner = _inner(told)
        if inner is not None:
            yield from _rows(inner, field)


def _inner(rules: Rules) -> Rules | None:
    """The form of the entries of a list or a group, where it has no table of its own."""
    for found in (rules, rules.get("items", {}), rules.get("additionalProperties", {})):
        if isinstance(found, Mapping) and "properties" in found and "$ref" not in found:
            return found
    forms = [form for form in rules.get("oneOf", ()) if "properties" in form]
    return forms[0] if forms else None


def _meaning(rules: Rules) -> str:
    return str(rules.get("description") or _resolved(rules).get("description", ""))


def _form(rules: Rules) -> str:
    if "oneOf" in rules:
        return " or ".join(_form(form) for form in rules["oneOf"])
    group = str(rules.get("$ref", "")).rsplit("/", 1)[-1]
    if group in GROUPS:
        return f"{_article(group)} {group}, see below"
    rules = _resolved(rules)
    if "const" in rules:
        return f"`{rules['const']}`"
    if "enum" in rules:
        return ", ".join(f"`{value}`" for value in rules["enum"])
    limits = [words.format(rules[name]) for name, words in LIMITS.items() if name in rules]
    return "; ".join([_kind(rules), *limits])


def _kind(rules: Rules) -> str:
    kinds = rules.get("type", "object")
    told = " or ".join(WORDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if "items" in rules:
        return f"list of: {_form(rules['items'])}" if "properties" not in rules["items"] else "list of groups"
    return told


def _resolved(rules: Rules) -> Rules:
    if reference_ := rules.get("$ref"):
        found: Rules = schema()["$defs"][str(reference_).rsplit("/", 1)[-1]]
        return found
    return rules


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
