"""Who reads what, and what they said.

An *allocation* is one planned presentation with one or more lettered outputs. A *reading* is that presentation as it
happened. Each rating a reader gives is a *rating event*, never changed; the *rating* is the newest event for one output
and criterion, kept beside the events so that pages and reports need not search for it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models import Interpretation
from readerstudy.studies.models import Arm, Criterion, Membership, Study


class AllocationPlan(models.Model):
    """The seed and algorithm that a set of allocations was drawn by."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="allocation_plans")
    seed = models.BigIntegerField()
    algorithm = models.CharField(max_length=40)
    seats = models.PositiveIntegerField(
        help_text="The highest seat when the plan was drawn; later readers follow it."
    )
    cases = models.JSONField(help_text="Case codes in plan order.")
    arms = models.JSONField(help_text="Arm positions in plan order.")
    excluded = models.JSONField(default=list, help_text="(case, arm) pairs hidden from readers as refusals.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("allocation plan")
        verbose_name_plural = _("allocation plans")

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.study}"


class Allocations(models.QuerySet["Allocation"]):
    def of(self, seat: Membership) -> Allocations:
        return self.filter(seat=seat).order_by("position")

    def unread(self) -> Allocations:
        return self.filter(models.Q(reading=None) | models.Q(reading__submitted_at=None))


class Allocation(models.Model):
    """One planned presentation of a case to a reader."""

    plan = models.ForeignKey(AllocationPlan, on_delete=models.PROTECT, related_name="allocations")
    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="allocations")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="allocations")
    period = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveIntegerField()
    key = models.CharField(
        max_length=32, unique=True, help_text="Names the reading in addresses; tells nothing."
    )
    case_key = models.CharField(max_length=32, help_text="Names the case's images for this reader alone.")

    objects = Allocations.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        indexes = [models.Index(fields=["seat", "case_key"], name="reading_images_of_a_reader")]
        constraints = [
            models.UniqueConstraint(fields=["seat", "position"], name="reading_one_case_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.seat.pseudonym}, position {self.position}"


class AllocatedOutput(models.Model):
    """One output within a presentation, under the letter its reader sees."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="outputs")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="+")
    letter = models.CharField(max_length=1)
    side = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("allocated output")
        verbose_name_plural = _("allocated outputs")
        constraints = [
            models.UniqueConstraint(fields=["allocation", "letter"], name="reading_letters_differ"),
            models.UniqueConstraint(fields=["allocation", "side"], name="reading_sides_differ"),
            models.UniqueConstraint(fields=["allocation", "arm"], name="reading_arms_differ"),
        ]

    def __str__(self) -> str:
        return f"output {self.letter} of {self.allocation}"


class Session(models.Model):
    """One sitting of a reader."""

    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="sessions")
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=models.Q(ended_at=None), name="reading_one_open_session_per_reader"
            )
        ]

    def __str__(self) -> str:
        return f"session of {self.seat.pseudonym}"


class Reading(models.Model):
    """A presentation as it happened: when it was first shown and when it was submitted."""

    allocation = models.OneToOneField(Allocation, on_delete=models.PROTECT, related_name="reading")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="readings")
    shown_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(submitted_at=None) | models.Q(submitted_at__gte=models.F("shown_at")),
                name="reading_shown_before_submitted",
            )
        ]

    def __str__(self) -> str:
        return f"reading at {self.allocation}"


class RatingEvent(models.Model):
    """One rating as a reader gave it. Append-only; `token` makes a repeated request the same event."""

    output = models.ForeignKey(AllocatedOutput, on_delete=models.PROTECT, related_name="events")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField(unique=True)
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    protocol_version = models.PositiveIntegerField()
    client = models.JSONField(default=dict, help_text="The browser's own clock, screen, window and zoom.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("rating event")
        verbose_name_plural = _("rating events")
        indexes = [models.Index(fields=["output", "criterion"], name="reading_events_of_a_rating")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cannot_judge=False) | models.Q(value="", score=None),
                name="reading_cannot_judge_has_no_value",
            )
        ]

    def __str__(self) -> str:
        return f"rating event {self.pk}"


class Rating(models.Model):
    """The rating that stands for one output and criterion: a copy of its newest event."""

    output = models.ForeignKey(AllocatedOutput, on_delete=models.PROTECT, related_name="ratings")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    event = models.OneToOneField(RatingEvent, on_delete=models.PROTECT, related_name="+")
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(
                fields=["output", "criterion"], name="reading_one_rating_per_output_and_criterion"
            )
        ]

    def __str__(self) -> str:
        return f"rating {self.pk}"
