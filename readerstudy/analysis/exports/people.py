"""Readers' sittings and what they were given to read; pseudonyms alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F
from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import YES, YES_OR_BLANK, Column
from readerstudy.analysis.exports.tables import ExportTable, Source, fetched, fixed, moment
from readerstudy.reading.board import has_checks
from readerstudy.reading.check_outcomes import outcomes_of
from readerstudy.reading.models import AllocationPlan, CheckMadeOf, Session

SESSIONS = (
    Column("reader", "The reader's pseudonym."),
    Column("session", "The number of the sitting of this reader.", "from 1", "count"),
    Column("started_at", "When it began.", "ISO 8601, UTC", "date and time"),
    Column("last_seen_at", "When the reader was last seen in it.", "ISO 8601, UTC", "date and time"),
    Column("ended_at", "When it ended; empty = it is open.", "ISO 8601, UTC", "date and time"),
    Column("opened", "Presentations that were opened in it.", "number", "count"),
    Column("submitted", "Presentations opened in it that were submitted.", "number", "count"),
)


def _sessions(source: Source) -> Iterator[list[str]]:
    rows = Session.objects.filter(seat__study=source.study).annotate(
        seen=F("seat__seat"), opened=Count("readings"), submitted=Count("readings__submitted_at")
    )
    number, before = 0, None
    for row in rows.order_by("seen", "started_at", "pk"):
        number, before = (number + 1 if row.seat_id == before else 1), row.seat_id
        times = [moment(row.started_at), moment(row.last_seen_at), moment(row.ended_at)]
        yield [f"R{row.seen:02d}", str(number), *times, str(row.opened), str(row.submitted)]


sessions = ExportTable(
    "sessions.csv",
    _("When each reader sat down to read, and how much was read in one sitting."),
    fixed(*SESSIONS),
    _sessions,
)

ALLOCATION = """
SELECT m.seat, a.position, a.period, a.batch, a.kind, c.code, coalesce(o.arm_id, a.arm_id), o.letter, o.side, false,
       EXISTS (SELECT FROM reading_allocation n WHERE n.succeeds_id = a.id), r.shown_at, r.unaided_at,
       r.first_answer_at, r.last_answer_at, r.submitted_at, r.active_seconds, c.position, s.number, a.check_kind,
       m.id, a.id
FROM reading_allocation a
JOIN reading_allocationplan p ON p.id = a.plan_id AND NOT p.is_pilot
JOIN studies_membership m ON m.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id
LEFT JOIN reading_allocatedoutput o ON o.allocation_id = a.id
LEFT JOIN reading_reading r ON r.allocation_id = a.id
LEFT JOIN (
    SELECT o.id, row_number() OVER (PARTITION BY o.seat_id ORDER BY o.started_at, o.id) AS number
    FROM reading_session o JOIN studies_membership w ON w.id = o.seat_id AND w.study_id = %(study)s
) s ON s.id = r.session_id
WHERE p.study_id = %(study)s
UNION ALL
SELECT m.seat, NULL, NULL, NULL, '', c.code, h.arm_id, '', NULL, true, false, NULL, NULL, NULL, NULL, NULL, NULL,
       c.position, NULL, '', m.id, NULL
FROM reading_hiddenoutput h
JOIN reading_allocationplan p ON p.id = h.plan_id AND NOT p.is_pilot
JOIN studies_membership m ON m.id = h.seat_id
JOIN cases_case c ON c.id = h.case_id
WHERE p.study_id = %(study)s
ORDER BY 1, 2 NULLS LAST, 18, 22, 9, 8
"""

ALLOCATION_COLUMNS = (
    Column("reader", "The reader's pseudonym."),
    Column(
        "position",
        "The place of the presentation in this reader's order; empty for hidden outputs.",
        "from 1",
        "count",
    ),
    Column("period", "The period of the presentation.", "from 1", "count"),
    Column("batch", "The batch of cases that it came with.", "0 = those of the lock", "count"),
    Column("presentation", "Why the case is presented.", "main, repeat, practice, check = attention check"),
    Column("case", "The case, by its code."),
    Column("arm", "The arm of the output; one row an output, none where the case is shown alone."),
    Column("letter", "The letter under which the reader sees it."),
    Column("side", "Its place on the page.", "0 = first", "count"),
    Column("hidden", "Whether the protocol hides it from the reader as a refusal.", YES),
    Column("taken_over", "Whether another reader took the presentation over.", YES),
    Column("shown_at", "When it was first shown.", "ISO 8601, UTC", "date and time"),
    Column(
        "unaided_at",
        "When the reader's own answer was locked and the output revealed.",
        "ISO 8601, UTC",
        "date and time",
    ),
    Column("first_answer_at", "When the first answer was given.", "ISO 8601, UTC", "date and time"),
    Column("last_answer_at", "When the last answer was given.", "ISO 8601, UTC", "date and time"),
    Column("submitted_at", "When it was submitted.", "ISO 8601, UTC", "date and time"),
    Column(
        "active_seconds",
        "Seconds without gaps of more than a minute, as the browser counted them.",
        "number",
        "s",
    ),
    Column("session", "The sitting in which it was shown, as sessions.csv numbers them.", "from 1", "count"),
    Column(
        "check",
        "What an attention check is made of; empty for other presentations.",
        ", ".join(CheckMadeOf.values),
    ),
    Column(
        "check_passed", "Whether the attention check was passed; empty where no answer tells.", YES_OR_BLANK
    ),
)


def _allocation(source: Source) -> Iterator[list[str]]:
    passed = _checks(source)
    for row in fetched(ALLOCATION, {"study": source.study.pk}):
        yield _planned(source, row, passed)


def _checks(source: Source) -> dict[tuple[int, int], bool | None]:
    """What became of each attention check, by the reader's membership and the position."""
    plan = AllocationPlan.objects.locked(source.study)
    if not has_checks(plan):
        return {}
    return {(each.seat, each.position): each.passed for each in outcomes_of(plan)}


def _planned(source: Source, row: tuple[Any, ...], passed: dict[tuple[int, int], bool | None]) -> list[str]:
    seat, position, period, batch, kind, case, arm, letter, side, hidden, taken, *rest = row
    return [
        f"R{seat:02d}",
        *(cells.number(each) for each in (position, period, batch)),
        kind,
        cells.text(case),
        source.arms[arm] if arm else "",
        letter or "",
        cells.number(side),
        cells.flag(hidden),
        cells.flag(taken),
        *(moment(at) for at in rest[:5]),
        cells.number(rest[5]),
        cells.number(rest[7]),
        rest[8],
        cells.flag(passed.get((rest[9], position))),
    ]


allocation = ExportTable(
    "allocation.csv",
    _("Who was to read what, in which order and under which letter, and when it was shown and submitted."),
    fixed(*ALLOCATION_COLUMNS),
    _allocation,
)
