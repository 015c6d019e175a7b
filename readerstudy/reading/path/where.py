"""Where a reader stands on the path, and what comes next: the one answer that the start page and every gate share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from readerstudy.reading.models import (
    Allocation,
    AllocationPlan,
    Background,
    Passage,
    PathPart,
    ReaderSignature,
)
from readerstudy.reading.pages import progress_of
from readerstudy.reading.path.practice import NO_PRACTICE, Practice, practice_of
from readerstudy.reading.policies import check_approved
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.visibility import Progress
from readerstudy.reading.washout import Gate, gate_of
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError, can_read


class Step(StrEnum):
    """What a reader is asked to do next, in the order of the path."""

    CONSENT = "consent"
    PROFILE = "profile"
    CLOSED = "closed"
    EMPTY = "empty"
    TUTORIAL = "tutorial"
    PRACTICE = "practice"
    FAILED = "failed"
    CASES = "cases"
    WAIT = "wait"
    EXIT = "exit"
    SIGN = "sign"
    DONE = "done"


@dataclass(frozen=True)
class Where:
    """The step with everything its page says. `following` is the presentation that comes next, `gate` closes it."""

    step: Step
    progress: Progress
    plan: AllocationPlan | None = None
    practice: Practice = NO_PRACTICE
    following: Allocation | None = None
    gate: Gate | None = None
    signature: ReaderSignature | None = None
    obstacle: str = ""

    @property
    def mark_percent(self) -> int | None:
        """The share of answers that practice has to reach, in percent; None where there is no mark."""
        mark = self.practice.pass_mark
        return None if mark is None else round(mark * 100)

    @property
    def place(self) -> int | None:
        """The number of the next case as its reader counts."""
        return self.progress.place_of(self.following.position) if self.following else None


def where_of(seat: Membership) -> Where:
    """Where the reader stands now."""
    plan, progress = AllocationPlan.objects.current(seat.study), progress_of(seat)
    step = _before_cases(seat, plan) or (None if progress.total else Step.EMPTY)
    if step in (Step.CONSENT, Step.PROFILE, Step.EMPTY):
        return Where(step if step != Step.EMPTY or can_read(seat.study) else Step.CLOSED, progress, plan)
    if progress.total and progress.submitted == progress.total:
        return _after_cases(seat, plan, progress)
    if not can_read(seat.study):
        return Where(Step.CLOSED, progress, plan)
    try:
        check_approved(seat.study)
    except StudyError as error:
        return Where(Step.CLOSED, progress, plan, obstacle=str(error))
    return Where(step, progress, plan) if step else _at_cases(seat, plan, progress)


def _before_cases(seat: Membership, plan: AllocationPlan | None) -> Step | None:
    if not seat.has_consented:
        return Step.CONSENT
    if not has_background(seat):
        return Step.PROFILE
    return Step.TUTORIAL if needs_tutorial(seat, plan) else None


def has_background(seat: Membership) -> bool:
    """Whether the reader has told everything about themselves that this study asks for beside the account's profile."""
    asked = frozen_of(seat.study).profile
    if not asked:
        return True
    newest = Background.objects.filter(seat=seat).order_by("-pk").first()
    return newest is not None and set(asked) <= set(newest.answers)


def needs_tutorial(seat: Membership, plan: AllocationPlan | None) -> bool:
    """Whether the protocol has a tutorial that the reader has not been through."""
    if plan is None or not frozen_of(seat.study).tutorial:
        return False
    return not Passage.objects.filter(plan=plan, seat=seat, part=PathPart.TUTORIAL).exists()


def _at_cases(seat: Membership, plan: AllocationPlan | None, progress: Progress) -> Where:
    practice = practice_of(seat, plan if progress.practice else None)
    if not practice.is_passed and not practice.is_open:
        return Where(Step.PRACTICE if practice.may_repeat else Step.FAILED, progress, plan, practice)
    unread = Allocation.objects.of(seat).unread()
    following = unread.of_practice(not practice.is_passed).first()
    gate = gate_of(following) if following else None
    step = Step.WAIT if gate else Step.CASES if practice.is_passed else Step.PRACTICE
    return Where(step, progress, plan, practice, following, gate)


def _after_cases(seat: Membership, plan: AllocationPlan | None, progress: Progress) -> Where:
    is_pilot = plan is not None and plan.is_pilot
    signature = None if is_pilot else ReaderSignature.objects.completion(seat)
    if signature:
        return Where(Step.DONE, progress, plan, signature=signature)
    asked = bool(frozen_of(seat.study).leaving) and can_read(seat.study)
    if asked and not Passage.objects.filter(plan=plan, seat=seat, part=PathPart.EXIT).exists():
        return Where(Step.EXIT, progress, plan)
    return Where(Step.DONE if is_pilot else Step.SIGN, progress, plan)
