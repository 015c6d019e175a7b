"""What the state of a study and of a reader allows in the reading room."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from readerstudy.reading.models import Reading
from readerstudy.reading.questions import BEFORE, CASE, PAIR, Question, about_of, stage_of
from readerstudy.reading.scales import RatingError
from readerstudy.studies.ethics import Ethics, obstacle_in
from readerstudy.studies.models import Criterion, Membership, Study
from readerstudy.studies.policies import StudyError, check_reading_open


def check_may_read(seat: Membership) -> None:
    """Reading is open and the reader has consented to the text as it reads now."""
    check_reading_open(seat.study)
    if not seat.has_consented:
        raise StudyError(_("Please read and accept the consent text first."))


def check_approved(study: Study, ethics: Ethics | None = None) -> None:
    """The ethics board's approval stands, so that a new case may be opened; asks the database for it if need be."""
    if obstacle_in(ethics or Ethics.of(study), study):
        raise StudyError(
            _(
                "The ethics approval of this study has ended or is not given yet, so no new case opens. What you rated "
                "is saved; come back when you are told that it goes on."
            )
        )


def check_subject(criterion: Criterion, *, has_output: bool) -> None:
    """A question about the case or the pair is answered for no output, every other one for an output."""
    if (about_of(criterion) in (CASE, PAIR)) == has_output:
        raise StudyError(
            _("“%(question)s” is asked about something else on this page. Reload the page and rate again.")
            % {"question": criterion.question}
        )


def check_stage(criterion: Criterion, reading: Reading | None) -> None:
    """In a staged case the own answer comes first and is then locked; `reading` is None before the first showing."""
    locked_at = reading.unaided_at if reading else None
    is_before = stage_of(criterion) == BEFORE
    if locked_at is None and not is_before:
        raise StudyError(_("Lock your own answer first; then the text is revealed."))
    if locked_at is not None and is_before:
        at = time_format(localtime(locked_at), "H:i:s")
        raise StudyError(_("Your own answer was locked at %(at)s and stays as it is.") % {"at": at})


def check_complete(still_open: Sequence[Question]) -> None:
    """Nothing required is left open."""
    if still_open:
        names = ", ".join(dict.fromkeys(f"“{question.criterion.question}”" for question in still_open))
        fields = [question.field for question in still_open]
        raise RatingError(_("Still open: %(names)s.") % {"names": names}, fields)
