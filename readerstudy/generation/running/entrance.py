"""The way into a connection: a place among its calls at once, then the moment that its limits a minute allow.

A place is held only while a call is out, from just before its attempt is written until the reply is there. Within one
process it goes from thread to thread, so that the next call begins at once; the database is asked only where nobody
here leaves a place or waits for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings

from readerstudy.generation.models import AHEAD_SECONDS, Gate, Place, Taken

ASK_SECONDS = 0.05
"""How often a process asks for places that other processes leave, while threads of its own wait."""


def lease_seconds() -> float:
    """The wait for a place and for a moment, the call, and a margin for what comes before and after."""
    return 2 * AHEAD_SECONDS + settings.CALL_DEADLINE_SECONDS + settings.LEASE_MARGIN_SECONDS


@dataclass(frozen=True, slots=True)
class Admission:
    """A call may be made now; `tokens` were booked for it."""

    tokens: float = 0.0


@dataclass
class Line:
    """The threads of this process that want a place at one connection."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    left: list[Taken] = field(default_factory=list)
    waiting: int = 0
    asks_at: float = 0.0

    def take(self, gate: Gate) -> Taken | None:
        """A place, within `AHEAD_SECONDS`; None where none got free."""
        ends = time.monotonic() + AHEAD_SECONDS
        with self.changed:
            self.waiting += 1
        try:
            while (taken := self._look(gate)) is None and time.monotonic() < ends:
                self._rest()
        finally:
            self._go()
        return taken

    def leave(self, taken: Taken) -> None:
        """Hands the place to a thread that waits, else back to the database."""
        with self.changed:
            if self.waiting > len(self.left):
                self.left.append(taken)
                self.changed.notify()
                return
        Place.objects.leave(taken)

    def _look(self, gate: Gate) -> Taken | None:
        """One that another thread has left, or from time to time one of the database's."""
        with self.changed:
            left = self.left.pop() if self.left else None
            asks = left is None and time.monotonic() >= self.asks_at
            if asks:
                self.asks_at = time.monotonic() + ASK_SECONDS
        if left is not None:
            return _kept(left, gate)
        taken = Place.objects.take(gate, seconds=lease_seconds()) if asks else None
        if taken is not None:
            self.asks_at = 0.0  # there may be more
        return taken

    def _rest(self) -> None:
        with self.changed:
            if not self.left:
                self.changed.wait(ASK_SECONDS)

    def _go(self) -> None:
        """The last one that waited gives back what was left for it meanwhile."""
        with self.changed:
            self.waiting -= 1
            spare = [self.left.pop() for _each in range(len(self.left) - self.waiting)]
        for taken in spare:
            Place.objects.leave(taken)


def _kept(taken: Taken, gate: Gate) -> Taken | None:
    """The place for as long as a call may take; in the database its time is prolonged only now and then."""
    if taken.number > (gate.calls_at_once or 0):  # the limit was lowered
        Place.objects.leave(taken)
        return None
    if taken.lasts(lease_seconds() - settings.LEASE_MARGIN_SECONDS / 2):
        return taken
    return Place.objects.keep(taken, seconds=lease_seconds())


@cache
def line_of(connection: str) -> Line:
    return Line()


@contextmanager
def entrance(connection: str) -> Iterator[Admission | None]:
    """Waits until a call may go out, and holds its place until the end; None where that is more than moments away."""
    gate = Gate.objects.named(connection)
    if gate is None:
        yield Admission()
    elif gate.calls_at_once is None:
        yield _wait_for_moment(gate)
    else:
        with _place(gate) as has_place:
            yield _wait_for_moment(gate) if has_place else None


@contextmanager
def _place(gate: Gate) -> Iterator[bool]:
    line = line_of(gate.connection)
    taken = line.take(gate)
    try:
        yield taken is not None
    finally:
        if taken is not None:
            line.leave(taken)


def _wait_for_moment(gate: Gate) -> Admission | None:
    """Books the next free moment and waits for it."""
    booked = gate.book()
    if booked is None:
        return None
    seconds, tokens = booked
    if seconds > 0:
        time.sleep(seconds)
    return Admission(tokens)
