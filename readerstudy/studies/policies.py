"""What the state of a study allows. Whether a *person* may do it is `access.py`."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from readerstudy.studies.lifecycle import (
    OPEN_TO_CHANGE,
    OPEN_TO_DATA,
    OPEN_TO_READING,
    OPEN_TO_SETTLEMENT,
    Move,
    State,
    may_move,
)
from readerstudy.studies.models import Study


class StudyError(Exception):
    """The study does not allow this now; the text is a sentence that says why and what to do."""


def can_change_protocol(study: Study) -> bool:
    return study.state in OPEN_TO_CHANGE


def check_protocol_open(study: Study) -> None:
    if study.state == State.PILOT:
        raise StudyError(_("This study is being piloted. End the pilot to change its protocol."))
    if not can_change_protocol(study):
        raise StudyError(
            _("This study is locked, so its protocol can no longer change. Make a new study to change it.")
        )


def can_read(study: Study) -> bool:
    return study.state in OPEN_TO_READING


def check_reading_open(study: Study) -> None:
    if not can_read(study):
        raise StudyError(
            str(READING_CLOSED.get(State(study.state), _("This study is not open for reading.")))
        )


def can_change_data(study: Study) -> bool:
    """Whether verdicts can still be added."""
    return study.state in OPEN_TO_DATA


def check_data_open(study: Study) -> None:
    if not can_change_data(study):
        raise StudyError(
            _(
                "The data of this study are locked, so nothing can be added to them. The report always gives the same."
            )
        )


def can_settle(study: Study) -> bool:
    """Whether disagreements of readers can be settled now."""
    return study.state in OPEN_TO_SETTLEMENT


def check_settling_open(study: Study) -> None:
    check_data_open(study)
    if not can_settle(study):
        raise StudyError(_("Disagreements can be settled once the study runs."))


def check_deed(study: Study, move: Move) -> None:
    """Whether the table lets this deed be done to the study as it is now."""
    if study.state not in move.now:
        raise StudyError(
            _("This study is %(now)s, so “%(deed)s” is not possible now. Open its overview to see what is.")
            % {"now": State(study.state).label, "deed": move.label}
        )


def check_move(study: Study, then: State) -> None:
    if not may_move(study.state, then):
        raise StudyError(
            _("This study is %(now)s; it cannot become %(then)s from here.")
            % {"now": State(study.state).label, "then": then.label}
        )


READING_CLOSED = {
    State.LOCKED: gettext_lazy("This study has not started yet. You will be told when it does."),
    State.PAUSED: gettext_lazy("This study is paused. Your ratings are safe; please come back later."),
    State.CLOSED: gettext_lazy("This study is closed. Your ratings are safe; thank you for reading."),
    State.DRAFT: gettext_lazy("This study has not started yet. You will be told when it does."),
}
