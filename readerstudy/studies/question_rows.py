"""Rows of a form that can be added, removed and moved: as they are sent, and with one of these deeds done.

A row has the number of its place in the names of its fields, as in `option-3-label`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.http import QueryDict

Row = dict[str, list[str]]
DEED = re.compile(r"(?P<deed>add|remove|up|down)-(?P<name>[a-z]+)(?:-(?P<place>\d{1,3}))?")
MOST_ROWS = 60


def rows_in(sent: QueryDict, name: str) -> list[Row]:
    """The rows of a name in the order of their numbers."""
    found: dict[int, Row] = {}
    pattern = re.compile(rf"{name}-(\d{{1,3}})-(\w+)")
    for field in sent:
        if place := pattern.fullmatch(field):
            found.setdefault(int(place[1]), {})[place[2]] = sent.getlist(field)
    return [found[number] for number in sorted(found)][:MOST_ROWS]


def with_rows(sent: QueryDict, name: str, rows: Sequence[Mapping[str, list[str]]]) -> QueryDict:
    """The same form with other rows of a name, numbered from 0."""
    changed = QueryDict(mutable=True)
    pattern = re.compile(rf"{name}-\d{{1,3}}-\w+")
    for field in sent:
        if not pattern.fullmatch(field):
            changed.setlist(field, sent.getlist(field))
    for place, row in enumerate(rows):
        for field, values in row.items():
            changed.setlist(f"{name}-{place}-{field}", values)
    return changed


def done(sent: QueryDict, deed: str) -> QueryDict:
    """The form after a deed such as `add-option` or `up-option-2`; as it was for anything else."""
    told = DEED.fullmatch(deed)
    if told is None:
        return sent
    rows = rows_in(sent, told["name"])
    return with_rows(sent, told["name"], _changed(rows, told["deed"], int(told["place"] or 0)))


def _changed(rows: list[Row], deed: str, place: int) -> list[Row]:
    if deed == "add":
        return [*rows, {"value": [""]}]
    if place >= len(rows):
        return rows
    if deed == "remove":
        return rows[:place] + rows[place + 1 :]
    other = min(max(place + (-1 if deed == "up" else 1), 0), len(rows) - 1)
    rows[place], rows[other] = rows[other], rows[place]
    return rows
