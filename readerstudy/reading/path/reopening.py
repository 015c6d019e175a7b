"""Going back: whether a case that is finished may be opened and changed, as the protocol's `going_back` says."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.reading.models import Allocation, Reading
from readerstudy.reading.path.practice import is_practice
from readerstudy.reading.path.sittings import AWAY
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.scales import RatingError
from readerstudy.reading.turns import Turn, turn_of
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


def is_late(allocation: Allocation, finished_at: datetime) -> bool:
    """Whether a change of a case that was finished at that time is a late one: the sitting is over."""
    return not is_practice(allocation) and not _in_open_sitting(turn_of(allocation), finished_at)


def _in_open_sitting(turn: Turn, finished_at: datetime) -> bool:
    """Whether a reading was finished in its reader's sitting that still goes on."""
    sitting = turn.sitting
    return sitting is not None and sitting.began <= finished_at and sitting.seen > timezone.now() - AWAY


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
    turn = turn_of(allocation)
    is_over = not _in_open_sitting(turn, reading.submitted_at)
    if is_over and allowed == GoingBack.WITHIN_SESSION:
        raise StudyError(_("You finished this case in an earlier sitting, so it stays as it is."))
    if turn.is_signed:
        raise StudyError(_("You have signed that your readings are done, so they stay as they are."))
    return is_over


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


def may_reopen(shown: Allocation, finished_at: datetime | None) -> bool:
    """Whether a link from this presentation to its neighbour leads anywhere, which was finished at that time."""
    if finished_at is None:
        return True
    allowed = going_back_in(shown.seat)
    if is_practice(shown) or allowed == GoingBack.UNTIL_END:
        return True
    return allowed == GoingBack.WITHIN_SESSION and _in_open_sitting(turn_of(shown), finished_at)


def is_open(allocation: Allocation, reading: Reading) -> bool:
    """Whether the case of this reading may be on its reader's screen."""
    try:
        check_reopens(allocation, reading)
    except StudyError:
        return False
    return True
