"""What a site has agreed with each provider, in versions that never change."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Agreement(models.TextChoices):
    """On what footing data go to a provider."""

    NONE = "none", _("None")
    TERMS = "terms", _("The provider’s general terms alone")
    PROCESSING = "processing", _("A contract on data processing (GDPR, article 28)")
    ASSOCIATE = "associate", _("A business associate agreement (HIPAA)")
    OWN = "own", _("Our own server: nothing goes to a third party")


class TrainingUse(models.TextChoices):
    """Whether the provider may train models on what it is sent."""

    UNKNOWN = "unknown", _("Not known")
    ALLOWED = "allowed", _("The provider may train on it")
    EXCLUDED = "excluded", _("Excluded")


BINDING = frozenset({Agreement.PROCESSING, Agreement.ASSOCIATE, Agreement.OWN})


class VendorCards(models.QuerySet["VendorCard"]):
    def newest(self) -> VendorCards:
        """The version that counts of each provider's card."""
        return self.order_by("connection", "-number").distinct("connection")

    def of(self, connection: str) -> VendorCard | None:
        """The version that counts for one provider; None where nobody has filled in a card."""
        return self.filter(connection=connection).order_by("-number").first()


class VendorCard(models.Model):
    """One version of what was agreed with a provider, for the whole site. Append-only: a change is a new version."""

    connection = models.CharField(_("provider"), max_length=40)
    number = models.PositiveIntegerField(_("version"))
    agreement = models.CharField(_("agreement"), max_length=12, choices=Agreement.choices)
    reference = models.CharField(
        _("reference"),
        max_length=120,
        blank=True,
        help_text=_("Where the agreement is filed: a number or a place."),
    )
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    expires_on = models.DateField(
        _("valid until"), null=True, blank=True, help_text=_("Leave empty where it does not expire.")
    )
    region = models.CharField(
        _("region"),
        max_length=120,
        help_text=_("Where the provider processes and stores: EU, USA, our house …"),
    )
    retention = models.CharField(
        _("kept by the provider"),
        max_length=120,
        help_text=_("How long the provider keeps what it is sent: not at all, 30 days …"),
    )
    training = models.CharField(_("training of models"), max_length=10, choices=TrainingUse.choices)
    contact = models.CharField(
        _("contact"),
        max_length=160,
        blank=True,
        help_text=_("Whom to ask in this house about the agreement."),
    )
    allows_patient_data = models.BooleanField(
        _("Patient data may be sent to this provider"),
        default=False,
        help_text=_("Needs an agreement that binds the provider, and training excluded."),
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)

    objects = VendorCards.as_manager()

    class Meta:
        verbose_name = _("provider card")
        verbose_name_plural = _("provider cards")
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="generation_cards_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(agreement__in=Agreement.values), name="generation_known_agreement"
            ),
            models.CheckConstraint(
                condition=models.Q(training__in=TrainingUse.values), name="generation_known_training_use"
            ),
            models.CheckConstraint(
                condition=models.Q(allows_patient_data=False)
                | models.Q(agreement__in=sorted(BINDING), training=TrainingUse.EXCLUDED),
                name="generation_patient_data_need_a_binding_agreement",
            ),
            models.CheckConstraint(
                condition=models.Q(signed_on=None)
                | models.Q(expires_on=None)
                | models.Q(expires_on__gte=models.F("signed_on")),
                name="generation_a_card_expires_after_it_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} ({self.number})"

    def is_expired(self, on: date) -> bool:
        """Whether its last day is over."""
        return self.expires_on is not None and self.expires_on < on
