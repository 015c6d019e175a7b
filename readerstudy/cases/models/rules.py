"""What a study wants of its images, and who answers for what is uploaded."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.statements import find
from readerstudy.studies.models import Study

LEAST_SIDE, MOST_SIDE = 256, 2048


class ShownAs(models.TextChoices):
    FULL = "full", _("in their full range of values; models get an 8-bit image")
    SENT = "sent", _("exactly as models get them, byte for byte")
    NORMAL = "normal", _("normalised: one size, one depth, one format, one file size for all")


class ImageRules(models.Model):
    """How a study treats its images. Part of the protocol: it freezes with the lock."""

    study = models.OneToOneField(Study, on_delete=models.PROTECT, related_name="image_rules")
    shown_as = models.CharField(
        _("Readers see the images"), max_length=8, choices=ShownAs.choices, default=ShownAs.FULL
    )
    side = models.PositiveSmallIntegerField(
        _("Side of a normalised image in pixels"),
        default=1024,
        validators=[MinValueValidator(LEAST_SIDE), MaxValueValidator(MOST_SIDE)],
    )
    keeps_age_and_sex = models.BooleanField(
        _("Keep age and sex from DICOM files"),
        default=False,
        help_text=_(
            "As strata: age in bands of ten years, 90 and over together. Only for files that come in later."
        ),
    )
    keeps_originals = models.BooleanField(
        _("Keep the original files, encrypted"),
        default=False,
        help_text=_(
            "Otherwise a file is deleted as soon as it is rendered. Only the site's staff can decrypt them."
        ),
    )

    class Meta:
        verbose_name = _("image rules")
        verbose_name_plural = _("image rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(shown_as__in=ShownAs.values), name="cases_known_shown_as"
            ),
            models.CheckConstraint(
                condition=models.Q(side__gte=LEAST_SIDE, side__lte=MOST_SIDE), name="cases_side_within_bounds"
            ),
        ]

    def __str__(self) -> str:
        return f"image rules of {self.study}"


def rules_of(study: Study) -> ImageRules:
    """The study's rules; the usual ones, not stored, where nobody has chosen any."""
    return find(ImageRules, "WHERE study_id = %s", [study.pk]) or ImageRules(study=study)


class Attestation(models.Model):
    """A coordinator's word that files were de-identified where they came from. Never changed."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="attestations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sentence = models.TextField(help_text="What was attested, word for word.")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("attestation")
        verbose_name_plural = _("attestations")
        constraints = [models.UniqueConstraint(fields=["study", "by"], name="cases_one_attestation_each")]

    def __str__(self) -> str:
        return f"attestation {self.pk}"


class Placement(models.Model):
    """A line of a mapping table: the case and slot to which a file of this name belongs. Coordinators only."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="placements")
    name = models.CharField(max_length=255)
    folder = models.CharField(max_length=255)
    slot = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="cases_one_placement_per_name")]

    def __str__(self) -> str:
        return f"placement {self.pk}"


class Transfers(models.QuerySet["Transfer"]):
    def arriving(self) -> Transfers:
        """Those that have not become an upload yet."""
        return self.filter(upload=None)

    def whole(self) -> Transfers:
        """Those of which every byte is here, and that have not become an upload yet."""
        return self.arriving().filter(received=models.F("size"))

    def given_up(self, at: datetime | None = None) -> Transfers:
        """Those that nobody has gone on sending for so long that they are forgotten, and finished ones as old."""
        return self.filter(touched_at__lt=(at or timezone.now()) - timedelta(hours=settings.TRANSFER_HOURS))

    def bytes_to_come(self, study: Study) -> int:
        """How many bytes the study's unfinished transfers take, or will take, until they are uploads."""
        total = self.arriving().filter(study=study).aggregate(total=models.Sum("size"))["total"]
        return int(total or 0)


class Transfer(models.Model):
    """A large file that arrives in parts (tus). Its parts lie in storage until it is whole or given up."""

    key = models.CharField(max_length=32, unique=True, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="transfers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    original_name = models.CharField(max_length=255, help_text="Only coordinators see it.")
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    parts = models.JSONField(default=list, help_text="Names in storage, in order, each with its bytes.")
    upload = models.ForeignKey("cases.Upload", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now)

    objects = Transfers.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received__gte=0, received__lte=models.F("size")),
                name="cases_received_within_size",
            )
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"

    @property
    def is_whole(self) -> bool:
        return self.received == self.size

    @property
    def expires_at(self) -> datetime:
        return self.touched_at + timedelta(hours=settings.TRANSFER_HOURS)
