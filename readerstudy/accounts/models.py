"""People who sign in, what readers tell about themselves, and the links that bring them here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LANGUAGE_CODES = [code for code, _name in settings.LANGUAGES]


class UserAccounts(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address. `is_staff` opens the site's admin, no study."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(
        _("language"), max_length=8, blank=True, help_text=_("Of the pages and of mails; empty until chosen.")
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_simulated = models.BooleanField(
        default=False, help_text=_("A simulated reader: labelled as such wherever its ratings appear.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserAccounts()

    USERNAME_FIELD = "email"

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_one_account_per_address"),
            models.CheckConstraint(
                condition=models.Q(language__in=["", *LANGUAGE_CODES]), name="accounts_known_language"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class ReaderProfile(models.Model):
    """What a reader tells about experience; reports show it without the name."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="profile")
    specialty = models.CharField(_("specialty"), max_length=80)
    years_experience = models.PositiveSmallIntegerField(
        _("years of experience in it"), validators=[MaxValueValidator(70)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(years_experience__lte=70), name="accounts_plausible_experience"
            )
        ]

    def __str__(self) -> str:
        return f"{self.specialty}, {self.years_experience} years"


class Invitations(models.QuerySet["Invitation"]):
    def open(self, at: datetime | None = None) -> Invitations:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at or timezone.now())


class Invitation(models.Model):
    """A link that signs one person in, once, before it expires. The link itself is never stored."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_sent")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = Invitations.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="accounts_an_invitation_is_accepted_or_revoked",
            )
        ]

    def __str__(self) -> str:
        return f"invitation of {self.user}"
