"""One row a reader: what they told of themselves, how practice went, how long they read, what they said at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, FloatField, Q, Sum, Value
from django.db.models.functions import Cast, Coalesce, Extract, Least

from readerstudy.analysis import cells
from readerstudy.analysis.last_answers import LastAnswers
from readerstudy.analysis.snapshot import one_moment
from readerstudy.reading.models import (
    Act,
    AllocationPlan,
    Background,
    PracticeRound,
    PresentationKind,
    ReaderSignature,
    Reading,
)
from readerstudy.reading.path.sittings import LONGEST_READING_SECONDS
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Membership, Role, Study

FIRST = ("study", "reader", "specialty", "years_experience", "simulated")
PRACTICE = ("practice_rounds", "practice_agreed", "practice_compared", "practice_passed")
TIME = ("cases_submitted", "active_minutes", "sittings", "completion_signed")
CANNOT = "cannot judge"


def readers_csv(study: Study) -> bytes:
    """The table as CSV: header first, readers by seat; all from one moment of the database."""
    with one_moment():
        return cells.write(_rows(study))


def _rows(study: Study) -> Iterator[list[str]]:
    last, asked, plan = LastAnswers.of(study), frozen_of(study).profile, AllocationPlan.objects.locked(study)
    exits = [f"exit_{criterion.key}" for criterion in last.criteria]
    yield [*FIRST, *asked, *PRACTICE, *TIME, *exits]
    seats = (
        Membership.objects.filter(study=study, role=Role.READER)
        .select_related("user__profile")
        .order_by("seat")
    )
    told = {row.seat_id: row.answers for row in Background.objects.filter(seat__study=study).order_by("pk")}
    rounds = {row.seat_id: row for row in PracticeRound.objects.filter(plan=plan).order_by("number")}
    signed = set(
        ReaderSignature.objects.filter(seat__study=study, act=Act.COMPLETION).values_list("seat", flat=True)
    )
    times = _times(plan)
    for seat in seats:
        yield [
            *_first(study, seat),
            *(cells.text(str(told.get(seat.pk, {}).get(name, ""))) for name in asked),
            *_practice(rounds.get(seat.pk)),
            *_time(times.get(seat.pk)),
            cells.flag(seat.pk in signed),
            *(_last(last.answers.get(criterion.pk, {}).get(seat.pk)) for criterion in last.criteria),
        ]


def _first(study: Study, seat: Membership) -> list[str]:
    profile = getattr(seat.user, "profile", None)
    specialty, years = (profile.specialty, profile.years_experience) if profile else ("", None)
    return [
        cells.text(study.key),
        seat.pseudonym,
        cells.text(specialty),
        cells.number(years),
        cells.flag(seat.user.is_simulated),
    ]


def _practice(ended: PracticeRound | None) -> list[str]:
    if ended is None:
        return [""] * len(PRACTICE)
    numbers = (ended.number, ended.agreed, ended.compared)
    return [*(cells.number(each) for each in numbers), cells.flag(ended.is_passed)]


def _times(plan: AllocationPlan | None) -> dict[int, dict[str, Any]]:
    """By seat: cases submitted, seconds of reading, and sittings in which something was read."""
    taken = Cast(Extract(F("submitted_at") - F("shown_at"), "epoch"), FloatField())
    mine = Reading.objects.filter(allocation__plan=plan, submitted_at__isnull=False).order_by()
    counts = ~Q(allocation__kind=PresentationKind.PRACTICE)
    found = mine.values("allocation__seat").annotate(
        cases=Count("pk", filter=counts),
        seconds=Sum(
            Coalesce("active_seconds", Least(taken, Value(float(LONGEST_READING_SECONDS)))), filter=counts
        ),
        sittings=Count("session", distinct=True, filter=counts),
    )
    return {row["allocation__seat"]: dict(row) for row in found}


def _time(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["0", "0", "0"]
    return [
        cells.number(row["cases"]),
        cells.number(round((row["seconds"] or 0) / 60, 1)),
        cells.number(row["sittings"]),
    ]


def _last(answer: tuple[str, bool] | None) -> str:
    if answer is None:
        return ""
    value, cannot_judge = answer
    return CANNOT if cannot_judge else cells.text(value)
