"""The reading page as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.formats import date_format, time_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from readerstudy.reading.visibility.images import ShownImage
from readerstudy.reading.visibility.questions import Entry, ShownSealed
from readerstudy.reading.visibility.texts import ShownOutput
from readerstudy.studies.models import Study

FEW = 4


@dataclass(frozen=True)
class Progress:
    """Where a reader stands: readings in all and submitted, and seconds a reading takes at this reader's pace.

    Practice cases are counted apart; they come before all others.
    """

    total: int
    submitted: int
    seconds_each: float | None
    practice: int = 0
    practised: int = 0

    def place_of(self, position: int) -> int:
        """The number of a presentation as its reader counts: practice cases and cases of the study from 1 each."""
        return position if position <= self.practice else position - self.practice

    @property
    def minutes_left(self) -> int | None:
        if self.seconds_each is None:
            return None
        return max(1, round((self.total - self.submitted) * self.seconds_each / 60))


@dataclass(frozen=True)
class Nature:
    """How a study's outputs came to be, for all of them together."""

    any_simulated: bool
    all_simulated: bool
    all_recorded: bool

    @property
    def notice(self) -> str:
        if self.all_simulated:
            return _("Simulated: the texts in this study were not written by a real model.")
        if self.any_simulated:
            return _("Some of the texts in this study are simulated: no real model wrote them.")
        return ""


@dataclass(frozen=True)
class ReadingPage:
    """Everything on the reading page.

    `shared` are the questions about the case or pair where they do not stand with a single output. `is_sealed` means
    that the reader answers without the output, which is not here at all; afterwards `sealed` holds those answers.
    `is_read_only` marks a page that is shown to somebody else than its reader.
    `late_since` says when the case was finished, where that sitting is over, so that a change needs a reason.
    """

    study_title: str
    key: str
    position: int
    total: int
    submitted: int
    minutes_left: int | None
    is_submitted: bool
    rate_url: str
    submit_url: str
    stop_url: str
    previous_url: str | None
    next_prefetch: tuple[str, ...]
    case_text: str
    images: tuple[ShownImage, ...]
    outputs: tuple[ShownOutput, ...]
    saved_at: str
    simulated_notice: str
    error: str
    shared: tuple[Entry, ...] = ()
    sealed: tuple[ShownSealed, ...] = ()
    sealed_at: str = ""
    is_sealed: bool = False
    reference: SafeString | str = ""
    layout: str = "single"
    tools: str = "length"
    given: Mapping[str, str] = field(default_factory=dict)
    is_practice: bool = False
    is_read_only: bool = False
    late_since: str = ""
    is_adjudication: bool = False
    shows_readings: bool = False
    readers_notice: str = ""

    @property
    def heading(self) -> str:
        """ "Case 3 of 40", or of practice, or of those that readers disagree about."""
        told = {"position": self.position, "total": self.total}
        if self.is_adjudication:
            return _("Disagreement %(position)d of %(total)d") % told
        if self.is_practice:
            return _("Practice case %(position)d of %(total)d") % told
        return _("Case %(position)d of %(total)d") % told

    @property
    def has_boxes(self) -> bool:
        """Whether boxes can be laid over the images: those of a text's source, or what readers drew."""
        return self.shows_readings or any(output.boxes is not None for output in self.outputs)

    @property
    def given_json(self) -> str:
        """Locked answers by field: later questions may wait for them."""
        return json.dumps(dict(self.given), ensure_ascii=False)

    @property
    def is_crowded(self) -> bool:
        """Whether the questions need a column of their own beside the text."""
        panes = [self.shared, *(output.questions for output in self.outputs)]
        return any(sum(entry.lines for entry in pane) > FEW for pane in panes)

    @property
    def panes(self) -> int:
        """How many texts stand side by side."""
        return len(self.outputs) + bool(self.reference)


def clock(moment: Any) -> str:
    return time_format(localtime(moment), "H:i:s")


def day_and_clock(moment: Any) -> str:
    return date_format(localtime(moment), "j M Y, H:i")


def told_elsewhere(
    *, token: UUID, value: str, cannot_judge: bool, reason: str, given_at: datetime, stands: bool
) -> dict[str, Any]:
    """The reader's own answer from another window or device, as the page's script takes it."""
    answer = {"value": value, "cannot": cannot_judge, "reason": reason}
    return {"token": str(token), "answer": answer, "given_at": clock(given_at), "stands": stands}


def study_is_shown(study: Study) -> dict[str, str]:
    """What a reader learns of the study outside the reading page."""
    return {"title": study.title}
