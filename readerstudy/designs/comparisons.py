"""Which arms a reader sees of each case, in rounds in which every case of the reader comes up once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations

from readerstudy.designs.colouring import equitable_colours
from readerstudy.designs.plan import Comparison, OneArm, OneAtATime, Pairs, PlanError
from readerstudy.designs.shuffling import shuffled

Round = dict[str, tuple[int, ...]]


def williams(count: int) -> list[tuple[int, ...]]:
    """Sequences in which each of `count` arms stands in each place, and follows each other arm, equally often.

    Williams (1949), "Experimental designs balanced for the estimation of residual effects of treatments": `count`
    sequences where that is even, twice as many where it is odd. Any first few of them differ by at most one in how
    often an arm stands in a place.
    """
    first = [0]
    for step in range(1, count):
        first.append((first[-1] + (step if step % 2 else -step)) % count)
    square = [tuple((place + shift) % count for place in first) for shift in range(count)]
    return square if count % 2 == 0 else [*square, *(sequence[::-1] for sequence in square)]


@cache
def pairs_of(arms: int) -> tuple[tuple[int, int], ...]:
    """Every two arms, by their numbers."""
    return tuple(combinations(range(arms), 2))


def rounds_for(
    comparison: Comparison,
    *,
    seed: int,
    readings: Mapping[int, Sequence[str]],
    arms: int,
    part: str,
) -> dict[int, list[Round]]:
    """For each reader of `readings` the rounds: case to arm numbers.

    Raises:
        PlanError: where there are too few arms for the comparison.
    """
    if isinstance(comparison, OneArm):
        return _one_arm(seed, readings, arms, part)
    if isinstance(comparison, Pairs):
        return _pairs(comparison, seed, readings, arms, part)
    made = _one_at_a_time if isinstance(comparison, OneAtATime) else _together
    sequences = williams(arms)
    return {
        reader: made(_named(seed, reader, sequences, arms, part), _ranked(seed, reader, cases, part))
        for reader, cases in readings.items()
    }


def rounds_in(comparison: Comparison, arms: int) -> int:
    """How many rounds a reader goes through."""
    if isinstance(comparison, OneAtATime):
        return arms
    if isinstance(comparison, Pairs):
        return comparison.per_case or len(pairs_of(arms))
    return 1


def _named(
    seed: int, reader: int, sequences: Sequence[tuple[int, ...]], arms: int, part: str
) -> list[tuple[int, ...]]:
    """The sequences under this reader's own names of the arms, so that chance decides who comes first."""
    names = shuffled(range(arms), seed, part, "arms", reader)
    return [tuple(names[place] for place in sequence) for sequence in sequences]


def _ranked(seed: int, reader: int, cases: Sequence[str], part: str) -> list[str]:
    return shuffled(cases, seed, part, "ranks", reader)


def _one_at_a_time(sequences: Sequence[tuple[int, ...]], cases: Sequence[str]) -> list[Round]:
    arms = len(sequences[0])
    return [
        {case: (sequences[rank % len(sequences)][turn],) for rank, case in enumerate(cases)}
        for turn in range(arms)
    ]


def _together(sequences: Sequence[tuple[int, ...]], cases: Sequence[str]) -> list[Round]:
    return [{case: sequences[rank % len(sequences)] for rank, case in enumerate(cases)}]


def _one_arm(
    seed: int, readings: Mapping[int, Sequence[str]], arms: int, part: str
) -> dict[int, list[Round]]:
    """De Werra (1971): every bipartite graph has an edge colouring in which at each end the colours differ by one."""
    readers = shuffled(readings, seed, part, "one arm")
    ranks = {
        case: rank
        for rank, case in enumerate(shuffled(set().union(*readings.values()), seed, part, "one arm"))
    }
    names = shuffled(range(arms), seed, part, "arms")
    if all(len(cases) == len(ranks) for cases in readings.values()):
        colour = {
            (reader, case): (rank + place) % arms
            for place, reader in enumerate(readers)
            for case, rank in ranks.items()
        }
    else:
        edges = [
            (reader, case) for reader in readers for case in sorted(readings[reader], key=ranks.__getitem__)
        ]
        colour = equitable_colours(edges, arms)
    return {
        reader: [{case: (names[colour[reader, case]],) for case in readings[reader]}] for reader in readings
    }


def _pairs(
    comparison: Pairs, seed: int, readings: Mapping[int, Sequence[str]], arms: int, part: str
) -> dict[int, list[Round]]:
    if arms < 2:
        raise PlanError("Pairs need at least two arms.")
    every = shuffled([f"{one},{other}" for one, other in pairs_of(arms)], seed, part, "pairs")
    each = comparison.per_case or len(every)
    if not 1 <= each <= len(every):
        raise PlanError(
            f"{comparison.per_case} pairs of each case are wanted, and {arms} arms make {len(every)}. "
            "Choose a number from 1 to that."
        )
    named = [_numbers(pair) for pair in every]
    ranks = {
        case: rank for rank, case in enumerate(shuffled(set().union(*readings.values()), seed, part, "ranks"))
    }
    found: dict[int, list[Round]] = defaultdict(list)
    for place, reader in enumerate(shuffled(readings, seed, part, "pairs")):
        cases = sorted(readings[reader], key=ranks.__getitem__)
        for turn in range(each):
            shifted = ((case, rank + place) for rank, case in enumerate(cases))
            taken = {case: shift * each + (turn + shift) % each for case, shift in shifted}
            found[reader].append({case: named[number % len(named)] for case, number in taken.items()})
    return found


def _numbers(pair: str) -> tuple[int, int]:
    one, other = pair.split(",")
    return int(one), int(other)
