"""Mail to readers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from readerstudy.accounts.languages import language_for
from readerstudy.accounts.models import User
from readerstudy.studies.models import Design, Membership


def send_invitation(membership: Membership, *, link: str, by: User) -> None:
    """Sends the link; without a mail server the mail lands in a file, and the page shows the link too."""
    _send(membership, _("Invitation: %(title)s"), "reading/invitation.txt", link=link, by=by)


def send_reminder(membership: Membership, *, link: str, left: int, by: User) -> None:
    """Sends a link that leads on, and how many cases are unread."""
    subject = _("Cases wait for you: %(title)s")
    _send(membership, subject, "reading/reminder.txt", link=link, by=by, left=left)


def _send(membership: Membership, subject: Any, template: str, *, by: User, **more: Any) -> None:
    """In the reader's language, else in the study's; `subject` is lazy, so that it is in that language too."""
    words = {"membership": membership, "by": by, "hours": settings.INVITATION_HOURS, **more}
    with translation.override(language_for(membership.user, Design.objects.of(membership.study).language)):
        titled = str(subject) % {"title": membership.study.title}
        body = render_to_string(template, words)
        EmailMessage(subject=titled, body=body, to=[membership.user.email], reply_to=[by.email]).send()
