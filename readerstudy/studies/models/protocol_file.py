"""Protocol files that were loaded, as they came in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study


class ProtocolFile(models.Model):
    """A file from which a study was made, or by which its draft was replaced. Append-only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="protocol_files")
    text = models.TextField()
    sha256 = models.CharField(max_length=64, help_text="Of the file's bytes.")
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("protocol file")
        verbose_name_plural = _("protocol files")
        ordering = ["study", "pk"]

    def __str__(self) -> str:
        return f"{self.study}: {self.sha256[:12]}"
