"""Rows of an allocation into PostgreSQL and back, many at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from readerstudy.cases.models import Case
from readerstudy.designs.rows import CheckKind, Presentation, RowKind
from readerstudy.generation.models import Interpretation
from readerstudy.reading.allocating_rows import HiddenPlace
from readerstudy.reading.models import AllocationPlan
from readerstudy.studies.models import Arm, Membership, Study

ALLOCATION = (
    "id, plan_id, seat_id, case_id, arm_id, kind, check_kind, batch, succeeds_id, period, position, key, "
    "case_key"
)
OUTPUT = "allocation_id, arm_id, interpretation_id, letter, side, copy"
STORED = """
WITH shown AS (
    SELECT o.allocation_id, array_agg(r.position ORDER BY o.side) AS arms,
           string_agg(o.letter, '' ORDER BY o.side) AS letters
    FROM reading_allocatedoutput o
    JOIN reading_allocation a ON a.id = o.allocation_id AND a.plan_id = %(plan)s
    JOIN studies_arm r ON r.id = o.arm_id
    GROUP BY o.allocation_id
),
elsewhere AS (
    SELECT DISTINCT o.allocation_id, s.code
    FROM reading_allocatedoutput o
    JOIN reading_allocation a ON a.id = o.allocation_id AND a.plan_id = %(plan)s AND a.kind = 'check'
    JOIN generation_interpretation i ON i.id = o.interpretation_id
    JOIN generation_generation g ON g.id = i.generation_id AND g.case_id <> a.case_id
    JOIN cases_case s ON s.id = g.case_id
)
SELECT m.seat, a.period, a.position, c.code,
       coalesce(shown.arms, CASE WHEN u.id IS NULL THEN '{}' ELSE ARRAY[u.position] END),
       coalesce(shown.letters, ''), a.kind, a.key, a.case_key, a.batch, a.check_kind, coalesce(elsewhere.code, '')
FROM reading_allocation a
JOIN studies_membership m ON m.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id
LEFT JOIN studies_arm u ON u.id = a.arm_id
LEFT JOIN shown ON shown.allocation_id = a.id
LEFT JOIN elsewhere ON elsewhere.allocation_id = a.id
WHERE a.plan_id = %(plan)s AND (%(seats)s::integer[] IS NULL OR m.seat = ANY(%(seats)s))
ORDER BY m.seat, a.position
"""
NEW_KEYS = "SELECT nextval(pg_get_serial_sequence('reading_allocation', 'id')) FROM generate_series(1, %s)"


@dataclass(frozen=True)
class Names:
    """The rows of the database behind the names that a plan uses."""

    seats: Mapping[int, int]
    cases: Mapping[str, int]
    arms: Mapping[str, int]
    texts: Mapping[tuple[str, str], int]
    unaided: frozenset[str]

    @classmethod
    def of(cls, study: Study, *, unaided: frozenset[str] = frozenset()) -> Names:
        made = Interpretation.objects.filter(generation__arm__study=study, generation__replicate=1)
        rows = made.values_list("generation__case__code", "generation__arm__position", "pk")
        seats = Membership.objects.filter(study=study, seat__isnull=False)
        return cls(
            seats={seat: pk for seat, pk in seats.values_list("seat", "pk") if seat is not None},
            cases=dict(Case.objects.read(study).values_list("code", "pk")),
            arms={
                str(position): pk
                for position, pk in Arm.objects.filter(study=study).values_list("position", "pk")
            },
            texts={(case, str(arm)): pk for case, arm, pk in rows},
            unaided=unaided,
        )


def store(
    plan: AllocationPlan,
    rows: Sequence[Presentation],
    names: Names,
    *,
    succeeds: Mapping[tuple[int, int], int] | None = None,
) -> int:
    """Adds rows; `succeeds` maps (seat, position) to the allocation that the row replaces. Returns how many."""
    if not rows:
        return 0
    keys, before = _new_keys(len(rows)), succeeds or {}
    _copy(
        f"reading_allocation ({ALLOCATION})",
        (_allocation(plan, row, key, names, before) for row, key in zip(rows, keys, strict=True)),
    )
    _copy(
        f"reading_allocatedoutput ({OUTPUT})",
        (line for row, key in zip(rows, keys, strict=True) for line in _outputs(row, key, names)),
    )
    return len(rows)


def store_hidden(plan: AllocationPlan, places: Iterable[HiddenPlace], names: Names) -> None:
    """Writes down which outputs readers would have seen, had they not been hidden."""
    lines = (
        (plan.pk, names.seats[seat], names.cases[case], names.arms[arm]) for seat, case, arm in sorted(places)
    )
    _copy("reading_hiddenoutput (plan_id, seat_id, case_id, arm_id)", lines)


def stored_rows(plan: AllocationPlan, seats: Collection[int] | None = None) -> Iterator[Presentation]:
    """The plan's rows as the tables hold them, by reader and position; those of all readers without `seats`."""
    wanted = {"plan": plan.pk, "seats": None if seats is None else sorted(seats)}
    with connection.cursor() as cursor:
        cursor.execute(STORED, wanted)
        while lines := cursor.fetchmany(5000):
            yield from map(_presentation, lines)


def digest_of(rows: Iterable[Presentation]) -> tuple[int, str]:
    """How many rows, and the SHA-256 of them: one line of JSON each; keys are left out, as they differ by machine."""
    found, count = hashlib.sha256(), 0
    for count, row in enumerate(rows, start=1):  # noqa: B007  the last number is how many
        line = [row.reader, row.period, row.position, row.case, row.kind, row.arms, row.letters]
        line += [row.check, row.source] if row.check not in (None, CheckKind.CASE) else []
        found.update(json.dumps(line).encode() + b"\n")
    return count, found.hexdigest()


def _presentation(line: Sequence[Any]) -> Presentation:
    seat, period, position, case, arms, letters, kind, key, case_key, batch, check, source = line
    return Presentation(
        reader=seat,
        period=period,
        position=position,
        case=case,
        arms=tuple(map(str, arms)),
        letters=letters,
        kind=RowKind(kind),
        key=key,
        case_key=case_key,
        batch=batch,
        check=CheckKind(check) if check else None,
        source=source,
    )


def _allocation(
    plan: AllocationPlan,
    row: Presentation,
    key: int,
    names: Names,
    succeeds: Mapping[tuple[int, int], int],
) -> tuple[Any, ...]:
    own = (key, plan.pk, names.seats[row.reader], names.cases[row.case])
    arm = names.arms[row.arms[0]] if row.arms and set(row.arms) <= names.unaided else None
    before = succeeds.get((row.reader, row.position))
    place = (row.period, row.position, row.key, row.case_key)
    return (*own, arm, row.kind.value, row.check or "", row.batch, before, *place)


def _outputs(row: Presentation, key: int, names: Names) -> Iterator[tuple[Any, ...]]:
    shown = [arm for arm in row.arms if arm not in names.unaided]
    for side, (arm, letter) in enumerate(zip(shown, row.letters, strict=True)):
        yield key, names.arms[arm], names.texts[row.about, arm], letter, side, shown[:side].count(arm)


def _new_keys(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(NEW_KEYS, [count])
        return [key for (key,) in cursor.fetchall()]


def _copy(table: str, lines: Iterable[tuple[Any, ...]]) -> None:
    """COPY takes a million rows in the time in which INSERT takes ten thousand."""
    with connection.cursor() as cursor:
        copying: Callable[..., Any] = cursor.copy
        with copying(f"COPY {table} FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
