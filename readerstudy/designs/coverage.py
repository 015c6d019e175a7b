"""Which readers read which cases. Every list comes back in the order in which it was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import cycle, islice, pairwise
from math import ceil, floor

from readerstudy.designs.blocks import balanced_blocks
from readerstudy.designs.plan import (
    Coverage,
    EveryReader,
    IncompleteBlocks,
    Overlap,
    PlanError,
    SplitPlot,
)
from readerstudy.designs.shuffling import Thing, shuffled

Readings = dict[int, list[str]]


def cover(
    coverage: Coverage, *, seed: int, readers: Sequence[int], cases: Sequence[str], part: str
) -> Readings:
    """The cases of each reader of one cohort, out of one batch of cases; `part` names both for the draw.

    Raises:
        PlanError: where these numbers cannot give what the coverage promises.
    """
    if isinstance(coverage, EveryReader):
        return {reader: list(cases) for reader in readers}
    if isinstance(coverage, SplitPlot):
        return _split(coverage, seed, readers, cases, part)
    if isinstance(coverage, Overlap):
        return _overlap(coverage, seed, readers, cases, part)
    return _blocks(coverage, seed, readers, cases, part)


def cover_for_one(
    coverage: Coverage, *, seed: int, reader: int, cases: Sequence[str], cohort: int, part: str
) -> list[str]:
    """The block of a reader who joins later: as many cases as one of the first `cohort` readers has, drawn anew."""
    if isinstance(coverage, EveryReader):
        return list(cases)
    drawn = shuffled(cases, seed, part, "late", reader)
    if isinstance(coverage, SplitPlot):
        blocks = _even_parts(shuffled(cases, seed, part, "case groups"), coverage.groups)
        return list(blocks[shuffled(range(coverage.groups), seed, part, "late", reader)[0]])
    if isinstance(coverage, Overlap):
        shared = _shared(coverage, seed, cases, part)
        rest = [case for case in drawn if case not in set(shared)]
        return [*shared, *rest[: ceil(len(rest) * coverage.readers_per_case / cohort)]]
    return drawn[: ceil(len(cases) * coverage.readers_per_case / cohort)]


def _split(
    coverage: SplitPlot, seed: int, readers: Sequence[int], cases: Sequence[str], part: str
) -> Readings:
    if not 2 <= coverage.groups <= min(len(readers), len(cases)):
        raise PlanError(
            f"A split plot of {coverage.groups} groups needs at least 2 groups and in each a reader and a case; "
            f"there are {len(readers)} readers and {len(cases)} cases."
        )
    teams = _even_parts(shuffled(readers, seed, part, "reader groups"), coverage.groups)
    blocks = _even_parts(shuffled(cases, seed, part, "case groups"), coverage.groups)
    return {reader: list(block) for team, block in zip(teams, blocks, strict=True) for reader in team}


def _overlap(
    coverage: Overlap, seed: int, readers: Sequence[int], cases: Sequence[str], part: str
) -> Readings:
    _check_readers_per_case(coverage.readers_per_case, readers)
    if not 0 <= coverage.share <= 1:
        raise PlanError(f"The share that everyone reads is {coverage.share:g}; it must lie between 0 and 1.")
    shared = _shared(coverage, seed, cases, part)
    readings: Readings = {reader: list(shared) for reader in readers}
    rest = [case for case in shuffled(cases, seed, part, "overlap") if case not in set(shared)]
    turns = cycle(shuffled(readers, seed, part, "turns"))
    for case in rest:
        for reader in islice(turns, coverage.readers_per_case):
            readings[reader].append(case)
    return readings


def _shared(coverage: Overlap, seed: int, cases: Sequence[str], part: str) -> list[str]:
    count = floor(Fraction(coverage.share).limit_denominator(10_000) * len(cases) + Fraction(1, 2))
    return shuffled(cases, seed, part, "shared")[:count]


def _blocks(
    coverage: IncompleteBlocks, seed: int, readers: Sequence[int], cases: Sequence[str], part: str
) -> Readings:
    _check_readers_per_case(coverage.readers_per_case, readers)
    blocks = balanced_blocks(len(readers), coverage.readers_per_case, len(cases))
    names = shuffled(readers, seed, part, "block readers")
    readings: Readings = {reader: [] for reader in readers}
    for case, block in zip(shuffled(cases, seed, part, "block cases"), blocks, strict=True):
        for place in block:
            readings[names[place]].append(case)
    return readings


def _check_readers_per_case(wanted: int, readers: Sequence[int]) -> None:
    if not 1 <= wanted <= len(readers):
        raise PlanError(
            f"Each case is to be read by {wanted} readers, and there are {len(readers)}. "
            "Choose a number from 1 to that."
        )


def _even_parts(things: Sequence[Thing], parts: int) -> list[list[Thing]]:
    """Consecutive parts whose sizes differ by at most one."""
    edges = [len(things) * number // parts for number in range(parts + 1)]
    return [list(things[start:end]) for start, end in pairwise(edges)]
