"""What is put between the main presentations: repeats, attention checks and practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from math import ceil

from readerstudy.designs.plan import Checks, PlanError, Repeats
from readerstudy.designs.rows import CheckKind, RowKind, Showing
from readerstudy.designs.shuffling import digest, shuffled

SLACK = 1e-9  # a tenth of 30 is 3 presentations, not 4


def repeats_wanted(repeats: Repeats, presentations: int) -> int:
    """How many of a reader's presentations come again."""
    return max(repeats.fewest, ceil(repeats.share * presentations - SLACK))


def with_repeats(
    shown: Sequence[Showing], repeats: Repeats, *, seed: int, reader: int, part: str, is_added: bool = False
) -> list[Showing]:
    """The showings of one period with repeats among the later ones, each on the other side.

    What is added to a reading later gets its share of repeats, as far as there is room.

    Raises:
        PlanError: where the reading is too short for that many at that distance.
    """
    count, room = repeats_wanted(repeats, len(shown)), max(len(shown) - repeats.distance, 0)
    if is_added:
        count = min(ceil(repeats.share * len(shown) - SLACK), room)
    if count > room:
        raise PlanError(
            f"{count} repeats at least {repeats.distance} presentations later need a reading of "
            f"{count + repeats.distance} presentations or more, and reader {reader} has {len(shown)}. "
            "Ask for fewer repeats or a smaller distance."
        )
    sources = sorted(shuffled(range(room), seed, part, "repeats", reader)[:count])
    after: dict[int, list[Showing]] = {}
    for rank, source in enumerate(sources):
        evenly = repeats.distance + (rank + 1) * room // count - 1
        again = replace(shown[source], kind=RowKind.REPEAT, arms=shown[source].arms[::-1])
        after.setdefault(max(source + repeats.distance, evenly), []).append(again)
    return [each for place, main in enumerate(shown) for each in (main, *after.get(place, ()))]


def with_checks(
    shown: Sequence[Showing], checks: Checks, *, seed: int, reader: int, part: str
) -> list[Showing]:
    """The showings with one check in every so many, at a drawn place; the codes take turns.

    Raises:
        PlanError: where there is no room between two.
    """
    if not checks.codes:
        return list(shown)
    if checks.every < 2:
        raise PlanError("Attention checks come in every 2 presentations at most.")
    codes = cycle(shuffled(checks.codes, seed, part, "checks", reader))
    placed: list[Showing] = []
    window = checks.every - 1
    for start in range(0, len(shown), window):
        group = list(shown[start : start + window])
        place = int(digest(seed, part, "check", reader, start)[:8], 16) % (len(group) + 1)
        check = Showing(group[0].period, next(codes), (), RowKind.CHECK, CheckKind.CASE)
        placed += [*group[:place], check, *group[place:]]
    return placed


def practice(codes: Sequence[str]) -> list[Showing]:
    """Practice comes first, in the order in which the protocol lists it."""
    return [Showing(1, code, (), RowKind.PRACTICE) for code in codes]
