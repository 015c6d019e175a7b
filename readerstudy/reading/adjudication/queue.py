"""What waits to be settled: exactly the disagreements that nobody has settled, closed or opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Max

from readerstudy.designs.shuffling import digest
from readerstudy.reading.adjudication.finding import Disagreement, Place, Screen, disagreements
from readerstudy.reading.adjudication.given import given_of
from readerstudy.reading.models import Adjudication, Allocation, AllocationPlan, DisputedQuestion, Reading
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Arm, Study

KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Matter:
    """A screen whose readers disagree about `disputed`; `asks_more` where it brings up the second stage."""

    screen: Screen
    disputed: tuple[Disagreement, ...] = ()
    asks_more: bool = False


def matters_of(study: Study) -> list[Matter]:
    """Every disagreement of the study's readers, whether or not somebody has dealt with it.

    What was found is kept for as long as no reading is submitted or changed.
    """
    plan = AllocationPlan.objects.locked(study) if frozen_of(study).terms.is_declared else None
    if plan is None:
        return []
    name = f"matters-{plan.pk}-{study.manifest_sha256}-{_state_of(plan)}"
    known: list[Matter] | None = cache.get(name)
    if known is None:
        known = _found(plan)
        cache.set(name, known, KEPT_SECONDS)
    return known


def waiting(study: Study) -> list[Matter]:
    """What nobody has opened yet, in an order drawn from the plan's seed; of what is settled nothing comes again."""
    plan = AllocationPlan.objects.locked(study)
    if plan is None:
        return []
    taken, done = _taken(plan), _done(plan)
    left = [_without(matter, done) for matter in matters_of(study) if _named(matter.screen) not in taken]
    return _in_order(plan, [matter for matter in left if matter.disputed or matter.asks_more])


def open_to(study: Study, user_id: int) -> list[Matter]:
    """What waits and this person may settle: only cases that the person does not read."""
    own = set(
        Allocation.objects.filter(plan__study=study, plan__is_pilot=False, seat__user=user_id).values_list(
            "case", flat=True
        )
    )
    return [matter for matter in waiting(study) if matter.screen.case not in own]


def _state_of(plan: AllocationPlan) -> str:
    """Changes whenever a reading is submitted, or an answer of a submitted one changes."""
    submitted = Reading.objects.filter(allocation__plan=plan, submitted_at__isnull=False)
    found = submitted.aggregate(count=Count("pk"), last=Max("last_answer_at"), ended=Max("submitted_at"))
    return "-".join(str(value and str(value).replace(" ", "T")) for value in found.values())


def _found(plan: AllocationPlan) -> list[Matter]:
    frozen = frozen_of(plan.study)
    ruled = {rule.criterion for rule in (*frozen.terms.rules, *frozen.terms.second_rules)}
    given = given_of(plan, [criterion for criterion in frozen.criteria if criterion.key in ruled])
    disputed: dict[Screen, list[Disagreement]] = defaultdict(list)
    for each in disagreements(frozen.terms.rules, given):
        disputed[each.screen].append(each)
    second = {each.screen for each in disagreements(frozen.terms.second_rules, given)}
    return [
        Matter(screen, tuple(disputed.get(screen, ())), screen in second)
        for screen in dict.fromkeys([*disputed, *second])
    ]


def _named(screen: Screen) -> tuple[int, tuple[int, ...]]:
    return screen.case, screen.arms


def _taken(plan: AllocationPlan) -> set[tuple[int, tuple[int, ...]]]:
    """The screens that somebody has before them now."""
    rows = Adjudication.objects.filter(plan=plan).waiting().values_list("case", "arms")
    return {(case, tuple(arms)) for case, arms in rows}


@dataclass(frozen=True)
class _Done:
    """What is settled or closed for good: places by screen, and screens whose second stage is answered."""

    places: frozenset[tuple[Screen, Place]]
    second: frozenset[Screen]


def _done(plan: AllocationPlan) -> _Done:
    ended = Adjudication.objects.filter(plan=plan).for_good()
    rows = DisputedQuestion.objects.filter(adjudication__in=ended)
    columns = ("adjudication__case", "adjudication__arms", "criterion__key", "arm", "part")
    return _Done(
        frozenset(
            (Screen(case, tuple(arms)), Place(key, arm, part))
            for case, arms, key, arm, part in rows.values_list(*columns)
        ),
        frozenset(
            Screen(case, tuple(arms))
            for case, arms in ended.filter(asks_more=True).values_list("case", "arms")
        ),
    )


def _without(matter: Matter, done: _Done) -> Matter:
    left = tuple(each for each in matter.disputed if (each.screen, each.place) not in done.places)
    return Matter(matter.screen, left, matter.asks_more and matter.screen not in done.second)


def _in_order(plan: AllocationPlan, matters: Sequence[Matter]) -> list[Matter]:
    """An order that tells nothing of when readers read, or how far they lie apart."""
    codes = dict(
        plan.study.cases.filter(pk__in={each.screen.case for each in matters}).values_list("pk", "code")
    )
    positions = dict(Arm.objects.filter(study=plan.study_id).values_list("pk", "position"))

    def drawn(matter: Matter) -> str:
        return digest(
            plan.key_seed or plan.seed,
            "adjudication",
            codes[matter.screen.case],
            screen_name(matter.screen, positions),
        )

    return sorted(matters, key=drawn)


def screen_name(screen: Screen, positions: dict[int, int]) -> str:
    """The positions of a screen's arms, such as "0+2"."""
    return "+".join(str(positions[arm]) for arm in screen.arms)
