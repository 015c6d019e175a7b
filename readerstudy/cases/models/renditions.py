"""Clean files made from uploads: all that readers, vendors and exports ever get."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models.images import Image


class RenditionKind(models.TextChoices):
    FULL = "full", _("lossless frame")
    DISPLAY = "display", _("8-bit image for a model")
    PREVIEW = "preview", _("small preview")
    NORMAL = "normal", _("normalised image")
    NORMAL_PREVIEW = "normal_preview", _("preview of the normalised image")


class Renditions(models.QuerySet["Rendition"]):
    def current(self) -> Renditions:
        """Those that count: not the ones a later mask replaced."""
        return self.filter(version=models.F("image__version"))


class Rendition(models.Model):
    """One clean file made from an upload. Never changed: a new mask or window makes a new version.

    The bytes of a replaced version are deleted once no other rendition has the same; its row says what there was.
    """

    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="renditions")
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16, choices=RenditionKind.choices)
    frame = models.PositiveIntegerField(default=0)
    stored = models.CharField(max_length=255)
    mime = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    recipe = models.JSONField(
        default=dict, help_text="How it was made: decoder, versions, window, mask, hash in."
    )

    objects = Renditions.as_manager()

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(
                fields=["image", "version", "kind", "frame"], name="cases_one_rendition_per_frame"
            )
        ]
        indexes = [models.Index(fields=["stored"], name="cases_rendition_bytes")]

    def __str__(self) -> str:
        return f"{self.image} {self.kind} {self.frame}"
