"""The questions readers answer."""

from __future__ import annotations

from typing import TypedDict

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study


class Option(TypedDict):
    value: str
    label: str


class Kind(models.TextChoices):
    LIKERT = "likert", _("Scale with worded anchors")
    YES_NO = "yes_no", _("Yes or no")
    SINGLE_CHOICE = "single_choice", _("One of several options")
    NUMBER = "number", _("Number")
    FREE_TEXT = "free_text", _("Free text")

    @property
    def has_options(self) -> bool:
        return self in (Kind.LIKERT, Kind.YES_NO, Kind.SINGLE_CHOICE)


class Direction(models.TextChoices):
    HIGHER = "higher", _("Higher is better")
    LOWER = "lower", _("Lower is better")
    NONE = "none", _("Neither is better")


class Rubric(models.Model):
    """A versioned set of criteria of one study."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rubrics")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("rubric")
        verbose_name_plural = _("rubrics")
        constraints = [
            models.UniqueConstraint(fields=["study", "version"], name="studies_one_rubric_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.study}, rubric {self.version}"


class Criteria(models.QuerySet["Criterion"]):
    def of(self, study: Study) -> Criteria:
        """The criteria of the study's newest rubric, in reading order."""
        newest = Rubric.objects.filter(study=study).order_by("-version").values("pk")[:1]
        return self.filter(rubric__in=newest).order_by("position")


class Criterion(models.Model):
    """One question with its scale."""

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="criteria")
    position = models.PositiveSmallIntegerField(editable=False)
    key = models.SlugField(_("short name"), max_length=40, help_text=_("Names the column in exports."))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.LIKERT)
    question = models.CharField(_("question"), max_length=160)
    help = models.CharField(_("explanation"), max_length=300, blank=True)
    options = models.JSONField(default=list, blank=True)
    minimum = models.FloatField(_("lowest value"), null=True, blank=True)
    maximum = models.FloatField(_("highest value"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    direction = models.CharField(
        _("direction"), max_length=8, choices=Direction.choices, default=Direction.HIGHER
    )
    acceptable_from = models.FloatField(
        _("acceptable from"),
        null=True,
        blank=True,
        help_text=_(
            "The score from which an output counts as acceptable. Where lower is better: up to this score."
        ),
    )
    allows_cannot_judge = models.BooleanField(_("offer “cannot judge”"), default=True)
    is_required = models.BooleanField(_("must be answered"), default=True)

    objects = Criteria.as_manager()

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["rubric", "position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "position"], name="studies_one_criterion_per_position"),
            models.UniqueConstraint(fields=["rubric", "key"], name="studies_criterion_keys_differ"),
            models.CheckConstraint(
                condition=models.Q(minimum=None)
                | models.Q(maximum=None)
                | models.Q(minimum__lt=models.F("maximum")),
                name="studies_lowest_below_highest",
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def values(self) -> list[str]:
        """The values a rating may have, for kinds with options."""
        return [option["value"] for option in self.options]

    @property
    def is_scored(self) -> bool:
        """Whether ratings are numbers of which a mean makes sense."""
        return self.kind in (Kind.LIKERT, Kind.YES_NO, Kind.NUMBER)

    def is_acceptable(self, score: float) -> bool | None:
        """Whether a score meets the declared cut; None where no cut is declared."""
        if self.acceptable_from is None or not self.is_scored:
            return None
        return (
            score <= self.acceptable_from
            if self.direction == Direction.LOWER
            else score >= self.acceptable_from
        )
