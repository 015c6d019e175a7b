"""Reminders: one mail to a reader who has cases unread, not more often than once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.reading.models import Allocation, Reminder
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError, check_reading_open

REST = timedelta(hours=24)
"""So much time lies at least between two reminders of one reader."""


@transaction.atomic
def remind_reader(*, seat: Membership, by: User) -> Reminder:
    """Writes down that a reader is reminded now; the mail itself is sent by whoever calls it, in the same transaction.

    Raises:
        StudyError: where nothing is left to read, reading is not open, or the last reminder is not a day old.
    """
    Membership.objects.select_for_update().get(pk=seat.pk)
    check_reading_open(seat.study)
    left = Allocation.objects.of(seat).unread().count()
    told = {"reader": seat.pseudonym}
    if seat.user.is_simulated:
        raise StudyError(_("%(reader)s is simulated and reads no mail.") % told)
    if not left:
        raise StudyError(_("%(reader)s has nothing left to read.") % told)
    last = Reminder.objects.filter(seat=seat).order_by("-at").first()
    if last and not may_remind_again(last.at):
        hours = max(1, round((last.at + REST - timezone.now()).total_seconds() / 3600))
        again = ngettext(
            "%(reader)s was reminded already. You can send the next mail in %(n)d hour.",
            "%(reader)s was reminded already. You can send the next mail in %(n)d hours.",
            hours,
        )
        raise StudyError(again % {**told, "n": hours})
    reminder = Reminder.objects.create(seat=seat, left=left, by=by)
    record(
        "reader.remind",
        by=by,
        stream=study_stream(seat.study_id),
        subject=seat.pseudonym,
        data={"left": left},
    )
    return reminder


def may_remind_again(last: datetime | None) -> bool:
    """Whether so much time has passed since the last reminder; None is no reminder yet."""
    return last is None or last + REST <= timezone.now()
