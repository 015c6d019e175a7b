"""How far the settling of disagreements is: for an adjudicator's own page, and for the coordinator's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from readerstudy.reading.adjudication.queue import Matter, matters_of, open_to, waiting
from readerstudy.reading.adjudication.terms import Terms
from readerstudy.reading.models import Adjudication, DisputedQuestion, Ending
from readerstudy.reading.protocol import frozen_of, nature_of
from readerstudy.studies.models import Membership, Role, Study
from readerstudy.studies.policies import StudyError, can_settle, check_settling_open


@dataclass(frozen=True)
class Work:
    """What an adjudicator has done and what waits; `obstacle` says why nothing can be settled now."""

    done: int
    left: int
    is_begun: bool
    obstacle: str
    shows_readings: bool
    notice: str

    @property
    def total(self) -> int:
        return self.done + self.left


@dataclass(frozen=True)
class Line:
    """One criterion: how often its readers disagree, and what came of it."""

    question: str
    found: int
    settled: int
    opened: int
    closed: int

    @property
    def waiting(self) -> int:
        return max(0, self.found - self.settled - self.opened - self.closed)


def own_work(seat: Membership) -> Work:
    """Where the adjudicator stands now."""
    mine = Adjudication.objects.filter(adjudicator=seat)
    terms, is_begun = frozen_of(seat.study).terms, mine.waiting().exists()
    return Work(
        done=mine.filter(ending=Ending.SETTLED).count(),
        left=len(open_to(seat.study, seat.user_id)) + is_begun if can_settle(seat.study) else 0,
        is_begun=is_begun,
        obstacle=_obstacle(seat.study),
        shows_readings=terms.shows_readings,
        notice=nature_of(seat.study).notice,
    )


def _obstacle(study: Study) -> str:
    try:
        check_settling_open(study)
    except StudyError as error:
        return str(error)
    return ""


def adjudicators_of(study: Study) -> QuerySet[Membership]:
    """The people who settle disagreements in this study."""
    present = Membership.objects.present().filter(study=study, role=Role.ADJUDICATOR)
    return present.select_related("user").order_by("pk")


def count_open(study: Study) -> int:
    """How many cases with disagreements wait, opened ones included."""
    if not frozen_of(study).terms.is_declared or not can_settle(study):
        return 0
    return len(waiting(study)) + Adjudication.objects.of(study).waiting().count()


def state_of(study: Study) -> dict[str, Any]:
    """What the coordinator's page shows beside the rules; no answer of anybody is among it."""
    terms, matters = frozen_of(study).terms, matters_of(study)
    opened = Adjudication.objects.of(study).waiting().select_related("case", "adjudicator__user")
    return {
        "terms": terms,
        "lines": _lines(study, terms, matters),
        "matters": len(matters),
        "waiting": len(waiting(study)),
        "opened": opened.annotate(questions=Count("disputed")).order_by("opened_at"),
        "closed": _closed(study),
        "settled": Adjudication.objects.of(study).filter(ending=Ending.SETTLED).count(),
        "adjudicators": list(adjudicators_of(study)),
        "may_settle": can_settle(study),
    }


def _closed(study: Study) -> QuerySet[Adjudication]:
    closed = Adjudication.objects.of(study).filter(ending=Ending.CLOSED)
    return closed.select_related("case", "ended_by").order_by("-ended_at")


def _lines(study: Study, terms: Terms, matters: Iterable[Matter]) -> list[Line]:
    """One line a criterion that has a rule, in reading order."""
    found = Counter(each.place.criterion for matter in matters for each in matter.disputed)
    rows = DisputedQuestion.objects.filter(adjudication__plan__study=study)
    ended: Counter[tuple[str, str]] = Counter(
        rows.exclude(adjudication__ending=Ending.REASSIGNED).values_list(
            "criterion__key", "adjudication__ending"
        )
    )
    return [
        Line(
            question=criterion.question,
            found=max(found[criterion.key], ended[criterion.key, Ending.SETTLED]),
            settled=ended[criterion.key, Ending.SETTLED],
            opened=ended[criterion.key, ""],
            closed=ended[criterion.key, Ending.CLOSED],
        )
        for criterion in frozen_of(study).criteria
        if criterion.key in terms.ruled
    ]
