"""What structured replies hold, in columns that analysis and overlays use."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.generation.models.outputs import Interpretation
from readerstudy.generation.models.queue import Generation
from readerstudy.studies.models import Study

LONGEST_LABEL = 80
LONGEST_PROBLEM = 400


class Status(models.TextChoices):
    """What reading a reply against the prompt's own form gave."""

    VALID = "valid", _("in the form asked for")
    REPAIRED = "repaired", _("usable, though not quite in the form asked for")
    INVALID = "invalid", _("not in the form asked for")
    NONE = "none", _("no form was asked for")


class Extractions(models.QuerySet["Extraction"]):
    def of(self, study: Study) -> Extractions:
        """Those of the study's arms; trials of prompts are not among them."""
        return self.filter(interpretation__in=Generation.objects.of(study).values("interpretation"))

    def unparsable(self) -> Extractions:
        return self.filter(status=Status.INVALID)


class Extraction(models.Model):
    """What was read out of one interpretation. Append-only; the text itself stays as it came.

    `label` is a level of the prompt's rubric in the rubric's own spelling, or empty. `confidence` lies in 0..1. `boxes`
    are `{"slot", "frame", "x", "y", "width", "height", "label"}`: x and y of the upper left corner, all four in 0..1 of
    the image's width and height. `data` is the reply as JSON, None where it could not be read.
    """

    interpretation = models.OneToOneField(Interpretation, on_delete=models.PROTECT, related_name="extraction")
    status = models.CharField(max_length=8, choices=Status.choices)
    label = models.CharField(max_length=LONGEST_LABEL, blank=True)
    confidence = models.FloatField(null=True)
    boxes = models.JSONField(default=list)
    data = models.JSONField(null=True)
    problem = models.CharField(
        max_length=LONGEST_PROBLEM,
        blank=True,
        help_text="What is not as asked, or what had to be left aside.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = Extractions.as_manager()

    class Meta:
        verbose_name = _("extraction")
        verbose_name_plural = _("extractions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="generation_known_extraction_status"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None) | models.Q(confidence__gte=0, confidence__lte=1),
                name="generation_confidence_is_a_share",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="invalid") | ~models.Q(problem=""),
                name="generation_an_invalid_extraction_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"extraction from {self.interpretation}"
