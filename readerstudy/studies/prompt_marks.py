"""What is known of prompt versions where one is chosen. The room that tries prompts out says it at start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from readerstudy.studies.models import PromptVersion

FindMarks = Callable[[Sequence[PromptVersion]], Mapping[int, str]]

_finders: list[FindMarks] = []


def register(find: FindMarks) -> None:
    """Adds a room's answer: for versions of which it knows something, a few words by their primary key."""
    _finders.append(find)


def marks_of(versions: Sequence[PromptVersion]) -> dict[int, str]:
    """All that is known, in words, by primary key; versions of which nothing is known are not in it."""
    found: dict[int, str] = {}
    for find in _finders:
        found |= find(versions)
    return found
