"""Mail to readers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.studies.models import Membership


def send_invitation(membership: Membership, *, link: str, by: User) -> None:
    """Sends the link; without a mail server the mail lands in a file, and the page shows the link too."""
    subject = _("Invitation: %(title)s") % {"title": membership.study.title}
    _send(membership, subject, "reading/invitation.txt", link=link, by=by)


def send_reminder(membership: Membership, *, link: str, left: int, by: User) -> None:
    """Sends a link that leads on, and how many cases are unread."""
    subject = _("Cases wait for you: %(title)s") % {"title": membership.study.title}
    _send(membership, subject, "reading/reminder.txt", link=link, by=by, left=left)


def _send(membership: Membership, subject: str, template: str, *, by: User, **more: Any) -> None:
    words = {"membership": membership, "by": by, "hours": settings.INVITATION_HOURS, **more}
    body = render_to_string(template, words)
    EmailMessage(subject=subject, body=body, to=[membership.user.email], reply_to=[by.email]).send()
