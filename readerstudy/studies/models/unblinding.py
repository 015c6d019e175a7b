"""Who was told which arm is which before or after the data were locked, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.lifecycle import NAMED
from readerstudy.studies.models.signature import Signature
from readerstudy.studies.models.study import Study


class Unblindings(models.QuerySet["Unblinding"]):
    def of(self, study: Study) -> Unblindings:
        return self.filter(study=study).select_related("by", "signature").order_by("pk")

    def names_arms(self, study: Study) -> bool:
        """Whether report and exports name the arms of this study; else they show codes."""
        return study.state in NAMED or self.filter(study=study, case_code="").exists()


class Unblinding(models.Model):
    """One time that the blind was broken: for one case, or with an empty code for all of them. Append-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="unblindings")
    case_code = models.CharField(max_length=40, blank=True)
    is_planned = models.BooleanField(
        help_text="After the data lock, as the protocol foresees; else an emergency."
    )
    reason = models.TextField()
    signature = models.OneToOneField(
        Signature, on_delete=models.PROTECT, null=True, related_name="unblinding", editable=False
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = Unblindings.as_manager()

    class Meta:
        verbose_name = _("unblinding")
        verbose_name_plural = _("unblindings")
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="studies_an_unblinding_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(is_planned=False) | models.Q(case_code=""),
                name="studies_a_planned_unblinding_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.case_code or 'all'}"
