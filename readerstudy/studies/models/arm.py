"""A compared source of outputs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.prompt import PromptVersion
from readerstudy.studies.models.study import Study


class ArmKind(models.TextChoices):
    MODEL = "model", _("A model that we call")
    HUMAN = "human", _("Texts written by people")
    IMPORTED = "imported", _("Outputs made elsewhere")
    UNAIDED = "unaided", _("No output: readers judge the case alone")


class InputCondition(models.TextChoices):
    """What of a case a model is given."""

    IMAGE_TEXT = "image_text", _("Images and clinical text")
    IMAGE = "image", _("Images alone")
    TEXT = "text", _("Clinical text alone")
    NONE = "none", _("Neither: the prompt alone")

    @property
    def has_images(self) -> bool:
        return self in (InputCondition.IMAGE_TEXT, InputCondition.IMAGE)

    @property
    def has_text(self) -> bool:
        return self in (InputCondition.IMAGE_TEXT, InputCondition.TEXT)


class CallMode(models.TextChoices):
    """How a model arm's calls are made."""

    LIVE = "live", _("One by one, as soon as possible")
    BATCH = "batch", _("In batches: cheaper, within a day, without a time for each call")


class Arms(models.QuerySet["Arm"]):
    def with_outputs(self, study: Study) -> Arms:
        """The study's arms that have something to show, in order."""
        return self.filter(study=study).exclude(kind=ArmKind.UNAIDED).order_by("position")


class Arm(models.Model):
    """Model + prompt + parameters + input condition, or texts made elsewhere. Protocol: frozen by the lock."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="arms")
    position = models.PositiveSmallIntegerField(editable=False)
    name = models.CharField(
        _("name"), max_length=80, help_text=_("For you and the report. Readers never see it.")
    )
    kind = models.CharField(_("source"), max_length=10, choices=ArmKind.choices, default=ArmKind.MODEL)
    connection = models.CharField(_("provider"), max_length=40, blank=True)
    model = models.CharField(
        _("model"),
        max_length=120,
        blank=True,
        help_text=_("Exactly as the provider names it, with its version."),
    )
    prompt = models.ForeignKey(
        PromptVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="arms",
        verbose_name=_("prompt"),
    )
    input_condition = models.CharField(
        _("what the model is given"),
        max_length=10,
        choices=InputCondition.choices,
        default=InputCondition.IMAGE_TEXT,
    )
    replicates = models.PositiveSmallIntegerField(
        _("outputs for each case"),
        default=1,
        help_text=_("Readers get the first; the others show how far the model agrees with itself."),
    )
    mode = models.CharField(
        _("how calls are made"), max_length=5, choices=CallMode.choices, default=CallMode.LIVE
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    is_simulated = models.BooleanField(default=False, editable=False)

    objects = Arms.as_manager()

    class Meta:
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="studies_one_arm_per_position"),
            models.UniqueConstraint(fields=["study", "name"], name="studies_arm_names_differ"),
            models.CheckConstraint(
                condition=~models.Q(kind="model")
                | (~models.Q(model="") & ~models.Q(connection="") & models.Q(prompt__isnull=False)),
                name="studies_a_model_arm_names_its_model",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ArmKind.values), name="studies_known_arm_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(input_condition__in=InputCondition.values),
                name="studies_known_input_condition",
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=CallMode.values), name="studies_known_call_mode"
            ),
            models.CheckConstraint(
                condition=models.Q(replicates__gte=1, replicates__lte=100), name="studies_replicates_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_recorded(self) -> bool:
        """Whether its outputs come from people or from elsewhere, so that nobody is called for them."""
        return self.kind != ArmKind.MODEL

    @property
    def has_outputs(self) -> bool:
        """Whether there is something to show; unaided, a reader judges the case alone."""
        return self.kind != ArmKind.UNAIDED
