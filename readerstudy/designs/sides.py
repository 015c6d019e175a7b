"""Left and right within a pair: as often one way as the other, in blocks of four."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from readerstudy.designs.rows import Showing
from readerstudy.designs.shuffling import digest, shuffled

BLOCK = 4


def with_sides(shown: Sequence[Showing], *, seed: int, reader: int, part: str) -> list[Showing]:
    """The showings with each pair turned round in half of its presentations; more than two arms stay as they are."""
    totals = Counter(frozenset(each.arms) for each in shown if len(each.arms) == 2)
    turns = {pair: _turns(total, seed, reader, part, sorted(pair)) for pair, total in totals.items()}
    met: defaultdict[frozenset[int], int] = defaultdict(int)
    placed = []
    for each in shown:
        pair = frozenset(each.arms)
        if len(each.arms) == 2:
            low, high = sorted(pair)
            turned = turns[pair][met[pair]]
            met[pair] += 1
            each = replace(each, arms=(high, low) if turned else (low, high))  # noqa: PLW2901  the same showing, placed
        placed.append(each)
    return placed


def _turns(total: int, seed: int, reader: int, part: str, pair: Sequence[int]) -> list[bool]:
    turns: list[bool] = []
    while len(turns) < total:
        size = min(BLOCK, total - len(turns))
        turns += _block(size, seed, reader, part, *pair, len(turns))
    return turns


def _block(size: int, seed: int, reader: int, part: str, *purpose: int) -> list[bool]:
    """Half of `size` turned, in a drawn order; the odd one of an odd number is drawn as well."""
    extra = size % 2 and digest(seed, part, "odd side", reader, *purpose)[0] in "01234567"
    turned = size // 2 + bool(extra)
    order = shuffled(range(size), seed, part, "sides", reader, *purpose)
    return [order.index(place) < turned for place in range(size)]
