"""Adjudicated results beside the raw ones: one row a question of a screen, in plain columns.

Values of comparisons and of orders of texts are told as if the arms of the screen stood as A, B … in the order of the
study, those of readers and of adjudicators alike.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from readerstudy.reading.adjudication.finding import Given, Place, Screen, disagreements
from readerstudy.reading.adjudication.given import given_of, oriented
from readerstudy.reading.models import (
    Adjudication,
    AllocationPlan,
    DisputedQuestion,
    Ending,
    Settlement,
)
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Criterion, Membership, Role, Study
from readerstudy.studies.rubrics.values import read_number

WITHIN_RULES, WAITING, OPENED = "within_rules", "waiting", "opened"
SETTLED, CLOSED, SECOND_STAGE = str(Ending.SETTLED), str(Ending.CLOSED), "second_stage"

__all__ = ["CLOSED", "OPENED", "SECOND_STAGE", "SETTLED", "WAITING", "WITHIN_RULES", "Row", "rows"]

Where = tuple[Screen, Place]


@dataclass(frozen=True)
class Row:
    """One question about a case with the texts beside it.

    `arms` are those texts' arms and `arm` the one that was asked about, by primary key. `answers` are those of the
    readers by pseudonym, empty for “cannot judge”. `status` is within_rules (no rule is set off), waiting, opened,
    settled, closed, or second_stage (asked of the adjudicator alone). `value` is the settlement's, which no person gave
    where `is_simulated`.
    """

    case: str
    arms: tuple[int, ...]
    arm: int | None
    criterion: str
    part: str
    answers: Mapping[str, str]
    status: str
    trigger: str = ""
    value: str = ""
    score: float | None = None
    cannot_judge: bool = False
    reason: str = ""
    adjudicator: str = ""
    is_simulated: bool = False
    saw_readings: bool | None = None
    settled_at: dt.datetime | None = None


def rows(study: Study) -> Iterator[Row]:
    """Every question that a rule of the protocol is about, and what came of it; then those of the second stage.

    The order is that of cases, criteria and parts. Six queries, however many rows there are.
    """
    frozen = frozen_of(study)
    plan = AllocationPlan.objects.locked(study) if frozen.terms.is_declared else None
    if plan is None:
        return
    ruled = [criterion for criterion in frozen.criteria if criterion.key in frozen.terms.ruled]
    given, ended = given_of(plan, ruled), _Ended.of(plan, [*frozen.criteria, *frozen.terms.second])
    triggers = {(each.screen, each.place): each.trigger for each in disagreements(frozen.terms.rules, given)}
    answers: dict[Where, list[Given]] = defaultdict(list)
    for each in given:
        answers[each.screen, each.place].append(each)
    names = _Names.of(study, (where[0] for where in (*answers, *ended.settled)))
    order = {criterion.key: place for place, criterion in enumerate([*frozen.criteria, *frozen.terms.second])}
    wanted = {*answers, *ended.settled}
    for where in sorted(wanted, key=lambda where: _place_in_order(where, names, order)):
        yield _row(where, answers.get(where, []), triggers.get(where, ""), ended, names)


@dataclass(frozen=True)
class _Names:
    """Codes of cases, pseudonyms of readers and of adjudicators, by primary key; and which of those are simulated."""

    cases: dict[int, str]
    readers: dict[int, str]
    adjudicators: dict[int, str]
    simulated: frozenset[int]

    @classmethod
    def of(cls, study: Study, screens: Iterable[Screen]) -> _Names:
        cases = study.cases.filter(pk__in={screen.case for screen in screens})
        people = list(Membership.objects.filter(study=study).select_related("user").order_by("pk"))
        settling = [each.pk for each in people if each.role == Role.ADJUDICATOR]
        return cls(
            cases=dict(cases.values_list("pk", "code")),
            readers={each.pk: each.pseudonym for each in people if each.role == Role.READER},
            adjudicators={pk: f"J{place:02d}" for place, pk in enumerate(settling, start=1)},
            simulated=frozenset(each.pk for each in people if each.user.is_simulated),
        )


@dataclass(frozen=True)
class _Ended:
    """What became of each question: how its adjudication stands, and the settlement with whoever gave it."""

    status: dict[Where, str]
    triggers: dict[Where, str]
    settled: dict[Where, tuple[Adjudication, Settlement, str]]

    @classmethod
    def of(cls, plan: AllocationPlan, criteria: Iterable[Criterion]) -> _Ended:
        found = Adjudication.objects.filter(plan=plan).exclude(ending=Ending.REASSIGNED)
        opened = {each.pk: each for each in found.prefetch_related("outputs").order_by("pk")}
        status, triggers = {}, {}
        disputed = DisputedQuestion.objects.filter(adjudication__in=opened).select_related("criterion")
        for row in disputed.order_by("adjudication"):
            one = opened[row.adjudication_id]
            where = _screen(one), Place(row.criterion.key, row.arm_id, row.part)
            status[where], triggers[where] = one.ending or OPENED, row.trigger
        return cls(status, triggers, _settled(opened, {each.key: each for each in criteria}))


def _settled(
    opened: Mapping[int, Adjudication], criteria: Mapping[str, Criterion]
) -> dict[Where, tuple[Adjudication, Settlement, str]]:
    """The answers that stand in adjudications that are settled, oriented."""
    found = {}
    events = Settlement.objects.filter(adjudication__in=opened, adjudication__ending=Ending.SETTLED)
    for event in events.standing():
        one = opened[event.adjudication_id]
        outputs = sorted(one.outputs.all(), key=lambda output: output.letter)
        arms = {output.pk: output.arm_id for output in outputs}
        place = Place(event.key, arms.get(event.output_id or 0), event.part)
        order = [output.arm_id for output in outputs]
        value = (
            oriented(criteria[event.key], event.value, order, one.arms)
            if event.key in criteria
            else event.value
        )
        if event.value or event.cannot_judge:
            found[_screen(one), place] = (one, event, value)
    return found


def _screen(adjudication: Adjudication) -> Screen:
    return Screen(adjudication.case_id, tuple(adjudication.arms))


def _place_in_order(where: Where, names: _Names, order: Mapping[str, int]) -> tuple[object, ...]:
    screen, place = where
    part = (len(place.part), place.part)
    return names.cases[screen.case], screen.arms, order.get(place.criterion, len(order)), place.arm or 0, part


def _row(where: Where, given: list[Given], trigger: str, ended: _Ended, names: _Names) -> Row:
    screen, place = where
    status = ended.status.get(where) or (WAITING if trigger else WITHIN_RULES)
    one, event, value = ended.settled.get(where, (None, None, ""))
    if event is not None and where not in ended.status:
        status = SECOND_STAGE if event.criterion_id is None else SETTLED
    return Row(
        case=names.cases[screen.case],
        arms=screen.arms,
        arm=place.arm,
        criterion=place.criterion,
        part=place.part,
        answers={names.readers[each.reader]: each.drawn or each.value for each in given},
        status=status,
        trigger=ended.triggers.get(where, trigger),
        value=value,
        score=_score(event, value),
        cannot_judge=bool(event and event.cannot_judge),
        reason=event.reason if event else "",
        adjudicator=names.adjudicators.get(one.adjudicator_id, "") if one else "",
        is_simulated=one is not None and one.adjudicator_id in names.simulated,
        saw_readings=one.shows_readings if one else None,
        settled_at=one.ended_at if one else None,
    )


def _score(event: Settlement | None, value: str) -> float | None:
    """The number of a settlement; of a comparison that was turned the turned one."""
    if event is None or event.score is None or value == event.value:
        return event.score if event else None
    return read_number(value)
