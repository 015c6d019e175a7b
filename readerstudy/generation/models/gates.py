"""What holds calls back: a study's hold, a vendor's wish for silence, and the limits of a connection."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection as database
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.statements import find
from readerstudy.studies.models import Study


class Hold(models.Model):
    """A study's queue stands still from `at` to `ended_at`; running calls finish, no new one begins."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="holds")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(ended_at=None), name="generation_one_hold_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"hold of {self.study}"


class VendorPauses(models.QuerySet["VendorPause"]):
    def now(self, at: datetime | None = None) -> VendorPauses:
        return self.filter(until__gt=at or timezone.now())

    def silence(self, connection: str, *, until: datetime) -> None:
        """No call to this connection before `until`; a longer silence that was asked for before stays."""
        pause, made = self.select_for_update().get_or_create(connection=connection, defaults={"until": until})
        if not made and pause.until < until:
            self.filter(pk=pause.pk).update(until=until)


class VendorPause(models.Model):
    """A vendor asked for silence: no worker on any machine calls this connection before `until`."""

    connection = models.CharField(max_length=40, unique=True)
    until = models.DateTimeField()

    objects = VendorPauses.as_manager()

    class Meta:
        verbose_name = _("vendor pause")
        verbose_name_plural = _("vendor pauses")

    def __str__(self) -> str:
        return f"{self.connection} until {self.until:%H:%M:%S}"


AHEAD_SECONDS = 2.0
"""A thread books its place this long ahead at most, and then waits for it."""

SPARE = 1.02
"""Places lie so much further apart than the limit asks, because calls on the way arrive early or late."""

_BOOK = """
WITH place AS (
    SELECT id, GREATEST(request_free_at, token_free_at, clock_timestamp()) AS at, clock_timestamp() AS now
    FROM generation_gate WHERE id = %(gate)s FOR NO KEY UPDATE
), booked AS (
    UPDATE generation_gate gate SET
        request_free_at = place.at + make_interval(secs => %(request_seconds)s),
        token_free_at = CASE WHEN gate.tokens_per_minute IS NULL THEN gate.token_free_at
            ELSE place.at + make_interval(secs => %(token_seconds)s * gate.typical_tokens) END
    FROM place WHERE gate.id = place.id AND place.at <= place.now + make_interval(secs => %(ahead)s)
    RETURNING gate.typical_tokens
)
SELECT EXTRACT(EPOCH FROM place.at - place.now)::float8, booked.typical_tokens FROM place, booked
"""


_CORRECT = """
UPDATE generation_gate SET
    token_free_at = token_free_at + make_interval(secs => %(seconds)s),
    typical_tokens = typical_tokens + (%(taken)s - typical_tokens) * %(share)s
WHERE id = %(gate)s
"""
LEARNING_SHARE = 0.1


class Gates(models.QuerySet["Gate"]):
    def limiting(self) -> Gates:
        """Those that hold anything back at all."""
        limits = ("requests_per_minute", "tokens_per_minute", "calls_at_once")
        return self.exclude(**dict.fromkeys(limits))

    def named(self, connection: str) -> Gate | None:
        """The gate of a connection, None where it has no limits."""
        return find(Gate, "WHERE connection = %s", [connection])


class Gate(models.Model):
    """The limits of one connection, shared by all workers on all machines. An empty limit is none.

    Requests and tokens are paced by booking: each call takes the next free moment and moves it on, by the clock of the
    database, so calls are spread evenly and none is sent early. Tokens are booked as what a call of this connection
    typically takes (`typical_tokens`) and corrected when the reply says how many it took. Calls at once are rows of
    their own (`Place`).
    """

    connection = models.CharField(_("provider"), max_length=40, unique=True)
    requests_per_minute = models.PositiveIntegerField(_("calls a minute"), null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(_("tokens a minute"), null=True, blank=True)
    calls_at_once = models.PositiveIntegerField(_("calls at once"), null=True, blank=True)
    request_free_at = models.DateTimeField(default=timezone.now, editable=False)
    token_free_at = models.DateTimeField(default=timezone.now, editable=False)
    typical_tokens = models.FloatField(default=1000.0, editable=False)

    objects = Gates.as_manager()

    class Meta:
        verbose_name = _("limits of a provider")
        verbose_name_plural = _("limits of providers")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(requests_per_minute=0)
                & ~models.Q(tokens_per_minute=0)
                & ~models.Q(calls_at_once=0),
                name="generation_a_limit_is_above_zero",
            )
        ]

    def __str__(self) -> str:
        return self.connection

    @property
    def is_paced(self) -> bool:
        return bool(self.requests_per_minute or self.tokens_per_minute)

    @property
    def token_seconds(self) -> float:
        """How long one token keeps the gate closed; 0 without a limit of tokens."""
        return 60 * SPARE / self.tokens_per_minute if self.tokens_per_minute else 0.0

    def minutes_for(self, calls: int) -> float | None:
        """How long so many calls take at least; None without a limit of calls or tokens a minute."""
        by_calls = calls / self.requests_per_minute if self.requests_per_minute else None
        by_tokens = calls * self.typical_tokens / self.tokens_per_minute if self.tokens_per_minute else None
        return max((each for each in (by_calls, by_tokens) if each is not None), default=None)

    def book(self) -> tuple[float, float] | None:
        """Takes the next free moment: seconds until then, and the tokens booked; None where it is too far ahead."""
        if not self.is_paced:
            return 0.0, 0.0
        request_seconds = 60 * SPARE / self.requests_per_minute if self.requests_per_minute else 0.0
        values = {
            "gate": self.pk,
            "request_seconds": request_seconds,
            "token_seconds": self.token_seconds,
            "ahead": AHEAD_SECONDS,
        }
        with database.cursor() as cursor:
            cursor.execute(_BOOK, values)
            found = cursor.fetchone()
        return (float(found[0]), float(found[1])) if found else None

    def correct(self, *, booked: float, taken: int) -> None:
        """Replaces the tokens that were booked for a call by those it took."""
        seconds = self.token_seconds * (taken - booked)
        values = {"gate": self.pk, "seconds": seconds, "taken": taken, "share": LEARNING_SHARE}
        with database.cursor() as cursor:
            cursor.execute(_CORRECT, values)
