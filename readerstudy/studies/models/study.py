"""The study itself."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readerstudy.studies.lifecycle import State

if TYPE_CHECKING:
    from readerstudy.accounts.models import User

KEY_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def new_key() -> str:
    """A short name for addresses: readable, not guessable in sequence."""
    return "".join(secrets.choice(KEY_ALPHABET) for _place in range(10))


def new_seed() -> int:
    """A secret 63-bit seed; whoever knows it can re-derive the allocation."""
    return secrets.randbits(63)


def consent_hash(text: str) -> str:
    """SHA-256 by which a consent names the text that was agreed to."""
    return hashlib.sha256(text.encode()).hexdigest()


class RefusalPolicy(models.TextChoices):
    SHOWN = "shown", _("Readers see refusals like any other output")
    HIDDEN = "hidden", _("Readers do not see refusals; they count as not acceptable")
    WORST = "worst", _("Readers do not see refusals; each is scored as the worst of every scale")

    @property
    def hides(self) -> bool:
        """Whether readers do not see refusals."""
        return self != RefusalPolicy.SHOWN


class Studies(models.QuerySet["Study"]):
    def of(self, user: User) -> Studies:
        """Studies in which `user` has a role."""
        return self.filter(memberships__user=user, memberships__removed_at=None).distinct()


class Study(models.Model):
    """One protocol with its cases, arms, criteria and readers."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    title = models.CharField(_("title"), max_length=160)
    question = models.TextField(
        _("question"), blank=True, help_text=_("What the study is to find out, in one or two sentences.")
    )
    instructions = models.TextField(
        _("instructions to readers"),
        blank=True,
        help_text=_("Readers see this before their first case. Do not name the models."),
    )
    consent_text = models.TextField(
        _("consent text"),
        default=_(
            "I take part in this reader study of my own will. My ratings are stored without my name in reports and "
            "exports. I can stop at any time."
        ),
        help_text=_("What a reader agrees to before the first case."),
    )
    refusal_policy = models.CharField(
        _("refusals"), max_length=10, choices=RefusalPolicy.choices, default=RefusalPolicy.SHOWN
    )
    positive_label = models.CharField(
        _("label that counts as positive"),
        max_length=80,
        blank=True,
        help_text=_(
            "One of the reference labels, for sensitivity and specificity. Leave empty for accuracy alone."
        ),
    )
    contains_patient_data = models.BooleanField(
        _("This study contains patient data"),
        default=True,
        help_text=_(
            "Then nothing is sent to a provider before its card allows it. Take the tick away only where images and "
            "texts are synthetic or public."
        ),
    )
    show_boxes = models.BooleanField(
        _("Readers can show the boxes that a text’s source drew"),
        default=False,
        help_text=_("Boxes are drawn over the image for one text at a time, and nothing names their source."),
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    seed = models.BigIntegerField(default=new_seed, editable=False)
    protocol_version = models.PositiveIntegerField(default=1, editable=False)
    manifest_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    copied_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="copies"
    )
    is_demo = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    locked_at = models.DateTimeField(null=True, editable=False)

    objects = Studies.as_manager()

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="studies_known_state"),
            models.CheckConstraint(
                condition=models.Q(locked_at=None, manifest_sha256="")
                | (models.Q(locked_at__isnull=False) & ~models.Q(manifest_sha256="")),
                name="studies_locked_with_a_manifest",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def consent_sha256(self) -> str:
        """The hash by which a consent names its text."""
        return consent_hash(self.consent_text)
