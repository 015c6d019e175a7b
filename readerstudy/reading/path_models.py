"""A reader's path around the cases: signatures, profile, tutorial, practice, the last questions. All append-only."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Criterion, Membership


class Act(models.TextChoices):
    """What a reader signs."""

    CONSENT = "consent", _("consent")
    COMPLETION = "completion", _("completion of the readings")


class ReaderSignatures(models.QuerySet["ReaderSignature"]):
    def completion(self, seat: Membership) -> ReaderSignature | None:
        """The signature under all readings of the seat; None as long as there is none."""
        return self.filter(seat=seat, act=Act.COMPLETION).first()


class ReaderSignature(models.Model):
    """A reader's signature under a text, kept word for word.

    `digest` binds all of it together, and the audit trail holds the digest. Readers who have a password gave it again;
    those who come by links alone are known by the session that their link opened.
    """

    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="reader_signatures")
    act = models.CharField(max_length=10, choices=Act.choices)
    printed_name = models.CharField(max_length=120)
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    language = models.CharField(
        max_length=20,
        blank=True,
        help_text="The code of the language of the text; empty before this was kept.",
    )
    protocol_version = models.PositiveIntegerField()
    with_password = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)

    objects = ReaderSignatures.as_manager()

    class Meta:
        verbose_name = _("reader's signature")
        verbose_name_plural = _("readers' signatures")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(act__in=Act.values), name="reading_known_act_of_a_reader"
            ),
            models.CheckConstraint(
                condition=~models.Q(printed_name="") & ~models.Q(text=""),
                name="reading_a_signature_has_a_name_and_a_text",
            ),
            models.UniqueConstraint(
                fields=["seat"], condition=models.Q(act="completion"), name="reading_completed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat.pseudonym}: {self.get_act_display()}"

    def compute_digest(self) -> str:
        """SHA-256 over everything that the signature says, in canonical JSON."""
        said = {
            "study": self.seat.study.key,
            "reader": self.seat.pseudonym,
            "act": self.act,
            "name": self.printed_name,
            "text": self.text_sha256,
            "version": self.protocol_version,
            "password": self.with_password,
            "at": self.at.isoformat(),
            **({"language": self.language} if self.language else {}),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Background(models.Model):
    """What a reader told of themselves for one study; the newest row stands.

    `answers` maps the names of `readers.profile` in the protocol to words.
    """

    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="backgrounds")
    answers = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("background")
        verbose_name_plural = _("backgrounds")

    def __str__(self) -> str:
        return f"background of {self.seat.pseudonym}"


class PathPart(models.TextChoices):
    TUTORIAL = "tutorial", _("tutorial")
    EXIT = "exit", _("questions after the last case")


class Passage(models.Model):
    """A part of the path that a reader has gone through once, under one plan: a pilot's path is not the study's."""

    plan = models.ForeignKey("reading.AllocationPlan", on_delete=models.PROTECT, related_name="passages")
    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="passages")
    part = models.CharField(max_length=10, choices=PathPart.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")
        constraints = [
            models.UniqueConstraint(fields=["plan", "seat", "part"], name="reading_passed_once"),
            models.CheckConstraint(
                condition=models.Q(part__in=PathPart.values), name="reading_known_part_of_the_path"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat.pseudonym}: {self.get_part_display()}"


class PracticeAttempt(models.Model):
    """One practice case as it was submitted once, compared with the expected answers as they were then.

    `answers` maps fields to {value, cannot_judge, reason, agrees}; `agrees` is null where nothing was expected.
    """

    allocation = models.ForeignKey(
        "reading.Allocation", on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    number = models.PositiveSmallIntegerField(help_text="Of the round that it belongs to, from 1.")
    shown_at = models.DateTimeField()
    submitted_at = models.DateTimeField()
    active_seconds = models.FloatField(null=True)
    answers = models.JSONField()
    agreed = models.PositiveIntegerField()
    compared = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("practice attempt")
        verbose_name_plural = _("practice attempts")
        constraints = [
            models.UniqueConstraint(fields=["allocation", "number"], name="reading_attempts_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, agreed__lte=models.F("compared")),
                name="reading_no_more_agree_than_are_compared",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} at {self.allocation}"


class PracticeRound(models.Model):
    """All practice cases of a reader once: the share that agreed, and whether it reached the mark of that time."""

    plan = models.ForeignKey(
        "reading.AllocationPlan", on_delete=models.PROTECT, related_name="practice_rounds"
    )
    seat = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="practice_rounds", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    agreed = models.PositiveIntegerField()
    compared = models.PositiveIntegerField()
    pass_mark = models.FloatField(null=True)
    is_passed = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("practice round")
        verbose_name_plural = _("practice rounds")
        constraints = [
            models.UniqueConstraint(fields=["seat", "plan", "number"], name="reading_rounds_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, agreed__lte=models.F("compared")),
                name="reading_rounds_agree_in_no_more_than_all",
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.seat.pseudonym}"

    @property
    def share(self) -> float | None:
        """The share of compared answers that agreed; None where nothing was compared."""
        return self.agreed / self.compared if self.compared else None


class PracticeGrant(models.Model):
    """One more round of practice, allowed by a coordinator."""

    plan = models.ForeignKey("reading.AllocationPlan", on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="practice_grants", db_index=False
    )
    number = models.PositiveSmallIntegerField(help_text="The round after which it was allowed.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("grant of practice")
        verbose_name_plural = _("grants of practice")
        constraints = [
            models.UniqueConstraint(fields=["seat", "plan", "number"], name="reading_one_grant_per_round")
        ]

    def __str__(self) -> str:
        return f"one more round for {self.seat.pseudonym}"


class ExitEvents(models.QuerySet["ExitEvent"]):
    def standing(self) -> ExitEvents:
        """The newest event of each plan, reader and question."""
        fields = ("plan_id", "seat_id", "criterion_id")  # a bare relation would be ordered as its model is
        return self.order_by(*fields, "-pk").distinct(*fields)


class ExitEvent(models.Model):
    """One answer to a question after the last case; the newest stands. `token` makes a repeated request the same."""

    plan = models.ForeignKey("reading.AllocationPlan", on_delete=models.PROTECT, related_name="exit_events")
    seat = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="exit_events")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    token = models.UUIDField(unique=True)
    value = models.TextField(blank=True)
    score = models.FloatField(null=True)
    cannot_judge = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    protocol_version = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = ExitEvents.as_manager()

    class Meta:
        verbose_name = _("answer after the last case")
        verbose_name_plural = _("answers after the last case")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cannot_judge=False) | models.Q(value="", score=None),
                name="reading_exit_cannot_judge_has_no_value",
            )
        ]

    def __str__(self) -> str:
        return f"answer of {self.seat.pseudonym} after the last case"
