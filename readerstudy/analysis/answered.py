"""What every reader answered about one case, beside each other: the arms as the report names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet

from readerstudy.analysis.blinding import ShownArms
from readerstudy.analysis.table import COUNTED
from readerstudy.cases.models import Case
from readerstudy.reading.models import Allocation, Rating
from readerstudy.reading.visibility import words_of
from readerstudy.studies.models import Criterion, Role, Study

Subject = tuple[int, int | None, str]
"""A question by its key, the arm it is about (None: the case or the pair), and the piece of a text."""


@dataclass(frozen=True)
class Screen:
    """One presentation of the case to one reader; `letters` says which arm stood behind which letter."""

    allocation: Allocation
    letters: tuple[tuple[str, str], ...]
    answers: Mapping[Subject, str]
    is_repeat: bool


@dataclass(frozen=True)
class Column:
    """One reader with every screen of the case that this reader had."""

    reader: str
    is_simulated: bool
    screens: tuple[Screen, ...]

    def said(self, subject: Subject) -> tuple[str, ...]:
        """The answers of all screens to one question, in the order of reading."""
        return tuple(screen.answers[subject] for screen in self.screens if subject in screen.answers)


@dataclass(frozen=True)
class Row:
    """One question about one subject with every reader's answers in words, one for each screen that asked it."""

    question: str
    arm: str
    part: str
    answers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Answered:
    """All readers of a case and the rows between them."""

    case: Case
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def presentations(study: Study) -> QuerySet[Allocation]:
    """The presentations that count and were shown, of readers of this study."""
    mine = {"plan__study": study, "plan__is_pilot": False, "kind__in": COUNTED, "seat__role": Role.READER}
    return Allocation.objects.filter(**mine, reading__isnull=False)


def answered(study: Study, case: Case) -> Answered:
    """What there is of this case, in the order of the seats."""
    shown = presentations(study).filter(case=case).select_related("seat__study", "seat__user", "reading")
    ordered = list(shown.order_by("seat__seat", "position").prefetch_related("outputs"))
    given = Rating.objects.filter(allocation__in=ordered).select_related("criterion", "output")
    arms = ShownArms.of(study)
    screens = [_screen(each, [r for r in given if r.allocation_id == each.pk], arms) for each in ordered]
    columns = tuple(_column(list(own)) for _seat, own in groupby(screens, key=_seat_of))
    return Answered(case, columns, tuple(_rows(study, columns, arms)))


def _seat_of(screen: Screen) -> int:
    return screen.allocation.seat_id


def _column(screens: Sequence[Screen]) -> Column:
    seat = screens[0].allocation.seat
    return Column(seat.pseudonym, seat.user.is_simulated, tuple(screens))


def _screen(allocation: Allocation, ratings: Sequence[Rating], arms: ShownArms) -> Screen:
    outputs = sorted(allocation.outputs.all(), key=lambda output: output.letter)
    return Screen(
        allocation=allocation,
        letters=tuple((output.letter, arms.arm(output.arm_id).name) for output in outputs),
        answers={
            (rating.criterion_id, rating.output.arm_id if rating.output else None, rating.part): words_of(
                rating.criterion, rating
            )
            for rating in ratings
        },
        is_repeat=allocation.kind == "repeat",
    )


def _rows(study: Study, columns: Sequence[Column], arms: ShownArms) -> list[Row]:
    """Questions in their order, within each the arms as the report orders them, then the pieces."""
    questions = {row.pk: (place, row.question) for place, row in enumerate(Criterion.objects.of(study))}
    order = {pk: place for place, pk in enumerate(arms.order)}
    asked = {subject for column in columns for screen in column.screens for subject in screen.answers}
    subjects = [subject for subject in asked if subject[0] in questions]

    def place(subject: Subject) -> tuple[int, int, int, str]:
        criterion, arm, part = subject
        return questions[criterion][0], order.get(arm or 0, -1), len(part), part

    return [
        Row(
            question=questions[subject[0]][1],
            arm="" if subject[1] is None else arms.arm(subject[1]).name,
            part=subject[2],
            answers=tuple(column.said(subject) for column in columns),
        )
        for subject in sorted(subjects, key=place)
    ]
