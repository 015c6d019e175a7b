"""Mail to readers."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.studies.models import Membership


def send_invitation(membership: Membership, *, link: str, by: User) -> None:
    """Sends the link; without a mail server the mail lands in a file, and the page shows the link too."""
    words = {"membership": membership, "link": link, "by": by, "hours": settings.INVITATION_HOURS}
    EmailMessage(
        subject=_("Invitation: %(title)s") % {"title": membership.study.title},
        body=render_to_string("reading/invitation.txt", words),
        to=[membership.user.email],
        reply_to=[by.email],
    ).send()
