"""Seed and plan in, ordered rows out; no database, no random generator, the same on every machine.

Readers come in a first cohort and later one by one; cases come in batches. Whoever or whatever comes later only adds
rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from readerstudy.designs.comparisons import Round, rounds_for
from readerstudy.designs.coverage import Readings, cover, cover_for_one
from readerstudy.designs.extras import practice, with_checks, with_repeats
from readerstudy.designs.letters import Letters
from readerstudy.designs.made_checks import MadeChecks, check_plan
from readerstudy.designs.ordering import ordered
from readerstudy.designs.plan import MOST_ARMS, OneArm, Pairs, Plan, PlanError, Together
from readerstudy.designs.rows import Presentation, Showing
from readerstudy.designs.shuffling import digests
from readerstudy.designs.sides import with_sides

ALGORITHM = "plan/1"


@dataclass(frozen=True, slots=True)
class People:
    """The seats of the first readers, who are balanced against each other, and of those who came later."""

    first: tuple[int, ...]
    later: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse seats that occur twice, and a study without readers."""
        _check("reader", [*self.first, *self.later])
        if not self.first:
            raise PlanError("There is no reader, so there is nothing to allocate.")


def allocate(
    plan: Plan,
    *,
    seed: int,
    people: People,
    batches: Sequence[Sequence[str]],
    arms: Sequence[str],
    key_seed: int | None = None,
    seats: Collection[int] | None = None,
) -> list[Presentation]:
    """Rows by reader and position. `batches` are case codes: those at the lock, then each later addition.

    Keys come from `key_seed`, which stays secret where the seed of the order is published; without one they come from
    `seed`. `seats` leaves out the rows of everybody else, which changes none of those that stay.

    Raises:
        PlanError: where these numbers cannot keep what the plan promises.
    """
    _check_all(plan, batches, arms)
    wanted = _Seats(people, people.first + people.later if seats is None else seats)
    shown = {reader: [(0, each) for each in practice(plan.practice)] for reader in wanted.all}
    for number, cases in enumerate(batches):
        batch = _Batch(plan, seed, len(arms), f"batch {number}", cases, is_added=number > 0)
        for reader, showings in batch.drawn(wanted).items():
            shown[reader] += [(number, each) for each in showings]
    keys = seed if key_seed is None else key_seed
    return [row for reader in wanted.all for row in _rows(seed, keys, reader, shown[reader], arms)]


class _Seats:
    """The seats whose rows are asked for, of the first cohort and of those who came later."""

    def __init__(self, people: People, seats: Collection[int]) -> None:
        kept = set(seats)
        self.cohort = people.first
        self.first = kept & set(people.first)
        self.later = [reader for reader in people.later if reader in kept]
        self.all = sorted([*self.first, *self.later])


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch of cases under its plan; `part` keeps its draws apart from those of other batches."""

    plan: Plan
    seed: int
    arms: int
    part: str
    cases: Sequence[str]
    is_added: bool

    def drawn(self, seats: _Seats) -> dict[int, list[Showing]]:
        cases = self.cases
        found = self._of_cohort(seats, cases) if seats.first else {}
        late = replace(self, part=f"{self.part}, late")
        for reader in seats.later:
            block = cover_for_one(
                self.plan.coverage,
                seed=self.seed,
                reader=reader,
                cases=cases,
                cohort=len(seats.cohort),
                part=self.part,
            )
            found |= late._cohort({reader: block}, {reader})
        return found

    def _of_cohort(self, seats: _Seats, cases: Sequence[str]) -> dict[int, list[Showing]]:
        """The first readers are balanced against each other, so all are drawn, whoever is asked for."""
        coverage, readers = self.plan.coverage, seats.cohort
        readings = cover(coverage, seed=self.seed, readers=readers, cases=cases, part=self.part)
        return self._cohort(readings, seats.first)

    def _cohort(self, readings: Readings, wanted: Collection[int]) -> dict[int, list[Showing]]:
        comparison = self.plan.comparison
        rounds = rounds_for(comparison, seed=self.seed, readings=readings, arms=self.arms, part=self.part)
        return {
            reader: self._sequence(reader, rounds[reader]) if cases else []
            for reader, cases in readings.items()
            if reader in wanted
        }

    def _sequence(self, reader: int, rounds: Sequence[Round]) -> list[Showing]:
        seed, part, plan = self.seed, self.part, self.plan
        shown = ordered(
            rounds, seed=seed, reader=reader, strata=plan.strata, crossover=plan.crossover, part=part
        )
        shown = with_sides(shown, seed=seed, reader=reader, part=part)
        periods = groupby(shown, key=lambda each: each.period)
        filled = (self._filled(reader, list(group), f"{part}, period {period}") for period, group in periods)
        return [each for period in filled for each in period]

    def _filled(self, reader: int, shown: list[Showing], part: str) -> list[Showing]:
        repeats, checks, seed = self.plan.repeats, self.plan.checks, self.seed
        if repeats:
            is_added = self.is_added
            shown = with_repeats(shown, repeats, seed=seed, reader=reader, part=part, is_added=is_added)
        if checks:
            draw = MadeChecks(checks, self.cases, self.plan.truths, seed=seed, reader=reader, part=part)
            shown = draw.among(shown, is_added=self.is_added)
            shown = with_checks(shown, checks, seed=seed, reader=reader, part=part)
        return shown


def _rows(
    seed: int, key_seed: int, reader: int, shown: Sequence[tuple[int, Showing]], arms: Sequence[str]
) -> Iterator[Presentation]:
    key, case_key = digests(key_seed, "reading", reader), cache(digests(key_seed, "case", reader))
    letters = Letters(seed, reader, len(arms))
    for position, (batch, each) in enumerate(shown, start=1):
        row = Presentation(
            reader=reader,
            period=each.period,
            position=position,
            case=each.case,
            arms=tuple(arms[number] for number in each.arms),
            letters=letters.of(each.case, each.arms),
            kind=each.kind,
            key=key(position)[:24],
            case_key="",
            batch=batch,
            check=each.check,
            source=each.source,
        )
        yield replace(row, case_key=case_key(row.pictures)[:24])


def _check_all(plan: Plan, batches: Sequence[Sequence[str]], arms: Sequence[str]) -> None:
    if not batches or not batches[0]:
        raise PlanError("There is no case, so there is nothing to allocate.")
    if not arms:
        raise PlanError("There is no arm, so there is nothing to allocate.")
    _check("case", [*plan.practice, *(case for batch in batches for case in batch)])
    _check("arm", arms)
    if len(arms) > MOST_ARMS:
        raise PlanError(f"There are {len(arms)} arms; at most {MOST_ARMS} can be told apart by letters.")
    check_plan(plan)
    if plan.crossover and isinstance(plan.comparison, OneArm | Together):
        raise PlanError(
            "A crossover shows the arms of a case in different periods; choose arms one at a time, or pairs."
        )
    if plan.crossover and isinstance(plan.comparison, Pairs) and plan.comparison.per_case == 1:
        raise PlanError(
            "A crossover with one pair of each case has one period only; leave the crossover out."
        )


def _check(what: str, codes: Iterable[int | str]) -> None:
    seen = list(codes)
    if len(set(seen)) != len(seen):
        raise PlanError(f"A {what} occurs twice; each {what} needs a code of its own.")
