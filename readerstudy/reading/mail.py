"""Mail to readers."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from readerstudy.accounts.languages import language_for
from readerstudy.accounts.models import User
from readerstudy.studies.models import Design, Membership


def send_invitation(membership: Membership, *, link: str, by: User) -> None:
    """Sends the link in the reader's language, else in the study's.

    Without a mail server the mail lands in a file, and the page shows the link too.
    """
    words = {"membership": membership, "link": link, "by": by, "hours": settings.INVITATION_HOURS}
    with translation.override(language_for(membership.user, Design.objects.of(membership.study).language)):
        EmailMessage(
            subject=_("Invitation: %(title)s") % {"title": membership.study.title},
            body=render_to_string("reading/invitation.txt", words),
            to=[membership.user.email],
            reply_to=[by.email],
        ).send()
