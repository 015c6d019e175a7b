"""Attention checks made of the study's own cases: known-bad outputs, identical pairs, blank images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from readerstudy.designs.plan import Checks, Comparison, Pairs, Plan, PlanError, Together
from readerstudy.designs.rows import CheckKind, RowKind, Showing
from readerstudy.designs.shuffling import digest, shuffled

ROOM = 2
"""Presentations of the study for each made check, at least."""


def kinds_of(checks: Checks) -> list[CheckKind]:
    """The made checks of one reader and period, each kind as often as it is wanted."""
    wanted = {
        CheckKind.KNOWN_BAD: checks.known_bad,
        CheckKind.IDENTICAL: checks.identical,
        CheckKind.BLANK: checks.blank,
    }
    return [kind for kind, count in wanted.items() for _each in range(count)]


def check_plan(plan: Plan) -> None:
    """Raises `PlanError` where made checks have no meaning in this plan."""
    if plan.checks and not plan.checks.codes and not kinds_of(plan.checks):
        raise PlanError("Attention checks need at least one code, or how many are made of each kind.")
    if plan.checks and plan.checks.identical and not shows_pairs(plan.comparison):
        raise PlanError("An identical pair needs texts side by side. Ask for none, or show texts in pairs.")


def shows_pairs(comparison: Comparison) -> bool:
    """Whether texts stand side by side."""
    return isinstance(comparison, Pairs | Together)


@dataclass(frozen=True)
class MadeChecks:
    """The draw of one reader and period.

    Each check is about a case that the reader has read before in the same period, so that it spoils no answer that
    counts, and no two are about one case.
    """

    checks: Checks
    cases: Sequence[str]
    """All cases of the batch, whoever reads them."""
    truths: Mapping[str, str] | None
    seed: int
    reader: int
    part: str

    def among(self, shown: Sequence[Showing], *, is_added: bool = False) -> list[Showing]:
        """The showings with the checks in between, one in the later half of each of as many equal stretches.

        What is added to a reading later gets as many as there is room for.

        Raises:
            PlanError: where the reading is too short, or no case can serve.
        """
        kinds = self._kinds(len(shown), is_added)
        if not kinds:
            return list(shown)
        after = dict(self._placed(shown, kinds))
        return [each for place, main in enumerate(shown) for each in (main, *after.get(place, ()))]

    def _kinds(self, presentations: int, is_added: bool) -> list[CheckKind]:
        wanted = kinds_of(self.checks)
        room = presentations // ROOM
        if len(wanted) > room and not is_added:
            raise PlanError(
                f"{len(wanted)} attention checks need a reading of {ROOM * len(wanted)} presentations or more, and "
                f"reader {self.reader} has {presentations}. Ask for fewer."
            )
        numbers = shuffled(range(len(wanted)), self.seed, self.part, "made checks", self.reader)
        return [wanted[number] for number in numbers][:room]

    def _placed(
        self, shown: Sequence[Showing], kinds: Sequence[CheckKind]
    ) -> Iterator[tuple[int, tuple[Showing, ...]]]:
        used: set[str] = set()
        for number, kind in enumerate(kinds):
            place = self._place(number, len(kinds), len(shown))
            case, source = self._case(shown[: place + 1], kind, used)
            used.add(case)
            yield place, (Showing(shown[place].period, case, (), RowKind.CHECK, kind, source),)

    def _place(self, number: int, count: int, presentations: int) -> int:
        begin, end = number * presentations // count, (number + 1) * presentations // count
        middle = (begin + end) // 2
        drawn = int(digest(self.seed, self.part, "made check", self.reader, number)[:8], 16)
        return middle + drawn % (end - middle)

    def _case(self, before: Sequence[Showing], kind: CheckKind, used: set[str]) -> tuple[str, str]:
        """A case that was read before, if it can be not the last one; and whose outputs are shown with it."""
        last = before[-1].case
        read = list(
            dict.fromkeys(each.case for each in before if each.kind == RowKind.MAIN and each.case != last)
        )
        for case in (*self._in_turn(read, "check of", len(before)), last):
            source = self._source(case) if kind == CheckKind.KNOWN_BAD else ""
            if case not in used and source is not None:
                return case, source
        raise PlanError(self._why(kind))

    def _source(self, case: str) -> str | None:
        """A case of which an output is truly bad here: one with another reference label; None where there is none."""
        drawn = self._in_turn(self.cases, "known bad", case)
        return next((other for other in drawn if self._differ(case, other)), None)

    def _in_turn(self, cases: Sequence[str], *purpose: int | str) -> Iterator[str]:
        """All of them, beginning at a drawn one; hashing each would cost more than all else."""
        if not cases:
            return iter(())
        begin = int(digest(self.seed, self.part, *purpose, self.reader)[:8], 16) % len(cases)
        return chain(islice(cases, begin, None), islice(cases, begin))

    def _differ(self, case: str, other: str) -> bool:
        if self.truths is None:
            return case != other
        first, second = self.truths.get(case, ""), self.truths.get(other, "")
        return bool(first and second) and first != second

    def _why(self, kind: CheckKind) -> str:
        if kind == CheckKind.KNOWN_BAD:
            return (
                "A known-bad output is one that was written about a case with another reference label, and there is "
                "no such case. Give the cases their labels, or ask for no known-bad outputs."
            )
        return (
            f"There are too few cases for so many attention checks for reader {self.reader}. Ask for fewer."
        )
