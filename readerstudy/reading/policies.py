"""What the state of a study and of a reader allows in the reading room."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from readerstudy.reading.scales import RatingError
from readerstudy.studies.models import Criterion, Membership
from readerstudy.studies.policies import StudyError, check_reading_open


def check_may_read(seat: Membership) -> None:
    """Reading is open and the reader has consented."""
    check_reading_open(seat.study)
    if seat.consented_at is None:
        raise StudyError(_("Please read and accept the consent text first."))


def check_complete(still_open: Sequence[tuple[str, Criterion]]) -> None:
    """Nothing required is left open; `still_open` pairs an output's letter with a criterion."""
    if still_open:
        names = ", ".join(dict.fromkeys(f"“{criterion.question}”" for _letter, criterion in still_open))
        fields = [f"{letter}-{criterion.key}" for letter, criterion in still_open]
        raise RatingError(_("Still open: %(names)s.") % {"names": names}, fields)
