"""One row a reader: what they told of themselves, consent, practice, how much they read, what they said at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, F, FloatField, Q, Sum, Value
from django.db.models.functions import Cast, Coalesce, Extract, Least
from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import YES, Column
from readerstudy.analysis.exports.tables import ExportTable, Source, moment
from readerstudy.analysis.last_answers import LastAnswers
from readerstudy.reading.models import (
    Act,
    Allocation,
    AllocationPlan,
    Background,
    PracticeRound,
    PresentationKind,
    ReaderSignature,
    Reading,
    Replacement,
)
from readerstudy.reading.path.sittings import LONGEST_READING_SECONDS
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.models import Criterion, Membership, Role

FIRST = (
    Column("study", "The study, by the key in its address."),
    Column("reader", "The reader's pseudonym.", "R and the number of the reader's seat"),
    Column("specialty", "The specialty, as the reader gave it."),
    Column("years_experience", "Years of experience in it.", "number", "years"),
    Column("simulated", "Whether the reader is simulated, so that no doctor gave these ratings.", YES),
)
TOLD = {
    "role": "The reader's role, as the reader gave it.",
    "subspecialty": "The subspecialty, as the reader gave it.",
    "board_status": "Board certification, as the reader gave it.",
    "country": "The country the reader works in, as the reader gave it.",
    "ai_experience": "Experience with such models, as the reader gave it.",
    "screen": "The screen the reader reads on, as the reader gave it.",
    "conflicts": "Conflicts of interest, as the reader gave them.",
}
"""What a protocol may ask readers about themselves."""
TIMES = (
    Column("joined_at", "When the reader became one of this study.", "ISO 8601, UTC", "date and time"),
    Column("consented_at", "When the reader agreed to the consent text.", "ISO 8601, UTC", "date and time"),
    Column("consent_sha256", "SHA-256 of the consent text that was agreed to."),
    Column("left_at", "When the reader left; empty = has not.", "ISO 8601, UTC", "date and time"),
    Column("replaced_by", "The reader who took over what was left unread.", "pseudonym"),
)
PRACTICE = (
    Column("practice_rounds", "How often the practice cases were read as a whole.", "number", "count"),
    Column("practice_agreed", "Practice answers of the last round that were as expected.", "number", "count"),
    Column(
        "practice_compared", "Practice answers of the last round that could be compared.", "number", "count"
    ),
    Column("practice_passed", "Whether the last round reached the mark.", YES),
)
READ = (
    Column("planned", "Presentations that are planned for this reader, without practice.", "number", "count"),
    Column(
        "cases_submitted", "Presentations that the reader has submitted, without practice.", "number", "count"
    ),
    Column(
        "active_minutes",
        "Minutes of the submitted presentations, as the browser counted them; where it did not, from showing to "
        f"submitting, each at most {LONGEST_READING_SECONDS // 60} minutes.",
        "number, one decimal",
        "min",
    ),
    Column("sittings", "Sittings in which something was submitted.", "number", "count"),
    Column("completion_signed", "Whether the reader has signed that the reading is complete.", YES),
)
EXIT = "exit_"
CANNOT = "cannot judge"


def _columns(source: Source) -> Sequence[Column]:
    asked = (Column(name, TOLD[name]) for name in frozen_of(source.study).profile)
    last = (_exit_column(criterion) for criterion in Criterion.objects.exit(source.study))
    return (*FIRST, *asked, *TIMES, *PRACTICE, *READ, *last)


def _exit_column(criterion: Criterion) -> Column:
    coding = "; ".join(f"{option['value']} = {option['label']}" for option in criterion.options)
    meaning = f"The answer after the last case to “{criterion.question}”; empty = not answered."
    return Column(EXIT + criterion.key, meaning, coding or "text", criterion.unit)


@dataclass(frozen=True)
class _Known:
    """Everything about the readers of one study, by seat; one query each."""

    source: Source

    @cached_property
    def plan(self) -> AllocationPlan | None:
        return AllocationPlan.objects.locked(self.source.study)

    @cached_property
    def last(self) -> LastAnswers:
        return LastAnswers.of(self.source.study)

    @cached_property
    def told(self) -> dict[int, dict[str, Any]]:
        rows = Background.objects.filter(seat__study=self.source.study).order_by("pk")
        return {row.seat_id: row.answers for row in rows}

    @cached_property
    def rounds(self) -> dict[int, PracticeRound]:
        rows = PracticeRound.objects.filter(plan=self.plan).order_by("number")
        return {row.seat_id: row for row in rows}

    @cached_property
    def signed(self) -> set[int]:
        found = ReaderSignature.objects.filter(seat__study=self.source.study, act=Act.COMPLETION)
        return set(found.values_list("seat", flat=True))

    @cached_property
    def successors(self) -> dict[int, str]:
        rows = Replacement.objects.filter(plan__study=self.source.study).select_related("successor")
        return {row.leaver_id: row.successor.pseudonym for row in rows}

    @cached_property
    def planned(self) -> dict[int, int]:
        mine = Allocation.objects.filter(plan=self.plan, successor=None).order_by()
        counted = mine.exclude(kind=PresentationKind.PRACTICE).values("seat").annotate(n=Count("pk"))
        return {row["seat"]: row["n"] for row in counted}

    @cached_property
    def read(self) -> dict[int, dict[str, Any]]:
        """By seat: cases submitted, seconds of reading, and sittings in which something was read."""
        taken = Cast(Extract(F("submitted_at") - F("shown_at"), "epoch"), FloatField())
        mine = Reading.objects.filter(allocation__plan=self.plan, submitted_at__isnull=False).order_by()
        counts = ~Q(allocation__kind=PresentationKind.PRACTICE)
        seconds = Coalesce("active_seconds", Least(taken, Value(float(LONGEST_READING_SECONDS))))
        found = mine.values("allocation__seat").annotate(
            cases=Count("pk", filter=counts),
            seconds=Sum(seconds, filter=counts),
            sittings=Count("session", distinct=True, filter=counts),
        )
        return {row["allocation__seat"]: dict(row) for row in found}


def _rows(source: Source) -> Iterator[list[str]]:
    known, asked = _Known(source), frozen_of(source.study).profile
    seats = Membership.objects.filter(study=source.study, role=Role.READER)
    for seat in seats.select_related("user__profile").order_by("seat"):
        told = known.told.get(seat.pk, {})
        yield [
            *_first(source, seat),
            *(cells.text(str(told.get(name, ""))) for name in asked),
            *_times(seat, known),
            *_practice(known.rounds.get(seat.pk)),
            cells.number(known.planned.get(seat.pk, 0)),
            *_read(known.read.get(seat.pk)),
            cells.flag(seat.pk in known.signed),
            *(_last(known.last.answers.get(row.pk, {}).get(seat.pk)) for row in known.last.criteria),
        ]


def _first(source: Source, seat: Membership) -> list[str]:
    profile = getattr(seat.user, "profile", None)
    specialty, years = (profile.specialty, profile.years_experience) if profile else ("", None)
    names = [cells.text(source.study.key), seat.pseudonym]
    return [*names, cells.text(specialty), cells.number(years), cells.flag(seat.user.is_simulated)]


def _times(seat: Membership, known: _Known) -> list[str]:
    consent = (moment(seat.consented_at), seat.consent_sha256)
    return [moment(seat.added_at), *consent, moment(seat.removed_at), known.successors.get(seat.pk, "")]


def _practice(ended: PracticeRound | None) -> list[str]:
    if ended is None:
        return [""] * len(PRACTICE)
    numbers = (ended.number, ended.agreed, ended.compared)
    return [*(cells.number(each) for each in numbers), cells.flag(ended.is_passed)]


def _read(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return ["0", "0", "0"]
    minutes = round((row["seconds"] or 0) / 60, 1)
    return [cells.number(each) for each in (row["cases"], minutes, row["sittings"])]


def _last(answer: tuple[str, bool] | None) -> str:
    if answer is None:
        return ""
    value, cannot_judge = answer
    return CANNOT if cannot_judge else cells.text(value)


readers = ExportTable(
    "readers.csv",
    _(
        "One row a reader, by pseudonym: experience, consent, practice, how much was read, and the answers after the "
        "last case."
    ),
    _columns,
    _rows,
)
