"""The calls at once that a connection may have, each a row: a place is taken and left in one short statement."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.gates import Gate
from readerstudy.statements import run

_TAKE = """
UPDATE generation_place SET taken_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = (
    SELECT place.id FROM generation_place place JOIN generation_gate gate ON gate.id = place.gate_id
    WHERE gate.id = %(gate)s AND place.number <= gate.calls_at_once AND place.taken_until <= clock_timestamp()
    ORDER BY place.number LIMIT 1 FOR NO KEY UPDATE OF place SKIP LOCKED
) RETURNING id, number, taken_until
"""
_KEEP = """
UPDATE generation_place SET taken_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = %(place)s AND taken_until = %(until)s AND taken_until > clock_timestamp()
RETURNING id, number, taken_until
"""
_LEAVE = "UPDATE generation_place SET taken_until = clock_timestamp() WHERE id = %(place)s AND taken_until = %(until)s"


@dataclass(frozen=True, slots=True)
class Taken:
    """A place that a worker has. `until` is the database's moment and says who has it; `ends` is ours, monotonic."""

    place: int
    number: int
    until: datetime
    ends: float

    def lasts(self, seconds: float) -> bool:
        return self.ends - time.monotonic() >= seconds


class Places(models.QuerySet["Place"]):
    def make(self, gate: Gate) -> None:
        """As many as the gate allows; those above stay, and nobody takes them."""
        numbers = range(1, (gate.calls_at_once or 0) + 1)
        self.bulk_create([Place(gate=gate, number=number) for number in numbers], ignore_conflicts=True)

    def take(self, gate: Gate, *, seconds: float) -> Taken | None:
        """A free place for so long, however many ask at once; None where there is none."""
        return _told(_TAKE, seconds, gate=gate.pk)

    def keep(self, taken: Taken, *, seconds: float) -> Taken | None:
        """The same place for so long from now on; None where it was lost."""
        return _told(_KEEP, seconds, place=taken.place, until=taken.until)

    def leave(self, taken: Taken) -> None:
        with database.cursor() as cursor:
            cursor.execute(_LEAVE, {"place": taken.place, "until": taken.until})


class Place(models.Model):
    """One call at a connection at a time: whoever has it may call until `taken_until`, by the clock of the database.

    A worker that dies holds its places no longer than that.
    """

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="places")
    number = models.PositiveIntegerField()
    taken_until = models.DateTimeField(default=timezone.now)

    objects = Places.as_manager()

    class Meta:
        verbose_name = _("place at a provider")
        verbose_name_plural = _("places at providers")
        constraints = [
            models.UniqueConstraint(fields=["gate", "number"], name="generation_places_are_numbered")
        ]

    def __str__(self) -> str:
        return f"place {self.number} at {self.gate}"


def _told(sql: str, seconds: float, **values: Any) -> Taken | None:
    ends = time.monotonic() + seconds  # before the statement, so rather too early than too late
    found = run(sql, {**values, "seconds": seconds})
    return Taken(found[0], found[1], found[2], ends) if found else None
