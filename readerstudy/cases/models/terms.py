"""On what terms the images of a set may be used, in versions that never change."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.cases.models.uploads import ImageSet

LONGEST_LICENCE = 2000


class Recipients(models.TextChoices):
    """Which models may be given the images."""

    UNSTATED = "unstated", _("Nobody has said yet: own servers alone")
    NONE = "none", _("No model at all")
    OWN = "own", _("Models on own servers")
    LISTED = "listed", _("Models on own servers, and the providers named below")
    ANY = "any", _("Any model")


class ImageTermsVersions(models.QuerySet["ImageTerms"]):
    def newest(self) -> ImageTermsVersions:
        """The version that counts of each set."""
        return self.order_by("image_set", "-number").distinct("image_set")


class ImageTerms(models.Model):
    """One version of a set's terms. Append-only: a change is a new version."""

    image_set = models.ForeignKey(ImageSet, on_delete=models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField(_("version"))
    source = models.CharField(
        _("source"),
        max_length=200,
        blank=True,
        help_text=_("Where the images come from: an archive, a ward …"),
    )
    licence = models.TextField(
        _("licence or terms"),
        max_length=LONGEST_LICENCE,
        blank=True,
        help_text=_("The name of a licence, or the words of the data-use agreement that matter here."),
    )
    recipients = models.CharField(
        _("Models that may be given these images"),
        max_length=10,
        choices=Recipients.choices,
        default=Recipients.UNSTATED,
    )
    providers = models.JSONField(_("providers"), default=list, blank=True)
    expires_on = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("Leave empty where the terms do not expire.")
    )
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(default=timezone.now)

    objects = ImageTermsVersions.as_manager()

    class Meta:
        verbose_name = _("terms of an image set")
        verbose_name_plural = _("terms of image sets")
        constraints = [
            models.UniqueConstraint(fields=["image_set", "number"], name="cases_terms_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(recipients__in=Recipients.values), name="cases_known_recipients"
            ),
            models.CheckConstraint(
                condition=models.Q(recipients=Recipients.LISTED) ^ models.Q(providers=[]),
                name="cases_listed_recipients_are_named",
            ),
            models.CheckConstraint(
                condition=models.Q(recipients=Recipients.UNSTATED) | ~models.Q(source="", licence=""),
                name="cases_stated_terms_say_where_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image_set} ({self.number})"

    @property
    def is_stated(self) -> bool:
        return self.recipients != Recipients.UNSTATED

    def is_expired(self, on: date) -> bool:
        """Whether their last day is over."""
        return self.expires_on is not None and self.expires_on < on
