"""Ratings as they were given: one row an event, and one wide table a question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.utils.translation import gettext_lazy as _

from readerstudy.analysis import cells
from readerstudy.analysis.codebook import YES, Column
from readerstudy.analysis.exports.tables import ExportTable, Source, fetched, fixed, moment
from readerstudy.analysis.table import ROWS, Record, reference_of
from readerstudy.studies.models import Criterion

EVENTS = """
SELECT s.seat, c.code, a.kind, a.position, a.period, coalesce(o.arm_id, a.arm_id), o.letter, e.criterion_id, e.part,
       e.value, e.score, e.cannot_judge, e.reason, v.id IS NOT NULL, e.at, e.protocol_version, e.client
FROM reading_ratingevent e
JOIN reading_allocation a ON a.id = e.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id AND NOT p.is_pilot
JOIN studies_membership s ON s.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id
LEFT JOIN reading_allocatedoutput o ON o.id = e.output_id
LEFT JOIN reading_rating v ON v.event_id = e.id
WHERE p.study_id = %(study)s
ORDER BY s.seat, a.position, e.id
"""

EVENT_COLUMNS = (
    Column("study", "The study, by the key in its address."),
    Column("event", "The number of the event in this file.", "from 1", "count"),
    Column("reader", "The reader's pseudonym.", "R and the number of the reader's seat"),
    Column("case", "The case, by its code."),
    Column("presentation", "Why the case was presented.", "main, repeat, practice, check = attention check"),
    Column("position", "The place of the presentation in this reader's order.", "from 1", "count"),
    Column("period", "The period of the presentation.", "from 1", "count"),
    Column("arm", "The arm that the rated output comes from; empty for questions about the case or a pair."),
    Column("letter", "The letter under which the reader saw the output."),
    Column("criterion", "The question that was answered, by its short name."),
    Column("phase", "When the question is asked.", "main = with every case, exit = after the last case"),
    Column("kind", "The kind of the question."),
    Column(
        "part",
        "The piece of the text that was judged.",
        "s3 = third sentence, f finding, t step; empty = the whole",
    ),
    Column("value", "What the reader answered; empty where an answer was taken back or could not be judged."),
    Column("score", "The answer as a number, for questions of which a mean makes sense.", "number"),
    Column("cannot_judge", "Whether the reader chose “cannot judge”.", YES),
    Column("reason", "Why it cannot be judged or was changed late, where the reader said so."),
    Column("final", "Whether this is the answer that stands: the newest for this question.", YES),
    Column("given_at", "When the server stored it.", "ISO 8601, UTC", "date and time"),
    Column("protocol_version", "The version of the protocol under which it was given.", "from 1"),
    Column("client", "The browser's own clock, screen, window and zoom.", "JSON"),
)


def _events(source: Source) -> Iterator[list[str]]:
    for number, row in enumerate(fetched(EVENTS, {"study": source.study.pk}), 1):
        yield _event(source, number, row)


def _event(source: Source, number: int, row: tuple[Any, ...]) -> list[str]:
    (
        seat,
        case,
        kind,
        position,
        period,
        arm,
        letter,
        asked,
        part,
        value,
        score,
        cannot,
        reason,
        final,
        at,
        *rest,
    ) = row
    criterion = source.criteria[asked]
    return [
        cells.text(source.study.key),
        str(number),
        f"R{seat:02d}",
        cells.text(case),
        kind,
        str(position),
        str(period),
        source.arms[arm] if arm else "",
        letter or "",
        cells.text(criterion.key),
        criterion.phase,
        criterion.kind,
        part,
        cells.text(value),
        cells.number(score),
        cells.flag(cannot),
        cells.text(reason),
        cells.flag(final),
        moment(at),
        str(rest[0]),
        canonical(rest[1]),
    ]


def canonical(told: Any) -> str:
    """JSON with sorted keys; empty for nothing. The text of a cursor that does not decode is decoded first."""
    found = json.loads(told) if isinstance(told, str) else told
    return json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if found else ""


events = ExportTable(
    "events.csv",
    _(
        "Every answer as it was given, changes and withdrawals included, one row each; “final” marks those that stand."
    ),
    fixed(*EVENT_COLUMNS),
    _events,
    "ratings",
)


def wide(criterion: Criterion) -> ExportTable:
    """The answers to one question, one column a reader."""
    return ExportTable(
        f"wide/{criterion.key}.csv",
        _("“%(question)s”: one row an output, one column a reader, for programs that want a matrix.")
        % {"question": criterion.question},
        _wide_columns,
        lambda source: _wide_rows(source, criterion),
        "ratings",
    )


def wide_tables(source: Source) -> list[ExportTable]:
    return [wide(criterion) for criterion in source.long.criteria.values()]


def _wide_columns(source: Source) -> Sequence[Column]:
    return (
        Column("case", "The case, by its code."),
        Column("arm", "The arm that the output comes from; empty for questions about the case or a pair."),
        Column("part", "The piece of the text that was judged; empty = the whole."),
        Column("repeat", "Which presentation of this output to the reader it was.", "1 = first …", "count"),
        Column("reference", "The reference standard of the case; empty where there is none."),
        *(
            Column(reader.pseudonym, "This reader's answer; empty = none that stands, or “cannot judge”.")
            for reader in source.long.readers.values()
        ),
    )


# The long table's rows, sorted by what stands in one row of a wide one.
_BY_UNIT = (
    "ORDER BY c.position, array_position(%(arms)s::bigint[], x.arm_id) NULLS LAST, length(x.part), x.part, x.repeat,"
    " x.seat"
)
WIDE = ROWS[: ROWS.rindex("ORDER BY x.seat")] + _BY_UNIT


def _wide_rows(source: Source, criterion: Criterion) -> Iterator[list[str]]:
    table = source.long
    wanted = {"study": source.study.pk, "criteria": [criterion.pk], "arms": list(table.arms)}
    records = (Record._make(row) for row in fetched(WIDE, wanted))
    seats = {pk: place for place, pk in enumerate(table.readers)}
    for (case, arm, part, repeat), group in groupby(
        records, key=lambda row: (row.case, row.arm, row.part, row.repeat)
    ):
        given = [""] * len(seats)
        for record in group:
            given[seats[record.reader]] = cells.text(record.value)
        shown = table.cases[case]
        names = [cells.text(shown.code), source.arms[arm] if arm else "", part, str(repeat)]
        yield [*names, cells.text(reference_of(shown)), *given]
