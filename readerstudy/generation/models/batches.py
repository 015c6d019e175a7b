"""Calls handed in together at a lower price, answered within a day."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Study


class BatchState(models.TextChoices):
    """Where a batch is. It is written down as `SUBMITTING` before the vendor hears of it."""

    SUBMITTING = "submitting", _("being handed in")
    SUBMITTED = "submitted", _("at the vendor")
    COLLECTED = "collected", _("collected")
    EXPIRED = "expired", _("expired, its finished part collected")
    FAILED = "failed", _("failed")


OPEN = (BatchState.SUBMITTING, BatchState.SUBMITTED)
TRANSITIONS: dict[str, frozenset[str]] = {
    BatchState.SUBMITTING: frozenset({BatchState.SUBMITTED, BatchState.FAILED}),
    BatchState.SUBMITTED: frozenset({BatchState.COLLECTED, BatchState.EXPIRED, BatchState.FAILED}),
    BatchState.COLLECTED: frozenset(),
    BatchState.EXPIRED: frozenset(),
    BatchState.FAILED: frozenset(),
}


class Batches(models.QuerySet["Batch"]):
    def open(self) -> Batches:
        return self.filter(state__in=OPEN)

    def due(self, at: datetime | None = None) -> Batches:
        """Open ones that somebody should look at now and that nobody is looking at."""
        return self.open().filter(look_at__lte=at or timezone.now())


class Batch(models.Model):
    """One batch of a study's calls to one connection. `key` goes to the vendor as a mark, so that it is found again.

    `look_at` is the next look, and while somebody looks, the end of their lease. Counts are the vendor's.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="batches")
    connection = models.CharField(_("provider"), max_length=40)
    key = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.SUBMITTING)
    vendor_id = models.CharField(max_length=120, blank=True)
    native = models.CharField(max_length=40, blank=True, help_text="The vendor's own word for where it is.")
    problem = models.CharField(max_length=400, blank=True)
    total = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    looks = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(default=timezone.now)

    objects = Batches.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=BatchState.values), name="generation_known_batch_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["submitted", "collected", "expired"])
                | ~models.Q(vendor_id=""),
                name="generation_a_submitted_batch_has_its_number",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["submitting", "submitted"]) | models.Q(ended_at__isnull=False),
                name="generation_an_ended_batch_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"
