"""The rows of an allocation as readers get them: what practice and checks show, and what stays hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from readerstudy.designs.letters import Letters
from readerstudy.designs.plan import OneArm, OneAtATime, Pairs, Plan
from readerstudy.designs.rows import CheckKind, Presentation, RowKind
from readerstudy.designs.shuffling import shuffled

Hidden = Collection[tuple[str, str]]


def as_shown(
    plan: Plan,
    rows: Iterable[Presentation],
    *,
    seed: int,
    arms: Sequence[str],
    hidden: Hidden,
    unaided: Collection[str] = (),
) -> list[Presentation]:
    """The drawn rows with the outputs of practice and checks filled in and without what is hidden.

    `hidden` holds (case, arm) without an output that readers may see. A presentation of one output goes with it, and
    so does one of several that is left with a single one, because nothing can be compared there. Later presentations
    of the reader move up; keys and letters of the others stay. An attention check that is made of outputs needs some,
    so the `unaided` arms cannot serve it.
    """
    made = _Outputs(plan, seed, arms, frozenset(hidden), frozenset(unaided))
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
        self,
        plan: Plan,
        seed: int,
        arms: Sequence[str],
        hidden: frozenset[tuple[str, str]],
        unaided: frozenset[str],
    ) -> None:
        self._seed, self._arms, self._hidden, self._unaided = seed, arms, hidden, unaided
        self._numbers = {arm: number for number, arm in enumerate(arms)}
        self._together = outputs_together(plan, len(arms))

    def of(self, row: Presentation) -> Presentation | None:
        """The row with the outputs it shows; None where it cannot be shown."""
        if row.kind not in (RowKind.PRACTICE, RowKind.CHECK):
            return self._kept(row, row.arms)
        free = self._free(row)
        drawn = shuffled(range(len(free)), self._seed, "shown", row.reader, row.pictures)
        chosen = tuple(free[number] for number in drawn[: self._together])
        if row.check == CheckKind.IDENTICAL:
            chosen = chosen[:1] * self._together
        return self._kept(row, chosen, asked=True)

    def _free(self, row: Presentation) -> list[str]:
        needs_text = row.check in (CheckKind.KNOWN_BAD, CheckKind.IDENTICAL)
        without = self._unaided if needs_text else frozenset()
        return [arm for arm in self._arms if (row.about, arm) not in self._hidden and arm not in without]

    def _kept(self, row: Presentation, arms: Sequence[str], *, asked: bool = False) -> Presentation | None:
        left = tuple(arm for arm in arms if (row.about, arm) not in self._hidden)
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
