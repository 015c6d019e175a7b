"""The order in which a reader goes through the rounds: strata spread evenly, presentations of a case far apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from readerstudy.designs.comparisons import Round
from readerstudy.designs.rows import Showing
from readerstudy.designs.shuffling import digests, shuffled


def ordered(
    rounds: Sequence[Round],
    *,
    seed: int,
    reader: int,
    strata: Mapping[str, str],
    crossover: bool,
    part: str,
) -> list[Showing]:
    """All rounds of a reader one after another; in a crossover each is a period of its own.

    Within a period, later rounds keep the first and the second half of the first round apart, so that at least half of
    the cases lie between two presentations of one.
    """
    first = spread(list(rounds[0]), strata, seed, part, "order", reader)
    shown: list[Showing] = []
    for turn, arms_of in enumerate(rounds):
        cases = first if turn == 0 or crossover else list(_halves(first, strata, seed, part, reader, turn))
        if crossover and turn:
            cases = spread(first, strata, seed, part, "period", reader, turn)
        period = turn + 1 if crossover else 1
        shown += [Showing(period, case, arms_of[case]) for case in cases]
    return shown


def spread(cases: Sequence[str], strata: Mapping[str, str], seed: int, *purpose: int | str) -> list[str]:
    """The cases in a drawn order in which each stratum lies evenly over the whole."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for case in cases:
        groups[strata.get(case, "")].append(case)
    if len(groups) == 1:
        return shuffled(cases, seed, *purpose, next(iter(groups)))
    tie = digests(seed, *purpose, "tie")
    places = {
        case: ((2 * rank + 1) / (2 * len(group)), tie(case))
        for name, group in groups.items()
        for rank, case in enumerate(shuffled(group, seed, *purpose, name))
    }
    return sorted(cases, key=places.__getitem__)


def _halves(
    first: Sequence[str], strata: Mapping[str, str], seed: int, part: str, reader: int, turn: int
) -> Iterator[str]:
    half = len(first) // 2
    for name, cases in (("first half", first[:half]), ("second half", first[half:])):
        yield from spread(cases, strata, seed, part, name, reader, turn)
