"""Plain data as the text of a protocol file: always the same for the same data, and read back without a loss."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from readerstudy.studies.protocol.document import schema

WIDTH = 110
_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""Signs that YAML folds like the end of a line, unless they are escaped."""
_NUMBER = re.compile(r"^[-+]?[0-9.][0-9_.]*(?:[eE][-+]?[0-9]+)?$")


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper; quotes all that YAML 1.1 or 1.2 might take for a number."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))
_Dumper.add_representer(
    float, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", repr(value))
)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style='"' if _BREAKS.search(value) else None
    )


_Dumper.add_representer(str, _text)


def written(data: Mapping[str, Any]) -> str:
    """The YAML text of a protocol, its parts in the order of the form."""
    return yaml.dump(
        in_order(data),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
        default_flow_style=False,
    )


def in_order(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same data with every group's names in the order in which the form lists them, names of one's own behind."""
    found: dict[str, Any] = _ordered(data, schema())
    return found


def _ordered(value: Any, rules: Mapping[str, Any]) -> Any:
    rules = _resolved(rules)
    if isinstance(value, list):
        return [_ordered(each, rules.get("items", {})) for each in value]
    if not isinstance(value, Mapping):
        return value
    known = rules.get("properties", {})
    others = rules.get("additionalProperties")
    rest = others if isinstance(others, Mapping) else {}
    names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
    return {name: _ordered(value[name], known.get(name, rest)) for name in names}


def _resolved(rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rules behind a reference; of two forms the one of a list, which is the form that is written."""
    if reference := rules.get("$ref"):
        found: Mapping[str, Any] = schema()["$defs"][str(reference).rsplit("/", 1)[-1]]
        return found
    forms = [form for form in rules.get("oneOf", ()) if form.get("type") == "array"]
    return forms[0] if forms else rules
