"""The long table of a study: one row for each reader, case, arm, criterion and repeat.

Every planned reading has its rows, rated or not, so that what is missing can be counted from the table alone; so has an
output that the protocol hides from readers as a refusal. A question about the case or a pair has one row a presentation
and no arm; one about pieces of a text has a row for each piece that was rated. Rows come from PostgreSQL through a
server-side cursor, in a fixed order: the same data give the same bytes, and a million rows take no more memory than a
thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from django.db import connection, transaction

from readerstudy.analysis import cells
from readerstudy.analysis.blinding import ShownArms
from readerstudy.analysis.codebook import COLUMNS
from readerstudy.analysis.worst import worst_of
from readerstudy.cases.models import Case, as_label
from readerstudy.generation.models import RefusalVerdict
from readerstudy.reading.models import PresentationKind, Rating
from readerstudy.studies.models import Arm, Criterion, Kind, Membership, RefusalPolicy, Role, Study

ROWS_AT_ONCE = 2000
BY_READER, BY_RULE = "reader", "rule"
STRATUM = "stratum_"
COUNTED = (PresentationKind.MAIN, PresentationKind.REPEAT)
"""Presentations that count; practice and attention checks do not."""

ROWS = """
WITH seats AS (
    SELECT id, seat FROM studies_membership WHERE study_id = %(study)s AND role = 'reader'
),
planned AS (
    SELECT a.* FROM reading_allocation a JOIN reading_allocationplan p ON p.id = a.plan_id
    WHERE p.study_id = %(study)s AND NOT p.is_pilot AND a.kind IN ('main', 'repeat')
      AND (NOT EXISTS (SELECT FROM reading_allocation n WHERE n.succeeds_id = a.id)
           OR EXISTS (SELECT FROM reading_rating v WHERE v.allocation_id = a.id))
),
read AS (
    SELECT seats.id AS reader, seats.seat, a.case_id, o.arm_id, o.interpretation_id, o.id AS output, o.letter,
           a.period, a.position, r.submitted_at IS NOT NULL AS submitted,
           row_number() OVER (PARTITION BY a.seat_id, a.case_id, o.arm_id ORDER BY a.position) AS repeat,
           a.id AS allocation
    FROM seats
    JOIN planned a ON a.seat_id = seats.id
    JOIN reading_allocatedoutput o ON o.allocation_id = a.id
    LEFT JOIN reading_reading r ON r.allocation_id = a.id
),
hidden AS (
    SELECT DISTINCT seats.id, seats.seat, c.id, m.id, i.id, NULL::bigint, '', NULL::smallint, NULL::integer,
           false, 1::bigint, NULL::bigint
    FROM reading_hiddenoutput x
    JOIN reading_allocationplan p ON p.id = x.plan_id AND NOT p.is_pilot
    JOIN seats ON seats.id = x.seat_id
    JOIN cases_case c ON c.id = x.case_id
    JOIN studies_arm m ON m.id = x.arm_id
    JOIN generation_generation g ON g.case_id = c.id AND g.arm_id = m.id AND g.replicate = 1
    JOIN generation_interpretation i ON i.generation_id = g.id
    WHERE p.study_id = %(study)s
),
outputs AS (SELECT * FROM read UNION ALL SELECT * FROM hidden),
presented AS (
    SELECT seats.id AS reader, seats.seat, a.case_id, a.id AS allocation, a.period, a.position,
           r.submitted_at IS NOT NULL AS submitted,
           row_number() OVER (PARTITION BY a.seat_id, a.case_id ORDER BY a.position) AS repeat
    FROM seats
    JOIN planned a ON a.seat_id = seats.id
    LEFT JOIN reading_reading r ON r.allocation_id = a.id
),
criteria AS (SELECT id, position, applies_to FROM studies_criterion WHERE id = ANY(%(criteria)s)),
asked AS (
    SELECT x.reader, x.seat, x.case_id, x.arm_id, k.id AS criterion, k.position AS place, x.interpretation_id, x.output,
           x.allocation, x.output IS NOT NULL AS shown, x.letter, x.period, x.position, x.submitted, x.repeat,
           '' AS part
    FROM outputs x JOIN criteria k ON k.applies_to = 'output'
    UNION ALL
    SELECT x.reader, x.seat, x.case_id, x.arm_id, k.id, k.position, x.interpretation_id, x.output, x.allocation, true,
           x.letter, x.period, x.position, x.submitted, x.repeat, v.part
    FROM read x
    JOIN criteria k ON k.applies_to IN ('sentence', 'finding', 'step')
    JOIN reading_rating v ON v.output_id = x.output AND v.criterion_id = k.id
    UNION ALL
    SELECT x.reader, x.seat, x.case_id, NULL, k.id, k.position, NULL, NULL, x.allocation, true, '', x.period,
           x.position, x.submitted, x.repeat, ''
    FROM presented x JOIN criteria k ON k.applies_to IN ('case', 'pair')
)
SELECT x.reader, x.case_id, x.arm_id, x.criterion, x.interpretation_id, x.shown, x.letter, x.period,
       x.position, x.repeat, x.part, x.submitted, coalesce(v.value, ''), v.score, coalesce(v.cannot_judge, false),
       coalesce(v.reason, ''),
       coalesce(to_char(v.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ''), h.version, h.events
FROM asked x
JOIN cases_case c ON c.id = x.case_id AND c.left_out_at IS NULL
LEFT JOIN reading_rating v ON v.allocation_id = x.allocation AND v.output_id IS NOT DISTINCT FROM x.output
    AND v.criterion_id = x.criterion AND v.part = x.part
LEFT JOIN LATERAL (
    SELECT count(*) AS events, max(e.protocol_version) FILTER (WHERE e.id = v.event_id) AS version
    FROM reading_ratingevent e WHERE e.allocation_id = x.allocation AND e.output_id IS NOT DISTINCT FROM x.output
        AND e.criterion_id = x.criterion AND e.part = x.part
) h ON true
ORDER BY x.seat, c.position, array_position(%(arms)s::bigint[], x.arm_id) NULLS LAST, x.repeat, x.place,
    length(x.part), x.part
"""


class Record(NamedTuple):
    """One row as PostgreSQL gives it; the first five are primary keys (`reader` is a membership's)."""

    reader: int
    case: int
    arm: int | None
    criterion: int
    interpretation: int | None
    shown: bool
    letter: str
    period: int | None
    position: int | None
    repeat: int
    part: str
    submitted: bool
    value: str
    score: float | None
    cannot_judge: bool
    reason: str
    rated_at: str
    protocol_version: int | None
    events: int

    @property
    def is_rated(self) -> bool:
        """Whether there is a rating to count; a withdrawn one and “cannot judge” are none."""
        return self.value != ""

    @property
    def was_read(self) -> bool:
        """Whether the reader dealt with this output: rated it, could not judge it, or submitted its case."""
        return self.is_rated or self.cannot_judge or self.submitted


class Judged(NamedTuple):
    """The standing refusal verdict of an interpretation."""

    verdict: str
    declined: bool


@dataclass(frozen=True)
class LongTable:
    """The rows of one study and the small dictionaries that name what they point at, each by primary key."""

    study: Study
    readers: dict[int, Membership]
    cases: dict[int, Case]
    arms: dict[int, Arm]
    criteria: dict[int, Criterion]
    verdicts: dict[int, Judged]
    with_ratings: frozenset[tuple[int, int]]
    blinding: ShownArms

    @classmethod
    def of(cls, study: Study) -> Self:
        """Reads everything but the rows themselves; the number of queries does not depend on the data."""
        readers = Membership.objects.filter(study=study, role=Role.READER)
        shown = ShownArms.of(study)
        verdicts = RefusalVerdict.objects.filter(interpretation__generation__arm__study=study).standing()
        return cls(
            study=study,
            readers={row.pk: row for row in readers.select_related("user__profile").order_by("seat")},
            cases={row.pk: row for row in Case.objects.of(study).select_related("reference")},
            arms={row.pk: row for row in shown.arms},
            blinding=shown,
            criteria={row.pk: row for row in Criterion.objects.of(study)},
            verdicts={
                interpretation: Judged(verdict, declined)
                for interpretation, verdict, declined in verdicts.values_list(
                    "interpretation_id", "verdict", "declined"
                )
            },
            with_ratings=frozenset(_with_ratings(study)),
        )

    @cached_property
    def strata(self) -> tuple[str, ...]:
        """The names of all strata of the study's cases, sorted."""
        return tuple(sorted({name for case in self.cases.values() for name in case.strata}))

    @property
    def header(self) -> tuple[str, ...]:
        return (*(column.name for column in COLUMNS), *(STRATUM + name for name in self.strata))

    def portions(self) -> Iterator[list[Record]]:
        """All rows in order, `ROWS_AT_ONCE` at a time: no more than that is ever in memory."""
        wanted: dict[str, Any] = {
            "study": self.study.pk,
            "criteria": list(self.criteria),
            "arms": list(self.arms),
        }
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(ROWS, wanted)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield [Record._make(row) for row in rows]

    def records(self) -> Iterator[Record]:
        """All rows in order."""
        for portion in self.portions():
            yield from portion

    def rows(self) -> Iterator[list[str]]:
        """All rows as finished cells, in the order of `header`."""
        return map(self.row, self.records())

    def csv(self) -> Iterator[bytes]:
        """The whole table as CSV, in portions of about `ROWS_AT_ONCE` rows."""
        yield cells.write([self.header])
        for portion in self.portions():
            yield cells.write(map(self.row, portion))

    def row(self, record: Record) -> list[str]:
        """The cells of one record."""
        criterion, judged = self.criteria[record.criterion], self.verdict(record)
        by_rule = self.score_by_rule(record)
        score = record.score if by_rule is None else by_rule
        acceptable = accepted(criterion, record.value, score)
        as_intended = False if self.counts_as_refused(record) and cuts(criterion) else acceptable
        written = self._written
        return [
            *written.readers[record.reader],
            written.cases[record.case],
            "" if record.arm is None else written.arms[record.arm],
            *written.criteria[record.criterion],
            str(record.repeat),
            record.part,
            cells.text(record.value) if by_rule is None else cells.number(by_rule),
            cells.number(score),
            BY_RULE if by_rule is not None else BY_READER if record.is_rated else "",
            cells.flag(acceptable),
            cells.flag(as_intended),
            cells.flag(record.cannot_judge),
            cells.text(record.reason),
            judged.verdict if judged else "",
            cells.flag(judged.declined if judged else None),
            cells.flag(record.shown),
            record.letter,
            cells.number(record.position),
            cells.number(record.period),
            cells.flag(record.submitted),
            record.rated_at,
            str(record.events),
            cells.number(record.protocol_version),
            *written.reader_facts[record.reader],
            *(("", "") if record.arm is None else written.arm_facts[record.arm]),
            *written.case_facts[record.case],
        ]

    def verdict(self, record: Record) -> Judged | None:
        """The standing verdict on the output; None where the question is about the case or a pair."""
        return None if record.interpretation is None else self.verdicts[record.interpretation]

    def score_by_rule(self, record: Record) -> float | None:
        """The score that the protocol itself gives a refusal it hides: the worst of the scale; None for all others.

        So is scored a hidden refusal for each reader who has given ratings on this criterion (see `counts_as_refused`).
        """
        if record.shown or not self.counts_as_refused(record):
            return None
        return self.worst.get(record.criterion)

    @cached_property
    def worst(self) -> dict[int, float]:
        """The worst score of each criterion that has one; empty where the protocol scores no refusal."""
        if self.study.refusal_policy != RefusalPolicy.WORST:
            return {}
        found = {pk: worst_of(criterion) for pk, criterion in self.criteria.items()}
        return {pk: score for pk, score in found.items() if score is not None}

    def counts_as_refused(self, record: Record) -> bool:
        """Whether “as intended” counts this reading as a failure, whatever its rating says.

        So counts a refused output for each reader who has given ratings on this criterion: one that was shown once the
        reader has read it, one that the protocol hides always. A reader without ratings has no figure to be lowered.
        """
        judged = self.verdict(record)
        return (
            judged is not None
            and judged.declined
            and (record.reader, record.criterion) in self.with_ratings
            and (not record.shown or record.was_read)
        )

    @cached_property
    def _written(self) -> _Written:
        return _Written(
            readers={pk: [cells.text(self.study.key), row.pseudonym] for pk, row in self.readers.items()},
            reader_facts={pk: _reader_facts(row) for pk, row in self.readers.items()},
            cases={pk: cells.text(row.code) for pk, row in self.cases.items()},
            case_facts={pk: self._case_facts(row) for pk, row in self.cases.items()},
            arms={pk: cells.text(row.name) for pk, row in self.arms.items()},
            arm_facts={
                pk: [
                    cells.flag(row.is_simulated if self.blinding.tells_simulated else None),
                    cells.flag(row.is_recorded if self.blinding.tells_recorded else None),
                ]
                for pk, row in self.arms.items()
            },
            criteria={pk: [cells.text(row.key), row.kind] for pk, row in self.criteria.items()},
        )

    def _case_facts(self, case: Case) -> list[str]:
        strata = (case.strata.get(name, "") for name in self.strata)
        return [cells.text(label_of(case)), *(cells.text(str(value)) for value in strata)]


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The cells that many rows share, written once; each by primary key."""

    readers: dict[int, list[str]]
    reader_facts: dict[int, list[str]]
    cases: dict[int, str]
    case_facts: dict[int, list[str]]
    arms: dict[int, str]
    arm_facts: dict[int, list[str]]
    criteria: dict[int, list[str]]


def cuts(criterion: Criterion) -> bool:
    """Whether the criterion declares which scores, or which of its choices, are acceptable."""
    if criterion.kind == Kind.SINGLE_CHOICE:
        return bool(criterion.acceptable)
    return criterion.is_scored and criterion.acceptable_from is not None


def accepted(criterion: Criterion, value: str, score: float | None) -> bool | None:
    """Whether a rating is acceptable; None where there is none, or where nothing is declared."""
    if criterion.kind == Kind.SINGLE_CHOICE:
        return value in criterion.acceptable if value and cuts(criterion) else None
    return None if score is None else criterion.is_acceptable(score)


def reference_of(case: Case) -> str:
    """The case's reference standard, a label or a text; empty where there is none."""
    return case.reference.label if hasattr(case, "reference") else ""


def label_of(case: Case) -> str:
    """The case's reference label; empty where there is none, or a text that labels cannot be compared with."""
    return as_label(reference_of(case))


def _reader_facts(reader: Membership) -> list[str]:
    profile = getattr(reader.user, "profile", None)
    specialty, years = (profile.specialty, profile.years_experience) if profile else ("", None)
    return [cells.text(specialty), cells.number(years), cells.flag(reader.user.is_simulated)]


def _with_ratings(study: Study) -> Iterator[tuple[int, int]]:
    """(reader, criterion) wherever the reader has given at least one rating that stands."""
    counts = {"allocation__plan__is_pilot": False, "allocation__kind__in": COUNTED}
    rated = Rating.objects.filter(allocation__seat__study=study, **counts).exclude(value="")
    yield from rated.values_list("allocation__seat_id", "criterion_id").distinct()
