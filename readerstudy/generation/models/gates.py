"""What holds calls back: a study's hold, and a vendor's wish for silence."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models import Study


class Hold(models.Model):
    """A study's queue stands still from `at` to `ended_at`; running calls finish, no new one begins."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="holds")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(
                fields=["study"], condition=models.Q(ended_at=None), name="generation_one_hold_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"hold of {self.study}"


class VendorPauses(models.QuerySet["VendorPause"]):
    def now(self, at: datetime | None = None) -> VendorPauses:
        return self.filter(until__gt=at or timezone.now())


class VendorPause(models.Model):
    """A vendor asked for silence: no worker on any machine calls this connection before `until`."""

    connection = models.CharField(max_length=40, unique=True)
    until = models.DateTimeField()

    objects = VendorPauses.as_manager()

    class Meta:
        verbose_name = _("vendor pause")
        verbose_name_plural = _("vendor pauses")

    def __str__(self) -> str:
        return f"{self.connection} until {self.until:%H:%M:%S}"
