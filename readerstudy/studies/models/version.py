"""The versions of a protocol: every pilot, the lock, and every amendment after it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.signature import Signature
from readerstudy.studies.models.study import Study


class VersionKind(models.TextChoices):
    PILOT = "pilot", _("pilot")
    LOCK = "lock", _("lock")
    AMENDMENT = "amendment", _("amendment")


class ProtocolVersions(models.QuerySet["ProtocolVersion"]):
    def of(self, study: Study) -> ProtocolVersions:
        """The study's versions, oldest first."""
        return self.filter(study=study).select_related("by", "signature").order_by("number")


class ProtocolVersion(models.Model):
    """One version of a study's protocol as it stood when it came into force. Append-only.

    Ratings carry the number of the version under which they were given. `changes` lists what an amendment changed, each
    with `field`, `before` and `after`; `readings_before` and `ratings_before` count what had been given until then.
    `made_in` is the database transaction that wrote the row. An amendment is begun as a row without a document; from
    there on, and within this transaction alone, PostgreSQL lets the wording of the locked protocol change and the row
    be completed. It refuses to commit a row that is not complete.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=VersionKind.choices)
    reason = models.TextField(blank=True)
    document = models.JSONField(help_text="The protocol in the form of a protocol file.")
    document_sha256 = models.CharField(max_length=64)
    consent_sha256 = models.CharField(max_length=64, help_text="Of the consent text of this version.")
    changes = models.JSONField(default=list)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    readings_before = models.PositiveIntegerField(default=0)
    ratings_before = models.PositiveIntegerField(default=0)
    signature = models.OneToOneField(
        Signature, on_delete=models.PROTECT, null=True, related_name="version", editable=False
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    made_in = models.BigIntegerField(default=0, editable=False, help_text="Written by PostgreSQL.")

    objects = ProtocolVersions.as_manager()

    class Meta:
        verbose_name = _("protocol version")
        verbose_name_plural = _("protocol versions")
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="studies_versions_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(kind__in=VersionKind.values), name="studies_known_kind_of_version"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="amendment")
                | models.Q(document_sha256="")
                | (~models.Q(reason="") & models.Q(signature__isnull=False) & ~models.Q(changes=[])),
                name="studies_an_amendment_is_reasoned_and_signed",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="pilot", manifest_sha256="")
                | models.Q(document_sha256="")
                | (~models.Q(kind="pilot") & ~models.Q(manifest_sha256="")),
                name="studies_only_a_pilot_has_no_manifest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}, version {self.number}"
