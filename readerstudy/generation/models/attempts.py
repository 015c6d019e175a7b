"""Calls to vendors, each a row."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.batches import Batch
from readerstudy.generation.models.money import MONEY, Price
from readerstudy.generation.models.queue import Generation
from readerstudy.studies.models import Study


class Mode(models.TextChoices):
    """How a call was made. Only a live call has seconds of its own."""

    LIVE = "live", _("live")
    BATCH = "batch", _("in a batch")


class Attempts(models.QuerySet["Attempt"]):
    def of(self, study: Study) -> Attempts:
        """All calls of the study's arms and of the trials of its prompts."""
        return self.filter(models.Q(generation__arm__study=study) | models.Q(generation__trial__study=study))


class Attempt(models.Model):
    """One call to a vendor, written before it is made and completed after."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.LIVE)
    key = models.CharField(
        max_length=40, unique=True, help_text="Sent with the call, to match vendor records."
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=20, blank=True, help_text="Empty while the call runs or if its worker died."
    )
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=400, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    is_possibly_paid = models.BooleanField(
        default=False, help_text="The vendor may have charged for this call, and its reply is not used."
    )
    connection = models.CharField(max_length=40, blank=True, help_text="The provider when the call was made.")
    words_bytes = models.PositiveIntegerField(default=0, help_text="Bytes of words that were sent, as UTF-8.")
    asked_model = models.CharField(max_length=120, blank=True)
    recipe_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Provider, model, prompt and parameters when the call was made."
    )
    prompt_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Words, images and schema as they were rendered for this call."
    )
    served_model = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(max_length=120, blank=True)
    request_id = models.CharField(max_length=120, blank=True)
    stop_reason = models.CharField(max_length=60, blank=True)
    block_reason = models.CharField(max_length=120, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    sdk = models.CharField(max_length=60, blank=True)
    images = models.JSONField(
        default=list, help_text="Slot and SHA-256 of each image that was sent, as stored in its rendition."
    )
    sent = models.JSONField(default=dict)
    dropped = models.JSONField(default=dict)
    raw = models.JSONField(null=True)
    characters = models.PositiveIntegerField(null=True, help_text="Length of the text that came.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="attempts")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, related_name="+")
    counted_tokens = models.PositiveIntegerField(
        default=0, help_text="What the budget counts: as many as it took, or at most may have taken."
    )
    cost = models.DecimalField(
        null=True, **MONEY, help_text="In the price's currency; empty where no price is known."
    )

    objects = Attempts.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="generation_attempts_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(finished_at=None) | ~models.Q(outcome=""),
                name="generation_an_ended_attempt_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(cost=None) | models.Q(price__isnull=False, cost__gte=0),
                name="generation_a_cost_has_a_price",
            ),
            models.CheckConstraint(
                condition=models.Q(mode="batch", batch__isnull=False) | models.Q(mode="live", batch=None),
                name="generation_a_batch_call_names_its_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.generation}"

    @property
    def characters_per_second(self) -> float | None:
        """None where the time or the text is missing, as it always is in a batch."""
        if self.characters is None or not self.seconds:
            return None
        return self.characters / self.seconds
