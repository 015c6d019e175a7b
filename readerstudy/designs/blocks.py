"""Balanced incomplete block designs: every two of `v` treatments meet equally often in blocks of `k`.

Bose (1939), "On the construction of balanced incomplete block designs": a family of base blocks whose differences
modulo v cover every other residue equally often gives a balanced design when it is developed through all v residues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from math import comb

from readerstudy.designs.plan import PlanError

MOST_BASE_BLOCKS = 6
MOST_STEPS = 200_000

Block = tuple[int, ...]


def balanced_blocks(treatments: int, size: int, blocks: int) -> list[Block]:
    """`blocks` blocks of `size` out of `range(treatments)`, every two treatments together equally often.

    Raises:
        PlanError: where no such design of this many blocks is known to this function; names numbers that work.
    """
    if size == treatments or size == 1:
        return _trivial(treatments, size, blocks)
    for base in _designs(treatments, size):
        if blocks % len(base) == 0:
            return list(base) * (blocks // len(base))
    least = [len(base) for base in _designs(treatments, size)]
    near = sorted({number for each in least for number in _multiples_near(each, blocks)})
    raise PlanError(
        f"{treatments} readers in blocks of {size} cannot share {blocks} cases evenly. "
        f"Numbers of cases that work nearby: {', '.join(map(str, near))}; or ask for an overlap instead of blocks."
    )


def _trivial(treatments: int, size: int, blocks: int) -> list[Block]:
    if size == 1 and blocks % treatments:
        near = ", ".join(map(str, _multiples_near(treatments, blocks)))
        raise PlanError(
            f"{treatments} readers cannot have equally many of {blocks} cases. Numbers of cases that work: {near}."
        )
    whole = tuple(range(treatments))
    return [whole if size == treatments else (number % treatments,) for number in range(blocks)]


@cache
def _designs(treatments: int, size: int) -> tuple[tuple[Block, ...], ...]:
    """Known designs from small to large: the smallest cyclic one, and all subsets."""
    found = []
    if base := _difference_family(treatments, size):
        found.append(tuple(_developed(base, treatments)))
    if comb(treatments, size) <= 100_000:
        found.append(tuple(combinations(range(treatments), size)))
    return tuple(sorted(found, key=len))


def _developed(base: tuple[Block, ...], treatments: int) -> Iterator[Block]:
    for block in base:
        for shift in range(treatments):
            yield tuple(sorted((place + shift) % treatments for place in block))


def _difference_family(treatments: int, size: int) -> tuple[Block, ...]:
    """The first family of few base blocks whose differences are even; empty where the search finds none."""
    pairs = size * (size - 1)
    for count in range(1, MOST_BASE_BLOCKS + 1):
        if count * pairs % (treatments - 1) == 0:
            wanted = count * pairs // (treatments - 1)
            if found := _search(treatments, size, count, wanted):
                return found
    return ()


def _search(treatments: int, size: int, count: int, wanted: int) -> tuple[Block, ...]:
    candidates = [(0, *rest) for rest in combinations(range(1, treatments), size - 1)][:5000]
    differences = [_differences(block, treatments) for block in candidates]
    steps = [0]

    def extend(start: int, chosen: tuple[int, ...], seen: Counter[int]) -> tuple[int, ...]:
        if len(chosen) == count:
            return chosen
        for number in range(start, len(candidates)):
            steps[0] += 1
            if steps[0] > MOST_STEPS:
                return ()
            together = seen + differences[number]
            if max(together.values()) <= wanted and (found := extend(number, (*chosen, number), together)):
                return found
        return ()

    return tuple(candidates[number] for number in extend(0, (), Counter()))


def _differences(block: Block, treatments: int) -> Counter[int]:
    return Counter((one - other) % treatments for one in block for other in block if one != other)


def _multiples_near(step: int, number: int) -> list[int]:
    below = number // step * step
    return [each for each in (below, below + step) if each]
