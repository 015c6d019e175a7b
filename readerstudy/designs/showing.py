"""The rows of an allocation as readers get them: what practice and checks show, and what stays hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from readerstudy.designs.letters import Letters
from readerstudy.designs.plan import OneArm, OneAtATime, Pairs, Plan
from readerstudy.designs.rows import Presentation, RowKind
from readerstudy.designs.shuffling import shuffled

Hidden = Collection[tuple[str, str]]


def as_shown(
    plan: Plan, rows: Iterable[Presentation], *, seed: int, arms: Sequence[str], hidden: Hidden
) -> list[Presentation]:
    """The drawn rows with the outputs of practice and checks filled in and without what is hidden.

    `hidden` holds (case, arm) without an output that readers may see. A presentation of one output goes with it, and
    so does one of several that is left with a single one, because nothing can be compared there. Later presentations
    of the reader move up; keys and letters of the others stay.
    """
    made = _Outputs(plan, seed, arms, frozenset(hidden))
    filled = (shown for row in rows if (shown := made.of(row)) is not None)
    return [
        row if row.position == position else replace(row, position=position)
        for _reader, mine in groupby(filled, key=lambda row: row.reader)
        for position, row in enumerate(mine, start=1)
    ]


def outputs_together(plan: Plan, arms: int) -> int:
    """How many outputs a presentation of this plan shows."""
    if isinstance(plan.comparison, OneAtATime | OneArm):
        return 1
    return 2 if isinstance(plan.comparison, Pairs) else arms


class _Outputs:
    def __init__(
        self, plan: Plan, seed: int, arms: Sequence[str], hidden: frozenset[tuple[str, str]]
    ) -> None:
        self._seed, self._arms, self._hidden = seed, arms, hidden
        self._numbers = {arm: number for number, arm in enumerate(arms)}
        self._together = outputs_together(plan, len(arms))

    def of(self, row: Presentation) -> Presentation | None:
        """The row with the outputs it shows; None where it cannot be shown."""
        if row.kind not in (RowKind.PRACTICE, RowKind.CHECK):
            return self._kept(row, row.arms)
        free = self._free(row.case)
        drawn = shuffled(range(len(free)), self._seed, "shown", row.reader, row.case)
        return self._kept(row, tuple(free[number] for number in drawn[: self._together]), asked=True)

    def _free(self, case: str) -> list[str]:
        return [arm for arm in self._arms if (case, arm) not in self._hidden]

    def _kept(self, row: Presentation, arms: Sequence[str], *, asked: bool = False) -> Presentation | None:
        left = tuple(arm for arm in arms if (row.case, arm) not in self._hidden)
        if len(left) < min(2, self._together):
            return None
        if left == row.arms and not asked:
            return row
        letters = Letters(self._seed, row.reader, len(self._arms))
        return replace(row, arms=left, letters=letters.of(row.case, [self._numbers[arm] for arm in left]))


def left_out(drawn: Sequence[Presentation], shown: Sequence[Presentation]) -> Iterator[Presentation]:
    """The drawn rows that readers do not get."""
    kept = {row.key for row in shown}
    return (row for row in drawn if row.key not in kept)
