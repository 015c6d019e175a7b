"""Disagreements that somebody opened, and how they were settled. A settlement stands beside the ratings, for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models import Interpretation
from readerstudy.studies.models import Arm, Criterion, Membership, Study


class Ending(models.TextChoices):
    SETTLED = "settled", _("settled")
    CLOSED = "closed", _("closed without a settlement")
    REASSIGNED = "reassigned", _("given to somebody else")


FOR_GOOD = (Ending.SETTLED, Ending.CLOSED)
"""Endings after which the same disagreements do not come up again."""


class Adjudications(models.QuerySet["Adjudication"]):
    def of(self, study: Study) -> Adjudications:
        return self.filter(plan__study=study)

    def waiting(self) -> Adjudications:
        """Opened and not ended."""
        return self.filter(ended_at=None)

    def for_good(self) -> Adjudications:
        """Settled, or closed without a settlement."""
        return self.filter(ending__in=FOR_GOOD)


class Adjudication(models.Model):
    """One case with the texts beside it, opened by an adjudicator because its readers disagree.

    `screen` names the arms by their positions in the study. `asks_more` says that the questions of the second stage are
    asked too. Nobody who reads the case may settle it; the database refuses it.
    """

    plan = models.ForeignKey("reading.AllocationPlan", on_delete=models.PROTECT, related_name="adjudications")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    screen = models.CharField(max_length=200)
    arms = models.JSONField(help_text="The arms in the order of the study, by primary key.")
    adjudicator = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="adjudications")
    shows_readings = models.BooleanField(help_text="Whether the adjudicator sees what the readers said.")
    asks_more = models.BooleanField(default=False)
    key = models.CharField(max_length=32, unique=True, help_text="Names it in addresses; tells nothing.")
    case_key = models.CharField(
        max_length=32, help_text="Names the case's images for this adjudicator alone."
    )
    protocol_version = models.PositiveIntegerField()
    opened_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(blank=True, help_text="Why it was closed or given to somebody else.")
    active_seconds = models.FloatField(null=True, help_text="As the browser counted them.")
    client = models.JSONField(default=dict, help_text="The browser's own clock.")

    objects = Adjudications.as_manager()

    class Meta:
        verbose_name = _("adjudication")
        verbose_name_plural = _("adjudications")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "case", "screen"],
                condition=models.Q(ended_at=None),
                name="reading_one_open_adjudication_per_screen",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ending="", ended_by=None)
                | models.Q(
                    ended_at__gte=models.F("opened_at"), ending__in=Ending.values, ended_by__isnull=False
                ),
                name="reading_an_end_has_time_kind_and_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(ending__in=[Ending.CLOSED, Ending.REASSIGNED]) | ~models.Q(reason=""),
                name="reading_an_unsettled_end_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"adjudication of {self.case}"


class AdjudicatedOutput(models.Model):
    """One text on an adjudicator's screen, under the letter that stands there. Append-only."""

    adjudication = models.ForeignKey(Adjudication, on_delete=models.PROTECT, related_name="outputs")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    interpretation = models.ForeignKey(Interpretation, on_delete=models.PROTECT, related_name="+")
    letter = models.CharField(max_length=1)
    side = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("adjudicated output")
        verbose_name_plural = _("adjudicated outputs")
        constraints = [
            models.UniqueConstraint(
                fields=["adjudication", "letter"], name="reading_adjudicated_letters_differ"
            ),
            models.UniqueConstraint(fields=["adjudication", "side"], name="reading_adjudicated_sides_differ"),
            models.UniqueConstraint(fields=["adjudication", "arm"], name="reading_adjudicated_arms_differ"),
        ]

    def __str__(self) -> str:
        return f"output {self.letter} of {self.adjudication}"


class DisputedQuestion(models.Model):
    """One question that the readers of an opened case disagreed about, by which trigger, and who they were."""

    adjudication = models.ForeignKey(Adjudication, on_delete=models.PROTECT, related_name="disputed")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True, related_name="+")
    part = models.CharField(max_length=60, blank=True)
    trigger = models.CharField(max_length=10)
    readers = models.JSONField(help_text="The memberships whose answers were compared, by primary key.")

    class Meta:
        verbose_name = _("disputed question")
        verbose_name_plural = _("disputed questions")
        constraints = [
            models.UniqueConstraint(
                fields=["adjudication", "criterion", "arm", "part"],
                nulls_distinct=False,
                name="reading_disputed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.criterion} in {self.adjudication}"


class Settlements(models.QuerySet["Settlement"]):
    def standing(self) -> Settlements:
        """The newest answer to each question of each adjudication."""
        where = ("adjudication", "key", "output", "part")
        return self.order_by(*where, "-pk").distinct(*where)


class Settlement(models.Model):
    """One answer of an adjudicator. Append-only; the newest one for a question stands, `token` makes repeats the same.

    `key` is the criterion's; `criterion` is empty for questions of the second stage, which have no rows.
    """

    adjudication = models.ForeignKey(Adjudication, on_delete=models.PROTECT, related_name="settlements")
    output = models.ForeignKey(AdjudicatedOutput, on_delete=models.PROTECT, null=True, related_name="+")
    key = models.SlugField(max_length=40, db_index=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, null=True, related_name="+")
    part = models.CharField(max_length=60, blank=True)
    token = models.UUIDField(unique=True)
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    protocol_version = models.PositiveIntegerField()
    client = models.JSONField(default=dict, help_text="The browser's own clock, screen, window and zoom.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = Settlements.as_manager()

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        indexes = [
            models.Index(fields=["adjudication", "key", "output", "part"], name="reading_settlements_of_one")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cannot_judge=False) | models.Q(value="", score=None),
                name="reading_settled_cannot_judge_no_value",
            )
        ]

    def __str__(self) -> str:
        return f"settlement {self.pk}"


class Reminder(models.Model):
    """A mail that reminded a reader of unread cases. Append-only."""

    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="reminders")
    left = models.PositiveIntegerField(help_text="How many cases were unread then.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")

    def __str__(self) -> str:
        return f"reminder of {self.seat.pseudonym}"
