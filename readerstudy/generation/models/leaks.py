"""A person's word that the texts of an arm do not give it away."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Arm


class ArmApproval(models.Model):
    """The texts of an arm were looked at and may be shown. Append-only; it holds while the fingerprint is the same."""

    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="text_approvals")
    fingerprint = models.CharField(
        max_length=64, help_text="Of the rules, the names, the texts and what was taken out by hand."
    )
    texts = models.PositiveIntegerField()
    telling = models.PositiveIntegerField(
        help_text="Names and self-descriptions that stayed in the shown texts."
    )
    reason = models.CharField(max_length=400, blank=True, help_text="Why they may stay.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("approval of an arm's texts")
        verbose_name_plural = _("approvals of arms' texts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(telling=0) | ~models.Q(reason=""),
                name="generation_what_stays_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"approval of {self.arm}"
