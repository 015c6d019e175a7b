"""What two protocols say differently, by section and field, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

NAMED_BY = ("key", "name", "code", "value")
"""What tells the parts of a list apart, so that one that moved is not taken for another."""
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: its section, the field within it, and what each side says (None: nothing)."""

    section: str
    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        where = f"{self.section}, {self.field}" if self.field else self.section
        words = {"where": where, "before": self.before, "after": self.after}
        if self.before is None:
            return _("%(where)s: added %(after)s") % words
        if self.after is None:
            return _("%(where)s: removed %(before)s") % words
        return _("%(where)s: %(before)s → %(after)s") % words


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every field that differs, in the order of the second protocol's sections; nothing where both say the same."""
    sections = [*after, *(name for name in before if name not in after)]
    return [
        each
        for name in sections
        for each in _between(name, "", before.get(name, _GONE), after.get(name, _GONE))
    ]


class _Gone:
    """Nothing stands here."""


_GONE = _Gone()


def _between(section: str, field: str, before: Any, after: Any) -> Iterator[Difference]:
    if type(before) is type(after) and before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _within(section, field, before, after)
    elif (pairs := _named(before, after)) is not None:
        yield from _within(section, field, *pairs)
        yield from _moved(section, field, *pairs)
    else:
        yield Difference(section, field, _told(before), _told(after))


def _within(
    section: str, field: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in [*after, *(name for name in before if name not in after)]:
        inner = f"{field}.{name}" if field else str(name)
        yield from _between(section, inner, before.get(name, _GONE), after.get(name, _GONE))


def _moved(
    section: str, field: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    """The order of a list, where the same parts stand in another one."""
    kept = [name for name in before if name in after]
    now = [name for name in after if name in before]
    if kept != now:
        inner = f"{field}.order" if field else "order"
        yield Difference(section, inner, ", ".join(kept), ", ".join(now))


def _named(before: Any, after: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both lists by the names of their parts; None where they are no lists of named parts."""
    if not isinstance(before, list) or not isinstance(after, list):
        return None
    for name in NAMED_BY:
        if all(isinstance(part, Mapping) and name in part for part in (*before, *after)):
            return _by(name, before), _by(name, after)
    return None


def _by(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(part[name]): part for part in parts}


def _told(value: Any) -> str | None:
    if isinstance(value, _Gone):
        return None
    text = _words(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _words(value: Any) -> str:
    """A value as people read it: texts in quotes, groups as “name: value; …”, lists with commas."""
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        grouped = any(isinstance(each, Mapping | list) for each in value)
        return ", ".join(f"({_words(each)})" if grouped else _words(each) for each in value)
    return json.dumps(value)
