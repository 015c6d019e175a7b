"""Prompts on trial: a version with a model, called for validation cases outside the study."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import InputCondition, PromptVersion, Study


class Trial(models.Model):
    """One prompt version with one model, tried on the study's validation cases. Nothing of it is ever read or compared.

    It has what an arm has for a call: connection, model, prompt, parameters and input condition.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="trials")
    prompt = models.ForeignKey(PromptVersion, on_delete=models.PROTECT, related_name="trials")
    connection = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=120)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    input_condition = models.CharField(
        max_length=10, choices=InputCondition.choices, default=InputCondition.IMAGE_TEXT
    )
    is_simulated = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    is_recorded = False

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")

    def __str__(self) -> str:
        return f"{self.prompt} with {self.model}"

    @property
    def name(self) -> str:
        return str(self)
