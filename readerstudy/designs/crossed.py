"""The fully crossed plan: every reader reads every case from every arm, one output at a time.

A reader goes through the cases once for each arm. In a round every case comes up once; which arm it comes from rotates
over the cases, so that in each round the arms differ by at most one case. Later rounds shuffle the first and the second
half of the reader's case order separately, so at least half the cases lie between two presentations of one case.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_uppercase

from readerstudy.designs.shuffling import digest, shuffled

ALGORITHM = "crossed/1"
MOST_ARMS = len(ascii_uppercase)


class PlanError(Exception):
    """The plan cannot be drawn from these numbers; the text says why."""


@dataclass(frozen=True)
class Placement:
    """One presentation: at `position` the reader of seat `reader` sees `case` from `arm`, labelled `letter`."""

    reader: int
    position: int
    period: int
    case: str
    arm: str
    letter: str
    key: str
    case_key: str


def allocate(
    *, seed: int, readers: Iterable[int], cases: Sequence[str], arms: Sequence[str]
) -> list[Placement]:
    """Rows for all readers, by reader and position (from 1).

    `cases` and `arms` are codes without repeats. Raises `PlanError` where a code repeats or there is nothing to read.
    """
    _check("case", cases)
    _check("arm", arms)
    if len(arms) > MOST_ARMS:
        raise PlanError(f"There are {len(arms)} arms; at most {MOST_ARMS} can be told apart by letters.")
    return [
        placement for reader in sorted(set(readers)) for placement in _for_reader(seed, reader, cases, arms)
    ]


def _for_reader(seed: int, reader: int, cases: Sequence[str], arms: Sequence[str]) -> Iterator[Placement]:
    order = shuffled(cases, seed, "cases", reader)
    rotation = {case: place for place, case in enumerate(order)}
    cycle = shuffled(arms, seed, "arms", reader)
    position = 0
    for turn in range(len(arms)):
        for case in _round(seed, reader, order, turn):
            position += 1
            arm = cycle[(rotation[case] + turn) % len(arms)]
            yield Placement(
                reader=reader,
                position=position,
                period=1,
                case=case,
                arm=arm,
                letter=_letter(seed, reader, case, cycle, arm),
                key=digest(seed, "reading", reader, position)[:24],
                case_key=digest(seed, "case", reader, case)[:24],
            )


def _round(seed: int, reader: int, order: list[str], turn: int) -> list[str]:
    half = len(order) // 2
    if turn == 0:
        return order
    return [
        *shuffled(order[:half], seed, "round", reader, turn),
        *shuffled(order[half:], seed, "round", reader, turn),
    ]


def _letter(seed: int, reader: int, case: str, cycle: Sequence[str], arm: str) -> str:
    """A, B … drawn for this reader and case by the arms' places in the reader's cycle, not by their names."""
    places = shuffled(range(len(cycle)), seed, "letters", reader, case)
    return ascii_uppercase[places.index(cycle.index(arm))]


def _check(what: str, codes: Sequence[str]) -> None:
    if not codes:
        raise PlanError(f"There is no {what}, so there is nothing to allocate.")
    if len(set(codes)) != len(codes):
        raise PlanError(f"A {what} occurs twice; each {what} needs a code of its own.")


@dataclass(frozen=True)
class Balance:
    """What the plan promises, counted from its rows.

    `missing` presentations and `repeated` ones must be 0, `arm_imbalance` (largest difference between arms within a
    reader's round) at most 1, `least_distance` at least half the cases (None with one arm).
    """

    missing: int
    repeated: int
    arm_imbalance: int
    least_distance: int | None
    keeps_promises: bool


def check(placements: Sequence[Placement], *, cases: Sequence[str], arms: Sequence[str]) -> Balance:
    """Counts the promises over stored or fresh rows."""
    readers = sorted({placement.reader for placement in placements})
    wanted = {(reader, case, arm) for reader in readers for case in cases for arm in arms}
    seen = [(placement.reader, placement.case, placement.arm) for placement in placements]
    missing, repeated = len(wanted - set(seen)), len(seen) - len(set(seen))
    per_reader = [[row for row in placements if row.reader == reader] for reader in readers]
    imbalance = max((_imbalance(rows, len(cases), arms) for rows in per_reader), default=0)
    least = min((_least_distance(rows) for rows in per_reader if len(arms) > 1), default=None)
    kept = not missing and not repeated and imbalance <= 1 and (least is None or least >= len(cases) // 2)
    return Balance(missing, repeated, imbalance, least, kept)


def _imbalance(rows: Sequence[Placement], round_length: int, arms: Sequence[str]) -> int:
    worst = 0
    ordered = sorted(rows, key=lambda row: row.position)
    for start in range(0, len(ordered), round_length):
        in_round = [row.arm for row in ordered[start : start + round_length]]
        counts = [in_round.count(arm) for arm in arms]
        worst = max(worst, max(counts) - min(counts))
    return worst


def _least_distance(rows: Sequence[Placement]) -> int:
    positions: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda row: row.position):
        positions.setdefault(row.case, []).append(row.position)
    return min(b - a for places in positions.values() for a, b in pairwise(places))
