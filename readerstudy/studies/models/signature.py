"""Electronic signatures: who signed what, with which meaning, and when."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.models.study import Study


class Meaning(models.TextChoices):
    """What a signature says; a person chooses it when signing."""

    AUTHOR = "author", _("I wrote this and stand for it")
    REVIEWED = "reviewed", _("I have reviewed this")
    APPROVED = "approved", _("I approve this")
    RESPONSIBLE = "responsible", _("I am responsible for this study and approve this")


class Signatures(models.QuerySet["Signature"]):
    def of(self, study: Study) -> Signatures:
        return self.filter(study=study).select_related("by").order_by("pk")


class Signature(models.Model):
    """One signature under the content with one SHA-256. Append-only.

    `digest` binds all of it together, and the audit trail holds the digest: a signature cannot be moved to another
    content, study or deed without being seen.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(max_length=120)
    meaning = models.CharField(max_length=12, choices=Meaning.choices)
    deed = models.CharField(max_length=40, help_text="What was signed: a deed of the life of a study.")
    content_sha256 = models.CharField(max_length=64)
    with_second_factor = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)

    objects = Signatures.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(meaning__in=Meaning.values), name="studies_known_meaning_of_a_signature"
            ),
            models.CheckConstraint(
                condition=~models.Q(printed_name="") & models.Q(content_sha256__regex=r"^[0-9a-f]{64}$"),
                name="studies_a_signature_has_a_name_and_a_content",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.printed_name}: {self.get_meaning_display()}"

    def compute_digest(self) -> str:
        """SHA-256 over everything that the signature says, in canonical JSON."""
        said = {
            "study": self.study.key,
            "by": self.by_id,
            "name": self.printed_name,
            "meaning": self.meaning,
            "deed": self.deed,
            "content": self.content_sha256,
            "second_factor": self.with_second_factor,
            "at": self.at.isoformat(),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
