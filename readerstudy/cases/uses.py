"""Who has been given images already. Rooms above say it in a module `uses` of their own, found at start-up.

What a model was given does not change under its outputs, so such an image is neither masked nor unconfirmed any more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

FindUsed = Callable[[Collection[int]], set[int]]

_finders: list[FindUsed] = []
_output_finders: list[FindUsed] = []


def register(find: FindUsed) -> None:
    """Adds a room's answer: of the cases with these primary keys, those whose images it has used or is about to."""
    _finders.append(find)


def used_cases(cases: Collection[int]) -> set[int]:
    """Of the cases with these primary keys, those whose images may no longer change."""
    return set().union(*(find(cases) for find in _finders))


def register_outputs(find: FindUsed) -> None:
    """Adds a room's answer: of the cases with these primary keys, those with an output, made or wanted."""
    _output_finders.append(find)


def cases_with_outputs(cases: Collection[int]) -> set[int]:
    """Of the cases with these primary keys, those whose purpose may no longer change."""
    return set().union(*(find(cases) for find in _output_finders))
