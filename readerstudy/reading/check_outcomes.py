"""What became of the attention checks: passed, failed, or nothing that a rule could tell; for board and report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from readerstudy.reading.check_rules import Given, passes
from readerstudy.reading.models import Allocation, AllocationPlan, CheckMadeOf, PresentationKind, Rating
from readerstudy.reading.path.checks import answered_wrongly


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attention check that was submitted; `passed` is None where no answer tells."""

    seat: int
    made_of: str
    position: int
    passed: bool | None


@dataclass(frozen=True)
class Tally:
    """The checks of one reader that were submitted, by what they are made of."""

    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        kind = {True: self.passed, False: self.failed, None: self.untold}[outcome.passed]
        kind[outcome.made_of] += 1

    @property
    def scored(self) -> int:
        return self.failed.total() + self.passed.total()

    @property
    def words(self) -> str:
        """For the board: how many of the checks with a rule were failed, and which."""
        failed, scored = self.failed.total(), self.scored
        if not scored:
            return _("%(n)d without a rule") % {"n": self.untold.total()} if self.untold else ""
        told = _("%(failed)d of %(all)d failed") % {"failed": failed, "all": scored}
        kinds = ", ".join(str(CheckMadeOf(kind).label) for kind in sorted(self.failed))
        return f"{told}: {kinds}" if kinds else told


def outcomes_of(plan: AllocationPlan) -> list[Outcome]:
    """Every check that was submitted under this plan, by reader and position; in five queries at most."""
    checks = Allocation.objects.filter(
        plan=plan, kind=PresentationKind.CHECK, reading__submitted_at__isnull=False
    )
    given: dict[int, list[Given]] = defaultdict(list)
    for rating in Rating.objects.filter(allocation__in=checks).select_related("criterion").order_by("pk"):
        told = Given(rating.criterion, rating.value, rating.score, rating.cannot_judge)
        given[rating.allocation_id].append(told)
    wrong = answered_wrongly(plan)

    def passed(check: Allocation) -> bool | None:
        return not wrong[check.pk] if check.pk in wrong else passes(check.check_kind, given[check.pk])

    return [
        Outcome(check.seat_id, check.check_kind, check.position, passed(check))
        for check in checks.order_by("seat__seat", "position")
    ]


def tallies(outcomes: Iterable[Outcome]) -> Mapping[int, Tally]:
    """The outcomes by the primary key of the reader's membership."""
    found: dict[int, Tally] = defaultdict(Tally)
    for outcome in outcomes:
        found[outcome.seat].add(outcome)
    return found
