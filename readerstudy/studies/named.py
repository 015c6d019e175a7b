"""What commands are told by name: a study by its key, a person by the address of the account."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.studies.models import Study


def study_named(key: str) -> Study:
    """The study with this key; raises `CommandError` where there is none."""
    study = Study.objects.filter(key=key).select_related("created_by").first()
    if study is None:
        told = _("There is no study with the key %(key)s. The key stands in the address of its pages.")
        raise CommandError(told % {"key": repr(key)})
    return study


def person_named(email: str) -> User:
    """The account with this address; raises `CommandError` where there is none."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise CommandError(_("There is no account %(email)s.") % {"email": email})
    return user
