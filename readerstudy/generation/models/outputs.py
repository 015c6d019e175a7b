"""What models wrote, and what was written elsewhere."""

from __future__ import annotations

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
    """An output made elsewhere, as a coordinator imported it for an arm; the replay adapter hands it over."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="recorded_outputs")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("recorded output")
        verbose_name_plural = _("recorded outputs")
        constraints = [
            models.UniqueConstraint(fields=["arm", "case"], name="generation_one_recorded_output_per_case")
        ]

    def __str__(self) -> str:
        return f"recorded output of {self.arm} on {self.case}"
