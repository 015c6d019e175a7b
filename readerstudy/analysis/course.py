"""How the reading went: each presentation with its place, its sitting and its seconds, read once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

from django.db import connection

from readerstudy.studies.models import Study

# Presentations are those of the long table: of the locked plan, without practice and attention checks.
TURNS = """
SELECT a.seat_id, a.case_id, a.position, a.period, a.kind = 'repeat', r.session_id,
       row_number() OVER (PARTITION BY r.session_id ORDER BY r.shown_at, a.position),
       CASE WHEN r.submitted_at IS NULL THEN NULL
            ELSE coalesce(r.active_seconds, extract(epoch FROM r.submitted_at - r.shown_at)::float) END,
       CASE WHEN a.arm_id IS NOT NULL THEN array[a.arm_id] ELSE
           array(SELECT o.arm_id FROM reading_allocatedoutput o WHERE o.allocation_id = a.id ORDER BY o.letter) END
FROM reading_reading r
JOIN reading_allocation a ON a.id = r.allocation_id
JOIN reading_allocationplan p ON p.id = a.plan_id
JOIN studies_membership m ON m.id = a.seat_id
JOIN cases_case c ON c.id = a.case_id
WHERE p.study_id = %s AND NOT p.is_pilot AND a.kind IN ('main', 'repeat') AND m.role = 'reader'
  AND c.left_out_at IS NULL
ORDER BY m.seat, a.position
"""


class Turn(NamedTuple):
    """One presentation that was shown; `reader` and `case` are primary keys, `arms` those behind the letters in order.

    An unaided presentation has its arm though it shows nothing of it.

    `place` counts from 1 within the sitting `session`; `seconds` are active seconds where the browser told them, else
    those from showing to submitting, and None before it.
    """

    reader: int
    case: int
    position: int
    period: int
    is_repeat: bool
    session: int
    place: int
    seconds: float | None
    arms: tuple[int, ...]


@dataclass(frozen=True)
class Course:
    """All turns by reader and position."""

    turns: tuple[Turn, ...] = ()

    @classmethod
    def of(cls, study: Study) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(TURNS, [study.pk])
            return cls(tuple(Turn._make((*row[:-1], tuple(row[-1]))) for row in cursor.fetchall()))

    @property
    def facts(self) -> bytes:
        """Everything as canonical JSON, for the hash of a report's input; sittings are numbered as they come."""
        sittings: dict[int, int] = {}
        rows = [
            [*turn[:5], sittings.setdefault(turn.session, len(sittings)), *turn[6:]] for turn in self.turns
        ]
        return json.dumps(rows, separators=(",", ":")).encode()

    @property
    def timed(self) -> Iterator[Turn]:
        """The turns that were submitted."""
        return (turn for turn in self.turns if turn.seconds is not None)

    @cached_property
    def at(self) -> Mapping[tuple[int, int, int | None], Turn]:
        """Each turn by reader, case and position."""
        return {(turn.reader, turn.case, turn.position): turn for turn in self.turns}

    @cached_property
    def first(self) -> Mapping[tuple[int, int, int], Turn]:
        """The first turn that showed an arm's output, by reader, case and arm."""
        found: dict[tuple[int, int, int], Turn] = {}
        for turn in self.turns:
            for arm in turn.arms:
                found.setdefault((turn.reader, turn.case, arm), turn)
        return found

    def among(self, readers: frozenset[int], cases: frozenset[int], arms: frozenset[int]) -> Course:
        """The turns of these readers on these cases that showed one of these arms, or none at all."""
        return Course(
            tuple(
                turn
                for turn in self.turns
                if turn.reader in readers
                and turn.case in cases
                and (not turn.arms or not arms.isdisjoint(turn.arms))
            )
        )
