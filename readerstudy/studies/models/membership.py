"""Who takes part in a study, and as what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.models import Invitation
from readerstudy.studies.models.design import other_consents
from readerstudy.studies.models.study import Study


class Role(models.TextChoices):
    COORDINATOR = "coordinator", _("Coordinator")
    READER = "reader", _("Reader")
    RESEARCHER = "researcher", _("Researcher")
    ADJUDICATOR = "adjudicator", _("Adjudicator")
    WRITER = "writer", _("Writer of texts")


class Memberships(models.QuerySet["Membership"]):
    def present(self) -> Memberships:
        return self.filter(removed_at=None)

    def readers(self, study: Study) -> Memberships:
        return self.present().filter(study=study, role=Role.READER).select_related("study").order_by("seat")


class Membership(models.Model):
    """One person in one role in one study. A reader's `seat` is the number behind the pseudonym R01, R02 …"""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    seat = models.PositiveIntegerField(null=True, editable=False)
    invitation = models.ForeignKey(
        Invitation, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    consented_at = models.DateTimeField(null=True, editable=False)
    consent_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = Memberships.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["study", "user", "role"], name="studies_one_membership_per_role"),
            models.UniqueConstraint(fields=["study", "seat"], name="studies_one_reader_per_seat"),
            models.CheckConstraint(
                condition=models.Q(role="reader", seat__isnull=False)
                | (~models.Q(role="reader") & models.Q(seat=None)),
                name="studies_readers_have_seats",
            ),
            models.CheckConstraint(
                condition=models.Q(consented_at=None, consent_sha256="")
                | (models.Q(consented_at__isnull=False) & ~models.Q(consent_sha256="")),
                name="studies_consent_names_its_text",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"

    @property
    def has_consented(self) -> bool:
        """Whether the reader agreed to the consent text as it now reads in the language in which they agreed.

        A changed text is asked for again.
        """
        if self.consented_at is None:
            return False
        return self.consent_sha256 == self.study.consent_sha256 or self.consent_sha256 in other_consents(
            self.study
        )

    @property
    def pseudonym(self) -> str:
        """How reports and exports name a reader."""
        return f"R{self.seat:02d}" if self.seat is not None else self.get_role_display()
