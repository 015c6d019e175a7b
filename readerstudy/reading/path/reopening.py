"""Going back: whether a case that is finished may be opened and changed, as the protocol's `going_back` says."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.reading.models import Allocation, ReaderSignature, Reading, Session
from readerstudy.reading.path.practice import is_practice
from readerstudy.reading.path.sittings import AWAY
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.scales import RatingError
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError


class GoingBack(StrEnum):
    """How long a reader may change a finished case; until the end where the protocol says nothing."""

    NEVER = "never"
    WITHIN_SESSION = "within_session"
    UNTIL_END = "until_end"


def going_back_in(seat: Membership) -> GoingBack:
    """What the protocol of the reader's study says."""
    return GoingBack(frozen_of(seat.study).phases.get("going_back", GoingBack.UNTIL_END))


def in_open_sitting(seat: str, finished_at: str) -> Exists:
    """Whether a reading was finished in its reader's sitting that still goes on; names are fields of the query."""
    recent = {"ended_at": None, "last_seen_at__gt": timezone.now() - AWAY}
    return Exists(
        Session.objects.filter(seat=OuterRef(seat), started_at__lte=OuterRef(finished_at), **recent)
    )


def is_of_this_sitting(reading: Reading) -> bool:
    """Whether the sitting in which the reading was submitted still goes on."""
    mine = Reading.objects.filter(pk=reading.pk)
    return mine.filter(in_open_sitting("allocation__seat", "submitted_at")).exists()


def check_reopens(allocation: Allocation, reading: Reading | None) -> bool:
    """Whether a change would be a late one: its case was finished in a sitting that is over.

    Raises:
        StudyError: where the case is finished and stays as it is.
    """
    if reading is None or reading.submitted_at is None or is_practice(allocation):
        return False
    allowed = going_back_in(allocation.seat)
    if allowed == GoingBack.NEVER:
        raise StudyError(_("You have finished this case, and in this study a finished case stays as it is."))
    is_late = not is_of_this_sitting(reading)
    if is_late and allowed == GoingBack.WITHIN_SESSION:
        raise StudyError(_("You finished this case in an earlier sitting, so it stays as it is."))
    if ReaderSignature.objects.completion(allocation.seat):
        raise StudyError(_("You have signed that your readings are done, so they stay as they are."))
    return is_late


def check_reason(allocation: Allocation, reading: Reading | None, because: str) -> None:
    """A finished case may be changed now, and a late change says why.

    Raises:
        StudyError: where the case stays as it is.
        RatingError: where the reason is missing.
    """
    if check_reopens(allocation, reading) and not because:
        raise RatingError(
            _("You finished this case in an earlier sitting. Say first why you change it; then change it.")
        )


def may_reopen(neighbour: Allocation) -> bool:
    """Whether a link to this presentation leads anywhere; `is_of_this_sitting` is its query's `in_open_sitting`."""
    reading: Reading | None = getattr(neighbour, "reading", None)
    if reading is None or reading.submitted_at is None:
        return True
    allowed = going_back_in(neighbour.seat)
    if is_practice(neighbour) or allowed == GoingBack.UNTIL_END:
        return True
    return allowed == GoingBack.WITHIN_SESSION and bool(getattr(neighbour, "is_of_this_sitting", False))


def is_open(allocation: Allocation, reading: Reading) -> bool:
    """Whether the case of this reading may be on its reader's screen."""
    try:
        check_reopens(allocation, reading)
    except StudyError:
        return False
    return True
