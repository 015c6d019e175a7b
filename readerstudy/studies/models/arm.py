"""A compared source of outputs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study


class ArmKind(models.TextChoices):
    MODEL = "model", _("A model that we call")
    IMPORTED = "imported", _("Outputs made elsewhere")


class Arm(models.Model):
    """Model + prompt + parameters, or a set of imported outputs. Part of the protocol: frozen by the lock."""

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
    system_prompt = models.TextField(_("role of the model"), blank=True)
    prompt = models.TextField(_("prompt"), blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    is_simulated = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        ordering = ["study", "position"]
        constraints = [
            models.UniqueConstraint(fields=["study", "position"], name="studies_one_arm_per_position"),
            models.UniqueConstraint(fields=["study", "name"], name="studies_arm_names_differ"),
            models.CheckConstraint(
                condition=~models.Q(kind="model") | (~models.Q(model="") & ~models.Q(connection="")),
                name="studies_a_model_arm_names_its_model",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_recorded(self) -> bool:
        return self.kind == ArmKind.IMPORTED
