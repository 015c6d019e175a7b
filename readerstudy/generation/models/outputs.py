"""What models wrote, and what was written elsewhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models import Case
from readerstudy.generation.models.attempts import Attempt
from readerstudy.generation.models.queue import Generation
from readerstudy.studies.models import Arm


class Interpretation(models.Model):
    """The text a model gave. Append-only; empty where the vendor gave none."""

    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="interpretation")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="interpretation")
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("interpretation")
        verbose_name_plural = _("interpretations")

    def __str__(self) -> str:
        return f"interpretation of {self.generation}"


class RecordedOutput(models.Model):
    """An output that nobody is called for: imported from a file, or typed by a person. Append-only.

    The replay adapter hands it over, so that it passes the same steps as any other. `label`, `confidence` and `boxes`
    are what the file itself said beside the text; boxes are as those of an `Extraction`, the slot empty where none was
    named.
    """

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="recorded_outputs")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    replicate = models.PositiveSmallIntegerField(default=1)
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=80, blank=True)
    confidence = models.FloatField(null=True)
    boxes = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField(default=timezone.now)
    file_sha256 = models.CharField(
        max_length=64, blank=True, help_text="The file it came from; empty where it was typed."
    )

    class Meta:
        verbose_name = _("recorded output")
        verbose_name_plural = _("recorded outputs")
        constraints = [
            models.UniqueConstraint(
                fields=["arm", "case", "replicate"], name="generation_one_recorded_output_per_case"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None) | models.Q(confidence__gte=0, confidence__lte=1),
                name="generation_recorded_confidence_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"recorded output of {self.arm} on {self.case}"


class ArrivedFile(models.Model):
    """A file of outputs between its preview and its import. The storage has its bytes under `key`."""

    key = models.CharField(max_length=32, unique=True)
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ending = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    arrived_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("arrived file of outputs")
        verbose_name_plural = _("arrived files of outputs")

    def __str__(self) -> str:
        return f"file of outputs {self.pk}"


class Draft(models.Model):
    """What one writer has typed for a case so far; the finished text is a recorded output."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="drafts")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(fields=["arm", "case", "by"], name="generation_one_draft_a_writer")
        ]

    def __str__(self) -> str:
        return f"draft of {self.arm} on {self.case}"
