"""Every write about people: invite, accept, profile."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from sesame.utils import get_token

from readerstudy.accounts.models import Invitation, ReaderProfile, User


class AccountError(Exception):
    """Something about an account cannot be done; the text is a sentence for its owner."""


@transaction.atomic
def create_account(*, email: str, name: str = "", password: str | None = None, **flags: bool) -> User:
    """Makes an account whose address counts as proven: links and codes go there."""
    user = User.objects.create_user(email, password, name=name, **flags)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@transaction.atomic
def invite(*, email: str, name: str = "", by: User) -> Invitation:
    """Finds or makes the account of `email` and opens a fresh invitation, closing earlier ones."""
    user = User.objects.filter(email__iexact=email.strip()).first() or create_account(email=email, name=name)
    now = timezone.now()
    Invitation.objects.open(now).filter(user=user, invited_by=by).update(revoked_at=now)
    expires = now + timedelta(hours=settings.INVITATION_HOURS)
    return Invitation.objects.create(user=user, invited_by=by, created_at=now, expires_at=expires)


def invitation_token(invitation: Invitation) -> str:
    """The secret part of an invitation's link, signed for this person and this invitation alone."""
    return str(get_token(invitation.user, scope=_scope(invitation)))


@transaction.atomic
def accept_invitation(*, invitation: Invitation) -> User:
    """Uses the invitation up.

    Raises `AccountError` if it was used, withdrawn or has expired; two clicks at once let only one through.
    """
    now = timezone.now()
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now):
        raise AccountError(
            _(
                "This link was already used or has expired. If you have a password, sign in with it. "
                "Otherwise ask the person who invited you for a new link."
            )
        )
    return invitation.user


@transaction.atomic
def save_profile(*, user: User, name: str, specialty: str, years_experience: int) -> ReaderProfile:
    User.objects.filter(pk=user.pk).update(name=name)
    profile, _created = ReaderProfile.objects.update_or_create(
        user=user, defaults={"specialty": specialty, "years_experience": years_experience}
    )
    return profile


def choose_language(*, user: User, language: str) -> None:
    """Keeps the language of the account; its pages and the mails to it speak it from now on."""
    user.language = language
    user.save(update_fields=["language"])


def choose_password(*, user: User, password: str) -> None:
    """Sets a first password, so that the reader can come back without a link."""
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


def _scope(invitation: Invitation) -> str:
    return f"invitation:{invitation.pk}"
