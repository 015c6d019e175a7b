"""The questions readers answer."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from django.db import models
from django.db.models import Deferrable, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study
from readerstudy.studies.rubrics.kinds import PARTS, SCORED_BY_OPTION, TAKES, Need, bins_of
from readerstudy.studies.rubrics.values import is_accepted, read_number


class Option(TypedDict):
    """What may be answered. `numeric` says that a protocol file writes the value as a number."""

    value: str
    label: str
    help: NotRequired[str]
    significance: NotRequired[str]
    numeric: NotRequired[bool]


class Kind(models.TextChoices):
    YES_NO = "yes_no", _("Yes or no")
    SINGLE_CHOICE = "single_choice", _("One of several options")
    MULTIPLE_CHOICE = "multiple_choice", _("Any of several options")
    LIKERT = "likert", _("Scale with worded anchors")
    COMPARATIVE = "comparative", _("Comparison of two texts")
    RANKING = "ranking", _("Ranking")
    INTEGER = "integer", _("Whole number")
    NUMBER = "number", _("Number")
    VISUAL_ANALOGUE = "visual_analogue", _("Slider from 0 to 100")
    CONFIDENCE = "confidence", _("Confidence")
    FREE_TEXT = "free_text", _("Free text")
    TEXT_SPAN = "text_span", _("Marks in the text")
    GRID = "grid", _("Grid of findings, sentences or steps")
    BOX = "box", _("Boxes on the image")
    POINT = "point", _("Points on the image")
    LENGTH = "length", _("Length on the image")
    POLYGON = "polygon", _("Outlines on the image")
    EDIT = "edit", _("Correction of the text")
    QUALITY_GATE = "quality_gate", _("Image quality gate")

    @property
    def has_options(self) -> bool:
        """Whether a question of this kind cannot do without options."""
        return self == Kind.YES_NO or TAKES[self].options is Need.MUST


class Scope(models.TextChoices):
    """What a question is asked about."""

    OUTPUT = "output", _("Each text")
    CASE = "case", _("The case")
    PAIR = "pair", _("The two texts together")
    FINDING = "finding", _("Each finding of a text")
    SENTENCE = "sentence", _("Each sentence of a text")
    STEP = "step", _("Each step of a text")


class Stage(models.TextChoices):
    """When a question is asked, where a study reveals its texts after an answer of the reader's own."""

    ANY = "", _("At any time")
    BEFORE = "before", _("Before the text is revealed")
    AFTER = "after", _("After the text is revealed")


class Phase(models.TextChoices):
    MAIN = "main", _("With every case")
    EXIT = "exit", _("After the last case")


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
        """The criteria of the study's newest rubric that are asked with every case, in reading order."""
        return self._newest(study).filter(phase=Phase.MAIN)

    def exit(self, study: Study) -> Criteria:
        """The questions that readers of the study answer once, after their last case."""
        return self._newest(study).filter(phase=Phase.EXIT)

    def _newest(self, study: Study) -> Criteria:
        newest = Rubric.objects.filter(study=study).order_by("-version").values("pk")[:1]
        return self.filter(rubric__in=newest).order_by("position")


class Criterion(models.Model):
    """One question with its scale."""

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="criteria")
    phase = models.CharField(_("asked"), max_length=4, choices=Phase.choices, default=Phase.MAIN)
    position = models.PositiveSmallIntegerField(editable=False)
    key = models.SlugField(_("short name"), max_length=40, help_text=_("Names the column in exports."))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.LIKERT)
    question = models.CharField(_("question"), max_length=300)
    help = models.CharField(_("explanation"), max_length=1000, blank=True)
    applies_to = models.CharField(_("asked about"), max_length=8, choices=Scope.choices, default=Scope.OUTPUT)
    stage = models.CharField(_("stage"), max_length=6, choices=Stage.choices, default=Stage.ANY, blank=True)
    options = models.JSONField(default=list, blank=True)
    shuffled = models.BooleanField(
        _("shuffle the options"),
        default=False,
        help_text=_("Each reader gets them in an order of their own."),
    )
    minimum = models.FloatField(_("lowest value"), null=True, blank=True)
    maximum = models.FloatField(_("highest value"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    direction = models.CharField(
        _("direction"), max_length=8, choices=Direction.choices, default=Direction.HIGHER
    )
    acceptable = models.JSONField(default=list, blank=True)
    acceptable_from = models.FloatField(
        _("acceptable from"),
        null=True,
        blank=True,
        help_text=_(
            "The score from which an output counts as acceptable. Where lower is better: up to this score."
        ),
    )
    high_quality = models.JSONField(default=list, blank=True)
    allows_cannot_judge = models.BooleanField(_("offer “cannot judge”"), default=True)
    asks_reason = models.BooleanField(_("ask why"), default=False)
    is_required = models.BooleanField(_("must be answered"), default=True)
    when = models.JSONField(default=list, blank=True)

    objects = Criteria.as_manager()

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["rubric", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rubric", "phase", "position"],
                name="studies_one_criterion_per_position",
                deferrable=Deferrable.DEFERRED,  # a new order is written row by row
            ),
            models.UniqueConstraint(fields=["rubric", "phase", "key"], name="studies_criterion_keys_differ"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="studies_criterion_kind_known"),
            models.CheckConstraint(
                condition=Q(phase__in=Phase.values, applies_to__in=Scope.values, stage__in=Stage.values),
                name="studies_criterion_place_known",
            ),
            models.CheckConstraint(
                condition=Q(phase=Phase.MAIN) | Q(applies_to=Scope.CASE, stage=Stage.ANY),
                name="studies_exit_criterion_of_case",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.BEFORE) | Q(applies_to=Scope.CASE),
                name="studies_unaided_criterion_of_case",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.COMPARATIVE) | Q(applies_to=Scope.PAIR),
                name="studies_comparison_of_a_pair",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.GRID) | Q(applies_to__in=PARTS), name="studies_grid_of_parts"
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.QUALITY_GATE) | Q(applies_to=Scope.CASE),
                name="studies_quality_gate_of_case",
            ),
            models.CheckConstraint(
                condition=Q(asks_reason=False) | Q(allows_cannot_judge=True),
                name="studies_reason_only_if_cannot_judge",
            ),
            models.CheckConstraint(
                condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lt=models.F("maximum")),
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
        if self.kind in SCORED_BY_OPTION:
            return True
        return self.kind in (Kind.INTEGER, Kind.NUMBER, Kind.VISUAL_ANALOGUE)

    def is_acceptable(self, score: float) -> bool | None:
        """Whether a score meets the declared cut; None where no cut is declared."""
        if self.acceptable_from is None or not self.is_scored:
            return None
        return is_accepted(score, self.acceptable_from, self.direction)

    def accepts(self, value: str) -> bool | None:
        """Whether an answer counts as acceptable, by its option or its number; None where nothing is declared.

        `value` is the answer as a rating keeps it, of a grid that of one part.
        """
        if self.acceptable:
            return value in self.acceptable
        number = read_number(value)
        return None if number is None else self.is_acceptable(number)

    def is_high_quality(self, value: str) -> bool | None:
        """Whether an answer is in the best bin; None where none is declared."""
        if not self.high_quality:
            return None
        if bins_of(self.kind, bool(self.options)) == "options":
            return value in self.high_quality
        number, best = read_number(value), read_number(self.high_quality[0])
        return None if number is None or best is None else is_accepted(number, best, self.direction)
